package io.ukehi.raft;

import io.ukehi.Invariant;

/**
 * What all parts of the rules share: the state of Raft figure 2 that belongs to no single role, and the time of the
 * cycle. Every change of term, vote, role and commit index goes through here, where its invariants are checked:
 * <ul>
 *   <li>the term never falls, and neither does the commit index;</li>
 *   <li>a vote is given once a term and never changed (section 5.2);</li>
 *   <li>term and vote are durable before the method that sets them returns, so before anything is said under them;</li>
 *   <li>commit index &lt;= last index.</li>
 * </ul>
 */
final class RaftState
{
    private static final int SCAN_LENGTH = 1024 * 1024;

    final int nodeId;
    final RaftConfig config;
    final Membership membership;
    final RaftLog log;
    final PeerSender sender;
    /** Bytes of chunks sent, to whomever. */
    long snapshotBytesSent;
    /** Null where a node has no snapshots. */
    SnapshotSource snapshotSource;
    /** Null where a node has no snapshots. */
    SnapshotSink snapshotSink;
    private final HardStateStore hardState;
    private final RaftListener listener;
    private long nowNs;
    private long epochNs;
    private long term;
    private int votedFor;
    private Role role = Role.FOLLOWER;
    private int leaderId = RaftListener.NO_LEADER;
    private long commitIndex;
    private long damageSinceNs;
    private long damageNs;
    private boolean isDamageFelt;

    RaftState(
        final RaftConfig config,
        final RaftLog log,
        final HardStateStore hardState,
        final PeerSender sender,
        final RaftListener listener)
    {
        this.nodeId = config.nodeId();
        this.config = config;
        this.membership = new Membership(
            config.nodeId(), config.logId(), config.configuration(), config.configurationIndex());
        this.log = log;
        this.hardState = hardState;
        this.sender = sender;
        this.listener = listener;
        this.term = hardState.term();
        this.votedFor = hardState.votedFor();
        this.commitIndex = config.initialCommitIndex();
        Invariant.check(commitIndex <= log.lastIndex(), "what is committed is in the log", commitIndex);
        if (log.lastTerm() > term)
        {
            // Every entry of a term was written under that term, which was durable before: one of the two files lies.
            Invariant.check(false, "the log is ahead of the stored term", log.lastTerm(), term);
        }
        findConfigurations();
    }

    /** A configuration of the log is in force whether or not it is committed (thesis 4.1), so after a restart too. */
    private void findConfigurations()
    {
        readConfigurations(Math.max(log.firstIndex(), membership.index() + 1));
        membership.onCommitted(commitIndex);
    }

    /** Entries are part of the log again that damage had cut off. */
    void onJoined(final long fromIndex)
    {
        readConfigurations(fromIndex);
        announceMembers();
    }

    private void readConfigurations(final long fromIndex)
    {
        final EntryCursor entries = log.newCursor();
        long index = fromIndex;
        while (index <= log.lastIndex())
        {
            final int length = log.read(index, log.lastIndex(), SCAN_LENGTH, entries);
            Invariant.check(length > 0, "what the log holds can be read", index);
            index += entries.count();
            while (entries.next())
            {
                onEntry(entries);
            }
        }
    }

    /** An entry has come into the log: if it is a configuration, it is in force from now on. True if it is one. */
    boolean onEntry(final EntryCursor entry)
    {
        if (EntryType.CONFIGURATION != entry.type())
        {
            return false;
        }
        final Configuration configuration = Configuration.decode(
            entry.buffer(), entry.payloadOffset(), entry.payloadLength());
        Invariant.check(null != configuration, "a configuration can be read", entry.index());
        membership.onAppended(entry.index(), configuration);
        return true;
    }

    /** A change of the members has ended. */
    void reconfigured(final Configuration target, final ReconfigurationOutcome outcome)
    {
        listener.onReconfigured(target, outcome);
    }

    /** Tells the node around who the members are now. */
    void announceMembers()
    {
        listener.onConfiguration(membership.current(), membership.index());
    }

    /** Cuts the log, and with it what it says of the members. */
    void truncateFrom(final long index)
    {
        log.truncateFrom(index);
        if (membership.onCut(index))
        {
            announceMembers();
        }
    }

    void time(final long newNowNs, final long newEpochNs)
    {
        nowNs = newNowNs;
        epochNs = newEpochNs;
    }

    long nowNs()
    {
        return nowNs;
    }

    long epochNs()
    {
        return epochNs;
    }

    long term()
    {
        return term;
    }

    int votedFor()
    {
        return votedFor;
    }

    Role role()
    {
        return role;
    }

    int leaderId()
    {
        return leaderId;
    }

    long commitIndex()
    {
        return commitIndex;
    }

    /** Moves to a higher term, durably, with or without a vote in it. The role is the caller's to set next. */
    void moveToTerm(final long newTerm, final int vote)
    {
        Invariant.check(newTerm > term, "the term never falls", newTerm, term);
        Invariant.check(newTerm <= RaftConfig.MAX_TERM, "the cluster has used up its terms", newTerm);
        hardState.store(newTerm, vote);
        term = newTerm;
        votedFor = vote;
    }

    /** Gives this term's vote, durably; giving it again to the same candidate changes nothing. */
    void vote(final int candidateId)
    {
        if (votedFor != candidateId)
        {
            Invariant.check(HardStateStore.NO_VOTE == votedFor, "one vote a term", term, votedFor);
            hardState.store(term, candidateId);
            votedFor = candidateId;
        }
    }

    void become(final Role newRole, final int newLeaderId)
    {
        role = newRole;
        leaderId = newLeaderId;
        listener.onRoleChange(newRole, term, newLeaderId);
    }

    void commitTo(final long index)
    {
        Invariant.check(index <= log.lastIndex(), "what is committed is in the log", index, log.lastIndex());
        if (index > commitIndex)
        {
            commitIndex = index;
            log.onCommit(index);
            membership.onCommitted(index);
        }
    }

    /** A damaged entry is needed, and cannot be read in this cycle. */
    void onDamagedRead()
    {
        if (!isDamageFelt || nowNs - damageNs > config.electionTimeoutMaxNs())
        {
            damageSinceNs = nowNs;
        }
        isDamageFelt = true;
        damageNs = nowNs;
    }

    /** For how long a damaged entry has been needed without a break, in nanoseconds. */
    long damageHurtsNs()
    {
        return isDamageFelt ? damageNs - damageSinceNs : 0;
    }

    void announceDamage(final long index)
    {
        isDamageFelt = false;
        listener.onDamage(index);
    }

    void announceRepair(final long index, final int fromId)
    {
        listener.onRepaired(index, fromId);
    }

    void refuse(final int fromId, final String reason)
    {
        listener.onRefused(fromId, reason);
    }

    /** Tells the node around that states differ. */
    void reportDifference(final long index)
    {
        listener.onStateDifference(index);
    }
}
