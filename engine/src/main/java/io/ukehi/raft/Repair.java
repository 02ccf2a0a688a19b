package io.ukehi.raft;

/**
 * Lends a peer what it has lost: committed entries are the same in every log, byte for byte, so any node that holds
 * them intact can give them.
 * <p>
 * A request costs one read and one message of at most {@link RaftConfig#maxAppendBytes()}, or of a single larger entry.
 */
final class Repair
{
    private final RaftState state;
    private final EntryCursor entries;
    private final EntryCursor verified;

    Repair(final RaftState state)
    {
        this.state = state;
        this.entries = state.log.newCursor();
        this.verified = state.log.newCursor();
    }

    /** Answers with as many of the entries as are known committed here, are intact and go into a message. */
    void onRequest(final int fromId, final long incarnation, final long fromIndex, final long toIndex)
    {
        final boolean isAskedFor = 0 < fromIndex && fromIndex <= toIndex;
        final boolean isHeld = isAskedFor && fromIndex >= state.log.firstIndex() && fromIndex <= state.commitIndex();
        final long leaderLastIndex = Role.LEADER == state.role() ? state.log.lastIndex() : 0;
        state.sender.sendRepairReply(
            fromId, state.term(), incarnation, leaderLastIndex, isHeld ? read(fromIndex, toIndex) : null);
    }

    private EntryCursor read(final long fromIndex, final long toIndex)
    {
        final int length = state.log.read(
            fromIndex, Math.min(toIndex, state.commitIndex()), state.config.maxAppendBytes(), entries);
        final boolean isIntact = length > 0 &&
            state.log.verify(verified, entries.buffer(), entries.offset(), length);
        return isIntact ? verified : null;
    }
}
