package io.ukehi.node;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Invariant;
import io.ukehi.snapshot.SnapshotOutput;
import io.ukehi.statemachine.SnapshotWriter;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * Puts records one behind the other into the chunks of a snapshot, as if the payloads of all chunks were one stream:
 * <pre>
 *   0       4       8
 *  +-------+-------+-------- - -+
 *  |length | kind  |   bytes    |   next record
 *  +-------+-------+-------- - -+
 * </pre>
 * A record may lie across chunks. One that has no room yet is remembered as far as it has gone, so that the bytes do
 * not depend on how they were sliced. Duty-cycle thread; allocates nothing once made.
 */
final class RecordWriter implements SnapshotWriter
{
    static final int HEADER_LENGTH = 8;

    /** A part of the sessions. */
    static final int SESSIONS = 1;

    /** What the state machine wrote. */
    static final int STATE = 2;

    /** Nothing follows. */
    static final int END = 3;

    private final SnapshotOutput output;
    private final UnsafeBuffer header = new UnsafeBuffer(new byte[HEADER_LENGTH]);
    private int kind = STATE;
    private int budget;
    /** Bytes of the current record that are written, its header included. */
    private int recordPosition;
    /** Bytes of the current chunk that are filled; 0 if none is open. */
    private int chunkPosition;

    RecordWriter(final SnapshotOutput output)
    {
        this.output = output;
    }

    /** A cycle begins, in which so many bytes may be written. */
    void beginSlice(final int bytes)
    {
        budget = bytes;
    }

    /** What is left of the slice; below 0 if a record went past its end. */
    int budget()
    {
        return budget;
    }

    /** What the records that follow are. */
    void kind(final int newKind)
    {
        Invariant.check(0 == recordPosition, "a record ends before another kind begins", newKind);
        kind = newKind;
    }

    @Override
    public boolean write(final DirectBuffer buffer, final int offset, final int length)
    {
        Invariant.check(length >= 0 && length <= MAX_RECORD_LENGTH, "a record of 0 bytes to 4 MiB", length);
        final int total = HEADER_LENGTH + length;
        while (recordPosition < total)
        {
            if (budget <= 0 || (0 == chunkPosition && !output.hasRoom()))
            {
                return false;
            }
            if (recordPosition < HEADER_LENGTH)
            {
                header.putInt(0, length, LITTLE_ENDIAN);
                header.putInt(Integer.BYTES, kind, LITTLE_ENDIAN);
                copy(header, recordPosition, HEADER_LENGTH - recordPosition);
            }
            else
            {
                copy(buffer, offset + recordPosition - HEADER_LENGTH, total - recordPosition);
            }
        }
        recordPosition = 0;
        return true;
    }

    private void copy(final DirectBuffer source, final int offset, final int wanted)
    {
        final int length = Math.min(wanted, output.payloadCapacity() - chunkPosition);
        output.buffer().putBytes(output.payloadOffset() + chunkPosition, source, offset, length);
        recordPosition += length;
        chunkPosition += length;
        budget -= length;
        if (chunkPosition == output.payloadCapacity())
        {
            seal();
        }
    }

    private void seal()
    {
        output.seal(chunkPosition);
        chunkPosition = 0;
    }

    /** The last record is written: so is the last chunk. */
    void end()
    {
        if (chunkPosition > 0)
        {
            seal();
        }
    }
}
