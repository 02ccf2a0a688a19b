package io.ukehi.node;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.Crc32c;
import io.ukehi.snapshot.SnapshotChunk;
import io.ukehi.snapshot.SnapshotException;
import io.ukehi.snapshot.SnapshotInput;
import io.ukehi.snapshot.SnapshotManifest;
import io.ukehi.statemachine.SnapshotWriter;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;

/**
 * Reads the records that a {@link RecordWriter} wrote, in place where they lie within one chunk. Every chunk is
 * verified once more as it is read. Duty-cycle thread.
 */
final class RecordReader
{
    /** Is given the records. */
    interface Sink
    {
        void onRecord(int kind, DirectBuffer buffer, int offset, int length);
    }

    private final Crc32c crc = new Crc32c();
    private final SnapshotInput input;
    private final Sink sink;
    /** Of a record that lies across chunks: what is known of it. */
    private final ExpandableArrayBuffer staged = new ExpandableArrayBuffer();
    private int stagedLength;
    private int chunk;
    private boolean isEnded;

    RecordReader(final SnapshotInput input, final Sink sink)
    {
        this.input = input;
        this.sink = sink;
    }

    /** Chunks read. */
    int chunk()
    {
        return chunk;
    }

    /** Whether the last record was read. */
    boolean isEnded()
    {
        return isEnded;
    }

    /**
     * Reads on, as far as chunks are ready.
     *
     * @param maxBytes after which no further chunk is begun.
     * @return chunks read.
     */
    int doWork(final int maxBytes)
    {
        final SnapshotManifest manifest = input.manifest();
        final int begin = chunk;
        int left = maxBytes;
        while (!isEnded && left > 0 && input.isReady(chunk))
        {
            final DirectBuffer buffer = input.buffer(chunk);
            final int offset = input.offset(chunk);
            if (!SnapshotChunk.isSound(
                crc, buffer, offset, manifest.chunkLength(), manifest.index(), manifest.term(), chunk))
            {
                throw damage("chunk " + chunk + " is damaged");
            }
            readChunk(buffer, offset + SnapshotChunk.HEADER_LENGTH, SnapshotChunk.payloadLength(buffer, offset));
            chunk++;
            input.position(chunk);
            left -= manifest.chunkLength();
        }
        if (!isEnded && chunk == manifest.chunkCount())
        {
            throw damage("it has no end");
        }
        return chunk - begin;
    }

    private void readChunk(final DirectBuffer buffer, final int offset, final int length)
    {
        final int end = offset + length;
        int at = offset;
        while (at < end && !isEnded)
        {
            if (0 == stagedLength && end - at >= RecordWriter.HEADER_LENGTH &&
                end - at - RecordWriter.HEADER_LENGTH >= recordLength(buffer, at))
            {
                final int recordLength = recordLength(buffer, at);
                onRecord(buffer, at, recordLength);
                at += RecordWriter.HEADER_LENGTH + recordLength;
            }
            else
            {
                at += stage(buffer, at, end - at);
            }
        }
        if (isEnded && (at < end || chunk + 1 != input.manifest().chunkCount()))
        {
            throw damage("something follows its end");
        }
    }

    /** Takes what belongs to a record that is not whole yet; returns how much. */
    private int stage(final DirectBuffer buffer, final int offset, final int available)
    {
        final int wanted = stagedLength < RecordWriter.HEADER_LENGTH ?
            RecordWriter.HEADER_LENGTH : RecordWriter.HEADER_LENGTH + recordLength(staged, 0);
        final int length = Math.min(wanted - stagedLength, available);
        staged.putBytes(stagedLength, buffer, offset, length);
        stagedLength += length;
        if (stagedLength >= RecordWriter.HEADER_LENGTH &&
            stagedLength == RecordWriter.HEADER_LENGTH + recordLength(staged, 0))
        {
            stagedLength = 0;
            onRecord(staged, 0, recordLength(staged, 0));
        }
        return length;
    }

    private int recordLength(final DirectBuffer buffer, final int offset)
    {
        final int length = buffer.getInt(offset, LITTLE_ENDIAN);
        if (length < 0 || length > SnapshotWriter.MAX_RECORD_LENGTH)
        {
            throw damage("a record of " + length + " bytes cannot be");
        }
        return length;
    }

    private void onRecord(final DirectBuffer buffer, final int offset, final int length)
    {
        final int kind = buffer.getInt(offset + Integer.BYTES, LITTLE_ENDIAN);
        if (RecordWriter.END == kind)
        {
            isEnded = true;
        }
        else
        {
            sink.onRecord(kind, buffer, offset + RecordWriter.HEADER_LENGTH, length);
        }
    }

    private SnapshotException damage(final String what)
    {
        return new SnapshotException("the snapshot at index " + input.manifest().index() + ": " + what);
    }
}
