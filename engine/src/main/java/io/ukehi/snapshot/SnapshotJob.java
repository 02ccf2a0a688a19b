package io.ukehi.snapshot;

/** Work with the disk that is done step by step, off the duty cycle: see {@link SnapshotWorker}. */
interface SnapshotJob
{
    /**
     * One step of bounded length. Helper thread.
     *
     * @return work done, 0 if there is nothing to do at this moment.
     */
    int doWork();

    /** Whether nothing is left to do, now and later. Helper thread. */
    boolean isDone();

    /** Releases files, without writing anything. Helper thread, or any other once the helper has ended. */
    void release();
}
