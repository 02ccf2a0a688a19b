package io.ukehi.benchmarks.cluster;

import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import org.agrona.DirectBuffer;

/** Answers each command with itself. */
final class EchoStateMachine implements StateMachine
{
    @Override
    public void onCommand(
        final CommandHeader header, final DirectBuffer buffer, final int offset, final int length, final Reply reply)
    {
        reply.buffer(length).putBytes(0, buffer, offset, length);
        reply.length(length);
    }
}
