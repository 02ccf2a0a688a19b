package io.ukehi.sim;

import java.util.BitSet;
import java.util.List;

/** One client with a session, over all the sessions it has: what it has under way, and what is to be sent next. */
final class SessionClient
{
    private static final int LIFE_BITS = 20;
    private static final long NO_SESSION = 0;

    private final int number;
    private final long[] lastSeen;
    private final BitSet answered = new BitSet();
    private long life = 1;
    private long sessionId = NO_SESSION;
    private List<Integer> ops = List.of();
    private long firstUnanswered = 1;
    private long nextToSend = 1;
    private int target;
    long wakeAtNs;
    long heardNs;
    long lastArrivalNs;
    boolean isPresent = true;

    SessionClient(final int number, final int keys)
    {
        this.number = number;
        this.lastSeen = new long[keys];
    }

    static int numberOf(final long clientId)
    {
        return (int)(clientId >> LIFE_BITS) - 1;
    }

    int number()
    {
        return number;
    }

    /** Another one for each session. */
    long clientId()
    {
        return number + 1L << LIFE_BITS | life;
    }

    long sessionId()
    {
        return sessionId;
    }

    boolean hasSession()
    {
        return NO_SESSION != sessionId;
    }

    /** Whatever was before is over: the next session is another's. */
    void begin()
    {
        life++;
        sessionId = NO_SESSION;
        ops = List.of();
        answered.clear();
        firstUnanswered = 1;
        nextToSend = 1;
    }

    /** The session is there, and what is begun in it stands in a list that others read. */
    void open(final long newSessionId, final List<Integer> newOps)
    {
        sessionId = newSessionId;
        ops = newOps;
    }

    void begin(final int op)
    {
        ops.add(op);
    }

    int op(final long sequence)
    {
        return ops.get((int)sequence - 1);
    }

    long last()
    {
        return ops.size();
    }

    long firstUnanswered()
    {
        return firstUnanswered;
    }

    /** Commands from the first unanswered to the last. */
    long span()
    {
        return last() + 1 - firstUnanswered;
    }

    boolean isQuiet()
    {
        return 0 == span();
    }

    boolean isAnswered(final long sequence)
    {
        return answered.get((int)sequence);
    }

    /** False if it was answered before. */
    boolean onAnswer(final long sequence)
    {
        if (isAnswered(sequence))
        {
            return false;
        }
        answered.set((int)sequence);
        while (firstUnanswered <= last() && isAnswered(firstUnanswered))
        {
            firstUnanswered++;
        }
        return true;
    }

    void sendFrom(final long sequence)
    {
        nextToSend = sequence;
    }

    /** The next command that is to be sent, 0 if there is none. */
    long takeDue()
    {
        while (nextToSend <= last() && isAnswered(nextToSend))
        {
            nextToSend++;
        }
        return nextToSend <= last() ? nextToSend++ : 0;
    }

    int target()
    {
        return target;
    }

    /** Another node is asked from now on, over a connection of its own. */
    void move(final int node)
    {
        lastArrivalNs = target == node ? lastArrivalNs : 0;
        target = node;
    }

    long seen(final int key)
    {
        return lastSeen[key];
    }

    void see(final int key, final long value)
    {
        lastSeen[key] = value;
    }
}
