package io.ukehi.raft;

import org.agrona.DirectBuffer;

/**
 * Walks a run of log entries in place, without copying them: entries read from the log, or received from a leader.
 * <p>
 * A run is a contiguous range of bytes that holds whole frames with consecutive indexes. A cursor stands before the
 * first entry until {@link #next()} is called. It is reused: what it points at is valid until the cursor is filled
 * again; a run that was read from the log only until the log is appended to, cut or purged, a received one as long as
 * the buffer that it was received in. Owned by the duty-cycle thread; allocates nothing.
 */
public interface EntryCursor
{
    /** The buffer in which the run lies. */
    DirectBuffer buffer();

    /** Where the run begins in {@link #buffer()}, in bytes. */
    int offset();

    /** Length of the run in bytes, padding included; 0 if it is empty. */
    int length();

    /** Number of entries in the run. */
    int count();

    /** Moves to the next entry (at first: the first). False at the end of the run, where the cursor stays. */
    boolean next();

    /** Index of the current entry. */
    long index();

    /** Term of the current entry. */
    long term();

    /** Fencing token of the current entry. */
    long token();

    /** Time the leader stamped on the current entry, in nanoseconds since the epoch; never falls along a log. */
    long clusterTimeNs();

    /** {@link EntryType} of the current entry. */
    int type();

    /** Where the current entry's payload begins in {@link #buffer()}. */
    int payloadOffset();

    /** Length of the current entry's payload in bytes, 0 or more. */
    int payloadLength();
}
