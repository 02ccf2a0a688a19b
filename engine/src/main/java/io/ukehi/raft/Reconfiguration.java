package io.ukehi.raft;

import io.ukehi.CoverageMark;
import io.ukehi.Invariant;
import java.util.Arrays;

/**
 * Leads a group from one configuration to another without ever waiting for somebody who has nothing yet: whoever is to
 * vote gets the log as a learner first (thesis 4.2.1), and only when all of them have caught up does the one joint
 * change follow. So a node that never answers freezes nothing; it stays a learner, and the plan is given up.
 * <p>
 * Catching up goes in rounds: a round is what the log held when it began. A newcomer that gets through one in less than
 * the shortest election timeout is close enough that no election can be its fault.
 * <p>
 * A plan lives and dies with the leadership that took it. To ask the next leader for the same target goes on where the
 * last one stopped.
 */
final class Reconfiguration
{
    private static final int MAX_ROUNDS = 32;
    /**
     * Of the longest election timeout: how long a newcomer may be silent. With what may come before and after (a leader
     * that is killed, a change that its predecessor had begun) the change ends within twice that.
     */
    private static final int PATIENCE = 5;
    /** Of that: how long one that answers may get no further. It may be making its state from a snapshot. */
    private static final int STALL = 40;

    private final RaftState state;
    private final Leadership leadership;
    private Configuration target;
    private boolean isFinalStep;
    private int[] newcomers = {};
    private long[] roundEnd = {};
    private long[] roundBeganNs = {};
    private int[] rounds = {};
    /** Entries and bytes of snapshots: whatever changes is progress. */
    private long[] gotten = {};
    private long[] progressNs = {};

    Reconfiguration(final RaftState state, final Leadership leadership)
    {
        this.state = state;
        this.leadership = leadership;
    }

    /** Leadership ends, perhaps because this very plan has removed the leader: one under way is one no more. */
    void abandon()
    {
        if (null != target)
        {
            end(isFinished() ? ReconfigurationOutcome.DONE : ReconfigurationOutcome.LEADERSHIP_LOST);
        }
    }

    private boolean isFinished()
    {
        return isFinalStep && !state.membership.current().isJoint() && leadership.changes().isSettled();
    }

    boolean isUnderWay()
    {
        return null != target;
    }

    /** See {@link Raft#reconfigure}. */
    long begin(final Configuration wanted)
    {
        if (wanted.isJoint() || 0 == wanted.voters().length)
        {
            throw new IllegalArgumentException("a change leads to one set of voters: " + wanted);
        }
        if (null != target || state.membership.current().isJoint() || !leadership.changes().isSettled())
        {
            return Raft.CHANGE_IN_PROGRESS;
        }
        final Configuration current = state.membership.current();
        final long index = leadership.changes().propose(current.withLearnersOf(wanted));
        if (index >= 0)
        {
            target = wanted;
            isFinalStep = false;
            await(current);
        }
        return index;
    }

    private void await(final Configuration before)
    {
        int count = 0;
        newcomers = new int[target.voters().length];
        for (final int id : target.voters())
        {
            if (id != state.nodeId && !before.isVoter(id))
            {
                newcomers[count++] = id;
            }
        }
        newcomers = Arrays.copyOf(newcomers, count);
        roundEnd = new long[count];
        roundBeganNs = new long[count];
        rounds = new int[count];
        gotten = new long[count];
        progressNs = new long[count];
        for (int i = 0; i < count; i++)
        {
            beginRound(i);
            progressNs[i] = state.nowNs();
        }
    }

    private void beginRound(final int i)
    {
        rounds[i]++;
        roundEnd[i] = state.log.lastIndex();
        roundBeganNs[i] = state.nowNs();
    }

    /** Work done. */
    int doWork()
    {
        if (null == target || !leadership.changes().isSettled())
        {
            return 0;
        }
        if (isFinalStep)
        {
            if (!isFinished())
            {
                return 0;
            }
            end(ReconfigurationOutcome.DONE);
            return 1;
        }
        for (int i = 0; i < newcomers.length; i++)
        {
            if (0 != roundEnd[i] && !hasCaughtUp(i))
            {
                return 0;
            }
        }
        if (null == target || leadership.changes().propose(target) < 0)
        {
            return 0;
        }
        isFinalStep = true;
        return 1;
    }

    private boolean hasCaughtUp(final int i)
    {
        final Replicator replicator = leadership.replicator(newcomers[i]);
        Invariant.check(null != replicator, "a newcomer is a peer", newcomers[i]);
        final long match = replicator.matchIndex();
        final long got = match + replicator.snapshot().sentBytes();
        if (got != gotten[i])
        {
            gotten[i] = got;
            progressNs[i] = state.nowNs();
        }
        if (match >= roundEnd[i])
        {
            if (state.nowNs() - roundBeganNs[i] <= state.config.electionTimeoutMinNs())
            {
                roundEnd[i] = 0;
                return true;
            }
            CoverageMark.ANOTHER_ROUND.hit();
            beginRound(i);
        }
        final long patienceNs = PATIENCE * state.config.electionTimeoutMaxNs();
        final long stalledNs = state.nowNs() - progressNs[i];
        final long silentNs = Math.min(stalledNs, state.nowNs() - replicator.contactNs());
        if (rounds[i] > MAX_ROUNDS || silentNs > patienceNs || stalledNs > STALL * patienceNs)
        {
            CoverageMark.NEWCOMER_GIVEN_UP.hit();
            end(ReconfigurationOutcome.NEWCOMER_SILENT);
        }
        return false;
    }

    private void end(final ReconfigurationOutcome outcome)
    {
        final Configuration wanted = target;
        target = null;
        state.reconfigured(wanted, outcome);
    }
}
