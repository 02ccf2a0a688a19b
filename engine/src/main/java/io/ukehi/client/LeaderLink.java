package io.ukehi.client;

import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.ConnectReplyDecoder;

/**
 * The leader, as a client has it: looked for, watched while it is there, and looked for again when it is silent or says
 * that another leads. Owned by the thread that uses the client.
 */
final class LeaderLink
{
    private final ClientTransport transport;
    private final RequestEncoder encoder;
    private final MemberAnswers answers;
    private final ClientStats stats;
    private final LeaderFinder finder;
    private final LeaderWatch watch;
    private boolean isFound;
    private int lastLeader = LeaderFinder.NONE;
    private long lastTerm;
    private int image;

    /** @param firstMember with which the first search begins. */
    LeaderLink(
        final ClientContext ctx,
        final ClientTransport transport,
        final RequestEncoder encoder,
        final MemberAnswers answers,
        final ClientStats stats,
        final int firstMember)
    {
        this.transport = transport;
        this.encoder = encoder;
        this.answers = answers;
        this.stats = stats;
        finder = new LeaderFinder(
            transport.memberCount(), firstMember, ctx.backoffMinNs(), ctx.backoffMaxNs(), this::sendConnect);
        watch = new LeaderWatch(ctx.keepAliveIntervalNs(), ctx.keepAliveTimeoutNs());
    }

    /** There are more members than before. */
    void onMembers()
    {
        finder.memberCount(transport.memberCount());
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
        return isFound ? watch(nowNs) : finder.doWork(nowNs);
    }

    private int watch(final long nowNs)
    {
        final MemberConnection leader = connection();
        final boolean isDue = watch.isDue(nowNs);
        if (!leader.isConnected() || watch.isLost(nowNs))
        {
            search(LeaderFinder.NONE, nowNs);
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

    /** A sign of life. */
    void onHeard()
    {
        watch.onHeard();
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
        if (!finder.onConnectReply(reply.correlationId(), from, likely, term, code, nowNs))
        {
            return false;
        }
        isFound = true;
        image = aeronSessionId;
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
        return true;
    }

    /**
     * A member tells, unasked, who leads.
     *
     * @return whether it is the same as before, elected once more: what was sent to it in an earlier term may be lost.
     */
    boolean onRedirect(final int likely, final long term, final long nowNs)
    {
        if (finder.onRedirect(likely, term))
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
        if (isFound && aeronSessionId == image)
        {
            search(LeaderFinder.NONE, nowNs);
        }
    }
}
