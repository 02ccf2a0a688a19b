package io.ukehi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UkehiToolTest
{
    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"demo", "dev", "node", "status", "put", "get", "cas", "delete", "scan",
        "snapshot", "recover-quorum"})
    void shouldExplainEachCommandWhenAskedForHelp(final String command)
    {
        final String text = run(0, command, "--help");
        assertTrue(text.contains("Usage: ukehi " + command), text);
    }

    @Test
    void shouldTellUsageWhenThereIsNoCommand()
    {
        assertTrue(run(2).contains("demo"));
    }

    @Test
    void shouldEndWithUsageCodeWhenAnArgumentIsMissing()
    {
        assertTrue(run(2, "put", "key-alone").contains("VALUE"));
        assertTrue(run(2, "cas", "key", "value").contains("--expect"));
    }

    @Test
    void shouldTellEverythingThatIsWrongWithASettingsFile() throws Exception
    {
        final Path file = directory.resolve("node.properties");
        Files.writeString(file, "ukehi.member.id=one\nukehi.members=1=localhost:9001\nukehi.durability=SOMETIMES\n" +
            "ukehi.election.timeout.min=10ms\nukehi.segmnt.length=64m\n");
        final String text = run(1, "node", "--config", file.toString());
        for (final String part : new String[]{
            "ukehi.member.id = 'one'", "ukehi.members", "ID=HOST:PEERPORT:CLIENTPORT", "SOMETIMES",
            "ukehi.election.timeout.min", "ukehi.segmnt.length: there is no such setting"})
        {
            assertTrue(text.contains(part), part + " is not in:\n" + text);
        }
    }

    @Test
    void shouldTellWhenASettingsFileIsMissing()
    {
        assertTrue(run(1, "node", "--config", directory.resolve("none").toString()).contains("none"));
    }

    @Test
    void shouldTellWhoDoesNotAnswerWhenThereIsNoCluster()
    {
        final String text = run(
            1, "get", "key", "--endpoints", "1=localhost:9,2=localhost:10", "--timeout", "1");
        assertTrue(text.contains("member 1") && text.contains("member 2"), text);
    }

    private static String run(final int expectedCode, final String... args)
    {
        final ByteArrayOutputStream output = new ByteArrayOutputStream();
        final PrintStream out = System.out;
        final PrintStream err = System.err;
        final PrintStream both = new PrintStream(output, true, StandardCharsets.UTF_8);
        System.setOut(both);
        System.setErr(both);
        try
        {
            final int code = UkehiTool.run(args);
            assertEquals(expectedCode, code, output.toString(StandardCharsets.UTF_8));
        }
        finally
        {
            System.setOut(out);
            System.setErr(err);
        }
        return output.toString(StandardCharsets.UTF_8);
    }
}
