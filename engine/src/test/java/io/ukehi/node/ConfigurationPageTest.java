package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.kv.KvStateMachine;
import io.ukehi.Settings;
import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the book says of a node's settings is so. */
class ConfigurationPageTest
{
    private static final Path PAGE =
        Path.of(System.getProperty("basedir", "."), "..", "src", "site", "markdown", "configuration.md");
    private static final Pattern ROW = Pattern.compile(
        "(?m)^\\| `([^`]+)` \\| `([^`]+)` \\| (`[^`]+`|required|none) \\| ([^|]+) \\| ([^|]+) \\|$");
    private static final Pattern RANGE = Pattern.compile("(\\d+) to (\\d+)");

    private record Row(String property, String environment, String fallback, String values, String meaning)
    {
    }

    private final String page = read();
    private final Map<String, Row> rows = rows();

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

    private Map<String, Row> rows()
    {
        final Map<String, Row> found = new TreeMap<>();
        final Matcher matcher = ROW.matcher(page);
        while (matcher.find())
        {
            final Row row = new Row(
                matcher.group(1), matcher.group(2), matcher.group(3), matcher.group(4), matcher.group(5));
            assertEquals(null, found.put(row.property, row), "told once");
        }
        return found;
    }

    private static NodeContext context(final String property, final String value)
    {
        final Properties properties = new Properties();
        if (null != value)
        {
            properties.put(property, value);
        }
        return NodeContext.of(properties, Map.of());
    }

    /** What the context has to say about a property's value. */
    private static List<String> problems(final String property, final String value)
    {
        return assertThrows(ConfigurationException.class, () -> context(property, value).conclude()).problems()
            .stream().filter(problem -> problem.startsWith(property)).toList();
    }

    @Test
    void shouldListEverySettingOnceWithItsEnvironmentVariable() throws IllegalAccessException
    {
        assertEquals(new TreeSet<>(NodeContextTest.propertiesBySetter().values()), rows.keySet());
        rows.values().forEach(row ->
            assertEquals(Settings.environmentName(row.property), row.environment));
    }

    @Test
    void shouldTellTheDefault() throws ReflectiveOperationException
    {
        for (final Map.Entry<String, String> entry : NodeContextTest.propertiesBySetter().entrySet())
        {
            final Row row = rows.get(entry.getValue());
            final Method getter = NodeContext.class.getMethod(entry.getKey());
            final Object value = getter.invoke(context(row.property, null));
            if (row.fallback.startsWith("`"))
            {
                final String told = row.fallback.substring(1, row.fallback.length() - 1);
                assertEquals(value, getter.invoke(context(row.property, told)), row.property);
                assertFalse(problems(row.property, told).toString().contains("'"), row.property);
            }
            else
            {
                assertTrue(null == value || "".equals(value) || Integer.valueOf(0).equals(value), row.property);
                assertEquals("required".equals(row.fallback), isMissed(row.property), row.property);
            }
        }
    }

    private static boolean isMissed(final String property)
    {
        final Properties properties = new Properties();
        properties.put(NodeContext.MEMBER_ID_PROP_NAME, "1");
        properties.put(NodeContext.MEMBERS_PROP_NAME, "1=localhost:9001:9101");
        properties.remove(property);
        final NodeContext context = NodeContext.of(properties, Map.of());
        return assertThrows(ConfigurationException.class, context::conclude).problems()
            .stream().anyMatch(problem -> problem.startsWith(property));
    }

    @Test
    void shouldTellTheUnitAndTheChoices() throws ReflectiveOperationException
    {
        for (final Map.Entry<String, String> entry : NodeContextTest.propertiesBySetter().entrySet())
        {
            final Row row = rows.get(entry.getValue());
            final Class<?> type = NodeContext.class.getMethod(entry.getKey()).getReturnType();
            final String unit = row.values.replaceAll(", .*", "");
            if (type.isEnum())
            {
                assertEquals(Arrays.stream(type.getEnumConstants()).map(Object::toString)
                    .collect(Collectors.joining(", ")), row.values);
            }
            else if (boolean.class == type)
            {
                assertEquals("true, false", row.values);
            }
            else if (String.class == type)
            {
                assertEquals("text", unit, row.property);
            }
            else
            {
                assertEquals(entry.getKey().endsWith("Ns"), "time".equals(unit), row.property);
                assertEquals("time".equals(unit), isRead(row.property, "17s"), row.property);
                assertEquals("bytes".equals(unit), isRead(row.property, "17k"), row.property);
                assertEquals("number".equals(unit),
                    isRead(row.property, "17") && !isRead(row.property, "17k"), row.property);
            }
        }
    }

    private static boolean isRead(final String property, final String value)
    {
        return problems(property, value).stream().noneMatch(problem -> problem.contains("'" + value + "'"));
    }

    @Test
    void shouldTellTheRange()
    {
        int ranges = 0;
        for (final Row row : rows.values())
        {
            final Matcher range = RANGE.matcher(row.values);
            if (range.find())
            {
                ranges++;
                final long least = Long.parseLong(range.group(1));
                final long most = Long.parseLong(range.group(2));
                assertEquals(List.of(), problems(row.property, Long.toString(least)), row.property);
                assertEquals(List.of(), problems(row.property, Long.toString(most)), row.property);
                assertEquals(1, problems(row.property, Long.toString(least - 1)).size(), row.property);
                assertEquals(1, problems(row.property, Long.toString(most + 1)).size(), row.property);
            }
        }
        assertEquals(17, ranges);
    }

    @Test
    void shouldAnswerTheWrongFileAsShown() throws IOException
    {
        final Properties properties = new Properties();
        properties.load(new StringReader(block("properties")));
        final NodeContext context = NodeContext.of(properties, Map.of()).stateMachine(new KvStateMachine());
        final ConfigurationException ex = assertThrows(ConfigurationException.class, context::conclude);
        assertEquals(block("text").strip(), ex.getMessage());
    }

    private String block(final String kind)
    {
        final Matcher matcher = Pattern.compile("(?s)```" + kind + "\n(.*?)```").matcher(page);
        assertTrue(matcher.find());
        return matcher.group(1);
    }

    @Test
    void shouldListWhatOnlyTheProgramSets()
    {
        final List<String> told = new ArrayList<>();
        final Matcher matcher = Pattern.compile("(?m)^\\| `([a-zA-Z]+)` \\| [^|]+ \\|$").matcher(page);
        while (matcher.find())
        {
            told.add(matcher.group(1));
        }
        assertEquals(List.of("stateMachine", "commandListener", "errorHandler"), told);
    }

    @Test
    void shouldSampleSettingsThatAreRight() throws IOException
    {
        final Path sample = PAGE.resolveSibling("../../main/dist/node.properties").normalize();
        NodeContext.load(sample).stateMachine(new KvStateMachine()).conclude();
    }
}
