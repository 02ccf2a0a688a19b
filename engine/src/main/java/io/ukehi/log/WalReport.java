package io.ukehi.log;

import java.util.List;

/**
 * What a log's directory holds, from beginning to end.
 *
 * @param segments    in order.
 * @param firstIndex  of the first entry; {@code lastIndex + 1} if there is none.
 * @param lastIndex   of the last entry that can be reached from the first without a gap.
 * @param lastTerm    its term.
 * @param largest     payload, in bytes.
 * @param faults      everything that is damaged, in the order in which it was found. None says nothing is.
 * @param hasHole     whether damage ended the log before its end; otherwise everything that was durable is there.
 * @param mark        the newest durable mark; null if there is none.
 * @param hardState   term and vote.
 * @param identity    whose directory it is; null if there is no sound file.
 * @param doubt       what the member may have acknowledged and not hold.
 */
public record WalReport(
    List<SegmentReport> segments,
    long firstIndex,
    long lastIndex,
    long lastTerm,
    int largest,
    List<WalFault> faults,
    boolean hasHole,
    Mark mark,
    HardState hardState,
    Identity identity,
    Doubt doubt)
{
    /**
     * The newest durable mark.
     *
     * @param file            in which it stands.
     * @param durableIndex    up to which everything was durable; what was reported may be less.
     * @param durablePosition the same as an offset in the file.
     * @param commitIndex     up to which entries were known to be committed.
     * @param bootId          of the machine's start; 0 if unknown.
     * @param isClean         whether the log was closed in order.
     * @param isUnforced      whether "durable" means no more than passed to the operating system: {@code ASYNC}.
     */
    public record Mark(
        String file,
        long durableIndex,
        int durablePosition,
        long commitIndex,
        long bootId,
        boolean isClean,
        boolean isUnforced)
    {
    }

    /**
     * Term and vote.
     *
     * @param exists      whether there is a file.
     * @param soundCopies 0, 1 or 2.
     * @param term        of the sound copy that counts; 0 without one.
     * @param votedFor    in that term; 0 for nobody.
     */
    public record HardState(boolean exists, int soundCopies, long term, int votedFor)
    {
    }

    /**
     * Whose directory it is.
     *
     * @param memberId 0 if the log was converted and no member has started on it yet.
     */
    public record Identity(long clusterId, int groupId, int memberId, long logId)
    {
    }

    /**
     * What the member may have acknowledged and not hold.
     *
     * @param doubtfulTo highest such index; 0 if there is none, {@link DoubtFile#UNBOUNDED} if no bound is known.
     * @param term       highest term it had stored when it came into doubt.
     * @param reason     null if there is no doubt.
     */
    public record Doubt(long doubtfulTo, long term, DoubtFile.Reason reason)
    {
        /** There is none. */
        static final Doubt NONE = new Doubt(0, 0, null);
    }

    /** Whether nothing is damaged. A torn tail is not damage. */
    public boolean isSound()
    {
        return faults.isEmpty();
    }

    /** Whether any segment is in a format of the earlier implementation. */
    public boolean hasOlder()
    {
        return segments.stream().anyMatch(segment -> segment.format().isOlder());
    }

    /**
     * Highest index that the directory tells of, though it may not hold it: from entries, marks and the headers of
     * segments behind damage. The member may have acknowledged everything up to here, and more.
     */
    public long highestKnownIndex()
    {
        long highest = Math.max(lastIndex, null == mark ? 0 : mark.durableIndex());
        for (final SegmentReport segment : segments)
        {
            highest = Math.max(highest, segment.firstIndex() - 1);
        }
        return highest;
    }
}
