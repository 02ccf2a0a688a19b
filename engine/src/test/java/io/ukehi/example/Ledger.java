package io.ukehi.example;

import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.SnapshotLoader;
import io.ukehi.statemachine.SnapshotTask;
import io.ukehi.statemachine.SnapshotWriter;
import io.ukehi.statemachine.StateMachine;
import java.nio.ByteOrder;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Accounts, numbered from 1 as they are opened. Their balances are one off-heap array of longs. */
public final class Ledger implements StateMachine
{
    /** A command is four longs: operation, account, account that receives, amount. */
    public static final int COMMAND_LENGTH = 4 * Long.BYTES;
    /** A query is one long: the account whose balance is asked for. */
    public static final int QUERY_LENGTH = Long.BYTES;
    /** A reply is one long: a balance or an account's number; negative, why nothing was done. */
    public static final int REPLY_LENGTH = Long.BYTES;
    public static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

    public static final long OPEN = 1;
    public static final long DEPOSIT = 2;
    public static final long TRANSFER = 3;

    public static final long INSUFFICIENT_FUNDS = -1;
    public static final long NO_SUCH_ACCOUNT = -2;
    public static final long BAD_AMOUNT = -3;
    public static final long LEDGER_FULL = -4;
    public static final long BAD_MESSAGE = -5;

    /** Part of the program, not of a configuration: all members must refuse the same account. */
    public static final int MAX_ACCOUNTS = 1 << 20;
    private static final int RECORD_LENGTH = 64 * 1024;

    private final UnsafeBuffer balances = new UnsafeBuffer(
        BufferUtil.allocateDirectAligned(MAX_ACCOUNTS * Long.BYTES, BitUtil.CACHE_LINE_LENGTH));
    private int count;
    private long digest;

    @Override
    public void onCommand(
        final CommandHeader header, final DirectBuffer buffer, final int offset, final int length, final Reply reply)
    {
        answer(reply, COMMAND_LENGTH != length ? BAD_MESSAGE : execute(
            buffer.getLong(offset, ORDER),
            buffer.getLong(offset + Long.BYTES, ORDER),
            buffer.getLong(offset + 2 * Long.BYTES, ORDER),
            buffer.getLong(offset + 3 * Long.BYTES, ORDER)));
    }

    @Override
    public boolean onQuery(
        final long index, final DirectBuffer buffer, final int offset, final int length, final Reply reply)
    {
        final long account = QUERY_LENGTH == length ? buffer.getLong(offset, ORDER) : 0;
        answer(reply, isOpen(account) ? balance(account) : NO_SUCH_ACCOUNT);
        return true;
    }

    private static void answer(final Reply reply, final long value)
    {
        reply.buffer(REPLY_LENGTH).putLong(0, value, ORDER);
        reply.length(REPLY_LENGTH);
    }

    private long execute(final long operation, final long account, final long receiver, final long amount)
    {
        if (OPEN == operation)
        {
            return open();
        }
        if (DEPOSIT == operation)
        {
            return deposit(account, amount);
        }
        return TRANSFER == operation ? transfer(account, receiver, amount) : BAD_MESSAGE;
    }

    private long open()
    {
        if (MAX_ACCOUNTS == count)
        {
            return LEDGER_FULL;
        }
        count++;
        digest += mix(count, 0);
        return count;
    }

    private long deposit(final long account, final long amount)
    {
        if (!isOpen(account))
        {
            return NO_SUCH_ACCOUNT;
        }
        if (amount <= 0 || amount > Long.MAX_VALUE - balance(account))
        {
            return BAD_AMOUNT;
        }
        return add(account, amount);
    }

    private long transfer(final long account, final long receiver, final long amount)
    {
        if (!isOpen(account) || !isOpen(receiver) || account == receiver)
        {
            return NO_SUCH_ACCOUNT;
        }
        if (amount <= 0 || amount > Long.MAX_VALUE - balance(receiver))
        {
            return BAD_AMOUNT;
        }
        if (amount > balance(account))
        {
            return INSUFFICIENT_FUNDS;
        }
        add(receiver, amount);
        return add(account, -amount);
    }

    private boolean isOpen(final long account)
    {
        return account > 0 && account <= count;
    }

    private static int offsetOf(final long account)
    {
        return (int)(account - 1) * Long.BYTES;
    }

    private long balance(final long account)
    {
        return balances.getLong(offsetOf(account), ORDER);
    }

    private long add(final long account, final long amount)
    {
        final long before = balance(account);
        final long after = before + amount;
        balances.putLong(offsetOf(account), after, ORDER);
        digest += mix(account, after) - mix(account, before);
        return after;
    }

    private static long mix(final long account, final long balance)
    {
        final long product = (account * 0x9E3779B97F4A7C15L + balance) * 0xBF58476D1CE4E5B9L;
        return product ^ product >>> 32;
    }

    @Override
    public long stateDigest()
    {
        return digest;
    }

    @Override
    public SnapshotTask onTakeSnapshot()
    {
        return new BalanceWriter();
    }

    /** No command is applied while it writes, so it can write the balances themselves. */
    private final class BalanceWriter implements SnapshotTask
    {
        private int position;

        @Override
        public boolean doWork(final SnapshotWriter writer)
        {
            final int end = count * Long.BYTES;
            while (position < end)
            {
                final int length = Math.min(RECORD_LENGTH, end - position);
                if (!writer.write(balances, position, length))
                {
                    return false;
                }
                position += length;
            }
            return true;
        }
    }

    @Override
    public SnapshotLoader onLoadSnapshot()
    {
        balances.setMemory(0, balances.capacity(), (byte)0);
        count = 0;
        digest = 0;
        return this::onRecord;
    }

    private void onRecord(final DirectBuffer buffer, final int offset, final int length)
    {
        for (int i = 0; i < length; i += Long.BYTES)
        {
            add(open(), buffer.getLong(offset + i, ORDER));
        }
    }
}
