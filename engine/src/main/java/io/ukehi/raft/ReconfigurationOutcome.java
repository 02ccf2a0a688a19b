package io.ukehi.raft;

/** How a change of the members ended that {@link Raft#reconfigure} began. */
public enum ReconfigurationOutcome
{
    /** The target is committed and in force. */
    DONE,

    /** One that was to vote got nothing for too long, or never came close: it stays a learner, nothing else changed. */
    NEWCOMER_SILENT,

    /** This node leads no more: whether the change comes about the next leader knows. */
    LEADERSHIP_LOST
}
