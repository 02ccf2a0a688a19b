package io.ukehi.node;

import io.ukehi.log.SegmentedLog;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.RaftLog;
import org.agrona.DirectBuffer;

/** The write-ahead log behind the port of the consensus rules. Nothing but names: the negative codes are the same. */
public final class SegmentedRaftLog implements RaftLog
{
    static
    {
        final boolean isSame = BACK_PRESSURED == SegmentedLog.BACK_PRESSURED &&
            STORAGE_FULL == SegmentedLog.STORAGE_FULL &&
            NOT_CONTIGUOUS == SegmentedLog.NOT_CONTIGUOUS &&
            UNKNOWN_TERM == SegmentedLog.UNKNOWN_TERM &&
            DAMAGED == SegmentedLog.DAMAGED;
        if (!isSame)
        {
            throw new ExceptionInInitializerError("the codes of the log and of its port are not the same");
        }
    }

    private final SegmentedLog log;

    public SegmentedRaftLog(final SegmentedLog log)
    {
        this.log = log;
    }

    @Override
    public long firstIndex()
    {
        return log.firstIndex();
    }

    @Override
    public long lastIndex()
    {
        return log.lastIndex();
    }

    @Override
    public long lastTerm()
    {
        return log.lastTerm();
    }

    @Override
    public long lastToken()
    {
        return log.lastToken();
    }

    @Override
    public long lastClusterTimeNs()
    {
        return log.lastClusterTimeNs();
    }

    @Override
    public long durableIndex()
    {
        return log.durableIndex();
    }

    @Override
    public long termAt(final long index)
    {
        return log.termAt(index);
    }

    @Override
    public long append(
        final int type,
        final long term,
        final long token,
        final long clusterTimeNs,
        final DirectBuffer payload,
        final int offset,
        final int length)
    {
        return log.append(type, term, token, clusterTimeNs, payload, offset, length);
    }

    @Override
    public EntryCursor newCursor()
    {
        return new LogEntryCursor();
    }

    @Override
    public boolean verify(final EntryCursor cursor, final DirectBuffer buffer, final int offset, final int length)
    {
        return log.verify((LogEntryCursor)cursor, buffer, offset, length);
    }

    @Override
    public long appendFrames(final EntryCursor cursor)
    {
        return log.appendFrames((LogEntryCursor)cursor);
    }

    @Override
    public void truncateFrom(final long index)
    {
        log.truncateFrom(index);
    }

    @Override
    public int read(final long fromIndex, final long toIndex, final int maxBytes, final EntryCursor cursor)
    {
        return log.read(fromIndex, toIndex, maxBytes, (LogEntryCursor)cursor);
    }

    @Override
    public long damagedIndex()
    {
        return log.damagedIndex();
    }

    @Override
    public boolean repairFrames(final EntryCursor cursor)
    {
        return log.repairFrames((LogEntryCursor)cursor);
    }

    @Override
    public int frameCrcAt(final long index)
    {
        return log.frameCrcAt(index);
    }

    @Override
    public long purgeTo(final long index)
    {
        return log.purgeTo(index);
    }

    @Override
    public void resetTo(
        final long index, final long term, final long token, final long timeNs, final int frameCrc)
    {
        log.resetTo(index, term, token, timeNs, frameCrc);
    }

    @Override
    public void onCommit(final long commitIndex)
    {
        log.onCommit(commitIndex);
    }

    @Override
    public int flush()
    {
        return log.flush();
    }
}
