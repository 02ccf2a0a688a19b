package io.ukehi.snapshot;

import io.ukehi.Crc32c;
import org.agrona.concurrent.UnsafeBuffer;

/** CRC32C of a snapshot as a whole: of the CRC32C fields of its chunks, in order. One thread. */
final class ContentCrc
{
    private final Crc32c crc = new Crc32c();
    private final UnsafeBuffer field = new UnsafeBuffer(new byte[Integer.BYTES]);

    void add(final int chunkCrc)
    {
        field.putInt(0, chunkCrc, java.nio.ByteOrder.LITTLE_ENDIAN);
        crc.update(field, 0, Integer.BYTES);
    }

    int value()
    {
        return crc.value();
    }
}
