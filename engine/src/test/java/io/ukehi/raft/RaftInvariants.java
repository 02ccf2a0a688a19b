package io.ukehi.raft;

import java.util.Arrays;
import java.util.Collection;
import org.agrona.collections.Int2ObjectHashMap;
import org.agrona.collections.Long2LongHashMap;

/**
 * What holds in a group of Raft nodes at all times (Raft figure 3), checked after every step of every node. The
 * checker sees all disks at once and never forgets, so it notices what no node could.
 * <p>
 * It is told of steps, of messages as they are sent, and of cuts before they are made; it costs what is new since the
 * last step. A violation is an {@link AssertionError} that names the rule.
 */
public final class RaftInvariants
{
    /** A node as the checker sees it, running or not. */
    public interface Replica
    {
        int id();

        /** The rules, null while the node is down. */
        Raft raft();

        /** As on disk, while the node is down. */
        RaftLog log();

        HardStateStore hardState();

        /** Up to here the node may have lost what was durable, and knows it; 0 if it has lost nothing. */
        default long doubtfulTo()
        {
            return DoubtStore.NO_DOUBT;
        }

        /** Stands for an entry and, with overwhelming likelihood, for all before it; 0 for index 0. */
        long digestAt(long index);

        /** Fencing token of an entry. */
        long tokenAt(long index);
    }

    private static final long MISSING = Long.MIN_VALUE;

    /** What is remembered of a node beyond its lives. */
    private static final class Memory
    {
        final Long2LongHashMap votes = new Long2LongHashMap(MISSING);
        long term;
        /** Entries up to here were compared with those of the other nodes. */
        long comparedIndex;
        /** Of the present life. */
        long commitIndex;
        Raft life;
    }

    private final Collection<? extends Replica> replicas;
    private final Int2ObjectHashMap<Memory> memories = new Int2ObjectHashMap<>();
    private final Long2LongHashMap leaders = new Long2LongHashMap(MISSING);
    private final Long2LongHashMap entries = new Long2LongHashMap(MISSING);
    /** Digests of the committed entries, and the term in which each was committed, by index. */
    private long[] committedDigests = new long[64];
    private long[] committedInTerms = new long[64];
    private long committedIndex;

    public RaftInvariants(final Collection<? extends Replica> replicas)
    {
        this.replicas = replicas;
        for (final Replica replica : replicas)
        {
            memories.put(replica.id(), new Memory());
        }
    }

    /** Highest index that any leader has found committed. */
    public long committedIndex()
    {
        return committedIndex;
    }

    /** Digest of a committed entry, and of all before it; 0 for index 0. */
    public long committedDigestAt(final long index)
    {
        return committedDigests[(int)index];
    }

    /** Checks a node after anything has happened to it. */
    public void afterStep(final Replica replica)
    {
        final Memory memory = memories.get(replica.id());
        checkTerm(replica, memory);
        compareLog(replica, memory);
        if (null != replica.raft())
        {
            checkCommit(replica, memory);
            if (Role.LEADER == replica.raft().role())
            {
                checkLeader(replica);
            }
        }
    }

    private void checkTerm(final Replica replica, final Memory memory)
    {
        final long term = replica.hardState().term();
        require(term >= memory.term, "the term on disk never falls", replica, term);
        memory.term = term;
        if (null != replica.raft())
        {
            require(replica.raft().term() == term, "the term is durable before it is used", replica, term);
        }
        final int vote = replica.hardState().votedFor();
        if (HardStateStore.NO_VOTE != vote)
        {
            final long before = memory.votes.putIfAbsent(term, vote);
            require(MISSING == before || before == vote, "one vote a term", replica, term);
        }
    }

    /** Log Matching: the same index and term mean the same entry, and the same entries before it. */
    private void compareLog(final Replica replica, final Memory memory)
    {
        final RaftLog log = replica.log();
        memory.comparedIndex = Math.min(memory.comparedIndex, log.lastIndex());
        for (long i = Math.max(memory.comparedIndex + 1, log.firstIndex()); i <= log.lastIndex(); i++)
        {
            final long term = log.termAt(i);
            final long digest = replica.digestAt(i);
            final long same = entries.putIfAbsent(term << 32 | i, digest);
            require(MISSING == same || same == digest, "Log Matching", replica, i);
            require(term <= memory.term, "no entry is of a term that has not begun", replica, i);
            final long token = replica.tokenAt(i);
            require(token >>> 32 == term, "an entry's token is of its term", replica, i);
            if (i > log.firstIndex())
            {
                require(Long.compareUnsigned(token, replica.tokenAt(i - 1)) > 0, "tokens rise", replica, i);
                require(log.termAt(i - 1) <= term, "terms never fall along a log", replica, i);
            }
        }
        memory.comparedIndex = log.lastIndex();
        require(log.durableIndex() <= log.lastIndex(), "durable <= last", replica, log.durableIndex());
    }

    /** State Machine Safety: what is committed at an index is the same everywhere and for ever. */
    private void checkCommit(final Replica replica, final Memory memory)
    {
        if (memory.life != replica.raft())
        {
            memory.life = replica.raft();
            memory.commitIndex = replica.log().firstIndex() - 1;
        }
        final long commitIndex = replica.raft().commitIndex();
        require(commitIndex >= memory.commitIndex, "the commit index never falls", replica, commitIndex);
        require(commitIndex <= replica.log().lastIndex(), "what is committed is in the log", replica, commitIndex);
        if (commitIndex > committedIndex)
        {
            commit(replica, commitIndex);
        }
        for (long i = memory.commitIndex + 1; i <= commitIndex; i++)
        {
            require(committedDigests[(int)i] == replica.digestAt(i), "State Machine Safety", replica, i);
        }
        memory.commitIndex = commitIndex;
    }

    private void commit(final Replica leader, final long index)
    {
        final long term = leader.raft().term();
        require(Role.LEADER == leader.raft().role(), "a leader commits first", leader, index);
        require(leader.log().termAt(index) == term, "only an entry of the own term commits (5.4.2)", leader, index);
        final Configuration configuration = leader.raft().configuration();
        require(isOnMajority(configuration.voters(), leader, index), "committed is durable on a quorum", leader, index);
        require(!configuration.isJoint() || isOnMajority(configuration.oldVoters(), leader, index),
            "committed is durable on a quorum of the old voters as well", leader, index);
        if (index >= committedDigests.length)
        {
            final int length = Math.max(2 * committedDigests.length, (int)index + 1);
            committedDigests = Arrays.copyOf(committedDigests, length);
            committedInTerms = Arrays.copyOf(committedInTerms, length);
        }
        while (committedIndex < index)
        {
            committedIndex++;
            committedDigests[(int)committedIndex] = leader.digestAt(committedIndex);
            committedInTerms[(int)committedIndex] = term;
        }
    }

    private boolean isOnMajority(final int[] voters, final Replica leader, final long index)
    {
        int count = 0;
        for (final Replica replica : replicas)
        {
            final boolean isHeld =
                replica.log().durableIndex() >= index && replica.digestAt(index) == leader.digestAt(index);
            // A leader may count on what a node has lost after it had acknowledged it: it was durable once.
            if (Arrays.binarySearch(voters, replica.id()) >= 0 && (isHeld || replica.doubtfulTo() >= index))
            {
                count++;
            }
        }
        return count > voters.length / 2;
    }

    /** What a leader believes of a peer that is still in its term is so. */
    private void checkLeader(final Replica leader)
    {
        for (final Replica peer : replicas)
        {
            final long match = leader.raft().matchIndex(peer.id());
            if (match > peer.doubtfulTo() && peer.hardState().term() == leader.raft().term())
            {
                require(peer.log().durableIndex() >= match, "the match index is durable there", peer, match);
                require(peer.digestAt(match) == leader.digestAt(match), "the match index matches", peer, match);
            }
        }
    }

    /** A node's role, term or leader has changed. */
    public void onRoleChange(final Replica replica, final Role role, final long term, final int leaderId)
    {
        if (Role.LEADER == role)
        {
            require(MISSING == leaders.putIfAbsent(term, replica.id()), "Election Safety", replica, term);
            checkCompleteness(replica, term);
        }
        if (RaftListener.NO_LEADER != leaderId)
        {
            require(leaders.get(term) == leaderId, "who is followed was elected", replica, leaderId);
        }
    }

    /** Leader Completeness: what was committed in earlier terms is in the new leader's log. */
    private void checkCompleteness(final Replica leader, final long term)
    {
        long index = committedIndex;
        while (index > 0 && committedInTerms[(int)index] >= term)
        {
            index--;
        }
        if (index > 0)
        {
            require(leader.log().lastIndex() >= index, "Leader Completeness", leader, index);
            require(leader.digestAt(index) == committedDigests[(int)index], "Leader Completeness", leader, index);
        }
    }

    /** A node is about to cut its log from an index on. */
    public void onCut(final Replica replica, final long fromIndex)
    {
        final Raft raft = replica.raft();
        require(null == raft || Role.LEADER != raft.role(), "Leader Append-Only", replica, fromIndex);
        // A leader whose time is over may still cut from a node that has not heard so what a later one has committed
        // with others (5.4.3 is about leaders of later terms).
        if (fromIndex <= committedIndex && (null == raft || committedInTerms[(int)fromIndex] <= raft.term()))
        {
            require(committedDigests[(int)fromIndex] != replica.digestAt(fromIndex),
                "what is committed is never cut", replica, fromIndex);
        }
        final Replica leader = null == raft ? null : leaderOf(raft.term());
        if (null != leader && leader.log().lastIndex() >= fromIndex)
        {
            require(leader.digestAt(fromIndex) != replica.digestAt(fromIndex),
                "only what differs from the leader's log is cut (5.3)", replica, fromIndex);
        }
        final Memory memory = memories.get(replica.id());
        memory.comparedIndex = Math.min(memory.comparedIndex, fromIndex - 1);
    }

    /**
     * A node that had lost entries counts again: it has back what was committed of them. What a leader of a term that
     * the node has not heard of has committed meanwhile, it has committed without this node.
     *
     * @param lostDigests by index, of the entries that were lost, and of those before them.
     * @param lostTo      last of them.
     */
    public void onHealed(final Replica replica, final long[] lostDigests, final long lostTo)
    {
        long index = Math.min(committedIndex, lostTo);
        while (index > 0 && (committedInTerms[(int)index] > replica.hardState().term() ||
            committedDigests[(int)index] != lostDigests[(int)index]))
        {
            index--;
        }
        require(replica.log().durableIndex() >= index && (0 == index ||
            replica.digestAt(index) == committedDigests[(int)index]), "what was lost is back", replica, index);
    }

    /** The node that leads a term at this moment, null if there is none. */
    private Replica leaderOf(final long term)
    {
        for (final Replica replica : replicas)
        {
            final Raft raft = replica.raft();
            if (null != raft && Role.LEADER == raft.role() && raft.term() == term)
            {
                return replica;
            }
        }
        return null;
    }

    /** A node says something: it may say nothing that a crash could make it forget. */
    public void onSend(final Replica replica, final PeerMessage message)
    {
        final HardStateStore hardState = replica.hardState();
        switch (message)
        {
            case PeerMessage.VoteRequest request ->
            {
                requireNoDoubt(replica, request.term());
                final boolean isBinding = VoteKind.PRE_VOTE != request.kind();
                require(!isBinding || replica.id() == hardState.votedFor(),
                    "a candidate's own vote is durable before it asks", replica, request.term());
                require(hardState.term() == request.term() - (isBinding ? 0 : 1),
                    "a term is durable before it is spoken of", replica, request.term());
            }
            case PeerMessage.VoteReply reply ->
            {
                require(hardState.term() == reply.term(),
                    "a term is durable before it is spoken of", replica, reply.term());
                if (reply.granted())
                {
                    requireNoDoubt(replica, reply.term());
                }
                if (reply.granted() && VoteKind.PRE_VOTE != reply.kind())
                {
                    require(hardState.term() == reply.requestTerm() && hardState.votedFor() == reply.to(),
                        "a vote is durable before it is given", replica, reply.requestTerm());
                }
            }
            case PeerMessage.Ack ack ->
            {
                require(hardState.term() == ack.term(),
                    "a term is durable before it is spoken of", replica, ack.term());
                if (AckKind.ACCEPTED == ack.kind())
                {
                    checkVouched(replica, ack);
                }
            }
            case PeerMessage.Append append -> require(MISSING != leaders.get(append.term()) &&
                leaders.get(append.term()) == replica.id(), "only a leader appends", replica, append.term());
            case PeerMessage.Heartbeat heartbeat -> require(MISSING != leaders.get(heartbeat.term()) &&
                leaders.get(heartbeat.term()) == replica.id(), "only a leader leads", replica, heartbeat.term());
            case PeerMessage.RepairRequest request -> require(hardState.term() == request.term(),
                "a term is durable before it is spoken of", replica, request.term());
            case PeerMessage.RepairReply reply -> require(0 == reply.leaderLastIndex() ||
                (Role.LEADER == replica.raft().role() && replica.raft().term() == reply.term()),
                "only a leader says how far its log reaches", replica, reply.term());
            case PeerMessage.TimeoutNow timeoutNow -> require(MISSING != leaders.get(timeoutNow.term()) &&
                leaders.get(timeoutNow.term()) == replica.id(), "only a leader abdicates", replica, timeoutNow.term());
            case PeerMessage.ReadIndexRequest request -> require(hardState.term() == request.term() &&
                replica.raft().leaderId() == request.to(), "a leader is asked", replica, request.term());
            case PeerMessage.ReadIndexReply reply -> require(MISSING != leaders.get(reply.term()) &&
                leaders.get(reply.term()) == replica.id() && reply.index() <= replica.raft().commitIndex(),
                "only a leader knows what is committed", replica, reply.index());
        }
    }

    private static void requireNoDoubt(final Replica replica, final long value)
    {
        require(DoubtStore.NO_DOUBT == replica.doubtfulTo(),
            "who may have lost what it acknowledged neither votes, stands nor vouches", replica, value);
    }

    private void checkVouched(final Replica replica, final PeerMessage.Ack ack)
    {
        final long match = ack.matchIndex();
        if (match > 0)
        {
            requireNoDoubt(replica, match);
        }
        require(match <= replica.log().durableIndex(), "what is acknowledged is durable", replica, match);
        final Replica leader = leaderOf(ack.term());
        if (null != leader && match > 0)
        {
            require(match <= leader.log().lastIndex() && leader.digestAt(match) == replica.digestAt(match),
                "a follower vouches for what the leader has, never for its own tail", replica, match);
        }
    }

    /** A node took a message for one that no correct node sends. */
    public void onRefused(final Replica replica, final int fromId, final String reason)
    {
        require(false, "correct nodes refuse nothing of one another (" + reason + ")", replica, fromId);
    }

    private static void require(final boolean holds, final String rule, final Replica replica, final long value)
    {
        if (!holds)
        {
            throw new AssertionError(rule + ": node " + replica.id() + ", at " + value);
        }
    }
}
