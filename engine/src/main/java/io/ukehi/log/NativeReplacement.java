package io.ukehi.log;

import io.ukehi.Crc32c;
import org.agrona.BitUtil;

/**
 * Puts a native segment in the place of an older one of which only the first entries are to stay: files of the earlier
 * implementation are never written to, not even to be cut.
 * <p>
 * The entries are framed into {@code NAME.new}, with a mark that vouches for them; that is forced, renamed over the old
 * file, and the directory forced. Wherever that is interrupted, the old file is there as it was, or the new one, whole;
 * what is left under the other name is removed by the next start. Waits for the disk; allocates.
 */
final class NativeReplacement
{
    private static final String NEW_SUFFIX = ".new";
    private static final int RUN_LENGTH = 256 * 1024;

    private final Storage storage;
    private final LogConfig config;
    private final LogSegment source;
    private final long lastIndex;
    private final LogCursor cursor = new LogCursor();

    private NativeReplacement(
        final Storage storage, final LogConfig config, final LogSegment source, final long lastIndex)
    {
        this.storage = storage;
        this.config = config;
        this.source = source;
        this.lastIndex = lastIndex;
    }

    /** Removes what a replacement that was interrupted has left. */
    static void removeUnfinished(final Storage storage)
    {
        for (final String name : storage.list())
        {
            if (name.endsWith(NEW_SUFFIX) &&
                LogSegment.sequenceOf(name.substring(0, name.length() - NEW_SUFFIX.length())) >= 0)
            {
                storage.delete(name);
            }
        }
    }

    /**
     * Replaces a segment; durable on return.
     *
     * @param source      that is replaced, in an older format; its file is the caller's to close.
     * @param lastIndex   of the last entry that stays; the one before the source's first if none does.
     * @param mark        of the log; the replacement gets the next.
     * @param commitIndex that the mark is to name.
     * @return the native segment, mapped for writing.
     */
    static LogSegment replace(
        final Storage storage,
        final LogConfig config,
        final LogSegment source,
        final long lastIndex,
        final DurableMark mark,
        final long commitIndex)
    {
        final NativeReplacement replacement = new NativeReplacement(storage, config, source, lastIndex);
        final String name = LogSegment.fileName(source.sequence());
        removeUnfinished(storage);
        replacement.write(name + NEW_SUFFIX, mark, commitIndex);
        storage.rename(name + NEW_SUFFIX, name);
        storage.forceDirectory();
        return replacement.open(name);
    }

    private void write(final String name, final DurableMark mark, final long commitIndex)
    {
        try (StorageFile file = storage.create(name, length(), Storage.Mapping.PRIVATE))
        {
            file.allocate(file.length());
            final LogTail before = new LogTail();
            source.before(before);
            SegmentHeader.put(new Crc32c(), file.buffer(), source.sequence(), config.logId(),
                source.firstIndex(), before, file.length());
            int end = SegmentHeader.LENGTH;
            for (long index = source.firstIndex(); index <= lastIndex; index += cursor.count())
            {
                final int length = read(index);
                file.buffer().putBytes(end, cursor.buffer(), cursor.offset(), length);
                end += length;
            }
            mark.put(file.buffer(), config.markFlags(), lastIndex, end, Math.min(commitIndex, lastIndex),
                config.bootId());
            file.write(0, end);
            file.force();
        }
    }

    private int read(final long index)
    {
        final int length = source.older().read(index, lastIndex, RUN_LENGTH, cursor);
        if (0 == length)
        {
            throw new StorageException("entry " + source.older().damagedIndex() + " in " + source.file().name() +
                " is damaged");
        }
        return length;
    }

    private int length()
    {
        long length = SegmentHeader.LENGTH;
        for (long index = source.firstIndex(); index <= lastIndex; index += cursor.count())
        {
            length += read(index);
        }
        final long wanted = Math.max(config.segmentLength(), BitUtil.align(length, SegmentHeader.LENGTH));
        if (wanted > Integer.MAX_VALUE)
        {
            throw new StorageException(source.file().name() + " is too long to be cut at entry " + lastIndex);
        }
        return (int)wanted;
    }

    private LogSegment open(final String name)
    {
        final LogSegment segment = new LogSegment(
            source.sequence(), storage.open(name, config.writableMapping()), true);
        segment.begin(source.firstIndex(), source.basePosition());
        for (long index = source.firstIndex(); index <= lastIndex; index++)
        {
            segment.onAppended(segment.after(segment.end()) - segment.end());
        }
        return segment;
    }
}
