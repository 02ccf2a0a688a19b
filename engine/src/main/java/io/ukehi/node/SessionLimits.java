package io.ukehi.node;

/**
 * Bounds of clients' sessions. What the leader has is written into the entry that opens a session, so that replicas go
 * by the same even where their settings differ.
 *
 * @param sessionLimit    sessions there may be, 1 or more.
 * @param timeoutNs       session time after which a silent session expires, in nanoseconds, 1 or more.
 * @param replyLimit      commands of a session that may be unanswered, which is replies kept for it; 1 to 65,536.
 * @param replyBytesLimit bytes of replies kept for a session, from which on it takes no command; 1 or more.
 * @param inflightBytes   bytes of a session's commands that may be proposed and not applied; 1 or more. One command is
 *                        taken whatever its length.
 */
public record SessionLimits(
    int sessionLimit, long timeoutNs, int replyLimit, int replyBytesLimit, int inflightBytes)
{
    /** What holds where nothing is set. */
    public static final SessionLimits DEFAULT =
        new SessionLimits(128, 10_000_000_000L, 16 * 1024, 4 * 1024 * 1024, 4 * 1024 * 1024);
}
