package io.ukehi.snapshot;

import io.ukehi.log.StorageException;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.OneToOneConcurrentArrayQueue;

/**
 * Does what snapshots need of the disk, on a thread of its own: the log's flusher forces without pause, and whatever
 * stood in its way would be a gap in acknowledgements.
 * <p>
 * Passive: a thread calls {@link #doWork()}, or a simulator does. A failure of the storage is kept and final.
 */
public final class SnapshotWorker implements Agent
{
    private static final int CAPACITY = 64;

    private final OneToOneConcurrentArrayQueue<SnapshotJob> handedOver = new OneToOneConcurrentArrayQueue<>(CAPACITY);
    private final List<SnapshotJob> jobs = new ArrayList<>();
    private volatile Throwable failure;

    /** Duty-cycle thread. False if there is no room at this moment. */
    boolean submit(final SnapshotJob job)
    {
        return handedOver.offer(job);
    }

    /** Duty-cycle thread: throws if storage has failed. */
    void checkFailure()
    {
        final Throwable thrown = failure;
        if (null != thrown)
        {
            throw new StorageException("snapshots cannot be stored: " + thrown.getMessage(), thrown);
        }
    }

    @Override
    public int doWork()
    {
        if (null != failure)
        {
            return 0;
        }
        try
        {
            return doJobs();
        }
        catch (final Throwable thrown)
        {
            failure = thrown;
            return 0;
        }
    }

    private int doJobs()
    {
        for (SnapshotJob job = handedOver.poll(); null != job; job = handedOver.poll())
        {
            jobs.add(job);
        }
        int workCount = 0;
        for (int i = jobs.size() - 1; i >= 0; i--)
        {
            final SnapshotJob job = jobs.get(i);
            workCount += job.doWork();
            if (job.isDone())
            {
                job.release();
                jobs.remove(i);
                workCount++;
            }
        }
        return workCount;
    }

    @Override
    public void onClose()
    {
        for (SnapshotJob job = handedOver.poll(); null != job; job = handedOver.poll())
        {
            jobs.add(job);
        }
        jobs.forEach(SnapshotJob::release);
        jobs.clear();
    }

    @Override
    public String roleName()
    {
        return "snapshots";
    }
}
