package io.ukehi.log;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.CoverageMark;
import io.ukehi.Crc32c;
import java.util.function.Consumer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * A small durable record in two copies, written and forced one after the other: what {@link HardStateFile},
 * {@link DoubtFile} and {@link IdentityFile} are made of.
 * <pre>
 *   0       4       8               16
 *  +-------+-------+---------------+------------------------------+
 *  | magic | CRC32C|  number  i64  | the record's own fields      |   zeros up to 512
 *  +-------+-------+---------------+------------------------------+
 * </pre>
 * Sectors at 0 and 512 of a file of 4096 bytes. The sound copy with the higher number counts. The CRC32C covers the
 * sector behind itself. What may be found:
 * <ul>
 *   <li>two copies of a record: it was stored;</li>
 *   <li>a record and the one before it: power went between the copies. The newer counts, though nobody was told of
 *   it;</li>
 *   <li>one sound copy: either the other one was torn, being the first of a newer record that nobody was told of, or
 *   it was damaged later. It counts in both cases, which is what the second copy is for: with records in turn, damage
 *   to the newest would bring back the one before it;</li>
 *   <li>none: the record is lost.</li>
 * </ul>
 * One thread.
 */
final class TwoCopyFile implements AutoCloseable
{
    static final int FILE_LENGTH = 4096;
    /** Where a record's own fields begin in {@link #record()}. */
    static final int BODY_OFFSET = 16;

    private static final String NEW_SUFFIX = ".new";
    private static final int MAGIC_OFFSET = 0;
    private static final int CRC_OFFSET = 4;
    private static final int NUMBER_OFFSET = 8;

    private final Crc32c crc = new Crc32c();
    private final UnsafeBuffer record = new UnsafeBuffer(new byte[SegmentHeader.SECTOR_LENGTH]);
    private final StorageFile file;
    private final int magic;
    private long number;
    private boolean isUnknown;

    TwoCopyFile(final StorageFile file, final int magic)
    {
        this.file = file;
        this.magic = magic;
    }

    /** Whether the directory holds the file; what a creation that was cut short has left is deleted. */
    static boolean existsIn(final Storage storage, final String name)
    {
        boolean exists = false;
        for (final String found : storage.list())
        {
            exists |= found.equals(name);
            if (found.equals(name + NEW_SUFFIX))
            {
                storage.delete(found);
            }
        }
        return exists;
    }

    /**
     * Makes the file, in the place of one of that name if there is one; durable on return.
     *
     * @param fields puts the first record's own.
     */
    static void create(
        final Storage storage, final String name, final int magic, final Consumer<MutableDirectBuffer> fields)
    {
        final TwoCopyFile first = new TwoCopyFile(
            storage.create(name + NEW_SUFFIX, FILE_LENGTH, Storage.Mapping.PRIVATE), magic);
        first.file.allocate(FILE_LENGTH);
        fields.accept(first.record);
        first.store();
        first.close();
        storage.rename(name + NEW_SUFFIX, name);
        storage.forceDirectory();
    }

    /**
     * Reads the record that counts into {@link #record()}, changing nothing.
     *
     * @return number of sound copies; without any, the record is zeros.
     */
    int read()
    {
        final boolean even = isSound(0);
        final boolean odd = isSound(1);
        if (even || odd)
        {
            final int offset = offset(even && (!odd || numberIn(offset(0)) > numberIn(offset(1))) ? 0 : 1);
            record.putBytes(0, file.buffer(), offset, SegmentHeader.SECTOR_LENGTH);
            number = numberIn(offset);
        }
        return (even ? 1 : 0) + (odd ? 1 : 0);
    }

    /**
     * Reads the record that counts, and makes it durable in both copies, the one that does not count first. Both are
     * written, even where they are equal: what was read may come out of the page cache of a process that died before
     * its force, or, if its force failed, out of pages that count as clean and that no later force would touch.
     *
     * @return whether there was a sound copy.
     */
    boolean recover()
    {
        final int sound = read();
        if (0 == sound)
        {
            return false;
        }
        final int counted = isSound(0) && number == numberIn(offset(0)) ? 0 : 1;
        if (1 == sound || numberIn(offset(0)) != numberIn(offset(1)))
        {
            CoverageMark.HARD_STATE_REPAIRED.hit();
        }
        put(offset(counted + 1));
        put(offset(counted));
        return true;
    }

    /** Where the first copy that is not sound begins. */
    int firstUnsound()
    {
        return offset(isSound(0) ? 1 : 0);
    }

    /** Whether a copy of the record may be read here at all, and everything behind both copies is zeros. */
    boolean isRestZero()
    {
        final int used = 2 * SegmentHeader.SECTOR_LENGTH;
        return FILE_LENGTH != file.length() || EntryFrame.isZero(file.buffer(), used, FILE_LENGTH - used);
    }

    /** The record as it was read, or is to be stored: its own fields from {@link #BODY_OFFSET} on. */
    MutableDirectBuffer record()
    {
        return record;
    }

    /** Stores the record durably. A failure is final: what the file holds is unknown until it is opened anew. */
    void store()
    {
        if (isUnknown)
        {
            throw new StorageException("the file \"" + file.name() + "\" could not be written before");
        }
        isUnknown = true;
        number++;
        record.putInt(MAGIC_OFFSET, magic, LITTLE_ENDIAN);
        record.putLong(NUMBER_OFFSET, number, LITTLE_ENDIAN);
        record.putInt(CRC_OFFSET, computeCrc(record, 0), LITTLE_ENDIAN);
        put(offset(number));
        put(offset(number + 1));
        isUnknown = false;
    }

    private void put(final int offset)
    {
        file.buffer().putBytes(offset, record, 0, SegmentHeader.SECTOR_LENGTH);
        file.write(offset, SegmentHeader.SECTOR_LENGTH);
        file.force();
    }

    private boolean isSound(final int copy)
    {
        return FILE_LENGTH == file.length() &&
            magic == file.buffer().getInt(offset(copy) + MAGIC_OFFSET, LITTLE_ENDIAN) &&
            computeCrc(file.buffer(), offset(copy)) == file.buffer().getInt(offset(copy) + CRC_OFFSET, LITTLE_ENDIAN);
    }

    private long numberIn(final int offset)
    {
        return file.buffer().getLong(offset + NUMBER_OFFSET, LITTLE_ENDIAN);
    }

    private int computeCrc(final UnsafeBuffer buffer, final int offset)
    {
        return crc.compute(buffer, offset + NUMBER_OFFSET, SegmentHeader.SECTOR_LENGTH - NUMBER_OFFSET);
    }

    private static int offset(final long number)
    {
        return 0 == (number & 1) ? 0 : SegmentHeader.SECTOR_LENGTH;
    }

    @Override
    public void close()
    {
        file.close();
    }
}
