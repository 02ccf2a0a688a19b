package io.ukehi.log;

/**
 * How entries of an open log are read: in place, run by run. What this process has stored lately is believed; what was
 * sealed is checked again ({@link SealedReader}), and repaired from other members where it is damaged
 * ({@link FrameRepair}). Duty-cycle thread; reading allocates nothing.
 */
final class LogReads
{
    private final SegmentChain chain;
    private final LogScrub scrub;
    private final SealedReader sealedReader = new SealedReader();
    private final FrameRepair repair;
    private final LogTail link = new LogTail();
    private long damagedIndex;

    LogReads(final SegmentChain chain, final Storage storage, final LogScrub scrub)
    {
        this.chain = chain;
        this.scrub = scrub;
        this.repair = new FrameRepair(storage, sealedReader);
    }

    /**
     * Reads a run.
     *
     * @param fromIndex first entry wanted, one that is held.
     * @param toIndex   last entry wanted, one that is held, not before the first.
     * @param maxBytes  bound on the run, but for its first entry.
     * @return its length in bytes, or {@link SegmentedLog#DAMAGED}.
     */
    int read(final long fromIndex, final long toIndex, final int maxBytes, final LogCursor cursor)
    {
        final LogSegment segment = chain.holding(fromIndex);
        final long last = Math.min(toIndex, segment.lastIndex());
        if (segment.isOlder())
        {
            return readOlder(segment, fromIndex, last, maxBytes, cursor);
        }
        final int continuedAt = cursor.isContinuedBy(segment, chain.generation(), fromIndex) ? cursor.limit() : -1;
        return segment.isWritable() ?
            readStored(segment, fromIndex, last, maxBytes, continuedAt, cursor) :
            readSealed(segment, fromIndex, last, maxBytes, continuedAt, cursor);
    }

    private int readStored(
        final LogSegment segment,
        final long fromIndex,
        final long toIndex,
        final int maxBytes,
        final int continuedAt,
        final LogCursor cursor)
    {
        final int begin = continuedAt >= 0 ? continuedAt : segment.positionOf(fromIndex);
        int end;
        long index;
        if (toIndex == segment.lastIndex() && segment.end() - begin <= maxBytes)
        {
            end = segment.end();
            index = toIndex + 1;
        }
        else
        {
            end = segment.after(begin);
            index = fromIndex + 1;
            while (index <= toIndex)
            {
                final int after = segment.after(end);
                if (after - begin > maxBytes)
                {
                    break;
                }
                end = after;
                index++;
            }
        }
        cursor.wrap(segment.buffer(), begin, end - begin, (int)(index - fromIndex));
        cursor.remember(segment, chain.generation(), index);
        return end - begin;
    }

    /** What was not stored by this very process, or not lately, is not believed. */
    private int readSealed(
        final LogSegment segment,
        final long fromIndex,
        final long toIndex,
        final int maxBytes,
        final int continuedAt,
        final LogCursor cursor)
    {
        if (!sealedReader.read(segment, fromIndex, toIndex, maxBytes, continuedAt))
        {
            damagedIndex = sealedReader.damagedIndex();
            cursor.wrap(segment.buffer(), SegmentHeader.LENGTH, 0, 0);
            return SegmentedLog.DAMAGED;
        }
        final int length = sealedReader.end() - sealedReader.begin();
        cursor.wrap(segment.buffer(), sealedReader.begin(), length, sealedReader.count());
        cursor.remember(segment, chain.generation(), fromIndex + sealedReader.count());
        return length;
    }

    /** Framed as it is read, in the cursor's own room. */
    private int readOlder(
        final LogSegment segment,
        final long fromIndex,
        final long toIndex,
        final int maxBytes,
        final LogCursor cursor)
    {
        final int length = segment.older().read(fromIndex, toIndex, maxBytes, cursor);
        if (0 == length)
        {
            damagedIndex = segment.older().damagedIndex();
            return SegmentedLog.DAMAGED;
        }
        return length;
    }

    /** CRC32C of the frame of an entry that is held, not the newest; or of the one before the first. */
    int frameCrcAt(final long index)
    {
        if (index < chain.first().firstIndex())
        {
            chain.first().before(link);
            return link.crc();
        }
        return chain.holding(index).frameCrcAt(index);
    }

    /** First entry that was found damaged, by a read or by the scrub; 0 if there is none. */
    long damagedIndex()
    {
        final long found = scrub.damagedIndex();
        return 0 == damagedIndex || (0 != found && found < damagedIndex) ? found : damagedIndex;
    }

    /** Last of the run of damaged entries that begins with {@link #damagedIndex()}; 0 if there is none. Slow. */
    long damagedTo()
    {
        final long index = damagedIndex();
        if (!isRepairable(index))
        {
            return 0;
        }
        return sealedReader.lastDamaged(chain.holding(index), index);
    }

    /** Stores frames of another member over damaged ones; see {@link SegmentedLog#repairFrames}. */
    boolean repair(final LogCursor run)
    {
        final long index = run.index();
        if (!isRepairable(index))
        {
            return false;
        }
        final int place = chain.placeOf(index);
        if (!repair.repair(chain.get(place), chain.get(place + 1), run))
        {
            return false;
        }
        forgetDamage();
        return true;
    }

    /** Files of the earlier implementation are never written to: damage there is the next start's to judge. */
    private boolean isRepairable(final long index)
    {
        return index >= chain.first().firstIndex() && index < chain.active().firstIndex() &&
            !chain.holding(index).isWritable() && !chain.holding(index).isOlder();
    }

    /** The oldest entries are gone: damage to them concerns nobody any more. */
    void onPurged()
    {
        if (damagedIndex() < chain.first().firstIndex())
        {
            forgetDamage();
        }
    }

    /** What was damaged is repaired, or gone. */
    void forgetDamage()
    {
        damagedIndex = 0;
        scrub.onRepaired();
    }

    /** The flusher rests: forgets all that is known of damage, and what the scrub is at. */
    void reset()
    {
        damagedIndex = 0;
        scrub.reset();
    }
}
