package io.ukehi.log;

import io.ukehi.Crc32c;
import org.agrona.BitUtil;
import org.agrona.CloseHelper;
import org.agrona.concurrent.NanoClock;

/**
 * Reads sealed segments over and over again, slowly, so that damage to what nobody asks for is found while other
 * members can still repair it. In slices, off the duty cycle: the flusher's thread calls {@link #doWork()}; the duty
 * cycle hands over one segment after the other. At the first damage it rests until that is repaired.
 * <p>
 * Reads through a mapping of its own, which a purge does not take away. What the operating system still holds in memory
 * is read from there: damage on the platter below it shows when it has been dropped.
 */
final class LogScrub implements AutoCloseable
{
    private static final int SLICE_LENGTH = 64 * 1024;

    private final Crc32c crc = new Crc32c();
    private final LogTail tail = new LogTail();
    private final Storage storage;
    private final NanoClock clock;
    private final long sliceNs;
    /** Handed over by the duty cycle, given back as null. */
    private volatile LogSegment segment;
    private volatile long damagedIndex;
    private volatile long checkedBytes;
    // Of the flusher's thread.
    private StorageFile file;
    /** Null unless the segment is of an older format. */
    private OlderFrame older;
    private int position;
    private long sliceBeganNs;
    // Of the duty cycle.
    private long lastSequence = -1;

    LogScrub(final Storage storage, final LogConfig config, final NanoClock clock)
    {
        this.storage = storage;
        this.clock = clock;
        this.sliceNs = 0 == config.scrubBytesPerSecond() ? 0 :
            Math.max(1, SLICE_LENGTH * 1_000_000_000L / config.scrubBytesPerSecond());
        this.sliceBeganNs = clock.nanoTime();
    }

    /** For the duty cycle: whether it may hand over a segment. */
    boolean isIdle()
    {
        return 0 != sliceNs && null == segment && 0 == damagedIndex;
    }

    /** The duty cycle hands over the next sealed segment; after the last the first again. */
    void begin(final SegmentChain chain)
    {
        LogSegment next = null;
        for (int i = 0; i < chain.count() && null == next; i++)
        {
            final LogSegment candidate = chain.get(i);
            next = !candidate.isWritable() && candidate.sequence() > lastSequence ? candidate : null;
        }
        lastSequence = null == next ? -1 : next.sequence();
        segment = next;
    }

    /** One slice, if it is time for one. */
    int doWork()
    {
        final LogSegment current = segment;
        if (null == current || clock.nanoTime() - sliceBeganNs < sliceNs)
        {
            return 0;
        }
        sliceBeganNs = clock.nanoTime();
        try
        {
            if (null == file && !open(current))
            {
                segment = null;
                return 1;
            }
            readSlice(current);
        }
        catch (final InternalError ex)
        {
            // What a mapping throws for a sector that cannot be read any more.
            onDamage();
        }
        return 1;
    }

    private boolean open(final LogSegment current)
    {
        try
        {
            file = storage.open(current.file().name(), Storage.Mapping.READ_ONLY);
        }
        catch (final StorageException ex)
        {
            // Purged in this very moment. Whoever reads it will see if it is anything else.
            return false;
        }
        older = null;
        if (current.isOlder())
        {
            older = new OlderFrame(WalFormat.of(file.buffer(), current.sequence()), file.buffer());
            position = OlderFrame.FILE_HEADER_LENGTH;
            current.before(tail);
            return true;
        }
        position = SegmentHeader.LENGTH;
        if (null != SegmentHeader.fault(crc, file.buffer()))
        {
            tail.set(current.firstIndex() - 1, 0, 0, 0, 0);
            onDamage();
            return true;
        }
        SegmentHeader.before(file.buffer(), tail);
        return true;
    }

    private void readSlice(final LogSegment current)
    {
        final int sliceEnd = position + SLICE_LENGTH;
        final int from = position;
        while (null != file && position < sliceEnd && position < current.end())
        {
            final int length = null == older ? frameLength(current) : recordLength();
            if (0 == length)
            {
                onDamage();
                return;
            }
            position += length;
        }
        checkedBytes += position - from;
        if (position >= current.end())
        {
            end();
        }
    }

    /** Length of the next frame, which becomes the tail; 0 if it is damaged. */
    private int frameLength(final LogSegment current)
    {
        if (!EntryFrame.isIntact(crc, file.buffer(), position, current.end() - position) ||
            !tail.isFollowedBy(file.buffer(), position))
        {
            return 0;
        }
        tail.set(file.buffer(), position);
        return BitUtil.align(EntryFrame.length(file.buffer(), position), EntryFrame.ALIGNMENT);
    }

    /** The same of a record of the earlier implementation. */
    private int recordLength()
    {
        if (!older.isIntact(position) || older.index(position) != tail.index() + 1)
        {
            return 0;
        }
        tail.set(older.index(position), older.term(position), older.token(position), 0, 0);
        return older.length(position);
    }

    private void onDamage()
    {
        damagedIndex = tail.index() + 1;
        end();
    }

    private void end()
    {
        CloseHelper.quietClose(file);
        file = null;
        segment = null;
    }

    /** Forgets what is under way. The flusher rests. */
    void reset()
    {
        end();
        damagedIndex = 0;
        lastSequence = -1;
    }

    /** First entry found damaged; 0 if there is none. Any thread. */
    long damagedIndex()
    {
        return damagedIndex;
    }

    /** For the duty cycle: what was found is repaired; go on. */
    void onRepaired()
    {
        lastSequence = -1;
        damagedIndex = 0;
    }

    /** Bytes of frames found intact so far. Any thread. */
    long checkedBytes()
    {
        return checkedBytes;
    }

    @Override
    public void close()
    {
        end();
    }
}
