package io.ukehi.client;

import io.ukehi.codecs.client.NodeRole;
import io.ukehi.codecs.client.ReplyCode;
import io.ukehi.codecs.client.StatusReplyDecoder;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;

/**
 * The calls of a client that wait: each polls the client until it has what it waits for or its time is up. Owned by the
 * thread that uses the client.
 */
final class Blocking
{
    private final UkehiClient client;
    private final ClientContext ctx;
    private final NanoClock clock;
    private final IdleStrategy idleStrategy;
    private final RequestWait wait = new RequestWait();
    // By index of member; the correlation id of a question that waits for its answer is greater than 0.
    private final long[] statusAsked;
    private final MemberStatus[] statuses;
    private long lastStatusId;

    Blocking(final UkehiClient client, final ClientContext ctx)
    {
        this.client = client;
        this.ctx = ctx;
        clock = ctx.nanoClock();
        idleStrategy = ctx.idleStrategy();
        statusAsked = new long[ctx.members().size()];
        statuses = new MemberStatus[ctx.members().size()];
    }

    void awaitConnected(final long timeoutNs)
    {
        final long startNs = clock.nanoTime();
        wait.begin(null, Blocking::noCommandIsOutstanding);
        while (UkehiClient.State.CONNECTED != client.state())
        {
            checkOpen();
            if (clock.nanoTime() - startNs >= timeoutNs)
            {
                throw new ClientTimeoutException("no leader of cluster " + ctx.clusterId() + ", group " +
                    ctx.groupId() + " within " + timeoutNs / 1_000_000 + " ms:" + client.describeSearch());
            }
            checkInterrupt("while looking for a leader");
            idleStrategy.idle(client.poll(wait));
        }
        idleStrategy.reset();
    }

    int request(
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final MutableDirectBuffer reply,
        final ReplyListener others)
    {
        checkNobodyWaits(others);
        wait.begin(reply, null == others ? Blocking::noCommandIsOutstanding : others);
        try
        {
            return request(buffer, offset, length, reply);
        }
        finally
        {
            wait.end();
            idleStrategy.reset();
        }
    }

    private int request(
        final DirectBuffer buffer, final int offset, final int length, final MutableDirectBuffer reply)
    {
        final long deadlineNs = clock.nanoTime() + ctx.messageTimeoutNs();
        ReplyCode refusal = ReplyCode.NULL_VAL;
        while (true)
        {
            final long correlationId = client.offer(buffer, offset, length);
            if (UkehiClient.TOO_LARGE == correlationId)
            {
                throw new CommandRejectedException(ReplyCode.REJECTED_TOO_LARGE,
                    "a command of " + length + " bytes is longer than " + client.maxCommandLength());
            }
            checkOpen();
            if (correlationId > 0)
            {
                refusal = awaitReply(correlationId, deadlineNs);
                if (ReplyCode.COMMITTED == refusal)
                {
                    return replyLength(reply);
                }
            }
            // A node that refuses has told why; asking it again at once would only add to that.
            final long againNs = clock.nanoTime() + (correlationId > 0 ? ctx.backoffMinNs() : 0);
            do
            {
                if (clock.nanoTime() - deadlineNs >= 0)
                {
                    throw notTaken(refusal);
                }
                checkInterrupt("before the command was taken");
                idleStrategy.idle(client.poll(wait));
            }
            while (clock.nanoTime() - againNs < 0);
        }
    }

    /** Waits for a command's end: {@link ReplyCode#COMMITTED}, or why it may be sent again. */
    private ReplyCode awaitReply(final long correlationId, final long deadlineNs)
    {
        wait.await(correlationId);
        while (null == wait.outcome())
        {
            final boolean isInterrupted = Thread.currentThread().isInterrupted();
            if (isInterrupted || clock.nanoTime() - deadlineNs >= 0)
            {
                client.forget(correlationId);
                throw new OutcomeUnknownException(correlationId, isInterrupted ?
                    "interrupted while waiting for the reply" :
                    "no reply within " + ctx.messageTimeoutNs() / 1_000_000 + " ms");
            }
            idleStrategy.idle(client.poll(wait));
        }
        if (Outcome.UNKNOWN == wait.outcome())
        {
            throw new OutcomeUnknownException(correlationId, "the connection was lost or nobody answered");
        }
        if (ReplyCode.REJECTED_TOO_LARGE == wait.code())
        {
            throw new CommandRejectedException(wait.code(), "the leader takes no command of this length");
        }
        return wait.code();
    }

    private int replyLength(final MutableDirectBuffer reply)
    {
        if (!reply.isExpandable() && reply.capacity() < wait.length())
        {
            throw new UkehiClientException("the command is committed, but its reply of " + wait.length() +
                " bytes does not fit the buffer of " + reply.capacity());
        }
        return wait.length();
    }

    private UkehiClientException notTaken(final ReplyCode refusal)
    {
        final String within = " within " + ctx.messageTimeoutNs() / 1_000_000 + " ms";
        return ReplyCode.NULL_VAL == refusal ?
            new ClientTimeoutException("no leader took the command" + within + ":" + client.describeSearch()) :
            new CommandRejectedException(refusal, "not taken" + within + ", at last because of " + refusal);
    }

    MemberStatus status(final int memberId, final long timeoutNs)
    {
        final int index = client.transport().indexOf(memberId);
        if (LeaderFinder.NONE == index)
        {
            throw new IllegalArgumentException("member " + memberId + " is none of " + ctx.endpoints());
        }
        askStatus(index, index + 1, timeoutNs);
        if (null == statuses[index])
        {
            throw new ClientTimeoutException("member " + memberId + " did not answer within " +
                timeoutNs / 1_000_000 + " ms");
        }
        return statuses[index];
    }

    ClusterStatus clusterStatus(final long timeoutNs)
    {
        askStatus(0, statuses.length, timeoutNs);
        final List<MemberStatus> answered = new ArrayList<>();
        final List<Integer> silent = new ArrayList<>();
        for (int i = 0; i < statuses.length; i++)
        {
            if (null == statuses[i])
            {
                silent.add(client.transport().member(i).memberId());
            }
            else
            {
                answered.add(statuses[i]);
            }
        }
        return new ClusterStatus(answered, silent);
    }

    private void askStatus(final int from, final int to, final long timeoutNs)
    {
        checkNobodyWaits(null);
        final long startNs = clock.nanoTime();
        for (int i = from; i < to; i++)
        {
            statusAsked[i] = 0;
            statuses[i] = null;
        }
        wait.begin(null, Blocking::noCommandIsOutstanding);
        while (clock.nanoTime() - startNs < timeoutNs)
        {
            checkOpen();
            boolean isComplete = true;
            for (int i = from; i < to; i++)
            {
                isComplete &= null != statuses[i];
                if (0 == statusAsked[i])
                {
                    askStatus(i);
                }
            }
            if (isComplete)
            {
                break;
            }
            checkInterrupt("while asking for a member's status");
            idleStrategy.idle(client.poll(wait));
        }
        idleStrategy.reset();
    }

    private void askStatus(final int index)
    {
        final String channel = client.transport().responseChannel();
        if (null != channel)
        {
            final int length = client.encoder().statusRequest(
                lastStatusId + 1, client.transport().responseStreamId(), channel);
            if (client.transport().member(index).offer(client.encoder().buffer(), 0, length) > 0)
            {
                statusAsked[index] = ++lastStatusId;
            }
        }
    }

    void onStatusReply(final StatusReplyDecoder reply)
    {
        final int index = client.transport().indexOf(reply.nodeId());
        if (LeaderFinder.NONE != index && reply.correlationId() == statusAsked[index])
        {
            statuses[index] = new MemberStatus(
                reply.nodeId(),
                reply.leaderId(),
                reply.roleRaw() > NodeRole.STOPPED.value() ? NodeRole.NULL_VAL : reply.role(),
                reply.term(),
                reply.firstIndex(),
                reply.lastIndex(),
                reply.durableIndex(),
                reply.commitIndex(),
                reply.appliedIndex(),
                reply.stateDigest(),
                reply.electionCount(),
                reply.errorCount(),
                reply.sessionCount());
        }
    }

    private void checkNobodyWaits(final ReplyListener others)
    {
        if (null == others && client.hasOutstanding())
        {
            throw new IllegalStateException("commands are outstanding whose outcome would be told to nobody");
        }
    }

    private void checkOpen()
    {
        if (UkehiClient.State.CLOSED == client.state())
        {
            throw new UkehiClientException("the client is closed");
        }
    }

    private static void checkInterrupt(final String when)
    {
        if (Thread.currentThread().isInterrupted())
        {
            throw new UkehiClientException("interrupted " + when + "; nothing was applied");
        }
    }

    private static void noCommandIsOutstanding(
        final long correlationId,
        final Outcome outcome,
        final ReplyCode code,
        final long index,
        final long token,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        throw new IllegalStateException("a command ended that nobody waits for: " + correlationId);
    }
}
