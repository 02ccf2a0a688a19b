package io.ukehi.log;

/**
 * What a node does that finds damage in what had been durable. None of them yields a log with a hole, and none forgets
 * what was promised: where anything may be lost, {@link DoubtFile} says so before anything is changed. What each row
 * of the recovery table leads to is {@link RecoveryCase}'s.
 */
public enum CorruptionPolicy
{
    /**
     * Everything before the damage is kept; what follows is set aside under another name, never deleted; the log goes
     * on from the last good entry, and the node takes no part in decisions until it has what it may have acknowledged.
     */
    TRUNCATE_TO_LAST_GOOD,

    /** The node does not start, and nothing on the disk is changed. */
    REFUSE_START,

    /**
     * As {@link #TRUNCATE_TO_LAST_GOOD}, but what follows the damage stays where it is: as the leader sends what is
     * missing, it is stored over the damage, and what follows is part of the log again without being sent.
     */
    ALERT_AND_CONTINUE
}
