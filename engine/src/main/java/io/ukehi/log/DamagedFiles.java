package io.ukehi.log;

import java.util.ArrayList;
import java.util.List;

/**
 * Files under names that no log reads: {@code damaged-<n>-<name>}, where what follows damage is kept for whoever wants
 * to look into it. Never deleted by a node. Everything is durable on return.
 */
final class DamagedFiles
{
    private static final String PREFIX = "damaged-";

    private final Storage storage;
    private final List<String> names = new ArrayList<>();
    private final int number;

    /** Finds a number for what is to be set aside now. */
    DamagedFiles(final Storage storage)
    {
        this.storage = storage;
        int highest = 0;
        for (final String name : storage.list())
        {
            highest = Math.max(highest, numberOf(name));
        }
        number = highest + 1;
    }

    /** The number in a name; 0 if it is another file's. */
    private static int numberOf(final String name)
    {
        final int end = name.indexOf('-', PREFIX.length());
        if (!name.startsWith(PREFIX) || end < 0)
        {
            return 0;
        }
        final String digits = name.substring(PREFIX.length(), end);
        return !digits.isEmpty() && digits.length() < 10 && digits.chars().allMatch(c -> c >= '0' && c <= '9') ?
            Integer.parseInt(digits) : 0;
    }

    private String nameOf(final String name)
    {
        return PREFIX + number + "-" + name;
    }

    /** Copies a file whose beginning the log still needs. */
    void copy(final StorageFile source)
    {
        final String name = nameOf(source.name());
        try (StorageFile target = storage.create(name, source.length(), Storage.Mapping.PRIVATE))
        {
            target.allocate(source.length());
            target.buffer().putBytes(0, source.buffer(), 0, source.length());
            target.write(0, source.length());
            target.force();
        }
        catch (final StorageFullException ex)
        {
            storage.delete(name);
            throw ex;
        }
        storage.forceDirectory();
        names.add(name);
    }

    /** Renames a file of which the log needs nothing. */
    void rename(final String name)
    {
        storage.rename(name, nameOf(name));
        storage.forceDirectory();
        names.add(nameOf(name));
    }

    /** Under which names everything is. */
    List<String> names()
    {
        return List.copyOf(names);
    }
}
