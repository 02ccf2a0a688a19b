package io.ukehi.example;

import io.ukehi.client.ClientContext;
import io.ukehi.client.Outcome;
import io.ukehi.client.ReplyListener;
import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.ReplyCode;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/** Typed calls of a {@link Ledger}. For one thread. */
public final class LedgerClient implements AutoCloseable
{
    private static final String ENDPOINTS = "1=localhost:9101,2=localhost:9102,3=localhost:9103";
    private static final int WINDOW = 256;

    private final UkehiClient client;
    private final UnsafeBuffer command = new UnsafeBuffer(new byte[Ledger.COMMAND_LENGTH]);
    private final UnsafeBuffer reply = new UnsafeBuffer(new byte[Ledger.REPLY_LENGTH]);
    private final IdleStrategy idle = new BackoffIdleStrategy();
    private final ReplyListener listener = this::onReply;
    private int ended;
    private int done;
    private int refused;

    LedgerClient(final String endpoints)
    {
        client = UkehiClient.connect(new ClientContext().embeddedDriver(true).endpoints(endpoints));
    }

    long open()
    {
        return request(Ledger.OPEN, 0, 0, 0);
    }

    long deposit(final long account, final long amount)
    {
        return request(Ledger.DEPOSIT, account, 0, amount);
    }

    long transfer(final long account, final long receiver, final long amount)
    {
        return request(Ledger.TRANSFER, account, receiver, amount);
    }

    /** Linearizable: sees every command that had ended before this call, whoever sent it. */
    long balance(final long account)
    {
        command.putLong(0, account, Ledger.ORDER);
        client.readLinearizable(false, command, 0, Ledger.QUERY_LENGTH, reply);
        return reply.getLong(0, Ledger.ORDER);
    }

    private long request(final long operation, final long account, final long receiver, final long amount)
    {
        encode(operation, account, receiver, amount);
        client.request(command, 0, Ledger.COMMAND_LENGTH, reply);
        return reply.getLong(0, Ledger.ORDER);
    }

    private void encode(final long operation, final long account, final long receiver, final long amount)
    {
        command.putLong(0, operation, Ledger.ORDER);
        command.putLong(Long.BYTES, account, Ledger.ORDER);
        command.putLong(2 * Long.BYTES, receiver, Ledger.ORDER);
        command.putLong(3 * Long.BYTES, amount, Ledger.ORDER);
    }

    /** The fast way: many transfers of 1 under way at a time, and nothing allocated for any of them. */
    void transferMany(final long account, final long receiver, final int count)
    {
        encode(Ledger.TRANSFER, account, receiver, 1);
        ended = 0;
        done = 0;
        refused = 0;
        int sent = 0;
        while (ended < count && UkehiClient.State.CLOSED != client.state())
        {
            while (sent < count && sent - ended < WINDOW && client.offer(command, 0, Ledger.COMMAND_LENGTH) > 0)
            {
                sent++;
            }
            idle.idle(client.poll(listener));
        }
    }

    private void onReply(
        final long correlationId, final Outcome outcome, final ReplyCode code, final long index, final long token,
        final DirectBuffer buffer, final int offset, final int length)
    {
        ended++;
        if (Outcome.COMMITTED == outcome)
        {
            final boolean isDone = buffer.getLong(offset, Ledger.ORDER) >= 0;
            done += isDone ? 1 : 0;
            refused += isDone ? 0 : 1;
        }
        if (0 == ended % 10_000)
        {
            System.out.println(ended + " transfers have ended, member " + client.leaderId() + " leads");
        }
    }

    private void show(final long account)
    {
        System.out.println("account " + account + " has " + balance(account));
    }

    @Override
    public void close()
    {
        client.close();
    }

    /** Number of transfers, and the members' endpoints where they are not those above. */
    public static void main(final String[] args)
    {
        final int count = Integer.parseInt(args[0]);
        try (LedgerClient ledger = new LedgerClient(args.length > 1 ? args[1] : ENDPOINTS))
        {
            final long from = ledger.open();
            final long to = ledger.open();
            ledger.deposit(from, count + 100);
            ledger.show(from);
            ledger.transferMany(from, to, count);
            System.out.println(ledger.done + " done, " + ledger.refused + " refused, " +
                (ledger.ended - ledger.done - ledger.refused) + " unknown, " +
                ledger.client.stats().resent() + " sent again");
            ledger.show(from);
            ledger.show(to);
            final boolean isRefused = Ledger.INSUFFICIENT_FUNDS == ledger.transfer(from, to, 101);
            System.out.println("a transfer of 101 is refused for insufficient funds: " + isRefused);
        }
    }
}
