package io.ukehi.node;

import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.SnapshotLoader;
import io.ukehi.statemachine.SnapshotTask;
import io.ukehi.statemachine.StateMachine;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.ShutdownSignalBarrier;
import org.agrona.concurrent.UnsafeBuffer;

/** A member whose state is one number, to be run as a process of its own: whatever the command, it counts one more. */
final class CounterProcess
{
    /** The longest: patient, since there may be more processes than processors. */
    static final String ELECTION_TIMEOUT_PROP_NAME = "ukehi.test.electionTimeoutMs";

    /** The longest; the shortest is half of it. Twice the default: all processes share the machine's processors. */
    static final long ELECTION_TIMEOUT_MS = Long.getLong(ELECTION_TIMEOUT_PROP_NAME, 600);

    private CounterProcess()
    {
    }

    private static final class Counter implements StateMachine
    {
        private long count;

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            reply.buffer(Long.BYTES).putLong(0, ++count);
            reply.length(Long.BYTES);
        }

        @Override
        public boolean onQuery(
            final long index, final DirectBuffer buffer, final int offset, final int length, final Reply reply)
        {
            reply.buffer(Long.BYTES).putLong(0, count);
            reply.length(Long.BYTES);
            return true;
        }

        @Override
        public SnapshotTask onTakeSnapshot()
        {
            final UnsafeBuffer frozen = new UnsafeBuffer(new byte[Long.BYTES]);
            frozen.putLong(0, count);
            return writer -> writer.write(frozen, 0, Long.BYTES);
        }

        @Override
        public boolean isAppliedDuringSnapshot()
        {
            return true;
        }

        @Override
        public SnapshotLoader onLoadSnapshot()
        {
            return (buffer, offset, length) -> count = buffer.getLong(offset);
        }

        @Override
        public long stateDigest()
        {
            return count;
        }
    }

    /** Member id, members, directory of the data, directory of the media driver, whether it joins. */
    public static void main(final String[] args)
    {
        final UkehiNode node = UkehiNode.launch(new NodeContext()
            .memberId(Integer.parseInt(args[0]))
            .members(args[1])
            .dataDirectoryName(args[2])
            .aeronDirectoryName(args[3])
            .joining(Boolean.parseBoolean(args[4]))
            .readLease(true)
            .electionTimeoutMinNs(TimeUnit.MILLISECONDS.toNanos(ELECTION_TIMEOUT_MS / 2))
            .electionTimeoutMaxNs(TimeUnit.MILLISECONDS.toNanos(ELECTION_TIMEOUT_MS))
            .segmentLength(8 * 1024 * 1024)
            .stateMachine(new Counter()));
        try (ShutdownSignalBarrier barrier = new ShutdownSignalBarrier())
        {
            barrier.await();
        }
        node.close();
    }
}
