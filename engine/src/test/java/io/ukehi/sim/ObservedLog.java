package io.ukehi.sim;

import io.ukehi.log.EntryFrame;
import io.ukehi.raft.Configuration;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.EntryType;
import io.ukehi.raft.RaftLog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.collections.LongHashSet;

/**
 * A node's log as its rules see it, with an observer in front who keeps, over all lives of the node, what was in it:
 * a digest of each entry that stands for all entries before it too. While the node is down it answers for what the disk
 * has to give back.
 */
final class ObservedLog implements RaftLog
{
    private static final long FACTOR = 0x9E3779B97F4A7C15L;
    private static final long[] NONE = {};

    private final SimNode node;
    private RaftLog log;
    private EntryCursor cursor;
    private long[] digests = new long[256];
    private long[] terms = new long[256];
    private long[] tokens = new long[256];
    private long lastIndex;
    private long durableIndex;
    /** From here on entries are being removed; {@link Long#MAX_VALUE} if none are. */
    private long cutFrom = Long.MAX_VALUE;
    /**
     * The log before a cut that did not come to its end. If that was a force that failed, the page cache may have been
     * cut and the platter not, so that it may be back after a power cut, as long as nothing was made durable in its
     * place. No harm is in that: nobody was told of the cut.
     */
    private long[] digestsBeforeCut = NONE;
    private long unsureFrom = Long.MAX_VALUE;
    /** The log as an append that did not come to its end would have made it. */
    private long[] attempted = NONE;
    /** What cuts have removed. An old sector may bring it back; only the damage behind it tells it from a new one. */
    private final LongHashSet removed = new LongHashSet();
    /** Index of the snapshot that is taking the place of the log; 0 if none is. */
    private long replacedBy;
    /** Of the log when it was last seen. */
    private long firstIndex = 1;
    /** Who the members are by the log, in the order of their entries. */
    private final List<Configuration> configurations = new ArrayList<>();
    private final List<Long> configurationIndexes = new ArrayList<>();

    ObservedLog(final SimNode node)
    {
        this.node = node;
    }

    /** A life begins: what was recovered is how the last log began, and no less than was durable, or the node knows. */
    void attach(final RaftLog recovered)
    {
        cursor = recovered.newCursor();
        final int last = (int)recovered.lastIndex();
        final long first = recovered.firstIndex();
        final long[] before = Arrays.copyOf(digests, (int)lastIndex + 1);
        // A snapshot has taken the place of a log that had not come so far, or had come another way.
        final boolean isReplaced = last > 0 && last == first - 1 && first != firstIndex;
        final boolean isOther = isReplaced && (last >= before.length || before[last] != node.committedDigestAt(last));
        final int promised = isOther ? 0 : (int)Math.min(durableIndex, cutFrom - 1);
        firstIndex = first;
        log = recovered;
        lastIndex = 0;
        assumeCommitted(first - 1, recovered.termAt(first - 1));
        replacedBy = 0;
        forgetConfigurations(0);
        collect(first, last);
        if (last < promised)
        {
            node.onLost(before, promised);
        }
        else
        {
            Violation.check(before[promised] == digests[promised],
                "what was durable is the same after a restart", node.id(), promised);
        }
        // A digest stands for all entries before it too.
        final boolean isPrefix = last < before.length && before[last] == digests[last];
        final boolean isBack = last < digestsBeforeCut.length && digestsBeforeCut[last] == digests[last];
        final boolean isAttempt = last < attempted.length && attempted[last] == digests[last];
        final boolean isOld = null != node.recovery().fault() && removed.contains(digests[last]);
        Violation.check(isPrefix || isBack || isReplaced || isAttempt || isOld || node.wasLost(last, digests[last]),
            "what was in the log is the same after a restart", node.id(), last);
        attempted = NONE;
        cutFrom = Long.MAX_VALUE;
    }

    /** A life ends; what it had made durable is expected back. */
    void detach()
    {
        if (null == log)
        {
            return;
        }
        firstIndex = log.firstIndex();
        // A log that died while damage was joined to what lies behind it has told nobody how far it reaches now.
        durableIndex = 0 == replacedBy ? Math.min(lastIndex, log.durableIndex()) : replacedBy;
        log = null;
        if (Long.MAX_VALUE != cutFrom)
        {
            digestsBeforeCut = Arrays.copyOf(digests, (int)lastIndex + 1);
            unsureFrom = cutFrom;
        }
        else if (durableIndex >= unsureFrom)
        {
            digestsBeforeCut = NONE;
            unsureFrom = Long.MAX_VALUE;
        }
    }

    /** What lies before the log is contained in a snapshot, so it is what was committed. */
    private void assumeCommitted(final long to, final long term)
    {
        grow((int)to);
        for (long index = 1; index <= to; index++)
        {
            digests[(int)index] = node.committedDigestAt(index);
        }
        if (to > 0)
        {
            terms[(int)to] = term;
        }
    }

    private void grow(final int to)
    {
        if (to >= digests.length)
        {
            final int length = Math.max(to + 1, 2 * digests.length);
            digests = Arrays.copyOf(digests, length);
            terms = Arrays.copyOf(terms, length);
            tokens = Arrays.copyOf(tokens, length);
        }
    }

    private void collect(final long from, final long to)
    {
        grow((int)to);
        long index = from;
        while (index <= to)
        {
            log.read(index, to, Integer.MAX_VALUE, cursor);
            while (cursor.next())
            {
                Violation.check(cursor.index() == index, "the entry that was asked for", node.id(), index);
                final int i = (int)index;
                final int frameOffset = cursor.payloadOffset() - EntryFrame.HEADER_LENGTH;
                final long crc = EntryFrame.crc(cursor.buffer(), frameOffset);
                terms[i] = cursor.term();
                tokens[i] = cursor.token();
                digests[i] = digest(digests[i - 1], crc, cursor.payloadLength(), tokens[i], terms[i]);
                if (EntryType.CONFIGURATION == cursor.type())
                {
                    configurations.add(Configuration.decode(
                        cursor.buffer(), cursor.payloadOffset(), cursor.payloadLength()));
                    configurationIndexes.add(index);
                }
                index++;
            }
        }
        lastIndex = to;
    }

    private void forgetConfigurations(final long fromIndex)
    {
        while (!configurations.isEmpty() && configurationIndexes.getLast() >= fromIndex)
        {
            configurations.removeLast();
            configurationIndexes.removeLast();
        }
    }

    /** Who the members are by the newest entry of the log that tells; null if none does. */
    Configuration configuration()
    {
        return configurations.isEmpty() ? null : configurations.getLast();
    }

    long digestAt(final long index)
    {
        return index >= 0 && index <= lastIndex ? digests[(int)index] : -1;
    }

    long tokenAt(final long index)
    {
        return tokens[(int)index];
    }

    @Override
    public long firstIndex()
    {
        if (null != log)
        {
            return log.firstIndex();
        }
        return replacedBy > 0 ? replacedBy + 1 : firstIndex;
    }

    @Override
    public long lastIndex()
    {
        return lastIndex;
    }

    @Override
    public long lastTerm()
    {
        return null == log ? terms[(int)lastIndex] : log.lastTerm();
    }

    @Override
    public long lastToken()
    {
        return null == log ? tokens[(int)lastIndex] : log.lastToken();
    }

    @Override
    public long lastClusterTimeNs()
    {
        return log.lastClusterTimeNs();
    }

    @Override
    public long durableIndex()
    {
        return null == log ? Math.min(durableIndex, cutFrom - 1) : log.durableIndex();
    }

    @Override
    public long termAt(final long index)
    {
        if (null != log)
        {
            return log.termAt(index);
        }
        return index >= 0 && index <= lastIndex ? terms[(int)index] : UNKNOWN_TERM;
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
        final long index = log.append(type, term, token, clusterTimeNs, payload, offset, length);
        if (index > 0)
        {
            Violation.check(index == lastIndex + 1, "entries follow one another", node.id(), index);
            collect(index, index);
        }
        return index;
    }

    @Override
    public EntryCursor newCursor()
    {
        return log.newCursor();
    }

    @Override
    public boolean verify(final EntryCursor run, final DirectBuffer buffer, final int offset, final int length)
    {
        return log.verify(run, buffer, offset, length);
    }

    @Override
    public long appendFrames(final EntryCursor run)
    {
        final long result;
        try
        {
            result = log.appendFrames(run);
        }
        catch (final RuntimeException death)
        {
            attempt(run);
            throw death;
        }
        if (result > 0)
        {
            // Entries that damage had cut off may be part of the log again behind the run.
            collect(lastIndex + 1, log.lastIndex());
        }
        return result;
    }

    /** The process dies in the middle of appending: the next one may find as much of the run as was stored. */
    private void attempt(final EntryCursor run)
    {
        int index = (int)lastIndex;
        attempted = Arrays.copyOf(digests, index + 1 + run.count());
        final DirectBuffer frames = run.buffer();
        int at = run.payloadOffset() - EntryFrame.HEADER_LENGTH;
        while (at < run.offset() + run.length())
        {
            index++;
            attempted[index] = digest(attempted[index - 1], EntryFrame.crc(frames, at),
                EntryFrame.length(frames, at) - EntryFrame.HEADER_LENGTH, EntryFrame.token(frames, at),
                EntryFrame.term(frames, at));
            at += BitUtil.align(EntryFrame.length(frames, at), EntryFrame.ALIGNMENT);
        }
    }

    private static long digest(
        final long before, final long crc, final int payloadLength, final long token, final long term)
    {
        return SimRandom.mix(before * FACTOR ^ crc << 20 ^ payloadLength ^ token << 7 ^ term);
    }

    @Override
    public void truncateFrom(final long index)
    {
        node.beforeCut(index);
        for (int i = (int)index; i <= lastIndex; i++)
        {
            removed.add(digests[i]);
        }
        cutFrom = index;
        log.truncateFrom(index);
        cutFrom = Long.MAX_VALUE;
        forgetConfigurations(index);
        lastIndex = index - 1;
        Violation.check(log.lastIndex() == lastIndex, "a cut removes what it says", node.id(), index);
    }

    @Override
    public int read(final long fromIndex, final long toIndex, final int maxBytes, final EntryCursor run)
    {
        return log.read(fromIndex, toIndex, maxBytes, run);
    }

    @Override
    public long damagedIndex()
    {
        return log.damagedIndex();
    }

    @Override
    public boolean repairFrames(final EntryCursor entries)
    {
        return log.repairFrames(entries);
    }

    @Override
    public int frameCrcAt(final long index)
    {
        return log.frameCrcAt(index);
    }

    @Override
    public long purgeTo(final long index)
    {
        Violation.check(index <= node.snapshotIndex() + 1,
            "the log is given up only below a durable snapshot", node.id(), index);
        final long purgedTo = log.purgeTo(index);
        node.onPurged();
        return purgedTo;
    }

    @Override
    public void resetTo(
        final long index, final long term, final long token, final long timeNs, final int frameCrc)
    {
        Violation.check(termAt(index) != term, "a log that holds a snapshot's last entry is kept", node.id(), index);
        // The snapshot is durable: if the process dies on the way, the next one begins with it all the same.
        replacedBy = index;
        lastIndex = index;
        forgetConfigurations(0);
        assumeCommitted(index, term);
        tokens[(int)index] = token;
        log.resetTo(index, term, token, timeNs, frameCrc);
        replacedBy = 0;
    }

    @Override
    public void onCommit(final long commitIndex)
    {
        log.onCommit(commitIndex);
        node.onCommitted(configurations, configurationIndexes, commitIndex);
    }

    @Override
    public int flush()
    {
        return log.flush();
    }
}
