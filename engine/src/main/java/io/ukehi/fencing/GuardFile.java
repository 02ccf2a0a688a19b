package io.ukehi.fencing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** The bytes below a {@link FileFencingGuard}: a file, or in tests one that loses and tears what was not forced. */
interface GuardFile extends AutoCloseable
{
    /** Length in bytes. */
    long length() throws IOException;

    /** Reads at a position until the buffer is full or the file ends. */
    void read(ByteBuffer into, long position) throws IOException;

    /** Writes all of the buffer. */
    void write(ByteBuffer from, long position) throws IOException;

    /** Makes all that was written before durable. */
    void force() throws IOException;

    @Override
    void close() throws IOException;

    /** A file by its channel. */
    record OfChannel(FileChannel channel) implements GuardFile
    {
        @Override
        public long length() throws IOException
        {
            return channel.size();
        }

        @Override
        public void read(final ByteBuffer into, final long position) throws IOException
        {
            long at = position;
            int count = 0;
            while (into.hasRemaining() && count >= 0)
            {
                count = channel.read(into, at);
                at += count;
            }
        }

        @Override
        public void write(final ByteBuffer from, final long position) throws IOException
        {
            long at = position;
            while (from.hasRemaining())
            {
                at += channel.write(from, at);
            }
        }

        @Override
        public void force() throws IOException
        {
            channel.force(false);
        }

        @Override
        public void close() throws IOException
        {
            channel.close();
        }
    }
}
