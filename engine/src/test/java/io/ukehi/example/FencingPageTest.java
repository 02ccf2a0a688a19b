package io.ukehi.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.fencing.FencingToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The book's page about fencing: its programs are the ones that are tested, and the file does what it says. */
class FencingPageTest
{
    private static final Path BASE = Path.of(System.getProperty("basedir", "."));
    private static final Path PAGE = BASE.resolve("../src/site/markdown/fencing.md");
    private static final Path SOURCES = BASE.resolve("src/test/java/io/ukehi/example");

    @Test
    void shouldShowTheProgramsThatAreTested() throws IOException
    {
        final Matcher program = Pattern.compile("(?s)```java\n(import .*?)```").matcher(Files.readString(PAGE));
        final List<String> shown = new ArrayList<>();
        while (program.find())
        {
            shown.add(program.group(1));
        }
        assertEquals(List.of(source("GuardedFile"), source("GuardedTable")), shown);
    }

    private static String source(final String name) throws IOException
    {
        return Files.readString(SOURCES.resolve(name + ".java")).replace("package io.ukehi.example;\n\n", "");
    }

    @Test
    void shouldRefuseTheDeposedWriterOfAFileOverRestarts(@TempDir final Path directory) throws IOException
    {
        final Path path = directory.resolve("orders");
        final long deposed = FencingToken.of(3, 9);
        final long successor = FencingToken.of(4, 2);
        try (GuardedFile file = new GuardedFile(path))
        {
            assertTrue(file.append(deposed, "first"));
            assertTrue(file.append(deposed, "second"));
            assertTrue(file.append(successor, "third"));
            assertFalse(file.append(deposed, "late"));
        }
        try (GuardedFile file = new GuardedFile(path))
        {
            assertFalse(file.append(deposed, "later still"));
            assertTrue(file.append(successor, "fourth"));
        }
        assertEquals(List.of("first", "second", "third", "fourth"), Files.readAllLines(path));
    }

    @Test
    void shouldNotGoOnWithoutTheGuardOfAFile(@TempDir final Path directory) throws IOException
    {
        final Path path = directory.resolve("orders");
        new GuardedFile(path).close();
        Files.delete(directory.resolve("orders.guard"));
        assertThrows(NoSuchFileException.class, () -> new GuardedFile(path));
    }

    /** It died between making the guard and making the file. */
    @Test
    void shouldGoOnWhenOnlyTheGuardWasMade(@TempDir final Path directory) throws IOException
    {
        final Path path = directory.resolve("orders");
        new GuardedFile(path).close();
        Files.delete(path);
        try (GuardedFile file = new GuardedFile(path))
        {
            assertTrue(file.append(1, "first"));
        }
    }
}
