package io.ukehi.client;

import io.ukehi.codecs.client.ConnectCode;

/**
 * Finds the member that leads: asks one after the other, follows what they say, and begins again when it is told to.
 * <p>
 * Members are numbers from 0 here, in the order of the endpoints. What happens to a question:
 * <pre>
 *   OK                               connected
 *   REDIRECT to a member             that one is asked at once, as often in a row as there are members
 *   REDIRECT to nobody, RECOVERING,  the next member is asked when the back-off is over
 *   SESSION_LIMIT, silence
 *   not to be sent                   the next member is asked at once
 * </pre>
 * The back-off doubles with every round, so that an election's length is bridged and a cluster that is down is not
 * flooded. A late answer still counts within the search it was asked for. A leader of a term below one that has been
 * heard of is not believed, until two rounds have found nobody better: then the cluster may have begun anew.
 * <p>
 * Members also tell unasked who leads. That somebody leads is news wherever it comes from; that nobody does only if the
 * leader itself says so: others lose sight of a leader that has lost nothing but them.
 * <p>
 * No I/O and no clock: owned by the thread that uses the client, times come in as arguments, in nanoseconds.
 */
final class LeaderFinder
{
    /** No member. */
    static final int NONE = -1;

    /** Sends a Connect. */
    interface Connector
    {
        /**
         * Asks a member whether it leads.
         *
         * @return false if the member cannot be sent to now.
         */
        boolean sendConnect(int member, long correlationId);
    }

    private int memberCount;
    private final long backoffMinNs;
    private final long backoffMaxNs;
    private final Connector connector;
    private int leader = NONE;
    private int hint = NONE;
    private int cursor;
    private long term;
    /** Whom members have named last without being asked, and in which term. */
    private int named = NONE;
    private long namedTerm;
    private long lastCorrelationId;
    private long firstCorrelationId;
    private long nextAttemptNs;
    private long backoffNs;
    private int attempts;
    private int redirects;
    private long absence = UkehiClient.NOT_CONNECTED;

    LeaderFinder(
        final int memberCount,
        final int firstMember,
        final long backoffMinNs,
        final long backoffMaxNs,
        final Connector connector)
    {
        this.memberCount = memberCount;
        this.cursor = firstMember;
        this.backoffMinNs = backoffMinNs;
        this.backoffMaxNs = backoffMaxNs;
        this.connector = connector;
    }

    /** There are more members than before. */
    void memberCount(final int count)
    {
        memberCount = count;
    }

    /** The member that leads, or {@link #NONE} while it is looked for. */
    int leader()
    {
        return leader;
    }

    /**
     * What the members have said since the search began: {@link UkehiClient#NOT_CONNECTED} if nothing,
     * {@link UkehiClient#NO_LEADER} or {@link UkehiClient#SESSION_LIMIT}.
     */
    long absence()
    {
        return absence;
    }

    /** Highest term heard of. */
    long term()
    {
        return term;
    }

    /** Begins to look for a leader, with a member that is likely to be it or {@link #NONE}. */
    void search(final int likely, final long nowNs)
    {
        if (NONE != leader)
        {
            cursor = (leader + 1) % memberCount;
        }
        leader = NONE;
        hint = likely;
        firstCorrelationId = lastCorrelationId + 1;
        nextAttemptNs = nowNs;
        backoffNs = backoffMinNs;
        attempts = 0;
        redirects = 0;
        absence = UkehiClient.NOT_CONNECTED;
        named = NONE;
    }

    int doWork(final long nowNs)
    {
        if (NONE != leader || nowNs - nextAttemptNs < 0)
        {
            return 0;
        }
        redirects = 0;
        return attempt(nowNs);
    }

    /**
     * A member has answered.
     *
     * @param from    who.
     * @param likely  whom it names as leader, or {@link #NONE}.
     * @param newTerm in which it is.
     * @return whether this has found the leader: {@link #leader()} has changed.
     */
    boolean onConnectReply(
        final long correlationId,
        final int from,
        final int likely,
        final long newTerm,
        final ConnectCode code,
        final long nowNs)
    {
        if (correlationId < firstCorrelationId || correlationId > lastCorrelationId)
        {
            return false;
        }
        if (ConnectCode.OK == code)
        {
            return onLeader(from, newTerm);
        }
        term = Math.max(term, newTerm);
        absence = ConnectCode.SESSION_LIMIT == code ? UkehiClient.SESSION_LIMIT : UkehiClient.NO_LEADER;
        // Only the last question's answer is followed: two that contradict each other would have us ask twice as often.
        if (ConnectCode.REDIRECT == code && correlationId == lastCorrelationId && NONE == leader &&
            NONE != likely && likely != from && redirects < memberCount)
        {
            redirects++;
            hint = likely;
            attempt(nowNs);
        }
        return false;
    }

    /**
     * A member tells, unasked, that it leads itself: it knows this client, and there is nothing to be asked.
     *
     * @return whether this has found the leader: {@link #leader()} has changed.
     */
    boolean onProclaimed(final int from, final long newTerm)
    {
        if (newTerm < term || from == leader)
        {
            return false;
        }
        leader = from;
        term = newTerm;
        return true;
    }

    /**
     * A member tells, unasked, who leads. Where a leader is looked for already, and another is named than before, that
     * one is asked at once.
     *
     * @param isFromLeader whether the leader itself tells it.
     * @param likely       whom it names, or {@link #NONE}.
     * @return whether the leader must be looked for again; the caller then calls {@link #search}.
     */
    boolean onRedirect(final boolean isFromLeader, final int likely, final long newTerm, final long nowNs)
    {
        if (newTerm < term)
        {
            return false;
        }
        term = newTerm;
        if (NONE != leader)
        {
            // A leader that was elected again is the same one to talk to.
            return likely != leader && (NONE != likely || isFromLeader);
        }
        if (NONE != likely && (likely != named || newTerm != namedTerm))
        {
            named = likely;
            namedTerm = newTerm;
            hint = likely;
            attempt(nowNs);
        }
        return false;
    }

    private boolean onLeader(final int from, final long newTerm)
    {
        final boolean isBelievable = newTerm >= term || NONE == leader && attempts > 2 * memberCount;
        if (!isBelievable || NONE != leader && newTerm == term)
        {
            return false;
        }
        leader = from;
        term = newTerm;
        return true;
    }

    private int attempt(final long nowNs)
    {
        final int likely = hint;
        hint = NONE;
        if (NONE != likely && ask(likely, nowNs))
        {
            return 1;
        }
        for (int i = 0; i < memberCount; i++)
        {
            final int member = cursor;
            cursor = (cursor + 1) % memberCount;
            if (ask(member, nowNs))
            {
                return 1;
            }
        }
        // Nobody can be sent to yet, which costs nobody anything: tried again with the next poll.
        nextAttemptNs = nowNs;
        return 0;
    }

    private boolean ask(final int member, final long nowNs)
    {
        final long correlationId = lastCorrelationId + 1;
        if (!connector.sendConnect(member, correlationId))
        {
            return false;
        }
        lastCorrelationId = correlationId;
        nextAttemptNs = nowNs + backoffNs;
        attempts++;
        if (0 == attempts % memberCount)
        {
            backoffNs = Math.min(backoffMaxNs, backoffNs * 2);
        }
        return true;
    }
}
