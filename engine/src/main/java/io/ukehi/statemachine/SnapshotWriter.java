package io.ukehi.statemachine;

import org.agrona.DirectBuffer;

/** Where a {@link SnapshotTask} puts its records: bytes that a {@link SnapshotLoader} is given back in this order. */
public interface SnapshotWriter
{
    /** Longest record in bytes: 4 MiB. */
    int MAX_RECORD_LENGTH = 4 * 1024 * 1024;

    /**
     * Writes a record, which is copied.
     *
     * @param length in bytes, 0 to {@link #MAX_RECORD_LENGTH}.
     * @return false if there is no room for all of it in this cycle: return from {@link SnapshotTask#doWork}, and begin
     * the next call of it by writing this very record again.
     */
    boolean write(DirectBuffer buffer, int offset, int length);
}
