package io.ukehi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ukehi.client.UkehiClient;
import io.ukehi.kv.KvClient;
import io.ukehi.log.WalReader;
import io.ukehi.log.WalReport;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A cluster of real processes, one of which has a disk that fails from some moment on, by {@code strace}, or is started
 * on a damaged log: it ends or refuses as promised, the others go on, and a start brings it back with everything.
 */
@Tag("process")
@Timeout(300)
class FailingDiskClusterTest
{
    private static final String SEGMENT = "wal-00000000.seg";

    @TempDir
    private Path directory;
    private int written;

    /** One kind of call that fails, and what the node then says; null where it must not even notice. */
    private record Fault(String systemCall, String error, boolean ofLeader, String message)
    {
    }

    @Test
    void shouldEndWhereACallFailsAndComeBackWhileTheOthersGoOn() throws Exception
    {
        assumeTrue(mayTrace(), "strace is not installed, or may not attach to a process");
        try (MemberProcesses members = new MemberProcesses(directory).startAll();
            UkehiClient client = members.connect())
        {
            final KvClient store = new KvClient(client);
            write(store);
            for (final Fault fault : List.of(
                // A mapping is never forced, its file is: there is no such call that could fail.
                new Fault("msync", "EIO", true, null),
                new Fault("msync", "ENOSPC", false, null),
                new Fault("fdatasync", "EIO", true, "cannot force"),
                new Fault("fdatasync", "ENOSPC", false, "cannot force"),
                new Fault("pwrite64", "EIO", false, "cannot write"),
                new Fault("pwrite64", "ENOSPC", true, "cannot write")))
            {
                fail(members, client, store, fault);
            }
            readAll(store);
        }
    }

    private void fail(
        final MemberProcesses members, final UkehiClient client, final KvClient store, final Fault fault)
        throws Exception
    {
        final int leader = MemberProcesses.leader(client);
        final int victim = fault.ofLeader ? leader : leader % MemberProcesses.SIZE + 1;
        final Process strace = attach(members.process(victim).pid(), fault);
        try
        {
            write(store);
            if (null == fault.message)
            {
                assertTrue(members.process(victim).isAlive(), members.output(victim));
            }
            else
            {
                assertEquals(1, members.awaitEnd(victim), fault::toString);
                final String output = members.output(victim);
                assertTrue(output.contains("the node has stopped") && output.contains(fault.message), output);
                write(store);
                readAll(store);
            }
        }
        finally
        {
            // Whom it traces goes on without it.
            strace.destroy();
            strace.waitFor();
        }
        if (null != fault.message)
        {
            members.start(victim, "TRUNCATE_TO_LAST_GOOD");
        }
        write(store);
        MemberProcesses.awaitEqual(client);
    }

    private static Process attach(final long pid, final Fault fault) throws Exception
    {
        final Process strace = new ProcessBuilder("strace", "-f", "-o", "/dev/null",
            "-e", "trace=" + fault.systemCall,
            "-e", "inject=" + fault.systemCall + ":error=" + fault.error + ":when=1+",
            "-p", Long.toString(pid)).redirectErrorStream(true).start();
        // It says so when it has attached.
        assertTrue(strace.inputReader().readLine().contains("attached"));
        return strace;
    }

    private static boolean mayTrace() throws Exception
    {
        final Process child = new ProcessBuilder("sleep", "20").start();
        try
        {
            final Process strace = new ProcessBuilder("strace", "-o", "/dev/null", "-p", Long.toString(child.pid()))
                .redirectErrorStream(true).start();
            final String line = strace.inputReader().readLine();
            strace.destroy();
            return null != line && line.contains("attached");
        }
        catch (final IOException ex)
        {
            return false;
        }
        finally
        {
            child.destroyForcibly();
        }
    }

    @Test
    void shouldDoWithADamagedLogAsItsPolicySays() throws Exception
    {
        try (MemberProcesses members = new MemberProcesses(directory).startAll();
            UkehiClient client = members.connect())
        {
            final KvClient store = new KvClient(client);
            write(store);
            write(store);
            MemberProcesses.awaitEqual(client);
            for (final String policy : List.of("TRUNCATE_TO_LAST_GOOD", "ALERT_AND_CONTINUE", "REFUSE_START"))
            {
                final int victim = MemberProcesses.leader(client) % MemberProcesses.SIZE + 1;
                // A batch is vouched for by the next one: what a member catches up with may be a single batch.
                write(store);
                MemberProcesses.awaitEqual(client);
                members.kill(victim);
                damage(members.data(victim));
                members.start(victim, policy);
                if ("REFUSE_START".equals(policy))
                {
                    assertEquals(1, members.awaitEnd(victim));
                    for (final String part : List.of(
                        SEGMENT, "offset ", "entry ", "expected ", "found ", "Put the file"))
                    {
                        assertTrue(members.output(victim).contains(part), part + ": " + members.output(victim));
                    }
                    write(store);
                    members.start(victim, "TRUNCATE_TO_LAST_GOOD");
                }
                write(store);
                MemberProcesses.awaitEqual(client);
                readAll(store);
                assertTrue(members.output(victim).contains(SEGMENT), members.output(victim));
                final WalReport report = WalReader.inspect(members.data(victim));
                assertEquals(List.of(), report.faults());
                assertEquals(0, report.doubt().doubtfulTo());
            }
        }
    }

    /** In the middle of what was written, so that some of it is left before and some behind. */
    private static void damage(final Path data) throws IOException
    {
        final long used = WalReader.inspect(data).segments().getFirst().used();
        try (RandomAccessFile file = new RandomAccessFile(data.resolve(SEGMENT).toFile(), "rw"))
        {
            final long at = (4096 + used) / 2;
            file.seek(at);
            final int found = file.read();
            file.seek(at);
            file.write(found ^ 0x10);
        }
    }

    /** Values that are acknowledged, each under a key of its own. */
    private void write(final KvClient store)
    {
        for (int i = 0; i < 100; i++)
        {
            store.put("key-" + written, "value-" + written);
            written++;
        }
    }

    private void readAll(final KvClient store)
    {
        for (int i = 0; i < written; i++)
        {
            assertEquals("value-" + i, store.get("key-" + i));
        }
    }
}
