package io.ukehi.benchmarks.cluster;

import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import org.agrona.DirectBuffer;

/** Answers each command and each query with itself. */
final class EchoStateMachine implements StateMachine
{
    @Override
    public void onCommand(
        final CommandHeader header, final DirectBuffer buffer, final int offset, final int length, final Reply reply)
    {
        reply.put(buffer, offset, length);
    }

    @Override
    public boolean onQuery(
        final long index, final DirectBuffer buffer, final int offset, final int length, final Reply reply)
    {
        reply.put(buffer, offset, length);
        return true;
    }
}
