package io.ukehi.fencing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A guard on disk: what it was told to remember it knows after every crash, or it says that it does not know. */
class FileFencingGuardTest
{
    private static final int STORES = 12;

    @Test
    void shouldRememberOnRealFiles(@TempDir final Path directory) throws IOException
    {
        final Path path = directory.resolve("venue.guard");
        try (FileFencingGuard guard = FileFencingGuard.create(path))
        {
            assertEquals(FencingToken.NONE, guard.highest());
            assertTrue(guard.tryAccept(FencingToken.of(2, 5)));
            assertTrue(guard.tryAccept(FencingToken.of(2, 5)));
            assertTrue(guard.tryAcceptOnce(FencingToken.of(2, 6)));
            assertFalse(guard.tryAcceptOnce(FencingToken.of(2, 6)));
            assertFalse(guard.tryAccept(FencingToken.of(2, 5)));
        }
        assertEquals(FileFencingGuard.FILE_LENGTH, Files.size(path));
        try (FileFencingGuard guard = FileFencingGuard.open(path))
        {
            assertEquals(FencingToken.of(2, 6), guard.highest());
            assertFalse(guard.tryAccept(FencingToken.of(2, 5)));
            assertFalse(guard.tryAcceptOnce(FencingToken.of(2, 6)));
            assertTrue(guard.tryAccept(FencingToken.of(0x8000_0000L, 1)));
            assertFalse(guard.tryAccept(FencingToken.of(3, 1)));
        }
        try (FileFencingGuard guard = FileFencingGuard.open(path))
        {
            assertEquals(FencingToken.of(0x8000_0000L, 1), guard.highest());
        }
    }

    @Test
    void shouldNeverAcceptTheTokenThatIsNone(@TempDir final Path directory) throws IOException
    {
        try (FileFencingGuard guard = FileFencingGuard.create(directory.resolve("guard")))
        {
            assertFalse(guard.tryAccept(FencingToken.NONE));
            assertFalse(guard.tryAcceptOnce(FencingToken.NONE));
        }
    }

    @Test
    void shouldNotBeMadeAnewInSilence(@TempDir final Path directory) throws IOException
    {
        final Path path = directory.resolve("guard");
        assertThrows(NoSuchFileException.class, () -> FileFencingGuard.open(path));
        assertFalse(Files.exists(path));
        try (FileFencingGuard guard = FileFencingGuard.create(path))
        {
            assertTrue(guard.tryAccept(7));
        }
        assertThrows(FileAlreadyExistsException.class, () -> FileFencingGuard.create(path));
        try (FileFencingGuard guard = FileFencingGuard.open(path))
        {
            assertEquals(7, guard.highest());
        }
    }

    /** Whoever made it died half way: under its final name there is nothing, and it can be made. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4096, 8191, 9000})
    void shouldBeMadeWhenAnEarlierTryWasInterrupted(final int length, @TempDir final Path directory) throws IOException
    {
        Files.write(directory.resolve("guard.new"), new byte[length]);
        FileFencingGuard.create(directory.resolve("guard")).close();
        try (FileFencingGuard guard = FileFencingGuard.open(directory.resolve("guard")))
        {
            assertEquals(FencingToken.NONE, guard.highest());
        }
        assertFalse(Files.exists(directory.resolve("guard.new")));
    }

    @Test
    void shouldBeUsedByOneOnly(@TempDir final Path directory) throws IOException
    {
        final Path path = directory.resolve("guard");
        try (FileFencingGuard guard = FileFencingGuard.create(path))
        {
            assertTrue(guard.tryAccept(1));
            final IOException refused = assertThrows(IOException.class, () -> FileFencingGuard.open(path));
            assertTrue(refused.getMessage().contains("in use"), refused.getMessage());
        }
        FileFencingGuard.open(path).close();
    }

    @Test
    void shouldAcceptNothingOnceClosed(@TempDir final Path directory) throws IOException
    {
        final FileFencingGuard guard = FileFencingGuard.create(directory.resolve("guard"));
        guard.close();
        guard.close();
        assertThrows(IllegalStateException.class, () -> guard.tryAccept(1));
        assertThrows(IllegalStateException.class, () -> guard.tryAcceptOnce(1));
    }

    /** Power goes before each write and force of a life; of what was not forced any subset of bytes is left. */
    @Test
    void shouldKnowAllThatItAcceptedWhenPowerGoesAtAnyOperation() throws IOException
    {
        long operation = 0;
        long told = 0;
        for (; told < STORES; operation++)
        {
            final PowerlessGuardFile file = PowerlessGuardFile.of(made());
            told = live(file.powerCutAt(operation));
            final SplittableRandom random = new SplittableRandom(operation);
            for (int i = 0; i < 50; i++)
            {
                recover(file.afterPowerCut(random), told);
                recoverInManyTries(file.afterPowerCut(random), told, random);
                // Whoever was told of what a killed process had only written may rely on it.
                final PowerlessGuardFile killed = file.afterKill();
                final long found = recover(killed, told);
                assertEquals(found, recover(killed.afterPowerCut(random), found));
            }
        }
        assertTrue(operation > 4 * STORES, "each store is two writes and two forces");
    }

    private static byte[] made()
    {
        final PowerlessGuardFile file = new PowerlessGuardFile();
        FileFencingGuard.create(file);
        return file.contents();
    }

    /** Accepts token after token, and says how many it was told of. */
    private static long live(final PowerlessGuardFile file) throws IOException
    {
        long told = 0;
        try
        {
            final FileFencingGuard guard = FileFencingGuard.open(file, "test");
            while (told < STORES)
            {
                assertTrue(guard.tryAccept(token(told + 1)));
                told++;
            }
        }
        catch (final PowerlessGuardFile.PowerCut ex)
        {
            assertTrue(told < STORES);
        }
        return told;
    }

    /** Every byte of a token changes now and then. */
    private static long token(final long number)
    {
        return 0 == number ? FencingToken.NONE : number * 0x0F1E_2D3C_4B5A_6978L;
    }

    /** Opens what is left: the last token it was told of counts, or the one that was on its way. */
    private static long recover(final PowerlessGuardFile file, final long told) throws IOException
    {
        final FileFencingGuard guard = FileFencingGuard.open(file, "test");
        final long found = guard.highest() == token(told + 1) ? told + 1 : told;
        assertEquals(token(found), guard.highest());
        assertFalse(guard.tryAcceptOnce(token(found)));
        assertFalse(found > 1 && guard.tryAccept(token(found - 1)));
        final byte[] mended = file.contents();
        assertArrayEquals(Arrays.copyOf(mended, FileFencingGuard.COPY_LENGTH),
            Arrays.copyOfRange(mended, FileFencingGuard.COPY_LENGTH, mended.length), "two copies again");
        return found;
    }

    /** Power goes again while it recovers. */
    private static void recoverInManyTries(
        final PowerlessGuardFile found, final long told, final SplittableRandom random) throws IOException
    {
        final PowerlessGuardFile probe = found.afterKill();
        recover(probe, told);
        for (long i = 0; i < probe.operations(); i++)
        {
            final PowerlessGuardFile broken = found.afterKill().powerCutAt(i);
            assertThrows(PowerlessGuardFile.PowerCut.class, () -> FileFencingGuard.open(broken, "test"));
            recover(broken.afterPowerCut(random), told);
        }
    }

    /** The first copy of a store ends after every byte there is, on a real file. */
    @Test
    void shouldKnowTheTokenBeforeWhenAStoreIsTornAtAnyByte(@TempDir final Path directory) throws IOException
    {
        final PowerlessGuardFile file = PowerlessGuardFile.of(made());
        final FileFencingGuard guard = FileFencingGuard.open(file, "test");
        guard.tryAccept(token(1));
        final byte[] before = file.contents();
        guard.tryAccept(token(2));
        final byte[] after = file.contents();
        final Path path = directory.resolve("guard");
        for (int torn = 0; torn <= 2 * FileFencingGuard.COPY_LENGTH; torn++)
        {
            final byte[] bytes = before.clone();
            System.arraycopy(after, 0, bytes, 0, torn);
            // Beyond the fields both are zeros; a few stand for all of them.
            if (torn % FileFencingGuard.COPY_LENGTH <= 2 * Long.BYTES || 0 == torn % 512)
            {
                Files.write(path, bytes);
                try (FileFencingGuard found = FileFencingGuard.open(path))
                {
                    final boolean isFirstWhole = Arrays.equals(bytes, 0, 4096, after, 0, 4096);
                    assertEquals(token(isFirstWhole ? 2 : 1), found.highest(), "torn at " + torn);
                }
            }
        }
    }

    @Test
    void shouldFindAnyBitTurnedOverInOneCopy() throws IOException
    {
        final byte[] good = accepted();
        for (int bit = 0; bit < 2 * FileFencingGuard.COPY_LENGTH * 8; bit++)
        {
            final byte[] bytes = good.clone();
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            final PowerlessGuardFile file = PowerlessGuardFile.of(bytes);
            assertEquals(token(STORES), FileFencingGuard.open(file, "test").highest());
            assertEquals(good[bit / 8], file.contents()[bit / 8], "mended");
        }
    }

    private static byte[] accepted() throws IOException
    {
        final PowerlessGuardFile file = PowerlessGuardFile.of(made());
        assertEquals(STORES, live(file));
        return file.contents();
    }

    @Test
    void shouldRefuseToOpenWhenNoCopyIsSound() throws IOException
    {
        final byte[] bytes = accepted();
        bytes[FileFencingGuard.TOKEN_OFFSET] ^= 1;
        bytes[FileFencingGuard.FILE_LENGTH - 1] ^= 1;
        assertRefused(bytes);
        assertRefused(new byte[0]);
        assertRefused(new byte[FileFencingGuard.FILE_LENGTH]);
        assertRefused(Arrays.copyOf(accepted(), FileFencingGuard.COPY_LENGTH));
        assertRefused(Arrays.copyOf(accepted(), FileFencingGuard.FILE_LENGTH + 1));
    }

    private static void assertRefused(final byte[] bytes)
    {
        final IOException refused = assertThrows(
            IOException.class, () -> FileFencingGuard.open(PowerlessGuardFile.of(bytes), "test"));
        assertTrue(refused.getMessage().contains("no sound token"), refused.getMessage());
    }

    /** A failed force may have dropped the pages: one that succeeds later means nothing. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void shouldAcceptNothingMoreWhenAStoreFailed(final int failing) throws IOException
    {
        final FailingFile file = new FailingFile(PowerlessGuardFile.of(accepted()));
        final FileFencingGuard guard = FileFencingGuard.open(file, "test");
        file.failsIn = failing;
        assertThrows(UncheckedIOException.class, () -> guard.tryAccept(-2L));
        assertThrows(UncheckedIOException.class, () -> guard.tryAccept(-1L));
        assertThrows(UncheckedIOException.class, () -> guard.tryAcceptOnce(-1L));
        assertThrows(UncheckedIOException.class, () -> guard.tryAccept(token(STORES)));
        assertEquals(token(STORES), guard.highest());
    }

    /** Fails one write or force, the n-th from when it is told to. */
    private static final class FailingFile implements GuardFile
    {
        private final PowerlessGuardFile file;
        private int failsIn = -1;

        FailingFile(final PowerlessGuardFile file)
        {
            this.file = file;
        }

        private void step() throws IOException
        {
            if (0 == --failsIn)
            {
                throw new IOException("input/output error");
            }
        }

        @Override
        public long length()
        {
            return file.length();
        }

        @Override
        public void read(final ByteBuffer into, final long position)
        {
            file.read(into, position);
        }

        @Override
        public void write(final ByteBuffer from, final long position) throws IOException
        {
            step();
            file.write(from, position);
        }

        @Override
        public void force() throws IOException
        {
            step();
            file.force();
        }

        @Override
        public void close()
        {
        }
    }
}
