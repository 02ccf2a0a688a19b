package io.ukehi.sim;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Loads the engine and the simulator anew, with one class compiled from changed source: nothing of it is on disk, and
 * nothing of it is in production.
 */
final class MutantLoader extends ClassLoader
{
    private static final String PACKAGE = "io.ukehi.";

    private final Map<String, byte[]> changed = new HashMap<>();

    MutantLoader(final Mutant mutant) throws IOException
    {
        super(MutantLoader.class.getClassLoader());
        final Path path = sourceDirectory().resolve(mutant.file() + ".java");
        compile(mutant, mutant.applyTo(Files.readString(path)));
    }

    /** Tests are run in the module's directory, or in the one above. */
    private static Path sourceDirectory()
    {
        final Path inModule = Path.of("src/main/java/io/ukehi");
        return Files.isDirectory(inModule) ? inModule : Path.of("engine").resolve(inModule);
    }

    private void compile(final Mutant mutant, final String source)
    {
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        final String name = PACKAGE + mutant.file().replace('/', '.');
        final JavaFileObject unit = new SimpleJavaFileObject(
            URI.create("string:///" + name.replace('.', '/') + ".java"), JavaFileObject.Kind.SOURCE)
        {
            @Override
            public CharSequence getCharContent(final boolean isIgnoringErrors)
            {
                return source;
            }
        };
        final Boolean isGood = compiler.getTask(
            null, new Outputs(compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)), null,
            List.of("-nowarn", "-proc:none", "-cp", System.getProperty("java.class.path")), null, List.of(unit)).call();
        if (!isGood)
        {
            throw new IllegalStateException("\"" + mutant + "\" cannot be compiled");
        }
    }

    @Override
    protected Class<?> loadClass(final String name, final boolean isResolving) throws ClassNotFoundException
    {
        if (!name.startsWith(PACKAGE))
        {
            return super.loadClass(name, isResolving);
        }
        synchronized (getClassLoadingLock(name))
        {
            final Class<?> loaded = findLoadedClass(name);
            return null == loaded ? define(name) : loaded;
        }
    }

    private Class<?> define(final String name) throws ClassNotFoundException
    {
        byte[] bytes = changed.get(name);
        if (null == bytes)
        {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class"))
            {
                if (null == in)
                {
                    throw new ClassNotFoundException(name);
                }
                bytes = in.readAllBytes();
            }
            catch (final IOException ex)
            {
                throw new ClassNotFoundException(name, ex);
            }
        }
        return defineClass(name, bytes, 0, bytes.length);
    }

    /** Keeps what is compiled in memory. */
    private final class Outputs extends ForwardingJavaFileManager<JavaFileManager>
    {
        Outputs(final JavaFileManager next)
        {
            super(next);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(
            final Location location, final String name, final JavaFileObject.Kind kind, final FileObject sibling)
        {
            return new SimpleJavaFileObject(URI.create("mem:///" + name), kind)
            {
                @Override
                public OutputStream openOutputStream()
                {
                    return new ByteArrayOutputStream()
                    {
                        @Override
                        public void close()
                        {
                            changed.put(name, toByteArray());
                        }
                    };
                }
            };
        }
    }
}
