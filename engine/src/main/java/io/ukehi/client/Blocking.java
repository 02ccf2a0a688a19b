package io.ukehi.client;

import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.ReplyCode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;

/**
 * The calls of a client that wait: each polls the client until it has what it waits for or its time is up. Owned by the
 * thread that uses the session.
 */
final class Blocking
{
    private final Session session;
    private final ClientContext ctx;
    private final NanoClock clock;
    private final IdleStrategy idleStrategy;
    private final RequestWait wait = new RequestWait();
    private final ClientTransport transport;
    private final MemberAnswers answers;

    Blocking(final Session session, final ClientContext ctx)
    {
        this.session = session;
        transport = session.transport();
        answers = session.answers();
        this.ctx = ctx;
        clock = ctx.nanoClock();
        idleStrategy = ctx.idleStrategy();
    }

    void awaitConnected(final long timeoutNs)
    {
        final long startNs = clock.nanoTime();
        wait.begin(null, Blocking::noCommandIsOutstanding);
        while (UkehiClient.State.CONNECTED != session.state())
        {
            checkOpen();
            if (clock.nanoTime() - startNs >= timeoutNs)
            {
                throw new ClientTimeoutException("no leader of cluster " + ctx.clusterId() + ", group " +
                    ctx.groupId() + " within " + timeoutNs / 1_000_000 + " ms:" + answers.describe());
            }
            checkInterrupt("while looking for a leader");
            idleStrategy.idle(session.poll(wait));
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
            final long correlationId = session.offer(buffer, offset, length);
            if (UkehiClient.MESSAGE_TOO_LARGE == correlationId)
            {
                throw new CommandRejectedException(ReplyCode.REJECTED_TOO_LARGE,
                    "a command of " + length + " bytes is longer than " + session.maxCommandLength());
            }
            checkOpen();
            if (correlationId > 0)
            {
                refusal = awaitReply(correlationId);
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
                idleStrategy.idle(session.poll(wait));
            }
            while (clock.nanoTime() - againNs < 0);
        }
    }

    /** Waits for a command's end: {@link ReplyCode#COMMITTED}, or why it may be sent again. */
    private ReplyCode awaitReply(final long correlationId)
    {
        wait.await(correlationId);
        while (null == wait.outcome())
        {
            if (Thread.currentThread().isInterrupted())
            {
                session.forget(correlationId);
                throw new OutcomeUnknownException(correlationId, "interrupted while waiting for the reply");
            }
            idleStrategy.idle(session.poll(wait));
        }
        if (Outcome.UNKNOWN == wait.outcome())
        {
            throw new OutcomeUnknownException(
                correlationId, "no reply within " + ctx.messageTimeoutNs() / 1_000_000 + " ms");
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
            new ClientTimeoutException("no leader took the command" + within + ":" + answers.describe()) :
            new CommandRejectedException(refusal, "not taken" + within + ", at last because of " + refusal);
    }

    MemberStatus status(final int memberId, final long timeoutNs)
    {
        final int index = transport.indexOf(memberId);
        if (LeaderFinder.NONE == index)
        {
            throw new IllegalArgumentException("member " + memberId + " is none of " + ctx.endpoints());
        }
        askStatus(index, index + 1, timeoutNs);
        if (null == answers.status(index))
        {
            throw new ClientTimeoutException("member " + memberId + " did not answer within " +
                timeoutNs / 1_000_000 + " ms");
        }
        return answers.status(index);
    }

    ClusterStatus clusterStatus(final long timeoutNs)
    {
        askStatus(0, transport.memberCount(), timeoutNs);
        final List<MemberStatus> answered = new ArrayList<>();
        final List<Integer> silent = new ArrayList<>();
        for (int i = 0; i < transport.memberCount(); i++)
        {
            if (null == answers.status(i))
            {
                silent.add(transport.member(i).memberId());
            }
            else
            {
                answered.add(answers.status(i));
            }
        }
        return new ClusterStatus(answered, silent);
    }

    /** Asks a range of members at the same time, each as soon as it can be sent to. */
    private void askStatus(final int from, final int to, final long timeoutNs)
    {
        checkNobodyWaits(null);
        final long startNs = clock.nanoTime();
        final boolean[] isAsked = new boolean[to];
        for (int i = from; i < to; i++)
        {
            answers.awaitStatus(i, 0);
        }
        wait.begin(null, Blocking::noCommandIsOutstanding);
        int answered = 0;
        while (answered < to - from && clock.nanoTime() - startNs < timeoutNs)
        {
            checkOpen();
            checkInterrupt("while asking for a member's status");
            answered = 0;
            for (int i = from; i < to; i++)
            {
                isAsked[i] = isAsked[i] || askStatus(i);
                answered += null == answers.status(i) ? 0 : 1;
            }
            idleStrategy.idle(session.poll(wait));
        }
        idleStrategy.reset();
    }

    private boolean askStatus(final int index)
    {
        final long correlationId = session.askStatus(index);
        if (0 == correlationId)
        {
            return false;
        }
        answers.awaitStatus(index, correlationId);
        return true;
    }

    /** Asks the leader, wherever it is, or the member that is named; again until it answers or the time is up. */
    AdminAnswer admin(
        final AdminOperation operation,
        final int memberId,
        final int targetId,
        final String subject,
        final long timeoutNs)
    {
        checkNobodyWaits(null);
        final long deadlineNs = clock.nanoTime() + timeoutNs;
        AdminCode code = null;
        int asked = 0;
        while (clock.nanoTime() - deadlineNs < 0)
        {
            final int id = UkehiClient.ANY_MEMBER == memberId ? session.leaderId() : memberId;
            final int member = transport.indexOf(id);
            if (id > 0 && LeaderFinder.NONE == member)
            {
                throw new IllegalArgumentException("member " + id + " is none of " + ctx.endpoints());
            }
            if (id > 0 && session.askAdmin(member, operation, targetId, subject))
            {
                asked++;
                final long againNs = clock.nanoTime() + ctx.keepAliveTimeoutNs();
                while (null == session.adminCode() && clock.nanoTime() - againNs < 0)
                {
                    pollOnce();
                }
                code = session.adminCode();
            }
            final boolean isPassing = AdminCode.NOT_LEADER == code || AdminCode.RECOVERING == code;
            if (AdminCode.NO_SUCH_MEMBER == code && AdminOperation.REMOVE_MEMBER == operation && asked > 1)
            {
                // Removed by what was asked before, whose answer was lost with the leader, or came too late.
                return new AdminAnswer(AdminCode.DONE, "");
            }
            if (null != code && !(isPassing && UkehiClient.ANY_MEMBER == memberId))
            {
                return new AdminAnswer(code, session.adminText());
            }
            pollOnce();
        }
        if (null == code)
        {
            throw new ClientTimeoutException("nobody answered within " + timeoutNs / 1_000_000 + " ms:" +
                answers.describe());
        }
        return new AdminAnswer(code, session.adminText());
    }

    /** Waits until a member leads, as far as this client can tell; false if the time is up. */
    boolean awaitLeader(final int memberId, final long timeoutNs)
    {
        return await(timeoutNs, () -> session.leaderId() == memberId);
    }

    /** Waits until somebody leads in a term above another; false if the time is up. */
    boolean awaitTermAbove(final long term, final long timeoutNs)
    {
        return await(timeoutNs, () -> session.leaderId() > 0 && session.term() > term);
    }

    private boolean await(final long timeoutNs, final BooleanSupplier isSo)
    {
        final long deadlineNs = clock.nanoTime() + timeoutNs;
        while (!isSo.getAsBoolean())
        {
            if (clock.nanoTime() - deadlineNs >= 0)
            {
                return false;
            }
            pollOnce();
        }
        return true;
    }

    private void pollOnce()
    {
        checkOpen();
        checkInterrupt("while an operation was waited for");
        wait.begin(null, Blocking::noCommandIsOutstanding);
        idleStrategy.idle(session.poll(wait));
    }

    /** Whom the ends of commands are told while something else is waited for. */
    ReplyListener listenerOf(final ReplyListener others)
    {
        checkNobodyWaits(others);
        return null == others ? Blocking::noCommandIsOutstanding : others;
    }

    private void checkNobodyWaits(final ReplyListener others)
    {
        if (null == others && session.outstandingCount() > 0)
        {
            throw new IllegalStateException("commands are outstanding whose outcome would be told to nobody");
        }
    }

    private void checkOpen()
    {
        if (UkehiClient.State.CLOSED == session.state())
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
