package io.ukehi;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Rare branches that a run of the simulator has to reach, or it has proved nothing about them. Counted only if the
 * system property {@value #PROPERTY} is set when the class is loaded, as it is in tests; otherwise a mark is a branch
 * on a constant, which compiles to nothing.
 */
public enum CoverageMark
{
    /** A voter refuses a pre-vote because it hears a leader. */
    PRE_VOTE_REFUSED_BY_LOYALTY,
    /** A voter passes over a request for its vote because it hears a leader. */
    VOTE_PASSED_OVER_BY_LOYALTY,
    /** A candidate asks again, and gets the vote again. */
    VOTE_GIVEN_AGAIN,
    /** A leader whose tokens have run out stands for the next term. */
    TERM_RENEWED,
    /** A leader steps down without a majority. */
    QUORUM_LOST,
    /** A transfer of leadership is given up. */
    TRANSFER_GIVEN_UP,
    /** A follower stands because its leader asks it to. */
    TIMEOUT_NOW_OBEYED,
    /** A cut takes a configuration back that was in force. */
    CONFIGURATION_TAKEN_BACK,
    /** A leader that did not begin a joint configuration leaves it. */
    JOINT_LEFT_BY_A_LATER_LEADER,
    /** Somebody is removed and made a member again by the same leader. */
    MEMBER_AGAIN_IN_THE_SAME_TERM,
    /** A newcomer took so long to catch up that there is more to catch up with. */
    ANOTHER_ROUND,
    /** A newcomer never catches up, and stays a learner. */
    NEWCOMER_GIVEN_UP,
    /** A leader is voter no longer, and makes way. */
    REMOVED_LEADER_STEPS_DOWN,
    /** A leader is asked for a read before an entry of its term is committed. */
    READ_WAITS_FOR_FIRST_COMMIT,
    /** A round of reads is answered so late that it is asked again. */
    READ_ROUND_TOO_OLD,
    /** A leader's lease is over, or has not begun, when a read needs it. */
    READ_LEASE_OVER,
    /** A follower asks its leader for a read index again. */
    READ_INDEX_ASKED_AGAIN,
    /** A read index comes for a question that is void. */
    READ_INDEX_REPLY_LATE,
    /** Reads are asked for and leadership moves. */
    READ_INDEX_LOST,
    /** A read is confirmed before the entries it has to see are applied. */
    READ_WAITS_FOR_APPLY,
    /** A read is answered by the leader's lease. */
    READ_BY_LEASE,
    /** A voter keeps the promise that a lease counts on, though it no longer follows. */
    VOTE_HELD_BACK_BY_LEASE,
    /** A new leader finds no room for its first entry. */
    NO_OP_DELAYED,
    /** A majority holds an entry of an earlier term, which that alone does not commit (figure 8). */
    OLD_TERM_NOT_COMMITTED,
    /** Entries are taken for lost and sent again. */
    LOST_SENT_AGAIN,
    /** A leader skips a whole term of conflicting entries that it holds as well. */
    CONFLICTING_TERM_FOUND,
    /** A refusal of an attempt that is over. */
    LATE_REFUSAL,
    /** A peer has been started again. */
    NEW_INCARNATION,
    /** An answer of a peer's earlier life. */
    OLD_INCARNATION,
    /** A leader of an earlier term is told that its time is over. */
    STALE_LEADER_TOLD,
    /** An append brings an entry that is there already. */
    ENTRY_KNOWN,
    /** A follower's log had no room for all entries of an append. */
    APPEND_TAKEN_IN_PART,
    /** A cut goes into a segment that was sealed. */
    CUT_INTO_SEALED_SEGMENT,
    /** A cut removes segments. */
    CUT_ACROSS_SEGMENTS,
    /** No segment is ready when one is needed. */
    NO_SEGMENT_READY,
    /** The disk is full when a segment is needed. */
    DISK_FULL,
    /** A batch reaches over the end of a segment. */
    FLUSH_ACROSS_SEGMENTS,
    /** Recovery cuts a torn end. */
    TORN_END,
    /** Recovery finds damage, and the node is in doubt of what it acknowledged. */
    DAMAGE_DOUBTED,
    /** Recovery finds that the machine has died with entries that were never forced. */
    UNFORCED_TAIL_DOUBTED,
    /** A damaged header is put together again. */
    HEADER_REPAIRED,
    /** What stood behind damage is part of the log again. */
    JOINED_BEHIND_DAMAGE,
    /** What stood behind damage is set aside, being of another history or of no use. */
    DETACHED_SET_ASIDE,
    /** Recovery removes a segment that was prepared and never used. */
    UNUSED_SEGMENT,
    /** The two copies of term and vote are not the same. */
    HARD_STATE_REPAIRED,
    /** A node that may have lost what it acknowledged has all of it again. */
    DOUBT_HEALED,
    /** A node that may have lost what it acknowledged hears no leader, and does not stand. */
    DOUBTFUL_NODE_WAITS,
    /** A session's time is over. */
    SESSION_EXPIRED,
    /** A client asks again for the session that it has. */
    SESSION_OPENED_AGAIN,
    /** A session is not opened because there are as many as there may be. */
    SESSION_LIMIT_REACHED,
    /** A session goes on at another leader, or in another term. */
    SESSION_PROPOSES_IN_NEW_TERM,
    /** A leader answers a command that is sent again with the reply that was kept. */
    ANSWERED_FROM_CACHE,
    /** A command is sent again while the first one is under way. */
    COMMAND_UNDER_WAY,
    /** A command is committed twice, and applied once. */
    COMMAND_COMMITTED_TWICE,
    /** A command is committed after its session has ended. */
    COMMAND_OF_NO_SESSION,
    /** A command is committed whose session lacks one before it, or has no room for its reply. */
    COMMAND_OUT_OF_ORDER,
    /** A leader takes no command because one before it is missing. */
    GAP_REFUSED,
    /** A leader takes no command because its session has as much under way as it may. */
    SESSION_BUSY,
    /** A leader takes no command because its session has more than its share of what may be under way. */
    GREEDY_SESSION_HELD_BACK,
    /** A client is told that its session is no more. */
    SESSION_LOST_TOLD,
    /** A damaged entry is repaired with what a peer has. */
    ENTRY_REPAIRED,
    /** A leader hands leadership over because its disk is slow. */
    SLOW_DISK_LEADER_GIVES_WAY,
    /** A command is taken, and another one committed in its place. */
    SUPERSEDED,
    /** A command is committed after the leadership that took it has ended. */
    COMMITTED_AFTER_LEADERSHIP,
    /** A peer wants entries that are not in the log any more. */
    BEHIND_THE_LOG,
    /** A snapshot makes no progress, and is offered again. */
    SNAPSHOT_STALLED,
    /** A snapshot is let go whose follower does not answer for long. */
    SNAPSHOT_LET_GO,
    /** A chunk of a snapshot did not come, one behind it did. */
    SNAPSHOT_CHUNK_LOST,
    /** A snapshot that is whole contains no more than is committed by now. */
    SNAPSHOT_TOO_OLD,
    /** A snapshot is installed. */
    SNAPSHOT_INSTALLED,
    /** A snapshot is offered whose last entry is in the log. */
    SNAPSHOT_NOT_NEEDED;

    /** Switches counting on. */
    public static final String PROPERTY = "ukehi.coverage.marks";

    private static final boolean IS_ON = Boolean.getBoolean(PROPERTY);
    private static final AtomicLongArray HITS = IS_ON ? new AtomicLongArray(values().length) : null;

    /** The branch is taken. */
    public void hit()
    {
        if (IS_ON)
        {
            HITS.incrementAndGet(ordinal());
        }
    }

    /** How often the branch was taken in this process, by all threads; 0 if that is not counted. */
    public long hits()
    {
        return IS_ON ? HITS.get(ordinal()) : 0;
    }

    /** Whether marks are counted. */
    public static boolean isOn()
    {
        return IS_ON;
    }
}
