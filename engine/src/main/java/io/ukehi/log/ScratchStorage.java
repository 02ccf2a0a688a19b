package io.ukehi.log;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A directory as it would be: what is changed is changed in memory, over files that are only read. For finding out what
 * something would do to a data directory by doing it. One thread.
 */
final class ScratchStorage implements Storage
{
    private final Storage base;
    private final TreeSet<String> names = new TreeSet<>();
    /** Files that were changed or made here; all others are the base's. */
    private final Map<String, UnsafeBuffer> changed = new HashMap<>();

    /** Over a storage that is the caller's to close. */
    ScratchStorage(final Storage base)
    {
        this.base = base;
        names.addAll(List.of(base.list()));
    }

    @Override
    public String[] list()
    {
        return names.toArray(String[]::new);
    }

    @Override
    public StorageFile create(final String name, final int length, final Mapping mapping)
    {
        if (!names.add(name))
        {
            throw new StorageException("the file \"" + name + "\" exists");
        }
        changed.put(name, new UnsafeBuffer(ByteBuffer.allocateDirect(length)));
        return new ScratchFile(name, changed.get(name));
    }

    @Override
    public StorageFile open(final String name, final Mapping mapping)
    {
        if (!names.contains(name))
        {
            throw new StorageException("there is no file \"" + name + "\"");
        }
        if (!changed.containsKey(name))
        {
            if (Mapping.READ_ONLY == mapping)
            {
                return base.open(name, mapping);
            }
            load(name);
        }
        return new ScratchFile(name, changed.get(name));
    }

    private void load(final String name)
    {
        try (StorageFile file = base.open(name, Mapping.READ_ONLY))
        {
            final UnsafeBuffer copy = new UnsafeBuffer(ByteBuffer.allocateDirect(file.length()));
            copy.putBytes(0, file.buffer(), 0, file.length());
            changed.put(name, copy);
        }
    }

    @Override
    public void rename(final String from, final String to)
    {
        if (!changed.containsKey(from))
        {
            load(from);
        }
        changed.put(to, changed.remove(from));
        names.remove(from);
        names.add(to);
    }

    @Override
    public void delete(final String name)
    {
        names.remove(name);
        changed.remove(name);
    }

    @Override
    public void forceDirectory()
    {
    }

    @Override
    public void close()
    {
        changed.clear();
    }

    /** The bytes are the file: nothing has to be written, and nothing is durable. */
    private record ScratchFile(String name, UnsafeBuffer buffer) implements StorageFile
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
        }

        @Override
        public void force()
        {
        }

        @Override
        public void close()
        {
        }
    }
}
