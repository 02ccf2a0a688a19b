package io.ukehi.raft;

import io.ukehi.fencing.FencingToken;
import io.ukehi.fencing.FencingTokenState;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The rules of one node, with the test in the place of everybody else. Node 1 unless told otherwise; members are 1 to
 * the size; time stands still until the test moves it. Logs are described by the terms of their entries.
 */
final class SoloRaft implements RaftListener
{
    static final long MS = 1_000_000;
    static final long TIMEOUT_MIN_NS = 150 * MS;
    static final long TIMEOUT_MAX_NS = 300 * MS;
    static final long HEARTBEAT_NS = 50 * MS;

    final InMemoryLog log = new InMemoryLog();
    final InMemoryHardState hardState = new InMemoryHardState();
    final InMemoryDoubt doubt = new InMemoryDoubt();
    final RecordingSender sender;
    final RaftConfig config;
    final List<String> refused = new ArrayList<>();
    final List<Role> roles = new ArrayList<>();
    /** Answers to questions for a read index, as "ticket:index" and "lost ticket". */
    final List<String> readIndexes = new ArrayList<>();
    FencingTokenState tokens = new FencingTokenState();
    Raft raft;
    long nowNs;
    long epochNs = 1000;

    SoloRaft(final int size)
    {
        this(1, size);
    }

    SoloRaft(final int nodeId, final int size)
    {
        final int[] members = new int[size];
        for (int i = 0; i < size; i++)
        {
            members[i] = i + 1;
        }
        sender = new RecordingSender(nodeId);
        config = new RaftConfig().nodeId(nodeId).members(members).randomSeed(nodeId);
    }

    /** A log that is durable from its entries' terms; the stored term is at least that of the last entry. */
    SoloRaft holding(final long... terms)
    {
        write(log, terms);
        log.flush();
        final long last = terms.length > 0 ? terms[terms.length - 1] : 0;
        hardState.found(Math.max(last, hardState.term()), HardStateStore.NO_VOTE);
        return this;
    }

    SoloRaft stored(final long term, final int vote)
    {
        hardState.found(term, vote);
        return this;
    }

    SoloRaft start()
    {
        raft = new Raft(config, log, hardState, doubt, tokens, sender, this);
        raft.onCycle(nowNs, epochNs);
        return this;
    }

    /** Appends entries of terms; equal terms at equal places give equal entries, whoever writes them. */
    static void write(final InMemoryLog to, final long... terms)
    {
        for (final long term : terms)
        {
            final byte[] payload = ("e" + (to.lastIndex() + 1)).getBytes(StandardCharsets.US_ASCII);
            final long token = FencingToken.of(term, to.lastIndex() + 1);
            to.append(EntryType.COMMAND, term, token, 0, new UnsafeBuffer(payload), 0, payload.length);
        }
    }

    /** Frames of a log with entries of these terms, from an index on. */
    static byte[] frames(final int fromIndex, final long... terms)
    {
        final InMemoryLog of = new InMemoryLog();
        write(of, terms);
        final EntryCursor cursor = of.newCursor();
        of.read(fromIndex, of.lastIndex(), Integer.MAX_VALUE, cursor);
        final byte[] frames = new byte[cursor.length()];
        cursor.buffer().getBytes(cursor.offset(), frames);
        return frames;
    }

    /** An append by a leader whose log has these terms, of all entries after an index. */
    void append(
        final int leaderId,
        final long term,
        final long sequence,
        final int prevIndex,
        final long commitIndex,
        final long... leaderLog)
    {
        final byte[] frames = frames(prevIndex + 1, leaderLog);
        final long prevTerm = 0 == prevIndex ? 0 : leaderLog[prevIndex - 1];
        raft.onAppend(
            leaderId, term, sequence, prevIndex, prevTerm, commitIndex, new UnsafeBuffer(frames), 0, frames.length);
    }

    void accept(final int fromId, final long sequence, final long matchIndex)
    {
        accept(fromId, sequence, 0, 1, matchIndex);
    }

    void accept(
        final int fromId, final long sequence, final long heartbeat, final long incarnation, final long matchIndex)
    {
        raft.onAck(
            fromId, AckKind.ACCEPTED, raft.term(), sequence, heartbeat, incarnation, matchIndex, matchIndex, 0, 0);
    }

    void reject(final int fromId, final long sequence, final long conflictIndex, final long conflictTerm)
    {
        raft.onAck(
            fromId, AckKind.REJECTED, raft.term(), sequence, 0, 1, 0, conflictIndex, conflictIndex, conflictTerm);
    }

    long propose(final String command)
    {
        final byte[] bytes = command.getBytes(StandardCharsets.US_ASCII);
        return raft.propose(EntryType.COMMAND, new UnsafeBuffer(bytes), 0, bytes.length);
    }

    /** A duty cycle without messages, at the time it is. */
    SoloRaft cycle()
    {
        raft.onCycle(nowNs, epochNs);
        raft.doTimers();
        raft.doReplication();
        log.flush();
        raft.doProgress();
        return this;
    }

    /** Lets time pass, then lives through a cycle. */
    SoloRaft pass(final long durationNs)
    {
        nowNs += durationNs;
        epochNs += durationNs;
        return cycle();
    }

    /** Passes time, cycle by cycle, until the timer has run out and pre-votes are asked for. */
    SoloRaft timeOut()
    {
        for (long ns = 0; ns <= TIMEOUT_MAX_NS; ns += MS)
        {
            pass(MS);
            if (Role.PRE_CANDIDATE == raft.role() || Role.LEADER == raft.role())
            {
                return this;
            }
        }
        throw new AssertionError("no election within the longest timeout");
    }

    /** The rest of the majority would vote for the node: it stands. */
    SoloRaft stand()
    {
        timeOut();
        for (int i = 0; Role.PRE_CANDIDATE == raft.role(); i++)
        {
            raft.onVoteReply(peer(i), VoteKind.PRE_VOTE, raft.term(), raft.term() + 1, true);
        }
        return this;
    }

    /** Gets the node elected, by no more votes than it takes. What it said is forgotten. */
    SoloRaft lead()
    {
        stand();
        for (int i = 0; Role.CANDIDATE == raft.role(); i++)
        {
            raft.onVoteReply(peer(i), VoteKind.VOTE, raft.term(), raft.term(), true);
        }
        sender.clear();
        return this;
    }

    private int peer(final int position)
    {
        return position + 1 < config.nodeId() ? position + 1 : position + 2;
    }

    /** Terms of the log's entries. */
    List<Long> terms()
    {
        final List<Long> terms = new ArrayList<>();
        for (long i = log.firstIndex(); i <= log.lastIndex(); i++)
        {
            terms.add(log.termAt(i));
        }
        return terms;
    }

    @Override
    public void onRoleChange(final Role role, final long term, final int leaderId)
    {
        roles.add(role);
    }

    @Override
    public void onRefused(final int fromId, final String reason)
    {
        refused.add(reason);
    }

    @Override
    public void onReadIndex(final long ticket, final long index, final long sinceNs)
    {
        readIndexes.add(ticket + ":" + index);
    }

    @Override
    public void onReadIndexLost(final long ticket)
    {
        readIndexes.add("lost " + ticket);
    }
}
