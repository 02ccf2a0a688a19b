package io.ukehi.node;

import io.ukehi.log.StorageException;
import io.ukehi.raft.RaftLog;
import io.ukehi.snapshot.SnapshotManifest;
import io.ukehi.snapshot.SnapshotStore;

/** What a start makes of snapshots and log: the one goes on where the other ends, or nothing starts. */
final class SnapshotStart
{
    private SnapshotStart()
    {
    }

    /**
     * Before a replica starts: sees to it that the log goes on where the newest snapshot ends. A log that ends before
     * it, or has another entry in that place, was left behind by what is committed, and is replaced (Raft section 7).
     *
     * @return index of the newest snapshot, 0 if there is none.
     * @throws StorageException if entries are missing between the two.
     */
    static long reconcile(final SnapshotStore store, final RaftLog log)
    {
        final SnapshotManifest newest = store.newest();
        final long index = null == newest ? 0 : newest.index();
        if (hasGap(store, log))
        {
            throw new StorageException(gapOf(store, log) + ". The other members can send this one what it lacks: " +
                "policy TRUNCATE_TO_LAST_GOOD gives up the rest of the log here, and asks them");
        }
        if (index > 0 && (log.lastIndex() < index || log.termAt(index) != newest.term()))
        {
            resetTo(newest, log);
        }
        return index;
    }

    private static void resetTo(final SnapshotManifest newest, final RaftLog log)
    {
        log.resetTo(newest.index(), newest.term(), newest.token(), newest.clusterTimeNs(), newest.frameCrc());
    }

    /** Whether entries are missing between the newest snapshot and the log. */
    static boolean hasGap(final SnapshotStore store, final RaftLog log)
    {
        return log.firstIndex() > (null == store.newest() ? 0 : store.newest().index()) + 1;
    }

    /** What is missing, for people. */
    static String gapOf(final SnapshotStore store, final RaftLog log)
    {
        return "the log begins with entry " + log.firstIndex() + ", but " +
            (null == store.newest() ? "there is no snapshot" :
                "the newest snapshot that is whole ends with " + store.newest().index()) +
            (store.damaged().isEmpty() ? "" : " (damaged and removed: " + store.damaged() + ")") +
            ": what lies between is lost here";
    }

    /**
     * Gives up a log that there is no state for: it ends where the newest snapshot does, or is empty. The caller has
     * durably noted that what it held was vouched for.
     *
     * @return index of the newest snapshot, 0 if there is none.
     */
    static long giveUpLog(final SnapshotStore store, final RaftLog log)
    {
        if (null == store.newest())
        {
            log.resetTo(0, 0, 0, 0, 0);
            return 0;
        }
        resetTo(store.newest(), log);
        return store.newest().index();
    }
}
