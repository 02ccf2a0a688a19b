package io.ukehi.sim;

import io.ukehi.Invariant;
import io.ukehi.log.Storage;
import io.ukehi.log.StorageFile;
import org.agrona.concurrent.UnsafeBuffer;

/** A file of a {@link SimDisk} opened by somebody: shared mappings stand on the page cache, private ones on a copy. */
final class SimDiskHandle implements StorageFile
{
    private final SimDisk disk;
    private final String name;
    private final SimDiskFile file;
    private final Storage.Mapping mapping;
    private final byte[] memory;
    private final UnsafeBuffer buffer;
    private int touched;
    private boolean isClosed;

    SimDiskHandle(final SimDisk disk, final String name, final SimDiskFile file, final Storage.Mapping mapping)
    {
        this.disk = disk;
        this.name = name;
        this.file = file;
        this.mapping = mapping;
        this.memory = Storage.Mapping.PRIVATE == mapping ? file.contents() : file.cache();
        this.buffer = new UnsafeBuffer(memory);
        if (Storage.Mapping.SHARED == mapping)
        {
            file.share();
        }
    }

    @Override
    public String name()
    {
        return name;
    }

    @Override
    public int length()
    {
        return memory.length;
    }

    @Override
    public UnsafeBuffer buffer()
    {
        return buffer;
    }

    @Override
    public int allocate(final int maxBytes)
    {
        checkOpen();
        final int begin = file.allocated();
        final int end = (int)Math.min(memory.length, (long)begin + maxBytes);
        if (begin < end)
        {
            disk.before(SimDiskFaults.Operation.ALLOCATE, name, file);
            disk.checkRoom(name, end - begin);
            file.allocated(end);
            disk.before(SimDiskFaults.Operation.FORCE, name, file);
            file.force();
        }
        return memory.length - end;
    }

    @Override
    public int touch(final int maxBytes)
    {
        checkOpen();
        Invariant.check(Storage.Mapping.PRIVATE == mapping, "what takes no room is mapped privately");
        touched = (int)Math.min(memory.length, (long)touched + maxBytes);
        return memory.length - touched;
    }

    @Override
    public void write(final int offset, final int length)
    {
        checkOpen();
        Invariant.check(Storage.Mapping.READ_ONLY != mapping, "a file mapped for writing");
        Invariant.check(offset >= 0 && length >= 0 && offset + length <= Math.max(touched, file.allocated()),
            "what is written is allocated or touched", offset, length);
        if (Storage.Mapping.PRIVATE == mapping)
        {
            final boolean isLost = disk.before(SimDiskFaults.Operation.WRITE, name, file);
            if (offset + length > file.allocated())
            {
                disk.checkRoom(name, offset + length - file.allocated());
                file.allocated(offset + length);
            }
            file.write(memory, offset, length, isLost);
        }
    }

    @Override
    public void force()
    {
        checkOpen();
        disk.before(SimDiskFaults.Operation.FORCE, name, file);
        file.force();
    }

    private void checkOpen()
    {
        Invariant.check(!isClosed, "a file that is open");
    }

    @Override
    public void close()
    {
        if (!isClosed)
        {
            isClosed = true;
            buffer.wrap(0, 0);
        }
    }
}
