package io.ukehi.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.FileStorage;
import io.ukehi.log.HardStateFile;
import io.ukehi.log.IdentityFile;
import io.ukehi.log.LogConfig;
import io.ukehi.log.SegmentedLog;
import io.ukehi.log.StorageException;
import io.ukehi.log.WalReader;
import io.ukehi.log.WalReport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ukehi wal ...} on real directories: native ones, older ones, sound and damaged. */
class WalCommandTest
{
    private static final int SEGMENT_LENGTH = 16 * 1024;
    private static final int LAST_INDEX = 400;
    private static final String SECOND = "wal-00000001.seg";

    @TempDir
    private Path root;
    private Path directory;
    private Path target;

    /** A log of several segments, closed in order, of member 3. */
    @BeforeEach
    void fill()
    {
        directory = root.resolve("data");
        target = root.resolve("target");
        try (FileStorage storage = FileStorage.open(directory))
        {
            final long logId = IdentityFile.claim(storage, 7, 1, 3, 55);
            try (HardStateFile hardState = HardStateFile.open(storage))
            {
                hardState.store(9, 2);
            }
            try (SegmentedLog log = open(storage, logId))
            {
                for (int i = 1; i <= LAST_INDEX; i++)
                {
                    append(log, i);
                }
                log.onCommit(LAST_INDEX);
            }
        }
    }

    private static SegmentedLog open(final FileStorage storage, final long logId)
    {
        return SegmentedLog.open(storage,
            new LogConfig().segmentLength(SEGMENT_LENGTH).maxPayloadLength(4_000).logId(logId), () -> 0);
    }

    private static void append(final SegmentedLog log, final int i)
    {
        final UnsafeBuffer payload = new UnsafeBuffer(("\"command\\ " + i).getBytes(StandardCharsets.UTF_8));
        final long term = 1 + i / 50;
        final long token = (term << 32) + i;
        while (log.append(2, term, token, 1_000L * i, payload, 0, payload.capacity()) < 0)
        {
            pump(log);
        }
        pump(log);
    }

    private static void pump(final SegmentedLog log)
    {
        log.flush();
        while (log.flusher().doWork() > 0)
        {
            log.flush();
        }
    }

    private void flip(final String file, final int offset) throws IOException
    {
        final byte[] bytes = Files.readAllBytes(directory.resolve(file));
        bytes[offset] ^= 4;
        Files.write(directory.resolve(file), bytes);
    }

    private static Path fixture(final String name)
    {
        try
        {
            return Path.of(WalCommandTest.class.getResource("/wal/" + name).toURI());
        }
        catch (final URISyntaxException ex)
        {
            throw new IllegalStateException(ex);
        }
    }

    private static List<String> listed(final String name) throws IOException
    {
        return Files.readAllLines(fixture(name + ".entries.txt"));
    }

    private static List<String> entries(final Path of)
    {
        return run(0, "wal", "dump", of.toString(), "--entries").lines().toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"inspect", "verify", "dump", "salvage", "convert"})
    void shouldExplainEachCommandWhenAskedForHelp(final String command)
    {
        assertTrue(run(0, "wal", command, "--help").contains("Usage: ukehi wal " + command));
    }

    @Test
    void shouldInspectASoundDirectory()
    {
        final String text = run(0, "wal", "inspect", directory.toString());
        for (final String part : new String[]{
            "wal-00000000.seg", SECOND, "clean", "unused", "1 to 400, the last of term 9", "closed in order: yes",
            "term 9, vote for 2, 2 of 2 copies sound", "member 3 of group 1 of cluster 7, log 0000000000000037"})
        {
            assertTrue(text.contains(part), part + " is not in:\n" + text);
        }
    }

    @Test
    void shouldInspectAMixedDirectory()
    {
        final String text = run(0, "wal", "inspect", fixture("v1-then-v2").toString());
        assertTrue(text.contains("v1 (older)") && text.contains("packed v2 (older)"), text);
        assertTrue(text.contains("1 to 60, the last of term 5"), text);
    }

    @Test
    void shouldVerifyWithoutAnExitCodeWhenNothingIsDamaged()
    {
        assertTrue(run(0, "wal", "verify", directory.toString()).contains("sound: "));
        assertTrue(run(0, "wal", "verify", fixture("v2").toString()).contains("entries 1 to 60"));
    }

    @Test
    void shouldSayWhereTheDamageIsWhenVerifying() throws IOException
    {
        flip(SECOND, 5_000);
        final String text = run(1, "wal", "verify", directory.toString());
        assertTrue(text.matches("(?s).*DAMAGED +" + SECOND + " at offset \\d+, entry \\d+: a frame with a wrong " +
            "checksum.*BAD_CRC; checksum expected [0-9a-f]{8}, found [0-9a-f]{8}.*"), text);
    }

    @Test
    void shouldVerifyWhileANodeHoldsTheLock()
    {
        try (FileStorage held = FileStorage.open(directory))
        {
            assertTrue(held.list().length > 0);
            run(0, "wal", "verify", directory.toString());
        }
    }

    @Test
    void shouldRefuseADirectoryWithoutALog()
    {
        assertTrue(run(1, "wal", "verify", root.toString()).contains("holds no log"));
        assertTrue(run(1, "wal", "inspect", root.resolve("none").toString()).contains("is not a directory"));
        run(1, "wal", "convert", root.toString(), target.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldDumpOlderEntriesAsTheyAreListed(final String name) throws IOException
    {
        assertEquals(listed(name), entries(fixture(name)));
        final List<String> some = run(
            0, "wal", "dump", fixture(name).toString(), "--entries", "--from", "10", "--to", "20").lines().toList();
        assertEquals(listed(name).subList(9, 20), some);
    }

    @Test
    void shouldDumpAsTextAndAsJsonLines()
    {
        final String text = run(0, "wal", "dump", directory.toString(), "--from", "7", "--to", "7");
        assertTrue(text.contains("7  term 1  token 0x100000007  time 7000  command  11 bytes  \"\\x22command\\x5c 7\""),
            text);
        final List<String> json = run(
            0, "wal", "dump", directory.toString(), "--json", "--from", "399").lines().toList();
        assertEquals(2, json.size());
        assertTrue(json.getFirst().startsWith("{\"index\":399,\"term\":8,\"token\":\"0x80000018f\",\"timeNs\":399000," +
            "\"type\":2,\"length\":13,\"crc32\":\""), json.getFirst());
        assertTrue(json.getFirst().endsWith("\"payload\":\"ImNvbW1hbmRcIDM5OQ==\"}"), json.getFirst());
        run(2, "wal", "dump", directory.toString(), "--json", "--entries");
    }

    @Test
    void shouldEndADumpWithAnErrorAtTheDamage() throws IOException
    {
        final List<String> whole = entries(directory);
        flip(SECOND, 5_000);
        final List<String> lines = run(1, "wal", "dump", directory.toString(), "--entries").lines().toList();
        final int held = lines.size() - 1;
        assertTrue(held > 100 && held < LAST_INDEX);
        assertEquals(whole.subList(0, held), lines.subList(0, held));
        assertTrue(lines.getLast().startsWith("ukehi: " + SECOND), lines.getLast());
    }

    /** What is said of a policy must be what a log of that policy then does. */
    @ParameterizedTest
    @CsvSource({"truncate, TRUNCATE_TO_LAST_GOOD", "alert, ALERT_AND_CONTINUE"})
    void shouldSayWhatAPolicyWouldDoAndChangeNothing(final String name, final CorruptionPolicy policy)
        throws IOException
    {
        flip(SECOND, 5_000);
        final List<String> before = contents(directory);
        for (final String command : new String[]{"inspect", "verify"})
        {
            final String text = run("verify".equals(command) ? 1 : 0, "wal", command, directory.toString(),
                "--policy", name);
            assertEquals(before, contents(directory));
            final Path copy = root.resolve(command);
            copy(directory, copy);
            try (FileStorage storage = FileStorage.open(copy))
            {
                final SegmentedLog log = SegmentedLog.open(storage, new LogConfig().segmentLength(SEGMENT_LENGTH)
                    .maxPayloadLength(4_000).logId(55).corruptionPolicy(policy), () -> 0);
                log.close();
                final String range = "start with entries 1 to " + log.lastIndex();
                assertTrue(text.contains(range), range + ": " + text);
                assertTrue(text.contains("at most to entry " + log.recovery().doubtfulTo()), text);
                log.recovery().setAside().forEach(file -> assertTrue(text.contains(file), text));
                assertEquals(log.recovery().setAside().isEmpty(), text.contains("leave what follows"), text);
            }
        }
    }

    @Test
    void shouldSayWhenANodeWouldRefuseAndRefuseWhereToldTo() throws IOException
    {
        for (final String policy : new String[]{"refuse", "truncate", "alert"})
        {
            final String text = run(0, "wal", "verify", directory.toString(), "--policy", policy);
            assertTrue(text.contains("start with entries 1 to " + LAST_INDEX), text);
            assertFalse(text.contains("doubt"), text);
        }
        flip(SECOND, 5_000);
        final String text = run(0, "wal", "inspect", directory.toString(), "--policy", "refuse");
        assertTrue(text.contains("refuse to start: " + SECOND), text);
        assertTrue(run(1, "wal", "dump", directory.toString(), "--policy", "refuse").startsWith("ukehi: " + SECOND));
        run(1, "wal", "salvage", directory.toString(), target.toString(), "--policy", "refuse");
        assertFalse(Files.exists(target.resolve("identity")));
        run(0, "wal", "convert", directory.toString(), root.resolve("copy").toString(), "--policy", "truncate");
        run(2, "wal", "verify", directory.toString(), "--policy", "hope");
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldSayThatANodeStartsOnOlderDirectories(final String name) throws IOException
    {
        copy(fixture(name), target);
        for (final String policy : new String[]{"refuse", "truncate", "alert"})
        {
            final String text = run(0, "wal", "verify", target.toString(), "--policy", policy);
            assertTrue(text.contains("start with entries 1 to 60"), text);
        }
        assertEquals(contents(fixture(name)), contents(target));
    }

    private static void copy(final Path source, final Path copy) throws IOException
    {
        Files.createDirectories(copy);
        try (Stream<Path> files = Files.list(source))
        {
            for (final Path file : files.toList())
            {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
    }

    /** Name and checksum of each file. */
    private static List<String> contents(final Path path) throws IOException
    {
        final List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(path))
        {
            for (final Path file : files.sorted().toList())
            {
                final CRC32 crc = new CRC32();
                crc.update(Files.readAllBytes(file));
                lines.add(file.getFileName() + " " + crc.getValue());
            }
        }
        return lines;
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1", "v2", "v1-then-v2"})
    void shouldConvertOlderDirectoriesIntoWhatANodeStartsOn(final String name) throws IOException
    {
        run(0, "wal", "convert", fixture(name).toString(), target.toString(), "--segment-length", "8192");
        assertEquals(listed(name), entries(target));
        run(0, "wal", "verify", target.toString());
        final WalReport report = WalReader.inspect(target);
        assertFalse(report.hasOlder());
        assertTrue(report.segments().size() > 2);
        assertEquals(5 + (1 << 20), report.hardState().term());
        startOn(1, 0, 2, 60);
        // It belongs to member 2 from here on.
        try (FileStorage storage = FileStorage.open(target))
        {
            assertThrows(StorageException.class, () -> IdentityFile.claim(storage, 1, 0, 3, 1));
        }
    }

    /** What a node does first: identity, term and vote, log; and an entry more. */
    private void startOn(final long clusterId, final int groupId, final int memberId, final long lastIndex)
    {
        try (FileStorage storage = FileStorage.open(target))
        {
            final long logId = IdentityFile.claim(storage, clusterId, groupId, memberId, 1);
            try (HardStateFile hardState = HardStateFile.open(storage);
                SegmentedLog log = open(storage, logId))
            {
                assertEquals(lastIndex, log.lastIndex());
                assertTrue(log.recovery().isClosedClean());
                assertTrue(hardState.term() >= log.lastTerm());
                final UnsafeBuffer payload = new UnsafeBuffer(new byte[8]);
                assertEquals(lastIndex + 1, log.append(
                    2, hardState.term(), hardState.term() << 32, log.lastClusterTimeNs() + 1, payload, 0, 8));
                pump(log);
                assertEquals(lastIndex + 1, log.durableIndex());
            }
        }
    }

    @Test
    void shouldGiveAConvertedLogToTheMemberThatIsNamed()
    {
        run(0, "wal", "convert", fixture("v1").toString(), target.toString(), "--segment-length", "8192", "--member",
            "2", "--cluster", "8", "--group", "1");
        final WalReport.Identity identity = WalReader.inspect(target).identity();
        assertEquals(new WalReport.Identity(8, 1, 2, identity.logId()), identity);
        startOn(8, 1, 2, 60);
    }

    @Test
    void shouldRefuseToConvertWhatIsDamaged() throws IOException
    {
        flip(SECOND, 5_000);
        final String text = run(1, "wal", "convert", directory.toString(), target.toString());
        assertTrue(text.contains(SECOND) && text.contains("ukehi wal salvage"), text);
        assertFalse(Files.exists(target));
    }

    @Test
    void shouldSaveWhatIsIntactAndReportWhatIsNot() throws IOException
    {
        final List<String> whole = entries(directory);
        flip(SECOND, 5_000);
        final byte[] before = Files.readAllBytes(directory.resolve(SECOND));
        final String text = run(0, "wal", "salvage", directory.toString(), target.toString());
        final List<String> saved = entries(target);
        assertTrue(saved.size() > 100 && saved.size() < LAST_INDEX);
        assertEquals(whole.subList(0, saved.size()), saved);
        for (final String part : new String[]{
            "saved " + saved.size() + " entries", "DAMAGED", SECOND + " from offset", "wal-00000002.seg as a whole",
            "may have acknowledged entries up to " + LAST_INDEX})
        {
            assertTrue(text.contains(part), part + " is not in:\n" + text);
        }
        assertEquals(text, Files.readString(target.resolve("salvage-report.txt")));
        assertArrayEquals(before, Files.readAllBytes(directory.resolve(SECOND)), "the source is left as it is");
        final WalReport report = WalReader.inspect(target);
        assertTrue(report.isSound(), report::toString);
        assertEquals(0, report.mark().commitIndex(), "how much of what precedes damage is committed is not known");
        assertEquals(new WalReport.HardState(true, 2, 9, 2), report.hardState());
        assertNotEquals(55, report.identity().logId(), "what was left out cannot be taken for a part of it");
        startOn(7, 1, 3, saved.size());
    }

    @Test
    void shouldSaveEverythingOfASoundLog()
    {
        final String text = run(0, "wal", "salvage", directory.toString(), target.toString());
        assertTrue(text.contains("nothing that was durable is left out"), text);
        assertEquals(entries(directory), entries(target));
        assertEquals(LAST_INDEX, WalReader.inspect(target).mark().commitIndex());
    }

    @Test
    void shouldSaveAnOlderLogUpToItsDamage() throws IOException
    {
        copyFixture("v2");
        flip(SECOND, 2_000);
        run(1, "wal", "verify", directory.toString());
        run(0, "wal", "salvage", directory.toString(), target.toString(), "--segment-length", "8192");
        final List<String> saved = entries(target);
        assertTrue(saved.size() > 27 && saved.size() < 54);
        assertEquals(listed("v2").subList(0, saved.size()), saved);
    }

    private void copyFixture(final String name) throws IOException
    {
        try (Stream<Path> files = Files.walk(directory))
        {
            files.sorted(Comparator.reverseOrder()).forEach(WalCommandTest::delete);
        }
        Files.createDirectory(directory);
        try (Stream<Path> files = Files.list(fixture(name)))
        {
            for (final Path file : files.toList())
            {
                Files.copy(file, directory.resolve(file.getFileName().toString()));
            }
        }
    }

    private static void delete(final Path path)
    {
        try
        {
            Files.delete(path);
        }
        catch (final IOException ex)
        {
            throw new UncheckedIOException(ex);
        }
    }

    @Test
    void shouldNotLetTheTermFallWhenTermAndVoteAreLost() throws IOException
    {
        flip("hard-state", 20);
        flip("hard-state", 532);
        final String refusal = run(1, "wal", "salvage", directory.toString(), target.toString());
        assertTrue(refusal.contains("--term-seen"), refusal);
        assertFalse(Files.exists(target));
        run(0, "wal", "salvage", directory.toString(), target.toString(), "--term-seen", "12");
        assertEquals(new WalReport.HardState(true, 2, 13, 0), WalReader.inspect(target).hardState());
    }

    @Test
    void shouldKeepTermAndVoteOfTheCopyThatIsSound() throws IOException
    {
        flip("hard-state", 20);
        run(1, "wal", "verify", directory.toString());
        run(0, "wal", "salvage", directory.toString(), target.toString());
        assertEquals(new WalReport.HardState(true, 2, 9, 2), WalReader.inspect(target).hardState());
    }

    @Test
    void shouldWriteNothingIntoADirectoryThatHoldsSomething() throws IOException
    {
        Files.createDirectory(target);
        Files.writeString(target.resolve("precious"), "mine");
        final String text = run(1, "wal", "salvage", directory.toString(), target.toString());
        assertTrue(text.contains("precious"), text);
        assertTrue(run(1, "wal", "salvage", directory.toString(), directory.toString()).contains("holds"));
    }

    @Test
    void shouldNotCopyALogInUse()
    {
        try (FileStorage held = FileStorage.open(directory))
        {
            assertTrue(held.list().length > 0);
            assertTrue(run(1, "wal", "salvage", directory.toString(), target.toString()).contains("in use"));
        }
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
