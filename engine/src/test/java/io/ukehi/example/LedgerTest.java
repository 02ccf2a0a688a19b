package io.ukehi.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.SnapshotLoader;
import io.ukehi.statemachine.SnapshotTask;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The tutorial's state machine by itself. */
class LedgerTest
{
    private final Ledger ledger = new Ledger();
    private final UnsafeBuffer command = new UnsafeBuffer(new byte[Ledger.COMMAND_LENGTH]);
    private final Answer answer = new Answer();

    private static final class Answer implements Reply
    {
        private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Ledger.REPLY_LENGTH]);
        private int length;

        @Override
        public MutableDirectBuffer buffer(final int capacity)
        {
            assertTrue(capacity <= buffer.capacity());
            return buffer;
        }

        @Override
        public void length(final int newLength)
        {
            length = newLength;
        }

        @Override
        public int length()
        {
            return length;
        }

        private long value()
        {
            assertEquals(Ledger.REPLY_LENGTH, length);
            return buffer.getLong(0, Ledger.ORDER);
        }
    }

    private long execute(final long operation, final long account, final long receiver, final long amount)
    {
        command.putLong(0, operation, Ledger.ORDER);
        command.putLong(Long.BYTES, account, Ledger.ORDER);
        command.putLong(2 * Long.BYTES, receiver, Ledger.ORDER);
        command.putLong(3 * Long.BYTES, amount, Ledger.ORDER);
        ledger.onCommand(null, command, 0, Ledger.COMMAND_LENGTH, answer);
        return answer.value();
    }

    private long balance(final Ledger asked, final long account)
    {
        command.putLong(0, account, Ledger.ORDER);
        assertTrue(asked.onQuery(1, command, 0, Ledger.QUERY_LENGTH, answer));
        return answer.value();
    }

    private void open(final int count)
    {
        for (int account = 1; account <= count; account++)
        {
            assertEquals(account, execute(Ledger.OPEN, 0, 0, 0));
        }
    }

    @Test
    void shouldMoveMoneyBetweenAccounts()
    {
        open(2);
        assertEquals(100, execute(Ledger.DEPOSIT, 1, 0, 100));
        assertEquals(70, execute(Ledger.TRANSFER, 1, 2, 30));
        assertEquals(70, balance(ledger, 1));
        assertEquals(30, balance(ledger, 2));
    }

    @Test
    void shouldChangeNothingWhenItRefuses()
    {
        open(3);
        execute(Ledger.DEPOSIT, 1, 0, 100);
        execute(Ledger.DEPOSIT, 2, 0, Long.MAX_VALUE);
        final long digest = ledger.stateDigest();
        assertEquals(Ledger.INSUFFICIENT_FUNDS, execute(Ledger.TRANSFER, 1, 3, 101));
        assertEquals(Ledger.NO_SUCH_ACCOUNT, execute(Ledger.TRANSFER, 1, 4, 1));
        assertEquals(Ledger.NO_SUCH_ACCOUNT, execute(Ledger.TRANSFER, 0, 1, 1));
        assertEquals(Ledger.NO_SUCH_ACCOUNT, execute(Ledger.TRANSFER, 1, 1, 1));
        assertEquals(Ledger.NO_SUCH_ACCOUNT, execute(Ledger.DEPOSIT, 1L << 32 | 1, 0, 1));
        assertEquals(Ledger.BAD_AMOUNT, execute(Ledger.DEPOSIT, 1, 0, 0));
        assertEquals(Ledger.BAD_AMOUNT, execute(Ledger.DEPOSIT, 2, 0, 1));
        assertEquals(Ledger.BAD_AMOUNT, execute(Ledger.TRANSFER, 1, 2, 1));
        assertEquals(Ledger.BAD_AMOUNT, execute(Ledger.TRANSFER, 1, 2, -1));
        assertEquals(Ledger.BAD_MESSAGE, execute(4, 1, 2, 1));
        ledger.onCommand(null, command, 0, 7, answer);
        assertEquals(Ledger.BAD_MESSAGE, answer.value());
        assertEquals(Ledger.NO_SUCH_ACCOUNT, balance(ledger, 4));
        assertEquals(digest, ledger.stateDigest());
    }

    @Test
    void shouldRefuseAnAccountWhenThereIsNoRoomForIt()
    {
        open(Ledger.MAX_ACCOUNTS);
        assertEquals(Ledger.LEDGER_FULL, execute(Ledger.OPEN, 0, 0, 0));
        assertEquals(1, execute(Ledger.DEPOSIT, Ledger.MAX_ACCOUNTS, 0, 1));
    }

    /** Three records of 64 KiB at most; the writer has no room for every other one at first. */
    @Test
    void shouldComeBackFromItsSnapshot()
    {
        open(20_000);
        for (int account = 1; account <= 20_000; account += 3)
        {
            execute(Ledger.DEPOSIT, account, 0, account);
        }
        final List<UnsafeBuffer> records = new ArrayList<>();
        final boolean[] hasRoom = new boolean[1];
        final SnapshotTask task = ledger.onTakeSnapshot();
        int cycles = 1;
        while (!task.doWork((buffer, offset, length) ->
        {
            hasRoom[0] = !hasRoom[0];
            if (!hasRoom[0])
            {
                return false;
            }
            final byte[] record = new byte[length];
            buffer.getBytes(offset, record);
            return records.add(new UnsafeBuffer(record));
        }))
        {
            cycles++;
        }
        task.close();
        assertEquals(3, records.size());
        assertEquals(3, cycles);

        final Ledger other = new Ledger();
        load(other, List.of(new UnsafeBuffer(new byte[1024])));
        assertNotEquals(ledger.stateDigest(), other.stateDigest());
        load(other, records);
        assertEquals(ledger.stateDigest(), other.stateDigest());
        assertEquals(19_999, balance(other, 19_999));
        assertEquals(0, balance(other, 20_000));
        assertEquals(Ledger.NO_SUCH_ACCOUNT, balance(other, 20_001));
    }

    private static void load(final Ledger ledger, final List<UnsafeBuffer> records)
    {
        final SnapshotLoader loader = ledger.onLoadSnapshot();
        records.forEach(record -> loader.onRecord(record, 0, record.capacity()));
        loader.onEnd();
    }

    @Test
    void shouldAllocateNothingWhenCommandsAreApplied()
    {
        open(2);
        execute(Ledger.DEPOSIT, 1, 0, Long.MAX_VALUE);
        final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
        final int commands = 100_000;
        long allocated = Long.MAX_VALUE;
        // The compiler's own warming up ends at some time; one round without a byte shows that the code needs none.
        for (int round = 0; round < 20 && allocated > commands / 100; round++)
        {
            final long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < commands; i++)
            {
                execute(Ledger.TRANSFER, 1 + (i & 1), 2 - (i & 1), 1);
                balance(ledger, 1);
            }
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
        }
        assertTrue(allocated <= commands / 100, "bytes allocated by " + commands + " commands: " + allocated);
        assertEquals(Long.MAX_VALUE, balance(ledger, 1));
    }
}
