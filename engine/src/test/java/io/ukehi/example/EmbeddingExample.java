package io.ukehi.example;

import io.ukehi.codecs.client.NodeRole;
import io.ukehi.node.CommandOutcome;
import io.ukehi.node.CommandResult;
import io.ukehi.node.NodeContext;
import io.ukehi.node.UkehiNode;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.collections.Hashing;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.concurrent.UnsafeBuffer;

/** A ledger of three members: money moves between accounts, in the same order on each. Account 0 is the world. */
public final class EmbeddingExample
{
    /** The state machine. A command is three longs: from, to, amount; the reply is one: 1 if it was done, 0 if not. */
    static final class Ledger implements StateMachine
    {
        static final int COMMAND_LENGTH = 3 * Long.BYTES;
        private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

        private final Long2LongHashMap balances = new Long2LongHashMap(0);
        private long digest;

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            boolean isDone = false;
            if (COMMAND_LENGTH == length)
            {
                isDone = move(
                    buffer.getLong(offset, ORDER),
                    buffer.getLong(offset + Long.BYTES, ORDER),
                    buffer.getLong(offset + 2 * Long.BYTES, ORDER));
            }
            reply.buffer(Long.BYTES).putLong(0, isDone ? 1 : 0, ORDER);
            reply.length(Long.BYTES);
        }

        private boolean move(final long from, final long to, final long amount)
        {
            if (amount <= 0 || from == to || (0 != from && balances.get(from) < amount))
            {
                // Refused, in the same way on every member. To throw would end them all.
                return false;
            }
            put(from, balances.get(from) - amount);
            put(to, balances.get(to) + amount);
            return true;
        }

        private void put(final long account, final long balance)
        {
            digest += mix(account, balance) - mix(account, balances.get(account));
            if (0 == balance)
            {
                balances.remove(account);
            }
            else
            {
                balances.put(account, balance);
            }
        }

        private static long mix(final long account, final long balance)
        {
            return 0 == balance ? 0 : (account + 1) * 0x9E3779B97F4A7C15L ^ Hashing.hash(balance) * balance;
        }

        @Override
        public long stateDigest()
        {
            return digest;
        }
    }

    static NodeContext context(final int memberId, final String members)
    {
        return new NodeContext()
            .memberId(memberId)
            .members(members)
            .dataDirectoryName("ledger-" + memberId)
            .stateMachine(new Ledger())
            .errorHandler(error -> System.err.println("ledger: " + error));
    }

    /** Moves money, if this member leads, and waits until that is known. */
    static String move(final UkehiNode node, final long from, final long to, final long amount) throws Exception
    {
        final UnsafeBuffer command = new UnsafeBuffer(new byte[Ledger.COMMAND_LENGTH]);
        command.putLong(0, from, ByteOrder.LITTLE_ENDIAN);
        command.putLong(Long.BYTES, to, ByteOrder.LITTLE_ENDIAN);
        command.putLong(2 * Long.BYTES, amount, ByteOrder.LITTLE_ENDIAN);
        final CommandResult result = node.submit(command, 0, Ledger.COMMAND_LENGTH).get();
        if (result.isCommitted())
        {
            final boolean isDone = 1 == new UnsafeBuffer(result.reply()).getLong(0, ByteOrder.LITTLE_ENDIAN);
            return (isDone ? "moved " : "refused ") + amount + " at index " + result.index();
        }
        if (CommandOutcome.UNKNOWN == result.outcome())
        {
            return "perhaps moved " + amount + ", perhaps not: look before you try again";
        }
        return "not moved: " + result.outcome() + ", member " + node.leaderId() + " leads";
    }

    public static void main(final String[] args) throws Exception
    {
        final int memberId = Integer.parseInt(args[0]);
        final String members = "1=localhost:9001:9101,2=localhost:9002:9102,3=localhost:9003:9103";
        try (UkehiNode node = UkehiNode.launch(context(memberId, members)))
        {
            while (NodeRole.STOPPED != node.role())
            {
                Thread.sleep(1000);
                if (NodeRole.LEADER == node.role())
                {
                    System.out.println(move(node, 0, 7, 100) + "; " + move(node, 7, 8, 30));
                }
            }
            System.err.println("ledger: stopped by " + node.failure());
        }
    }
}
