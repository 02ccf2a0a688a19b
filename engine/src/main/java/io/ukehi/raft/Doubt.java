package io.ukehi.raft;

import io.ukehi.CoverageMark;
import io.ukehi.Invariant;

/**
 * A node that may have lost what it acknowledged does not vote, campaign or vouch for anything until it has caught up
 * past what it may have lost (protocol-aware recovery, FAST '18). It follows, appends and applies all the same, and its
 * answers to heartbeats keep the leader that repairs it in office.
 * <p>
 * <b>What could go wrong.</b> Raft's safety rests on this: the majority that made an entry durable and the majority
 * that elects a later leader have a node in common, and that node holds the entry when it votes (section 5.4.3). A node
 * that has lost the entry and votes breaks it.
 * <p>
 * <b>Why the rule is enough.</b> Call <i>owed</i> every entry that an earlier life of this node acknowledged and that
 * is committed by counting it, now or later. While in doubt this node is in no electing majority, so the common node is
 * always one that holds what it acknowledged, and every leader has all owed entries of the terms before its own. Let
 * the leader of this node's current term say, in answer to a question that was asked <i>in this life</i>, that its log
 * ends at X. The stored term is intact and never falls, so no owed entry is of a later term than the leader's. An owed
 * entry of an earlier term is in the leader's log, before its own first entry; one of its own term was in its log
 * before this node could acknowledge it, so before this life began, and a leader never removes an entry. So nothing
 * owed lies behind X, for good; nor does it lie behind the bound that recovery has stored. Once this node's log is the
 * leader's up to the lower of the two, and durable, nothing owed is missing: only then is the doubt cleared, and that
 * is durable before the first vote or acknowledgement.
 * <p>
 * <b>A node that is new</b>, as its data directory says, may be one that has lost all of it, its term and vote too. It
 * is in doubt like any other, but for this: while its log is empty it votes for candidates whose logs are empty, and
 * may be one, or no cluster could ever begin. Whoever has an entry does not get its vote before it has caught up. And
 * when it has, the configuration names the log that this member had ({@link Membership#isSelfReplaced}): if it is
 * another, this node stays in doubt until it is removed and added, since it may have voted in a term that nobody has
 * led yet.
 * <p>
 * <b>What it costs.</b> A node in doubt is one node less in every quorum. With a majority in doubt nobody can be
 * elected, and the nodes wait for an operator: one of them may hold the only copy of what was acknowledged.
 */
final class Doubt
{
    private final RaftState state;
    private final DoubtStore store;
    private long doubtfulTo;
    /** Of whose leader the answer is that was had last. */
    private long answeredTerm = -1;
    private long askAgainNs;

    Doubt(final RaftState state, final DoubtStore store)
    {
        this.state = state;
        this.store = store;
        this.doubtfulTo = store.doubtfulTo();
    }

    void start()
    {
        askAgainNs = state.nowNs();
    }

    boolean isDoubtful()
    {
        return DoubtStore.NO_DOUBT != doubtfulTo || state.membership.isSelfReplaced();
    }

    /** Whether this node may be elected. */
    boolean mayStand()
    {
        return !isDoubtful() || isBlank();
    }

    /** Whether this node may vote for a candidate whose log ends with an entry; 0 if it is empty. */
    boolean mayVoteFor(final long lastLogIndex)
    {
        return !isDoubtful() || (isBlank() && 0 == lastLogIndex);
    }

    private boolean isBlank()
    {
        return store.isNew() && 0 == state.log.lastIndex() && !state.membership.isSelfReplaced();
    }

    /** Elected with nothing in its log, by others that had nothing either: the cluster begins. */
    void onElected()
    {
        if (DoubtStore.NO_DOUBT != doubtfulTo)
        {
            Invariant.check(isBlank(), "who is in doubt leads only a cluster that begins", state.log.lastIndex());
            store.clear();
            doubtfulTo = DoubtStore.NO_DOUBT;
        }
    }

    /** Up to where the log has to be a leader's before this node counts; {@link DoubtStore#NO_DOUBT} if it counts. */
    long doubtfulTo()
    {
        return doubtfulTo;
    }

    /**
     * Asks the leader how far its log reaches, until it has said so. What was said stands for this life; the next
     * leader is asked all the same, for its log may end earlier and never come to where the one before it ended.
     */
    int ask()
    {
        if (!isDoubtful() || answeredTerm == state.term() || RaftListener.NO_LEADER == state.leaderId() ||
            state.nowNs() - askAgainNs < 0)
        {
            return 0;
        }
        askAgainNs = state.nowNs() + state.config.heartbeatIntervalNs();
        state.sender.sendRepairRequest(state.leaderId(), state.term(), state.config.incarnation(), 0, 0);
        return 1;
    }

    /**
     * The leader of the current term has said how far its log reaches.
     *
     * @param incarnation that it heard the question from: an answer to an earlier life may be from before the loss.
     */
    void onLeaderLog(final int fromId, final long term, final long incarnation, final long lastIndex)
    {
        if (isDoubtful() && incarnation == state.config.incarnation() && term == state.term() &&
            fromId == state.leaderId() && lastIndex > 0)
        {
            answeredTerm = state.term();
            doubtfulTo = Math.min(doubtfulTo, lastIndex);
        }
    }

    /**
     * What this node may vouch for.
     *
     * @param index up to which its log is the current leader's, and durable.
     * @return the index, or 0 while in doubt.
     */
    long vouchedFor(final long index)
    {
        if (DoubtStore.NO_DOUBT != doubtfulTo && index >= doubtfulTo && !state.membership.isSelfReplaced())
        {
            CoverageMark.DOUBT_HEALED.hit();
            store.clear();
            doubtfulTo = DoubtStore.NO_DOUBT;
            state.become(state.role(), state.leaderId());
        }
        return isDoubtful() ? 0 : index;
    }
}
