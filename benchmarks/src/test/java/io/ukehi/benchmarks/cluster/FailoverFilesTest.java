package io.ukehi.benchmarks.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailoverFilesTest
{
    private static final long MS = 1_000_000;

    private final FailoverFiles files = new FailoverFiles();

    private static Acknowledgements kill(final long gapMs)
    {
        return new Acknowledgements(new long[]{-MS, gapMs * MS}, 2, 0, gapMs * MS);
    }

    @Test
    void shouldShowTheKillWhoseGapIsInTheMiddle()
    {
        files.add("a", kill(300));
        files.add("a", kill(100));
        files.add("a", kill(200));
        files.add("b", kill(900));
        assertEquals(200, files.median("a").gapMs(), 1e-9);
        assertEquals(900, files.median("b").gapMs(), 1e-9);
    }

    @Test
    void shouldWriteALineForEachKillAndAPictureOfAll(@TempDir final Path directory) throws IOException
    {
        files.add("a", kill(200));
        files.add("a", kill(100));
        files.write(directory.resolve("out"));
        final List<String> lines = Files.readAllLines(directory.resolve("out/failover.json"));
        assertEquals(2, lines.size());
        assertTrue(lines.getFirst().startsWith("{\"system\":\"a\",\"gapMs\":200.0,\"longestSilenceMs\":201.0," +
            "\"fromMs\":-500,\"bucketMs\":5,\"acknowledgements\":[0,0"), lines.getFirst());
        assertTrue(lines.getFirst().endsWith(",0]}"), lines.getFirst());
        assertTrue(Files.size(directory.resolve("out/failover.png")) > 1_000);
        assertTrue(Files.readString(directory.resolve("out/failover.svg")).contains("<svg"));
    }
}
