package io.ukehi.client;

import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ConnectReplyDecoder;

/**
 * The leader, as a client has it: looked for, watched while it is there, and looked for again when it is silent or says
 * that another leads. Owned by the thread that uses the client.
 */
final class LeaderLink
{
    private static final int NONE = LeaderFinder.NONE;
    /** Signs of life to members that do not lead are that many times rarer than to a leader that says nothing. */
    private static final int STANDBY_FACTOR = 10;

    private final ClientTransport transport;
    private final RequestEncoder encoder;
    private final MemberAnswers answers;
    private final StandbyLinks links;
    private final ClientStats stats;
    private final LeaderFinder finder;
    private final LeaderWatch watch;
    private boolean isFound;
    private int lastLeader = NONE;
    private long lastTerm;

    /** @param firstMember with which the first search begins. */
    LeaderLink(
        final ClientContext ctx,
        final ClientTransport transport,
        final RequestEncoder encoder,
        final MemberAnswers answers,
        final ClientStats stats,
        final int firstMember,
        final long nowNs)
    {
        this.transport = transport;
        this.encoder = encoder;
        this.answers = answers;
        this.stats = stats;
        finder = new LeaderFinder(
            transport.memberCount(), firstMember, ctx.backoffMinNs(), ctx.backoffMaxNs(), this::sendConnect);
        watch = new LeaderWatch(ctx.keepAliveIntervalNs(), ctx.keepAliveTimeoutNs());
        links = new StandbyLinks(
            transport, encoder, this::sendConnect, STANDBY_FACTOR * ctx.keepAliveIntervalNs(), nowNs);
    }

    /** There are more members than before. */
    void onMembers()
    {
        finder.memberCount(transport.memberCount());
        links.onMembers();
    }

    /** This client has another name, or listens elsewhere. */
    void onForgotten(final long nowNs)
    {
        links.onForgotten(nowNs);
    }

    boolean isFound()
    {
        return isFound;
    }

    /** The member that leads, or {@link LeaderFinder#NONE} while it is looked for. */
    int member()
    {
        return finder.leader();
    }

    /** The way to the leader; only while there is one. */
    MemberConnection connection()
    {
        return transport.member(finder.leader());
    }

    /** Whether a message comes from the leader, by the image that brought it. */
    boolean isFrom(final int aeronSessionId)
    {
        return isFound && links.isFrom(finder.leader(), aeronSessionId);
    }

    /** Longest command that the leader takes, in bytes; only while there is one. */
    int maxCommandLength()
    {
        return links.maxCommandLength(finder.leader());
    }

    /** Highest term heard of. */
    long term()
    {
        return finder.term();
    }

    /** Why there is no leader: what {@link UkehiClient#offer} returns. */
    long absence()
    {
        return finder.absence();
    }

    /** Looks for a leader, with a member that is likely to be it or {@link LeaderFinder#NONE}. */
    void search(final int likely, final long nowNs)
    {
        isFound = false;
        stats.searches++;
        finder.search(likely, nowNs);
    }

    int doWork(final long nowNs)
    {
        return isFound ? watch(nowNs) + links.doWork(finder.leader(), nowNs) : finder.doWork(nowNs);
    }

    private int watch(final long nowNs)
    {
        final MemberConnection leader = connection();
        final boolean isDue = watch.isDue(nowNs);
        if (!leader.isConnected() || watch.isLost(nowNs))
        {
            search(NONE, nowNs);
            return 1;
        }
        if (isDue)
        {
            // If it cannot be sent, the leader takes nothing: as good a sign that it is lost as no answer.
            leader.offer(encoder.buffer(), 0, encoder.keepAlive());
            return 1;
        }
        return 0;
    }

    /** Makes this client known to a member, which will answer; false if that cannot be sent now. */
    boolean sendConnect(final int index, final long correlationId)
    {
        final MemberConnection member = transport.member(index);
        final String channel = transport.responseChannel();
        if (null == channel || !member.isConnected())
        {
            return false;
        }
        final int length = encoder.connect(correlationId, transport.responseStreamId(), channel);
        answers.onAsked(index);
        return member.offer(encoder.buffer(), 0, length) > 0;
    }

    /** Whether a member that does not lead knows this client; it is asked if not. */
    boolean isOpen(final int index, final long nowNs)
    {
        return links.isOpen(index, nowNs);
    }

    /** A sign of life, of the leader or another. */
    void onHeard(final int aeronSessionId)
    {
        if (isFrom(aeronSessionId))
        {
            watch.onHeard();
        }
        else
        {
            links.onHeard(aeronSessionId);
        }
    }

    /**
     * A member has answered a Connect.
     *
     * @param from           which.
     * @param aeronSessionId of the image that the answer came by.
     * @return whether it has been found to lead just now.
     */
    boolean onConnectReply(
        final ConnectReplyDecoder reply,
        final int from,
        final ConnectCode code,
        final int aeronSessionId,
        final long nowNs)
    {
        final int likely = transport.indexOf(reply.leaderId());
        final long term = reply.term();
        links.onConnectReply(from, code, aeronSessionId, reply.maxCommandLength());
        if (!finder.onConnectReply(reply.correlationId(), from, likely, term, code, nowNs))
        {
            return false;
        }
        onFound(from, term, nowNs);
        return true;
    }

    private void onFound(final int from, final long term, final long nowNs)
    {
        isFound = true;
        stats.connects++;
        watch.onConnected(nowNs);
        if (from == lastLeader && term == lastTerm)
        {
            watch.onFalseAlarm();
        }
        else
        {
            watch.onNewLeader();
        }
        lastLeader = from;
        lastTerm = term;
    }

    /**
     * A member tells, unasked, who leads.
     *
     * @param aeronSessionId of the image that it came by.
     * @param likely         whom it names, or {@link LeaderFinder#NONE}.
     * @return whether the leader was found by this, or is elected once more: what was sent in an earlier term may be
     * lost.
     */
    boolean onRedirect(final int aeronSessionId, final int likely, final long term, final long nowNs)
    {
        final int from = links.memberOf(aeronSessionId);
        if (NONE != from && from == likely && finder.onProclaimed(from, term))
        {
            onFound(from, term, nowNs);
            return true;
        }
        if (finder.onRedirect(isFrom(aeronSessionId), likely, term, nowNs))
        {
            search(likely, nowNs);
        }
        else if (isFound && likely == finder.leader() && term > lastTerm)
        {
            lastTerm = term;
            return true;
        }
        return false;
    }

    /** Other members than the leader end connections too, when they have not heard from the client for a while. */
    void onImageGone(final int aeronSessionId, final long nowNs)
    {
        if (isFrom(aeronSessionId))
        {
            search(NONE, nowNs);
        }
        links.onImageGone(aeronSessionId);
    }
}
