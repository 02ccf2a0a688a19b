package io.ukehi.benchmarks;

import io.ukehi.log.Storage;
import io.ukehi.log.StorageException;
import io.ukehi.log.StorageFile;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A disk that costs nothing: what is measured over it is everything but the disk. Memory that was closed or deleted is
 * used again, so that after the first rounds no page is touched for the first time.
 */
final class MemoryStorage implements Storage
{
    /** By length. */
    private static final Map<Integer, ArrayDeque<UnsafeBuffer>> POOL = new HashMap<>();

    private final TreeMap<String, MemoryFile> files = new TreeMap<>();

    @Override
    public String[] list()
    {
        return files.keySet().toArray(new String[0]);
    }

    @Override
    public StorageFile create(final String name, final int length, final Mapping mapping)
    {
        final UnsafeBuffer pooled = pool(length).poll();
        final UnsafeBuffer memory = null != pooled ? pooled : new UnsafeBuffer(ByteBuffer.allocateDirect(length));
        memory.setMemory(0, length, (byte)0);
        final MemoryFile file = new MemoryFile(name, memory);
        files.put(name, file);
        return file;
    }

    private static ArrayDeque<UnsafeBuffer> pool(final int length)
    {
        return POOL.computeIfAbsent(length, ignore -> new ArrayDeque<>());
    }

    @Override
    public StorageFile open(final String name, final Mapping mapping)
    {
        final MemoryFile file = files.get(name);
        if (null == file)
        {
            throw new StorageException("there is no " + name);
        }
        return file;
    }

    @Override
    public void rename(final String from, final String to)
    {
        files.put(to, files.remove(from));
    }

    @Override
    public void delete(final String name)
    {
        final MemoryFile file = files.remove(name);
        pool(file.length()).add(file.buffer());
    }

    @Override
    public void forceDirectory()
    {
        // Names are as durable as everything else here.
    }

    @Override
    public void close()
    {
        files.values().forEach(file -> pool(file.length()).add(file.buffer()));
        files.clear();
    }

    private record MemoryFile(String name, UnsafeBuffer buffer) implements StorageFile
    {
        @Override
        public int length()
        {
            return buffer.capacity();
        }

        @Override
        public int allocate(final int maxBytes)
        {
            return 0;
        }

        @Override
        public void write(final int offset, final int length)
        {
            // It is where it belongs already.
        }

        @Override
        public void force()
        {
            // As write.
        }

        @Override
        public void close()
        {
            // The memory is the storage's.
        }
    }
}
