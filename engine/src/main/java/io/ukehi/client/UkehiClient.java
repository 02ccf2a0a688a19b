package io.ukehi.client;

import io.aeron.Publication;
import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.Consistency;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * An application's way to a cluster: finds the leader, sends it commands, follows it when leadership moves, and tells
 * of every command how it ended.
 * <pre>{@code
 * try (UkehiClient client = UkehiClient.connect(new ClientContext()
 *     .embeddedDriver(true)
 *     .endpoints("1=host1:9010,2=host2:9010,3=host3:9010")))
 * {
 *     final long correlationId = client.offer(buffer, 0, length);
 *     ...
 *     client.poll(listener); // again and again: the listener is told of each command's end, by correlation id
 * }
 * }</pre>
 * <b>One thread uses a client</b>: all methods are called by the same thread, or by threads that take turns with a
 * happens-before between them. A client does nothing while it is not called: it must be polled, also when nothing is
 * expected, several times per keep-alive interval.
 * <p>
 * <b>A command is applied once.</b> Commands belong to a session that the cluster keeps in its log, and are numbered in
 * it. One that has no reply when the leader is lost, or refuses it, is sent again to the next leader, with all those
 * behind it; the cluster applies it if it has not yet, and gives the reply of the first time if it has. Commands of a
 * client are applied in the order in which they were offered. What is left is {@link Outcome#UNKNOWN}: only if the
 * session itself is lost, because nobody in the cluster heard of the client for the session timeout, or no reply came
 * within the message timeout and the client has given it up. The client then goes on with a new one.
 * <p>
 * In the steady state, {@link #offer} and {@link #poll} allocate nothing.
 */
public final class UkehiClient implements AutoCloseable
{
    /**
     * No member has answered, or the leader has not yet opened a session: poll and try again. The command was not sent.
     */
    public static final long NOT_CONNECTED = Publication.NOT_CONNECTED;

    /** Members answer, and none of them leads at this moment: poll and try again. The command was not sent. */
    public static final long NO_LEADER = -8;

    /** Too much is on its way, here or there: poll and try again. The command was not sent. */
    public static final long BACK_PRESSURED = Publication.BACK_PRESSURED;

    /** The client is closed. The command was not sent. */
    public static final long CLOSED = Publication.CLOSED;

    /** Longer than the cluster takes, or than the term buffer allows. The command was not sent. */
    public static final long MESSAGE_TOO_LARGE = -6;

    /** {@link #offerQuery}: whichever member can be reached. */
    public static final int ANY_MEMBER = 0;

    /** The cluster has as many sessions as it may, or its leader as many clients: try again later. Nothing was sent. */
    public static final long SESSION_LIMIT = -7;

    /** Where a client is. */
    public enum State
    {
        /** A leader is looked for. */
        CONNECTING,

        /** A leader has been found, and the client has a session. */
        CONNECTED,

        /** Closed, or Aeron was closed under it. */
        CLOSED
    }

    private final Session session;
    private final Blocking blocking;
    private final BlockingQueries blockingQueries;

    private UkehiClient(final ClientContext ctx)
    {
        session = new Session(ctx.conclude());
        blocking = new Blocking(session, ctx);
        blockingQueries = new BlockingQueries(session, ctx);
    }

    /**
     * Opens a client and waits until it has found a leader.
     *
     * @param ctx settings; concluded here.
     * @return a connected client, to be closed.
     * @throws ClientConfigurationException if settings are wrong.
     * @throws ClientTimeoutException       if no leader was found within the connect timeout; it tells what each member
     *                                      said.
     * @throws UkehiClientException         if there is no media driver.
     */
    public static UkehiClient connect(final ClientContext ctx)
    {
        final UkehiClient client = open(ctx);
        try
        {
            client.blocking.awaitConnected(ctx.connectTimeoutNs());
            return client;
        }
        catch (final RuntimeException ex)
        {
            client.close();
            throw ex;
        }
    }

    /**
     * Opens a client without waiting for a leader: it looks for one whenever it is polled. The way to ask members of a
     * cluster without a leader how they are.
     *
     * @param ctx settings; concluded here.
     * @return a client, to be closed.
     * @throws ClientConfigurationException if settings are wrong.
     * @throws UkehiClientException         if there is no media driver.
     */
    public static UkehiClient open(final ClientContext ctx)
    {
        return new UkehiClient(ctx);
    }

    /**
     * Takes a command for the leader. It is sent with the next {@link #flush()} or {@link #poll}, in one message with
     * as many others as go in one datagram, or as soon as there are so many.
     *
     * @param buffer holds the command; it may be used again after the call.
     * @param offset of the command.
     * @param length in bytes, 0 or more.
     * @return a correlation id, greater than 0 and greater than all before: the listener will be told exactly once how
     * the command with this id ended. Or, when it was not taken, {@link #NOT_CONNECTED}, {@link #NO_LEADER},
     * {@link #BACK_PRESSURED}, {@link #SESSION_LIMIT}, {@link #MESSAGE_TOO_LARGE} or {@link #CLOSED}.
     * @throws IndexOutOfBoundsException if the buffer does not hold the range.
     */
    public long offer(final DirectBuffer buffer, final int offset, final int length)
    {
        return session.offer(buffer, offset, length);
    }

    /**
     * Sends what was offered, as far as it can be sent now. {@link #poll} does so as well; this is for who has
     * something else to do before.
     *
     * @return commands sent.
     */
    public int flush()
    {
        return session.flush();
    }

    /**
     * Sends what was offered, takes what has come, tells the listener of commands that have ended, and does whatever
     * else is due: keep-alives, looking for the leader, timeouts. To be called again and again.
     * <p>
     * After {@link #close()} it tells, once, of all commands that were still outstanding, as unknown.
     *
     * @param replyListener told on this thread, during the call.
     * @return a measure of the work done; 0 if there was nothing to do.
     */
    public int poll(final ReplyListener replyListener)
    {
        return session.poll(replyListener);
    }

    /**
     * As {@link #poll(ReplyListener)}, and tells of queries that have ended.
     *
     * @param replyListener told of commands.
     * @param queryListener told of queries.
     */
    public int poll(final ReplyListener replyListener, final QueryListener queryListener)
    {
        return session.poll(replyListener, queryListener);
    }

    /**
     * Sends a query, if it can be sent at once: the state machine answers it without an entry in the log.
     *
     * @param consistency what the answer must see. {@link Consistency#LINEARIZABLE} and {@link Consistency#LEASE} go to
     *                    the leader, the others to the member named.
     * @param maxLagNs    {@link Consistency#STALE}: the answer sees all that was committed longer ago than that, in
     *                    nanoseconds; {@link Long#MAX_VALUE} for a state of any age.
     * @param memberId    whom to ask where it need not be the leader; {@link #ANY_MEMBER} for whoever can be reached,
     *                    rather not the leader.
     * @param buffer      holds the query; it may be used again after the call.
     * @param offset      of the query.
     * @param length      in bytes, 0 or more.
     * @return a correlation id, greater than 0: counted apart from those of commands, told to the query listener with
     * the end of the query. Or, when nothing was sent, {@link #NOT_CONNECTED}, {@link #NO_LEADER},
     * {@link #BACK_PRESSURED}, {@link #MESSAGE_TOO_LARGE} or {@link #CLOSED}.
     */
    public long offerQuery(
        final Consistency consistency,
        final long maxLagNs,
        final int memberId,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        return session.offerQuery(consistency, maxLagNs, memberId, buffer, offset, length);
    }

    /**
     * Asks the leader and waits: sees all that was committed before the call. The leader is confirmed by a majority
     * before it answers, or holds a lease if {@code isByLease} and the cluster allows it.
     *
     * @param isByLease whether a lease is good enough: see {@link Consistency#LEASE}.
     * @param buffer    holds the query.
     * @param offset    of the query.
     * @param length    in bytes.
     * @param reply     gets the answer at 0; expandable, or long enough for it.
     * @return length of the answer in bytes.
     * @throws QueryRejectedException if it was refused to the last. Nothing has changed, as with all of these.
     * @throws ClientTimeoutException if nobody answered within the message timeout.
     * @throws UkehiClientException   if the client is closed, or the answer is too long for its buffer.
     */
    public int readLinearizable(
        final boolean isByLease,
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final MutableDirectBuffer reply)
    {
        return read(
            isByLease ? Consistency.LEASE : Consistency.LINEARIZABLE, 0, ANY_MEMBER, buffer, offset, length, reply);
    }

    /**
     * As {@link #readLinearizable}, with the same guarantee, of any member: it asks the leader how far it must be, and
     * waits until it is.
     *
     * @param memberId whom to ask; {@link #ANY_MEMBER} for one after another.
     */
    public int readFollower(
        final int memberId,
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final MutableDirectBuffer reply)
    {
        return read(Consistency.FOLLOWER, 0, memberId, buffer, offset, length, reply);
    }

    /**
     * Asks any member: sees at least all that was committed longer ago than {@code maxLagNs}. A member that knows its
     * state to be that new answers at once; otherwise it asks the leader, and refuses if it gets no answer.
     *
     * @param maxLagNs in nanoseconds; {@link Long#MAX_VALUE} for a state of any age, which needs no leader.
     * @param memberId whom to ask; {@link #ANY_MEMBER} for one after another.
     */
    public int readStale(
        final long maxLagNs,
        final int memberId,
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final MutableDirectBuffer reply)
    {
        return read(Consistency.STALE, maxLagNs, memberId, buffer, offset, length, reply);
    }

    /** Any of the reads above, by name; commands of {@link #offer} may not be outstanding. */
    public int read(
        final Consistency consistency,
        final long maxLagNs,
        final int memberId,
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final MutableDirectBuffer reply)
    {
        return read(consistency, maxLagNs, memberId, buffer, offset, length, reply, null);
    }

    /**
     * As {@link #read(Consistency, long, int, DirectBuffer, int, int, MutableDirectBuffer)}, beside commands that are
     * outstanding.
     *
     * @param others told of commands that end meanwhile.
     */
    public int read(
        final Consistency consistency,
        final long maxLagNs,
        final int memberId,
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final MutableDirectBuffer reply,
        final ReplyListener others)
    {
        return blockingQueries.query(
            consistency, maxLagNs, memberId, buffer, offset, length, reply, blocking.listenerOf(others));
    }

    /** Of the last read that was waited for: the log index up to which the state was applied that answered. */
    public long readIndex()
    {
        return blockingQueries.index();
    }

    /** Of the last read that was waited for: the member that answered. */
    public int readMemberId()
    {
        return blockingQueries.memberId();
    }

    /**
     * Sends a command and waits for its reply: within the message timeout for a leader that takes it, and as long again
     * for the reply.
     * <p>
     * Commands of {@link #offer} may not be outstanding, since nobody would be told of them; with
     * {@link #request(DirectBuffer, int, int, MutableDirectBuffer, ReplyListener)} they may.
     *
     * @param buffer holds the command.
     * @param offset of the command.
     * @param length in bytes.
     * @param reply  gets the state machine's reply at 0; expandable, or long enough for it.
     * @return length of the reply in bytes.
     * @throws CommandRejectedException if it was refused to the last: certainly not applied.
     * @throws ClientTimeoutException   if no leader could be sent to: certainly not applied.
     * @throws OutcomeUnknownException  if it was sent and nobody answered in time, or the thread was interrupted.
     * @throws UkehiClientException     if the client is closed, or the reply is too long for its buffer.
     */
    public int request(
        final DirectBuffer buffer, final int offset, final int length, final MutableDirectBuffer reply)
    {
        return blocking.request(buffer, offset, length, reply, null);
    }

    /**
     * As {@link #request(DirectBuffer, int, int, MutableDirectBuffer)}, beside commands that are outstanding.
     *
     * @param others told of other commands that end meanwhile.
     */
    public int request(
        final DirectBuffer buffer,
        final int offset,
        final int length,
        final MutableDirectBuffer reply,
        final ReplyListener others)
    {
        return blocking.request(buffer, offset, length, reply, others);
    }

    /**
     * Asks one member how it is. No leader is needed for it. Commands of {@link #offer} may not be outstanding.
     *
     * @param memberId  one of the endpoints.
     * @param timeoutNs how long to wait, in nanoseconds.
     * @return what it says.
     * @throws IllegalArgumentException if there is no such member.
     * @throws ClientTimeoutException   if it does not answer in time.
     */
    public MemberStatus status(final int memberId, final long timeoutNs)
    {
        return blocking.status(memberId, timeoutNs);
    }

    /**
     * Asks every member how it is, all at the same time. Commands of {@link #offer} may not be outstanding.
     *
     * @param timeoutNs how long to wait for all of them together, in nanoseconds.
     * @return what those said that answered in time.
     */
    public ClusterStatus clusterStatus(final long timeoutNs)
    {
        return blocking.clusterStatus(timeoutNs);
    }

    /**
     * Has the leader hand leadership to another member, and waits until that one leads. Commands of {@link #offer} may
     * not be outstanding.
     *
     * @param targetId  a voter.
     * @param timeoutNs how long to wait, in nanoseconds.
     * @return what was answered last: {@link AdminCode#STARTED} only if the target leads now.
     * @throws ClientTimeoutException if nobody answered, or the target does not lead in time: the transfer was given
     *                                up.
     */
    public AdminCode transferLeadership(final int targetId, final long timeoutNs)
    {
        if (leaderId() == targetId)
        {
            return AdminCode.STARTED;
        }
        final AdminCode code =
            blocking.admin(AdminOperation.TRANSFER_LEADERSHIP, ANY_MEMBER, targetId, "", timeoutNs).code();
        if (AdminCode.STARTED == code && !blocking.awaitLeader(targetId, timeoutNs))
        {
            throw new ClientTimeoutException("member " + targetId + " does not lead; the leader is " + leaderId());
        }
        return code;
    }

    /**
     * Has the leader give leadership up, and waits until somebody leads in a higher term. Commands of {@link #offer}
     * may not be outstanding.
     *
     * @param timeoutNs how long to wait, in nanoseconds.
     * @return what was answered.
     * @throws ClientTimeoutException if nobody answered, or nobody leads in time.
     */
    public AdminCode stepDown(final long timeoutNs)
    {
        final long before = term();
        final AdminCode code = blocking.admin(AdminOperation.STEP_DOWN, ANY_MEMBER, 0, "", timeoutNs).code();
        if (AdminCode.STARTED == code && !blocking.awaitTermAbove(before, timeoutNs))
        {
            throw new ClientTimeoutException("nobody leads yet since the leader has stepped down");
        }
        return code;
    }

    /**
     * Has a member take a snapshot soon. Commands of {@link #offer} may not be outstanding.
     *
     * @param memberId  whom to ask.
     * @param timeoutNs how long to wait for its answer, in nanoseconds.
     * @return {@link AdminCode#STARTED} if it will.
     * @throws ClientTimeoutException if it does not answer.
     */
    public AdminCode takeSnapshot(final int memberId, final long timeoutNs)
    {
        return blocking.admin(AdminOperation.TAKE_SNAPSHOT, memberId, 0, "", timeoutNs).code();
    }

    /**
     * Makes a node a voter, or gives a voter another address, and waits until that is committed. The node waits for it
     * as {@code ukehi.joining}; it catches up as a learner first. Whatever is done already, or under way, may be asked
     * for again. Commands of {@link #offer} may not be outstanding here and below.
     *
     * @param member    {@code ID=HOST:PEERPORT:CLIENTPORT}.
     * @param timeoutNs how long to wait, in nanoseconds.
     * @return {@link AdminCode#DONE}, or why not: IN_PROGRESS with another change, WOULD_LOSE_QUORUM, NOT_CAUGHT_UP,
     * INVALID.
     * @throws ClientTimeoutException if nobody has answered in time: the change may be under way.
     */
    public AdminAnswer addMember(final String member, final long timeoutNs)
    {
        return blocking.admin(AdminOperation.ADD_MEMBER, ANY_MEMBER, 0, member, timeoutNs);
    }

    /** Makes a node a learner: it gets the log and counts for nothing. A voter becomes one, too. */
    public AdminAnswer addLearner(final String member, final long timeoutNs)
    {
        return blocking.admin(AdminOperation.ADD_LEARNER, ANY_MEMBER, 0, member, timeoutNs);
    }

    /** Makes a learner a voter, once it has caught up. */
    public AdminAnswer promote(final int memberId, final long timeoutNs)
    {
        return blocking.admin(AdminOperation.PROMOTE_MEMBER, ANY_MEMBER, memberId, "", timeoutNs);
    }

    /** Removes a member, the leader too. {@link AdminCode#NO_SUCH_MEMBER} if there is none, any more or at all. */
    public AdminAnswer removeMember(final int memberId, final long timeoutNs)
    {
        return blocking.admin(AdminOperation.REMOVE_MEMBER, ANY_MEMBER, memberId, "", timeoutNs);
    }

    /** Puts a node in the place of a member, in one change, once it has caught up. */
    public AdminAnswer replaceMember(final int memberId, final String member, final long timeoutNs)
    {
        return blocking.admin(AdminOperation.REPLACE_MEMBER, ANY_MEMBER, memberId, member, timeoutNs);
    }

    /**
     * Who the members are, as the leader knows.
     *
     * @param timeoutNs how long to wait, in nanoseconds.
     * @throws ClientTimeoutException if there is no leader that answers.
     */
    public List<ClusterMember> members(final long timeoutNs)
    {
        return ClusterMember.parse(
            blocking.admin(AdminOperation.LIST_MEMBERS, ANY_MEMBER, 0, "", timeoutNs).text());
    }

    /** Id of the leader the client is connected to, or -1. */
    public int leaderId()
    {
        return session.leaderId();
    }

    /** Highest term the client has heard of; 0 before it has heard of any. */
    public long term()
    {
        return session.term();
    }

    public State state()
    {
        return session.state();
    }

    /** The session in the cluster, greater than 0 and greater than all before; 0 while there is none. */
    public long sessionId()
    {
        return session.sessionId();
    }

    /** Commands that were sent and have not ended. */
    public int outstandingCount()
    {
        return session.outstandingCount();
    }

    /** Longest command in bytes that the leader takes; the last one's, where there is none at this moment. */
    public int maxCommandLength()
    {
        return session.maxCommandLength();
    }

    /** What has been counted. */
    public ClientStats stats()
    {
        return session.stats();
    }

    /**
     * Ends the session and frees what the client has. Of commands still outstanding, a further {@link #poll} tells that
     * their outcome is unknown. Called by a listener, it takes effect at the end of the poll. May be called again.
     */
    @Override
    public void close()
    {
        session.close();
    }
}
