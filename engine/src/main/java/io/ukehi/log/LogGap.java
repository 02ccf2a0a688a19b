package io.ukehi.log;

import io.ukehi.CoverageMark;
import org.agrona.DirectBuffer;

/**
 * The gap that damage has left in an open log, as long as there is one: what is appended closes it, or is of another
 * history than what stands behind it, which is then set aside ({@link DetachedTail}). Duty-cycle thread; waits for the
 * disk where a gap ends.
 */
final class LogGap
{
    private final Storage storage;
    private final LogConfig config;
    private final SegmentChain chain;
    private final SegmentSupply supply;
    private final LogSync sync;
    private final TermIndex terms;
    private final LogTail tail;
    /** What lies behind the damage; null if there is none, as a rule. */
    private DetachedTail detached;

    LogGap(
        final Storage storage,
        final LogConfig config,
        final LogRecovery recovered,
        final SegmentChain chain,
        final LogSync sync)
    {
        this.storage = storage;
        this.config = config;
        this.chain = chain;
        this.supply = recovered.supply();
        this.terms = recovered.terms();
        this.tail = recovered.tail();
        this.sync = sync;
        this.detached = recovered.detached();
        if (null != detached)
        {
            sync.goOnBeforeDamage();
            joinIfReached();
        }
    }

    boolean isOpen()
    {
        return null != detached;
    }

    /** Before a frame from a leader is stored: what is left behind the gap stays only if that frame belongs there. */
    void beforeFrame(final DirectBuffer source, final int offset)
    {
        if (null != detached && !detached.admits(chain.active(), source, offset))
        {
            setAside();
        }
    }

    /** After a frame was stored: whether the gap is closed, and what stood behind it is part of the log again. */
    boolean joinIfReached()
    {
        if (null == detached || !detached.isReached(tail))
        {
            return false;
        }
        CoverageMark.JOINED_BEHIND_DAMAGE.hit();
        sync.whileResting(() ->
        {
            for (final LogSegment segment : detached.follow(chain.active(), tail, terms))
            {
                chain.add(segment);
            }
            goOnBehind();
        });
        if (null != detached && !detached.hasNextGap(chain.active(), tail))
        {
            setAside();
        }
        return true;
    }

    /** What was taken in was durable once; whether it is still only in memory, nobody knows. */
    private void goOnBehind()
    {
        final LogSegment active = chain.active();
        if (!active.isWritable())
        {
            active.attach(storage.open(active.file().name(), config.writableMapping()), true).close();
        }
        active.file().write(SegmentHeader.LENGTH, active.end() - SegmentHeader.LENGTH);
        if (detached.isComplete(active))
        {
            clearRest(active);
            detached = null;
        }
        for (int i = 0; i < chain.count(); i++)
        {
            chain.get(i).file().force();
        }
        if (null == detached)
        {
            sync.goOn(false);
        }
        else
        {
            sync.goOnBeforeDamage();
        }
        sync.forceMark();
        sync.sealFull();
        chain.onChanged();
    }

    /** The leader's entries are not those that stand behind the damage, or nothing there is of use. */
    void setAside()
    {
        if (null == detached)
        {
            return;
        }
        CoverageMark.DETACHED_SET_ASIDE.hit();
        sync.whileResting(() ->
        {
            final LogSegment active = chain.active();
            detached.setAside(active);
            detached = null;
            sync.goOn(false);
            sync.forceMark();
            clearRest(active);
            active.file().force();
            supply.reset(active.sequence() + 1);
            sync.sealFull();
            chain.onChanged();
        });
    }

    private static void clearRest(final LogSegment segment)
    {
        final int length = segment.usedBehindEnd();
        segment.buffer().setMemory(segment.end(), length, (byte)0);
        segment.file().write(segment.end(), length);
    }
}
