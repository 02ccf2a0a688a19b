package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Tells the stories in {@code src/test/resources/scenarios}; the first line of each says which row of the fault
 * catalogue it is about. Row 9 needs a candidate that is no member and stands in {@link ElectionTest}, the limits of
 * row 20 are in {@link ReplicatorTest}; row 19 is about threads, of which the rules have one.
 */
class ScenarioTest
{
    @TestFactory
    List<DynamicTest> shouldEndAsItShouldWhenAStoryIsTold() throws IOException, URISyntaxException
    {
        final Path directory = Path.of(ScenarioTest.class.getResource("/scenarios").toURI());
        try (Stream<Path> files = Files.list(directory))
        {
            final List<Path> stories = files.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
            assertTrue(stories.size() >= 20, "the stories are there");
            return stories.stream().map(ScenarioTest::test).toList();
        }
    }

    private static DynamicTest test(final Path file)
    {
        try
        {
            final List<String> lines = Files.readAllLines(file);
            final String title = lines.getFirst().replaceFirst("^#\\s*", "");
            final String name = file.getFileName().toString();
            return DynamicTest.dynamicTest(
                name + ": " + title, file.toUri(), () -> new Scenario(name, lines).run());
        }
        catch (final IOException exception)
        {
            throw new UncheckedIOException(exception);
        }
    }

    /** A story that does not come true, or cannot be told, is a failure that names its line. */
    @Test
    void shouldFailWhenAStoryDoesNotComeTrue()
    {
        final List<String> endings = List.of(
            "expect leader 2", "expect committed 2 b", "expect log 1", "expect terms 1 1", "expect role 1 follower",
            "expect vote 2 none", "expect vouched 1 2 1", "expect term 1 +1", "await leader 3 200ms", "propose 2 x",
            "elect 2", "propose 1 x -> storage-full", "transfer 1 to 9", "release 1->2", "expect nonsense",
            "nonsense");
        for (final String ending : endings)
        {
            final Scenario scenario = new Scenario(
                "story", List.of("cluster 3", "elect 1", "propose 1 a", "run 100ms", "note 1", ending));
            final AssertionError error = assertThrows(AssertionError.class, scenario::run, ending);
            assertTrue(error.getMessage().startsWith("story:6: " + ending), error::getMessage);
        }
    }
}
