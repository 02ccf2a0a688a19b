package io.ukehi.client;

import io.ukehi.codecs.client.ConnectCode;
import java.util.Arrays;

/**
 * What ties this client to each member: the image by which it answers, and, for those that do not lead, a sign of life
 * now and then. So a member that begins to lead has a way to this client already, and tells it at once; to make one
 * takes several round trips between two media drivers, at a time when everything waits for it.
 * <p>
 * A member that has answered is told so at once, since it keeps no place for long for who says nothing but Connect,
 * and is kept with KeepAlives; one that has not, or has ended the session, is asked with a Connect. Both are rare, and
 * begin late: who stays for a moment only is known to the leader alone. Owned by the thread that uses the client; times
 * in nanoseconds.
 */
final class StandbyLinks
{
    /** A member that has no room for this client is asked that many times more rarely. */
    private static final int PAUSE = 10;

    /** Questions between two signs of life to a member that is waited for and does not answer. */
    private static final int IMPATIENCE = 10;

    private final ClientTransport transport;
    private final RequestEncoder encoder;
    private final LeaderFinder.Connector connector;
    private final long intervalNs;
    private Link[] links = {};
    private long dueNs;

    private static final class Link
    {
        boolean isOpen;
        /** Since it was asked last. */
        boolean hasAnswered;
        int image;
        int maxCommandLength;
        int pause;
        /** When a Connect was sent last, because somebody waited for its answer. */
        long askedNs;
        boolean isAsked;
    }

    /**
     * @param connector  sends a Connect.
     * @param intervalNs between two signs of life; much less than the time after which a member forgets a client.
     */
    StandbyLinks(
        final ClientTransport transport,
        final RequestEncoder encoder,
        final LeaderFinder.Connector connector,
        final long intervalNs,
        final long nowNs)
    {
        this.transport = transport;
        this.encoder = encoder;
        this.connector = connector;
        this.intervalNs = intervalNs;
        dueNs = nowNs + intervalNs;
        onMembers();
    }

    /** There are more members than before. */
    void onMembers()
    {
        final int before = links.length;
        links = Arrays.copyOf(links, transport.memberCount());
        for (int i = before; i < links.length; i++)
        {
            links[i] = new Link();
        }
    }

    /** Nobody knows this client any more: it has another name, or listens elsewhere. */
    void onForgotten(final long nowNs)
    {
        for (final Link link : links)
        {
            link.isOpen = false;
            link.isAsked = false;
            link.pause = 0;
        }
        dueNs = nowNs + intervalNs;
    }

    /** A member has answered a Connect. One that has no room does so by a way that does not last. */
    void onConnectReply(
        final int member, final ConnectCode code, final int aeronSessionId, final int maxCommandLength)
    {
        final Link link = links[member];
        link.isOpen = ConnectCode.SESSION_LIMIT != code;
        link.hasAnswered = true;
        link.image = aeronSessionId;
        link.maxCommandLength = maxCommandLength;
        link.pause = link.isOpen ? 0 : PAUSE;
        if (link.isOpen)
        {
            // If this cannot be sent, the next sign of life is soon enough, or a Connect that gets a place anew.
            transport.member(member).offer(encoder.buffer(), 0, encoder.keepAlive());
        }
    }

    /** A message has come by an image. */
    void onHeard(final int aeronSessionId)
    {
        final int member = memberOf(aeronSessionId);
        if (LeaderFinder.NONE != member)
        {
            links[member].hasAnswered = true;
        }
    }

    /** By this image nothing will come any more. */
    void onImageGone(final int aeronSessionId)
    {
        final int member = memberOf(aeronSessionId);
        if (LeaderFinder.NONE != member)
        {
            links[member].isOpen = false;
        }
    }

    /** The member that answers by an image, or {@link LeaderFinder#NONE}. */
    int memberOf(final int aeronSessionId)
    {
        for (int i = 0; i < links.length; i++)
        {
            if (isFrom(i, aeronSessionId))
            {
                return i;
            }
        }
        return LeaderFinder.NONE;
    }

    boolean isFrom(final int member, final int aeronSessionId)
    {
        return links[member].isOpen && aeronSessionId == links[member].image;
    }

    /** Longest command that a member takes, in bytes, as it has told. */
    int maxCommandLength(final int member)
    {
        return links[member].maxCommandLength;
    }

    /**
     * Whether a member knows this client, so that it can answer. If it does not it is asked at once; the answer to a
     * Connect that was lost, or that the member had no time for, is not waited for long.
     */
    boolean isOpen(final int member, final long nowNs)
    {
        final Link link = links[member];
        final long waitNs = 0 == link.pause ? intervalNs / IMPATIENCE : PAUSE * intervalNs;
        if (!link.isOpen && (!link.isAsked || nowNs - link.askedNs >= waitNs) && connector.sendConnect(member, 0))
        {
            link.isAsked = true;
            link.askedNs = nowNs;
        }
        return link.isOpen;
    }

    /** Looks after those that do not lead. */
    int doWork(final int leader, final long nowNs)
    {
        if (nowNs - dueNs < 0)
        {
            return 0;
        }
        dueNs = nowNs + intervalNs;
        int workCount = 0;
        for (int i = 0; i < links.length; i++)
        {
            if (i != leader && --links[i].pause < 0)
            {
                links[i].pause = 0;
                workCount += greet(i);
            }
        }
        return workCount;
    }

    private int greet(final int member)
    {
        final Link link = links[member];
        final boolean isSent = link.isOpen && link.hasAnswered ?
            transport.member(member).offer(encoder.buffer(), 0, encoder.keepAlive()) > 0 :
            connector.sendConnect(member, 0);
        link.hasAnswered = false;
        return isSent ? 1 : 0;
    }
}
