package io.ukehi.sim;

/** Every kind of misfortune that the simulator brings. Each is counted, and a run of many seeds must meet them all. */
public enum FaultKind
{
    /** A message is lost. */
    LOSS,
    /** A message arrives twice. */
    DUPLICATE,
    /** A message arrives before one that was sent earlier on the same link. */
    REORDER,
    /** A message of long ago arrives once more. */
    REPLAY,
    /** Some bits of a message are turned over. */
    CORRUPTION,
    /** A message takes many times as long as others. */
    LATE,
    /** The link takes no message, and says so. */
    BACK_PRESSURE,
    /** Nothing comes through on a link for a while, and then everything. */
    CLOG,
    /** The cluster is cut in two. */
    PARTITION,
    /** A node reaches nobody and is reached by nobody. */
    ISOLATION,
    /** A node is away for so long that the others no longer have what it lacks, but for a snapshot. */
    LEFT_BEHIND,
    /** What was said to a node while it was away was only late: it comes when a snapshot is there in its place. */
    STRAGGLERS,
    /** Entries were late for long, and come as soon as the snapshot is whole that was sent in their place. */
    LATECOMERS,
    /** Two parts that are joined by one node only. */
    BRIDGE,
    /** A node is heard, and hears nothing. */
    DEAF,
    /** A node hears, and is not heard. */
    MUTE,
    /** Any graph of links, each one way. */
    RANDOM_GRAPH,
    /** A leader hears late what it is told, and is heard late: another may lead before it knows. */
    OVERTAKEN,
    /** A node that joined two parts goes over from the leader's to the other, and has stood still or died before. */
    TURNCOAT,
    /** What a leader says to a peer for a while takes so long that what it says later comes first. */
    DETOUR,
    /** Those who are to vote by a change of the members are cut off with it from those who voted before. */
    SECESSION,
    /** A leader is gone just as a snapshot is received whole. */
    SENDER_LOST,
    /** A process dies between two steps. */
    KILL,
    /** A machine loses power between two steps. */
    POWER_CUT,
    /** A node dies as it sends. */
    CRASH_AT_SEND,
    /** A machine loses power at an operation on its disk. */
    POWER_CUT_AT_DISK,
    /** A process dies at an operation on its disk. */
    KILL_AT_DISK,
    /** A node is closed in order. */
    STOP,
    /** A node dies again while it recovers. */
    CRASH_IN_RECOVERY,
    /** A process stands still for longer than any timeout, or shorter. */
    PAUSE,
    /** A process stands still just after it has read its clock, and goes on with the old time. */
    STALL,
    /** The thread that runs a node's cycles stands still, and its helpers go on. */
    HELD_UP,
    /** A wall clock is set. */
    WALL_CLOCK,
    /** A monotonic clock runs fast or slow. */
    DRIFT,
    /** A leader is asked to hand leadership over. */
    TRANSFER,
    /** A leader that has asked another to stand hears nothing of what comes of it. */
    UNHEARD_SUCCESSOR,
    /** A leader is asked to give up leadership. */
    STEP_DOWN,
    /** A leader takes a change of the members. */
    MEMBERS_CHANGED,
    /** A change that removes the leader who takes it. */
    LEADER_REMOVED,
    /** A change after which nobody votes who did before. */
    ALL_REPLACED,
    /** A change that adds a member who never answers. */
    NEWCOMER_ABSENT,
    /** A write fails. */
    FAILED_WRITE,
    /** A force fails, and what it should have kept is dropped. */
    FAILED_FORCE,
    /** A file cannot be created, allocated, renamed or deleted, or a directory not be forced. */
    FAILED_FILE,
    /** There is no room on the disk for a while. */
    DISK_FULL,
    /** A disk is many times as slow as before, for a while. */
    SLOW_DISK,
    /** The operating system writes some of what was not forced. */
    WRITE_BACK,
    /** A bit of a file is turned over. */
    BIT_FLIP,
    /** A sector holds noise. */
    NOISE,
    /** A sector holds what another one should. */
    MISDIRECTION,
    /** A sector holds what it held before its last write. */
    STALE_SECTOR,
    /** One of two copies is gone: of term and vote, or of a mark. */
    DAMAGED_COPY,
    /** A machine loses power on which nothing was forced. */
    UNFORCED_LOSS,
    /** All nodes end, and as many disks are struck at the same entry as is promised to be survived. */
    MINORITY_STRUCK,
    /** All nodes end, and one disk more is struck than is promised to be survived. */
    MAJORITY_STRUCK,
    /** Clients have nothing new to ask for a while. */
    LULL,
    /** A client's request is lost. */
    LOST_REQUEST,
    /** A client's answer is lost. */
    LOST_ANSWER
}
