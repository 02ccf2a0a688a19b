package io.ukehi.raft;

/** What a follower says of a snapshot that it is offered. */
public enum SnapshotStatus
{
    /** Chunks are wanted from the one named on. */
    RECEIVING,

    /** The chunk named did not come, others behind it did: all are wanted again from it on. */
    LOST,

    /** Nothing can be taken at this moment: this attempt is gone on with as soon as it can. */
    BUSY,

    /** What the snapshot contains is here, committed. */
    INSTALLED
}
