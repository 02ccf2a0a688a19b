package io.ukehi.log;

import org.agrona.CloseHelper;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;

/**
 * Everything about segments that takes time, kept off the duty cycle: the next one is created, allocated and touched
 * before it is needed, and one that is full is mapped anew for reading only, which gives back its private pages.
 * <p>
 * The next segment is prepared in step with what is written to the one before, twice as fast, so that it is ready when
 * that is half full. All at once it would be thousands of page faults in a row: for a tenth of a second and more a
 * thread that never rests, on every member at about the same time, and where processors are few the duty cycles would
 * share them with it.
 * <p>
 * Methods with "duty" in their first sentence are the duty-cycle thread's; {@link #doWork()} is the flusher's; the rest
 * is for either while the flusher rests.
 */
final class SegmentSupply implements AutoCloseable
{
    private static final long FULL_RETRY_NS = 100_000_000L;
    private static final int QUEUE_CAPACITY = 64;

    /** Bytes prepared for each byte that is written. */
    private static final int PACE = 2;

    /** A sealed segment's new mapping, on its way to the duty-cycle thread. */
    private record Sealed(LogSegment segment, StorageFile file)
    {
    }

    private final Storage storage;
    private final LogConfig config;
    private final NanoClock clock;
    private final OneToOneConcurrentArrayQueue<LogSegment> toSeal =
        new OneToOneConcurrentArrayQueue<>(QUEUE_CAPACITY);
    private final OneToOneConcurrentArrayQueue<Sealed> sealed = new OneToOneConcurrentArrayQueue<>(QUEUE_CAPACITY);
    private final OneToOneConcurrentArrayQueue<StorageFile> toClose =
        new OneToOneConcurrentArrayQueue<>(QUEUE_CAPACITY);
    private final OneToOneConcurrentArrayQueue<StorageFile> toDelete =
        new OneToOneConcurrentArrayQueue<>(QUEUE_CAPACITY);
    private volatile LogSegment ready;
    private volatile boolean isFull;
    /** Bytes of the segment that is written to, as far as they are used. Of the duty cycle. */
    private volatile int usedLength;
    /** Bytes of the next segment that are prepared; of the flusher. */
    private volatile int preparedLength;
    private StorageFile preparing;
    private long nextSequence;
    private long fullNs;

    SegmentSupply(final Storage storage, final LogConfig config, final NanoClock clock, final long nextSequence)
    {
        this.storage = storage;
        this.config = config;
        this.clock = clock;
        this.nextSequence = nextSequence;
    }

    /** The duty cycle takes the prepared segment; null if there is none at this moment, and then it is waited for. */
    LogSegment take()
    {
        final LogSegment segment = ready;
        if (null == segment)
        {
            usedLength = config.segmentLength();
            return null;
        }
        usedLength = 0;
        ready = null;
        return segment;
    }

    /**
     * The duty cycle tells how much of the active segment is used.
     *
     * @return whether the next one has to be prepared further.
     */
    boolean onUsed(final int length)
    {
        usedLength = length;
        return null == ready && isPreparationDue();
    }

    private boolean isPreparationDue()
    {
        return preparedLength <= (long)PACE * usedLength;
    }

    /** For the duty cycle: whether there is no prepared segment because the disk is full. */
    boolean isFull()
    {
        return isFull;
    }

    /** The duty cycle hands a full segment over. If the queue is full, it stays as it is, which costs memory only. */
    void seal(final LogSegment segment)
    {
        toSeal.offer(segment);
    }

    /** The duty cycle gives a segment up. False if there is no room for another at this moment. */
    boolean delete(final LogSegment segment)
    {
        return toDelete.offer(segment.file());
    }

    /** The duty cycle takes the new mapping of sealed segments over. Returns how many. */
    int adoptSealed()
    {
        if (sealed.isEmpty() || toClose.size() == QUEUE_CAPACITY)
        {
            return 0;
        }
        final Sealed next = sealed.poll();
        toClose.offer(next.segment.attach(next.file, false));
        return 1;
    }

    /**
     * One step of what is to be done.
     *
     * @param writtenTo sequence of the segment that is being written: those before it are in their files.
     */
    int doWork(final long writtenTo)
    {
        int workCount = isPreparationDue() ? prepare(config.allocationSliceLength()) : 0;
        final StorageFile file = toClose.poll();
        if (null != file)
        {
            file.close();
            workCount++;
        }
        return workCount + sealOne(writtenTo) + deleteOne();
    }

    /** One a step, each durably: were a newer one gone and an older one back, the log would have a gap. */
    private int deleteOne()
    {
        final StorageFile file = toDelete.poll();
        if (null == file)
        {
            return 0;
        }
        final String name = file.name();
        file.close();
        storage.delete(name);
        storage.forceDirectory();
        return 1;
    }

    private int sealOne(final long writtenTo)
    {
        final LogSegment segment = toSeal.peek();
        if (null == segment || segment.sequence() >= writtenTo || sealed.size() == QUEUE_CAPACITY)
        {
            return 0;
        }
        toSeal.poll();
        final StorageFile file = storage.open(segment.file().name(), Storage.Mapping.READ_ONLY);
        sealed.offer(new Sealed(segment, file));
        return 1;
    }

    private int prepare(final int sliceLength)
    {
        if (null != ready || (isFull && clock.nanoTime() - fullNs < FULL_RETRY_NS))
        {
            return 0;
        }
        try
        {
            if (null == preparing)
            {
                preparing = storage.create(
                    LogSegment.fileName(nextSequence), config.segmentLength(), config.writableMapping());
            }
            final int leftLength = preparing.allocate(sliceLength);
            preparedLength = config.segmentLength() - leftLength;
            if (0 == leftLength)
            {
                if (Durability.ASYNC != config.durability())
                {
                    storage.forceDirectory();
                }
                final LogSegment segment = new LogSegment(nextSequence, preparing, true);
                preparing = null;
                nextSequence++;
                isFull = false;
                preparedLength = 0;
                ready = segment;
            }
        }
        catch (final StorageFullException ex)
        {
            discardPreparing();
            fullNs = clock.nanoTime();
            isFull = true;
        }
        return 1;
    }

    private void discardPreparing()
    {
        if (null != preparing)
        {
            final String name = preparing.name();
            preparing.close();
            preparing = null;
            preparedLength = 0;
            storage.delete(name);
        }
    }

    /** Prepares a segment now, whole. */
    LogSegment prepareNow()
    {
        while (null == ready)
        {
            prepare(config.segmentLength());
            if (isFull)
            {
                throw new StorageFullException("no room for a segment of " + config.segmentLength() + " bytes", null);
            }
        }
        return take();
    }

    /** Drops everything that is under way, and names the next segment. The flusher rests. */
    void reset(final long sequence)
    {
        discardPreparing();
        if (null != ready)
        {
            ready.file().close();
            storage.delete(ready.file().name());
            ready = null;
        }
        toSeal.clear();
        for (Sealed next = sealed.poll(); null != next; next = sealed.poll())
        {
            next.file.close();
        }
        for (StorageFile file = toClose.poll(); null != file; file = toClose.poll())
        {
            file.close();
        }
        nextSequence = sequence;
        isFull = false;
    }

    /** Releases everything that is under way; leaves a prepared segment's file behind, which recovery removes. */
    @Override
    public void close()
    {
        CloseHelper.quietClose(preparing);
        if (null != ready)
        {
            CloseHelper.quietClose(ready.file());
        }
        for (Sealed next = sealed.poll(); null != next; next = sealed.poll())
        {
            CloseHelper.quietClose(next.file);
        }
        for (StorageFile file = toClose.poll(); null != file; file = toClose.poll())
        {
            CloseHelper.quietClose(file);
        }
        for (StorageFile file = toDelete.poll(); null != file; file = toDelete.poll())
        {
            CloseHelper.quietClose(file);
        }
    }
}
