package io.ukehi.log;

import org.agrona.concurrent.NanoClock;

/**
 * How an open log becomes durable: what is handed over, who writes it, how far that has come; and the rest that both
 * take while somebody changes what was written. Duty-cycle thread, but for the {@link #flusher()}.
 */
final class LogSync
{
    private final Storage storage;
    private final LogConfig config;
    private final Durability durability;
    private final DurableMark mark;
    private final SegmentChain chain;
    private final LogTail tail;
    private final SegmentSupply supply;
    private final FlushQueue queue = new FlushQueue();
    private final SegmentWriter writer;
    private final LogFlusher flusher;
    /** Sequence of the oldest segment that has been written to since the log was opened. */
    private long unforcedFrom;
    private volatile long commitIndex;

    LogSync(
        final Storage storage,
        final LogConfig config,
        final NanoClock clock,
        final LogRecovery recovered,
        final SegmentChain chain,
        final LogScrub scrub)
    {
        this.storage = storage;
        this.config = config;
        this.durability = config.durability();
        this.mark = recovered.mark();
        this.chain = chain;
        this.tail = recovered.tail();
        this.supply = recovered.supply();
        this.unforcedFrom = chain.active().sequence();
        this.commitIndex = recovered.report().commitIndex();
        this.writer = new SegmentWriter(mark, config, clock);
        this.flusher = new LogFlusher(
            queue, writer, supply, scrub, () -> commitIndex, Durability.BATCH == durability);
        goOn(false);
    }

    LogFlusher flusher()
    {
        return flusher;
    }

    ForceTime forceTime()
    {
        return writer.forceTime();
    }

    long durableIndex()
    {
        return queue.durableIndex();
    }

    long commitIndex()
    {
        return commitIndex;
    }

    void onCommit(final long index)
    {
        commitIndex = index;
    }

    void checkFailure()
    {
        flusher.checkFailure();
    }

    /** Hands over what was appended since the last call. */
    int flush()
    {
        if (!queue.submit(chain.position(), tail.index()))
        {
            return 0;
        }
        final boolean isPreparationDue = supply.onUsed(chain.active().end());
        if (Durability.BATCH != durability)
        {
            write();
            queue.complete(queue.submitted());
        }
        if (isPreparationDue || Durability.BATCH == durability)
        {
            flusher.wake();
        }
        return 1;
    }

    private void write()
    {
        try
        {
            if (Durability.ASYNC == durability)
            {
                writer.passTo(chain.active(), tail.index(), commitIndex);
            }
            else
            {
                writer.writeTo(chain.position(), tail.index(), commitIndex);
            }
        }
        catch (final Throwable thrown)
        {
            flusher.onFailure(thrown);
            throw thrown;
        }
    }

    /**
     * Lets the flusher rest while what was written is changed. Whatever is under way comes to its end first, so that
     * every byte is in its file. Where the change fails, nothing is written any more.
     */
    void whileResting(final Runnable change)
    {
        flusher.pause();
        flusher.checkFailure();
        write();
        try
        {
            change.run();
        }
        catch (final Throwable thrown)
        {
            flusher.onFailure(thrown);
            throw thrown;
        }
        flusher.resume();
    }

    /** While the flusher rests: what is written next goes behind the end of the active segment. */
    void goOn(final boolean isHeaderDue)
    {
        goOnIn(chain.active(), chain.active().end(), tail.index(), isHeaderDue);
        onDurable();
    }

    /** As {@link #goOn}, in a segment that is to be the active one, and of which less is durable. */
    void goOnIn(final LogSegment segment, final int end, final long index, final boolean isHeaderDue)
    {
        writer.reset(segment, end, index, isHeaderDue);
    }

    /** As {@link #goOn}, where behind the end of the active segment lies what may be joined again. */
    void goOnBeforeDamage()
    {
        writer.resetBeforeDamage(chain.active(), chain.active().end(), tail.index());
        onDurable();
    }

    /** While the flusher rests: writes a mark of how far the log is durable, and forces it. */
    void forceMark()
    {
        writer.forceMark(0, commitIndex);
    }

    /** While the flusher rests: puts a native segment in the place of an older one, the newest; durable on return. */
    LogSegment replace(final LogSegment older, final long lastIndex)
    {
        return NativeReplacement.replace(storage, config, older, lastIndex, mark, commitIndex);
    }

    /** While the flusher rests: everything up to the log's end is durable. */
    void onDurable()
    {
        supply.onUsed(chain.active().end());
        queue.reset(chain.position(), tail.index());
    }

    /** While the flusher rests: a segment becomes the one that is written to again. */
    void onReopened(final LogSegment segment)
    {
        unforcedFrom = Math.min(unforcedFrom, segment.sequence());
    }

    /** Whatever is still mapped for writing, but for the active segment, is handed over to be sealed. */
    void sealFull()
    {
        for (int i = 0; i < chain.count() - 1; i++)
        {
            if (chain.get(i).isWritable())
            {
                supply.seal(chain.get(i));
            }
        }
    }

    /** Makes everything durable, and notes that the log was closed in order. */
    void finish()
    {
        flusher.checkFailure();
        write();
        if (Durability.ASYNC == durability)
        {
            forceUnforced();
        }
        writer.forceMark(DurableMark.CLEAN, commitIndex);
    }

    /** Nothing that came since the log was opened has been forced, sealed or not, nor has any name. */
    private void forceUnforced()
    {
        for (int i = 0; i < chain.count(); i++)
        {
            if (chain.get(i).sequence() >= unforcedFrom)
            {
                chain.get(i).file().force();
            }
        }
        storage.forceDirectory();
    }
}
