package io.ukehi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.log.DoubtFile;
import io.ukehi.log.FileStorage;
import io.ukehi.log.HardStateFile;
import io.ukehi.log.IdentityFile;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ukehi recover-quorum DIR} on real directories. */
class RecoverQuorumCommandTest
{
    @TempDir
    private Path root;
    private Path directory;
    private String printed;

    @BeforeEach
    void fill()
    {
        directory = root.resolve("data");
        try (FileStorage storage = FileStorage.open(directory))
        {
            final long logId = IdentityFile.claim(storage, 7, 1, 3, 55);
            HardStateFile.open(storage).close();
            try (SegmentedLog log = SegmentedLog.open(
                storage, new LogConfig().segmentLength(64 * 1024).maxPayloadLength(100).logId(logId), () -> 0))
            {
                for (int i = 0; i < 5; i++)
                {
                    log.append(1, 0, 0, 0, new UnsafeBuffer(new byte[8]), 0, 8);
                }
            }
        }
    }

    private void raise(final long index)
    {
        try (FileStorage storage = FileStorage.open(directory); DoubtFile doubt = DoubtFile.open(storage))
        {
            doubt.raise(index, 4, DoubtFile.Reason.DAMAGE);
        }
    }

    private long doubtfulTo()
    {
        try (FileStorage storage = FileStorage.open(directory); DoubtFile doubt = DoubtFile.open(storage))
        {
            return doubt.doubtfulTo();
        }
    }

    private int run(final String typed, final String... args)
    {
        final InputStream keyboard = System.in;
        final PrintStream console = System.out;
        final ByteArrayOutputStream output = new ByteArrayOutputStream();
        System.setIn(new ByteArrayInputStream(typed.getBytes(StandardCharsets.US_ASCII)));
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        try
        {
            return UkehiTool.run(args);
        }
        finally
        {
            System.setIn(keyboard);
            System.setOut(console);
            printed = output.toString(StandardCharsets.UTF_8);
        }
    }

    @Test
    void shouldClearTheDoubtWhenTheOperatorAgrees()
    {
        raise(9);
        assertEquals(0, run("lost\n", "recover-quorum", directory.toString()));
        assertTrue(printed.contains("from 6 to 9"), printed);
        assertEquals(0, doubtfulTo());
    }

    @Test
    void shouldNotAskWhenToldNotTo()
    {
        raise(DoubtFile.UNBOUNDED);
        assertEquals(0, run("", "recover-quorum", directory.toString(), "--yes"));
        assertTrue(printed.contains("behind 5, nobody knows how many"), printed);
        assertEquals(0, doubtfulTo());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "yes\n", "no\n", "LOST\n"})
    void shouldChangeNothingWhenTheOperatorDoesNotAgree(final String typed)
    {
        raise(9);
        assertEquals(1, run(typed, "recover-quorum", directory.toString()));
        assertEquals(9, doubtfulTo());
    }

    @Test
    void shouldHaveNothingToDoWhenThereIsNoDoubt()
    {
        assertEquals(0, run("", "recover-quorum", directory.toString()));
        assertTrue(printed.contains("nothing to do"), printed);
    }

    @Test
    void shouldRefuseWhenTheNodeIsRunningOrThereIsNone()
    {
        raise(9);
        try (FileStorage held = FileStorage.open(directory))
        {
            assertTrue(held.list().length > 0);
            assertEquals(1, run("lost\n", "recover-quorum", directory.toString()));
        }
        assertEquals(9, doubtfulTo());
        assertEquals(1, run("lost\n", "recover-quorum", root.resolve("nowhere").toString()));
    }
}
