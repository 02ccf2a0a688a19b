package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.ReplyCode;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Field;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.agrona.SystemUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the book says of the client is so. */
class ClientPageTest
{
    private static final Path PAGE =
        Path.of(System.getProperty("basedir", "."), "..", "src", "site", "markdown", "client.md");
    private static final Pattern PROGRAM = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    private static final Pattern SETTING =
        Pattern.compile("(?m)^\\| `(ukehi\\.client\\.[a-z.]+)` \\| (?:`([^`]*)`)? ?\\|");
    private static final Pattern ENDING =
        Pattern.compile(
            "(?m)^\\| (?:`(?:COMMITTED|UNKNOWN)` \\| )?`(COMMITTED|NULL_VAL|REJECTED_[A-Z_]+|SESSION_LOST)` \\|");

    private final String page = read();

    private static String read()
    {
        try
        {
            return Files.readString(PAGE);
        }
        catch (final IOException ex)
        {
            throw new AssertionError(ex);
        }
    }

    /** First cell to second cell of the rows whose first cell is a property. */
    private Map<String, String> settings()
    {
        final Map<String, String> settings = new TreeMap<>();
        final Matcher row = SETTING.matcher(page);
        while (row.find())
        {
            settings.put(row.group(1), null == row.group(2) ? "" : row.group(2));
        }
        return settings;
    }

    private static Map<String, Field> properties() throws IllegalAccessException
    {
        final Map<String, Field> properties = new TreeMap<>();
        for (final Field field : ClientContext.class.getFields())
        {
            if (field.getName().endsWith("_PROP_NAME"))
            {
                properties.put((String)field.get(null), field);
            }
        }
        return properties;
    }

    @Test
    void shouldListEverySettingWithItsDefault() throws ReflectiveOperationException
    {
        final Map<String, String> settings = settings();
        assertEquals(properties().keySet(), settings.keySet());
        int defaults = 0;
        for (final Field field : ClientContext.class.getFields())
        {
            final String name = field.getName();
            if (name.contains("_DEFAULT"))
            {
                final String constant = name.substring(0, name.indexOf("_DEFAULT")) + "_PROP_NAME";
                final String property = (String)ClientContext.class.getField(constant).get(null);
                final String told = settings.remove(property);
                final Object value = field.get(null);
                if (name.endsWith("_NS"))
                {
                    assertEquals(value, SystemUtil.parseDuration(property, told), property);
                }
                else if (value instanceof Number number)
                {
                    assertEquals(number.longValue(), SystemUtil.parseSize(property, told), property);
                }
                else
                {
                    assertEquals(value.toString(), told, property);
                }
                defaults++;
            }
        }
        assertEquals(15, defaults);
        assertEquals(Map.of(ClientContext.ENDPOINTS_PROP_NAME, "", ClientContext.AERON_DIR_PROP_NAME, ""), settings);
    }

    @Test
    void shouldListEveryCode()
    {
        final TreeSet<String> told = new TreeSet<>();
        final Matcher row = ENDING.matcher(page);
        while (row.find())
        {
            told.add(row.group(1));
        }
        assertEquals(
            Arrays.stream(ReplyCode.values()).map(Enum::name).collect(Collectors.toCollection(TreeSet::new)), told);
    }

    @Test
    void shouldShowProgramsThatCompile(@TempDir final Path directory)
    {
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        final Matcher program = PROGRAM.matcher(page);
        int count = 0;
        while (program.find())
        {
            final String source = program.group(1);
            final Matcher name = Pattern.compile("public class (\\w+)").matcher(source);
            assertTrue(name.find());
            final JavaFileObject file = new SimpleJavaFileObject(
                URI.create("string:///" + name.group(1) + ".java"), JavaFileObject.Kind.SOURCE)
            {
                @Override
                public CharSequence getCharContent(final boolean ignoreEncodingErrors)
                {
                    return source;
                }
            };
            final StringWriter messages = new StringWriter();
            final List<String> options = List.of(
                "-proc:none", "-d", directory.toString(), "-classpath", System.getProperty("java.class.path"));
            assertTrue(
                compiler.getTask(messages, null, null, options, null, List.of(file)).call(), messages::toString);
            count++;
        }
        assertEquals(2, count);
    }
}
