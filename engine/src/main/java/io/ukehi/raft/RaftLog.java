package io.ukehi.raft;

import org.agrona.DirectBuffer;

/**
 * The log as the consensus rules need it. Index 1 is the first entry ever; index 0 with term 0 stands before it.
 * <p>
 * An entry is appended first and becomes durable later: {@link #durableIndex()} tells how far, and it never covers an
 * entry that stands in the log now because of bytes that stood there before. All methods are called by the duty-cycle
 * thread. A storage error is thrown as an exception and ends the node: it is never retried.
 */
public interface RaftLog
{
    /** What {@link #termAt(long)} returns for an index that the log does not hold. */
    long UNKNOWN_TERM = -1;

    /** Nothing was appended: no room is prepared at this moment. Try again in a later cycle. */
    long BACK_PRESSURED = -2;

    /** Nothing was appended: the disk is full. */
    long STORAGE_FULL = -3;

    /** Nothing was appended: the entries do not follow from the log's last one (index, term, token or chained CRC). */
    long NOT_CONTIGUOUS = -4;

    /** Nothing was read: the entry is damaged, or one that lies in the way to it. See {@link #damagedIndex()}. */
    int DAMAGED = -5;

    /** Index of the oldest entry held, {@code lastIndex() + 1} if there is none. */
    long firstIndex();

    /** Index of the newest entry, durable or not; 0 in a new log. */
    long lastIndex();

    /** Term of the newest entry, 0 in a new log. */
    long lastTerm();

    /** Fencing token of the newest entry, 0 in a new log. */
    long lastToken();

    /** Cluster time of the newest entry in nanoseconds since the epoch, 0 in a new log. */
    long lastClusterTimeNs();

    /** Highest index that is as durable as configured; at most {@link #lastIndex()}. Falls only by a truncation. */
    long durableIndex();

    /**
     * Term of an entry.
     *
     * @param index of an entry, or {@code firstIndex() - 1}, whose term is known too; 0 has term 0 in a new log.
     * @return the term, or {@link #UNKNOWN_TERM}.
     */
    long termAt(long index);

    /**
     * Frames a leader's new entry at {@code lastIndex() + 1}.
     *
     * @param type          {@link EntryType}.
     * @param term          at least {@link #lastTerm()}.
     * @param token         at least {@link #lastToken()}, unsigned.
     * @param clusterTimeNs at least {@link #lastClusterTimeNs()}.
     * @param payload       the bytes, copied.
     * @param offset        of the payload in its buffer.
     * @param length        of the payload in bytes; 0 or more, at most what was configured.
     * @return the entry's index, {@link #BACK_PRESSURED} or {@link #STORAGE_FULL}.
     */
    long append(int type, long term, long token, long clusterTimeNs, DirectBuffer payload, int offset, int length);

    /** A new cursor for {@link #read} and {@link #verify}. Allocates: once, at start. */
    EntryCursor newCursor();

    /**
     * Takes bytes that came over the network for a run of frames.
     *
     * @param cursor filled with the run if it is one.
     * @return true if the bytes are whole frames with correct CRC32C, clean padding, consecutive indexes and chained to
     * one another, with neither term nor token nor time ever falling. An empty range is a run of no entries.
     */
    boolean verify(EntryCursor cursor, DirectBuffer buffer, int offset, int length);

    /**
     * Appends verified frames byte for byte: the cursor's current entry and all that follow it in the run.
     *
     * @param cursor standing on the entry that gets index {@code lastIndex() + 1}.
     * @return the last entry of the run that was appended, which may lie before its end if room ran out on the way, or
     * if what damage had cut off behind it is part of the log again ({@link #lastIndex()} is higher then); or
     * {@link #BACK_PRESSURED}, {@link #STORAGE_FULL} or {@link #NOT_CONTIGUOUS}, where nothing was appended.
     */
    long appendFrames(EntryCursor cursor);

    /**
     * Removes an entry and all after it. On return the removal is durable.
     *
     * @param index {@code firstIndex()} to {@code lastIndex()}.
     */
    void truncateFrom(long index);

    /**
     * Reads a run of entries for replication or application.
     *
     * @param fromIndex first entry wanted, {@code firstIndex()} to {@code lastIndex() + 1}.
     * @param toIndex   last entry wanted; more than {@code lastIndex()} means up to it.
     * @param maxBytes  bound on the run; a first entry larger than it is read all the same.
     * @param cursor    filled with the run.
     * @return length of the run in bytes. 0 if there is nothing to read; {@link #DAMAGED} if the first entry cannot be
     * read. A run never crosses a segment, and ends before an entry that is damaged.
     */
    int read(long fromIndex, long toIndex, int maxBytes, EntryCursor cursor);

    /**
     * CRC32C of an entry's frame, to which the next frame is chained.
     *
     * @param index {@code firstIndex() - 1} to {@code lastIndex()}.
     */
    int frameCrcAt(long index);

    /**
     * Gives up entries that a durable snapshot contains, as far as that can be done cheaply: entries below the index
     * may stay, none from it on goes.
     *
     * @param index at most the commit index.
     * @return {@link #firstIndex()} now.
     */
    long purgeTo(long index);

    /**
     * Replaces the whole log by a snapshot (Raft section 7): the log then is empty and begins behind it, and the next
     * frame is chained to the snapshot's last one. On return that is durable. A crash on the way leaves the old log, a
     * prefix of it, or the new one.
     *
     * @param index    of the snapshot's last entry, which the log does not hold with this term.
     * @param term     of that entry.
     * @param token    of that entry.
     * @param timeNs   of that entry, nanoseconds since the epoch.
     * @param frameCrc of that entry.
     */
    void resetTo(long index, long term, long token, long timeNs, int frameCrc);

    /**
     * First entry that is known to be damaged: found by a read, or by the log itself in what nobody reads. 0 if there
     * is none.
     */
    default long damagedIndex()
    {
        return 0;
    }

    /**
     * Stores verified frames over damaged ones, in place and durably.
     *
     * @param cursor standing on {@link #damagedIndex()}, in a run of committed entries.
     * @return whether they fitted in length and in the chain on both sides; otherwise nothing was changed.
     */
    default boolean repairFrames(final EntryCursor cursor)
    {
        return false;
    }

    /**
     * Tells how far the log is known to be committed. The log keeps it without hurry, as the place up to which a
     * restarted node may apply at once: what it finds there is never more than what was committed.
     */
    void onCommit(long commitIndex);

    /**
     * Hands over to durability what was appended since the last call: once a cycle.
     *
     * @return work done, 0 if there was nothing.
     */
    int flush();
}
