package io.ukehi.log;

import io.ukehi.Invariant;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.BufferUtil;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A file of a {@link FileStorage}.
 * <p>
 * One that is forced while it is written is allocated by writes of one page each: the page cache keeps dirtiness in
 * units as large as the write that made them, and a force writes whole units. A shared mapping is not forced before it
 * is closed, neither allocated nor full: writing was promised room when the zeros were, and that is all it promises.
 */
final class MappedFile implements StorageFile
{
    static final int PAGE_LENGTH = 4096;

    /** Of a shared mapping, which is not forced while it is in use: its pages may be as large as the kernel likes. */
    private static final int SHARED_WRITE_LENGTH = 256 * 1024;

    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(SHARED_WRITE_LENGTH).asReadOnlyBuffer();

    private final Path path;
    private final FileChannel channel;
    private final Storage.Mapping mapping;
    private final ByteBuffer mapped;
    private final UnsafeBuffer buffer;
    /** Of whoever writes: its position and limit move, which those of the mapping itself must not. */
    private final ByteBuffer view;
    /** Up to here it may be written: there is room on the disk, or it was touched. */
    private int writableTo;
    private int touched;
    private boolean isClosed;

    private MappedFile(
        final Path path,
        final FileChannel channel,
        final Storage.Mapping mapping,
        final ByteBuffer mapped,
        final int allocated)
    {
        this.path = path;
        this.channel = channel;
        this.mapping = mapping;
        this.mapped = mapped;
        this.buffer = new UnsafeBuffer(mapped);
        this.view = mapped.duplicate();
        this.writableTo = allocated;
    }

    static MappedFile create(final Path path, final int length, final Storage.Mapping mapping) throws IOException
    {
        final FileChannel channel = FileChannel.open(
            path, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return map(path, channel, length, mapping, 0);
    }

    static MappedFile open(final Path path, final Storage.Mapping mapping) throws IOException
    {
        final FileChannel channel = Storage.Mapping.READ_ONLY == mapping ?
            FileChannel.open(path, StandardOpenOption.READ) :
            FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        final long length = channel.size();
        if (length > Integer.MAX_VALUE)
        {
            CloseHelper.quietClose(channel);
            throw new IOException("longer than any file of a log: " + length + " bytes");
        }
        return map(path, channel, (int)length, mapping, (int)length);
    }

    private static MappedFile map(
        final Path path,
        final FileChannel channel,
        final int length,
        final Storage.Mapping mapping,
        final int allocated) throws IOException
    {
        try
        {
            final MapMode mode = switch (mapping)
            {
                case SHARED -> MapMode.READ_WRITE;
                case PRIVATE -> MapMode.PRIVATE;
                case READ_ONLY -> MapMode.READ_ONLY;
            };
            return new MappedFile(path, channel, mapping, channel.map(mode, 0, length), allocated);
        }
        catch (final Throwable thrown)
        {
            CloseHelper.quietClose(channel);
            throw thrown;
        }
    }

    @Override
    public String name()
    {
        return path.getFileName().toString();
    }

    @Override
    public int length()
    {
        return buffer.capacity();
    }

    @Override
    public UnsafeBuffer buffer()
    {
        return buffer;
    }

    @Override
    public int allocate(final int maxBytes)
    {
        final int end = (int)Math.min(length(), (long)writableTo + Math.max(maxBytes, PAGE_LENGTH));
        if (writableTo < end)
        {
            final boolean isForced = Storage.Mapping.SHARED != mapping;
            final int writeLength = isForced ? PAGE_LENGTH : SHARED_WRITE_LENGTH;
            // Not from the mapping, though it holds zeros as well: to read them would fault every page in, one by one,
            // before it is written, and the page cache would hold small pages for good.
            final ByteBuffer zeros = ZEROS.duplicate();
            for (int at = writableTo; at < end; at += writeLength)
            {
                writeFully(zeros.limit(Math.min(writeLength, end - at)).position(0), at);
            }
            for (int at = writableTo; at < end; at += PAGE_LENGTH)
            {
                // A store of what is there already: it makes the page this process's own, in a private mapping too.
                buffer.putByte(at, (byte)0);
            }
            writableTo = end;
            if (isForced)
            {
                force();
            }
        }
        return length() - writableTo;
    }

    @Override
    public int touch(final int maxBytes)
    {
        Invariant.check(Storage.Mapping.PRIVATE == mapping, "what takes no room is mapped privately");
        final int end = (int)Math.min(length(), (long)touched + Math.max(maxBytes, PAGE_LENGTH));
        growTo(end);
        for (; touched < end; touched += PAGE_LENGTH)
        {
            // The same again: it makes the page this process's own.
            buffer.putByte(touched, buffer.getByte(touched));
        }
        touched = end;
        writableTo = Math.max(writableTo, end);
        return length() - end;
    }

    /**
     * A file without anything in it is as long as it is touched. The first look at a page of a hole makes the kernel
     * read ahead, up to the end of the file, megabytes where the disk is set so: it fills all of that with zeros before
     * anything else may run on that processor, forces of other files among it (20 ms for 16 MiB).
     */
    private void growTo(final int end)
    {
        // Only one that was created here and not allocated is writable no further than it is touched.
        if (touched == end || writableTo != touched)
        {
            return;
        }
        if (0 == touched)
        {
            // To map it has made it as long as it is to be.
            empty();
        }
        writeFully(ZEROS.duplicate().limit(1), end - 1);
    }

    private void empty()
    {
        try
        {
            channel.truncate(0);
        }
        catch (final IOException ex)
        {
            throw FileStorage.failure("cut", path, ex);
        }
    }

    @Override
    public void write(final int offset, final int length)
    {
        Invariant.check(Storage.Mapping.READ_ONLY != mapping, "a file mapped for writing");
        Invariant.check(offset >= 0 && length >= 0 && offset + length <= writableTo,
            "what is written is allocated or touched", offset, length);
        if (Storage.Mapping.PRIVATE == mapping)
        {
            writeFully(view.limit(offset + length).position(offset), offset);
        }
    }

    private void writeFully(final ByteBuffer source, final int offset)
    {
        try
        {
            final int shift = offset - source.position();
            while (source.hasRemaining())
            {
                channel.write(source, source.position() + shift);
            }
        }
        catch (final IOException ex)
        {
            throw FileStorage.failure("write", path, ex);
        }
    }

    @Override
    public void force()
    {
        try
        {
            channel.force(false);
        }
        catch (final IOException ex)
        {
            // Some file systems find out only now that there is no room.
            throw FileStorage.failure("force", path, ex);
        }
    }

    @Override
    public void close()
    {
        if (!isClosed)
        {
            isClosed = true;
            CloseHelper.quietClose(channel);
            buffer.wrap(0, 0);
            BufferUtil.free(mapped);
        }
    }
}
