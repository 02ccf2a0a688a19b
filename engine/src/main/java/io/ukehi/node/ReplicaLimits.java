package io.ukehi.node;

import io.ukehi.fencing.FencingToken;

/**
 * Bounds of what a replica takes on.
 *
 * @param applyLimit       entries applied in one cycle, 1 or more.
 * @param pendingLimit     commands taken whose end is not known, 1 or more.
 * @param maxReplyLength   of the state machine, in bytes.
 * @param maxTokenSequence fencing tokens in one term, 1 to {@link FencingToken#MAX_PART}; lower than that in tests.
 * @param sessions         of clients.
 * @param readQueueLength  bytes of each of the two queues of queries, a power of two; an eighth is the longest query.
 * @param pendingLength    bytes of commands taken whose end is not known, 1 or more; one is taken whatever its length.
 */
public record ReplicaLimits(
    int applyLimit, int pendingLimit, int maxReplyLength, long maxTokenSequence, SessionLimits sessions,
    int readQueueLength, long pendingLength)
{
    /** Entries applied in one cycle. */
    public static final int APPLY_LIMIT_DEFAULT = 1024;

    /** Commands under way at most. */
    public static final int PENDING_LIMIT_DEFAULT = 64 * 1024;

    /** Bytes of commands under way at most. */
    public static final int PENDING_LENGTH_DEFAULT = 64 * 1024 * 1024;

    /** Bytes of queries that wait. */
    public static final int READ_QUEUE_LENGTH_DEFAULT = 1024 * 1024;

    public ReplicaLimits(final int maxReplyLength)
    {
        this(APPLY_LIMIT_DEFAULT, PENDING_LIMIT_DEFAULT, maxReplyLength, FencingToken.MAX_PART);
    }

    public ReplicaLimits(
        final int applyLimit, final int pendingLimit, final int maxReplyLength, final long maxTokenSequence)
    {
        this(applyLimit, pendingLimit, maxReplyLength, maxTokenSequence, SessionLimits.DEFAULT);
    }

    public ReplicaLimits(
        final int applyLimit,
        final int pendingLimit,
        final int maxReplyLength,
        final long maxTokenSequence,
        final SessionLimits sessions)
    {
        this(
            applyLimit, pendingLimit, maxReplyLength, maxTokenSequence, sessions, READ_QUEUE_LENGTH_DEFAULT,
            PENDING_LENGTH_DEFAULT);
    }
}
