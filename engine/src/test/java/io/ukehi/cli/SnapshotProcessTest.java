package io.ukehi.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link SnapshotBars}, small. */
@Tag("process")
@Timeout(180)
class SnapshotProcessTest
{
    @TempDir
    private Path directory;

    @Test
    void shouldSendASnapshotHardlyMoreThanOnceHoweverOftenTheTransferIsCut() throws IOException
    {
        assertTrue(SnapshotBars.transfer(directory.resolve("transfer"), 48, 5, false));
    }

    @Test
    void shouldKeepFilesBoundedUnderLoad() throws IOException
    {
        assertTrue(SnapshotBars.disk(directory.resolve("disk"), 4, 4, 6));
    }

    @Test
    void shouldStartFromASnapshotAndTheLogBehindIt() throws IOException
    {
        assertTrue(SnapshotBars.restart(directory.resolve("restart"), 16, 20_000));
    }
}
