package io.ukehi.statemachine;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The answer to one command. Reused: empty at the start of each {@link StateMachine#onCommand}, and built on every
 * replica, though only the leader sends it.
 */
public interface Reply
{
    /**
     * Room for an answer written in place, from offset 0.
     *
     * @param capacity bytes needed at most.
     * @return a buffer of at least this capacity; what it holds is undefined.
     * @throws IllegalArgumentException if it is more than a reply may hold.
     */
    MutableDirectBuffer buffer(int capacity);

    /** Says how many bytes of {@link #buffer(int)} are the answer. */
    void length(int length);

    /** The length set so far in bytes, 0 at first. */
    int length();

    /** Copies an answer. */
    default void put(final DirectBuffer source, final int offset, final int length)
    {
        buffer(length).putBytes(0, source, offset, length);
        length(length);
    }
}
