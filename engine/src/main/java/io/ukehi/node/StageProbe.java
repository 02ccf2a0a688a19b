package io.ukehi.node;

import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.Role;
import io.ukehi.Stage;

/**
 * Marks the stages that messages of peers bring entries to. The rules know no clock, so it looks at what they made of
 * a message: {@link Stage#FOLLOWER_APPEND} shows at the end of a follower's log, {@link Stage#ACK} in what the leader
 * knows of each peer. Only there if stages are marked. Duty-cycle thread.
 */
final class StageProbe
{
    private final int memberId;
    private final Raft raft;
    private final RaftLog log;
    private final long[] matchIndexes = new long[Stage.PEER_LIMIT];
    private long lastIndex;

    StageProbe(final int memberId, final Replica replica)
    {
        this.memberId = memberId;
        this.raft = replica.raft();
        this.log = replica.log();
        this.lastIndex = log.lastIndex();
    }

    /** After each message of a peer. */
    void onPeerMessage()
    {
        if (Role.LEADER == raft.role())
        {
            for (int peerId = 0; peerId < matchIndexes.length; peerId++)
            {
                final long before = matchIndexes[peerId];
                matchIndexes[peerId] = raft.matchIndex(peerId);
                Stage.ACK.mark(peerId, before + 1, matchIndexes[peerId]);
            }
        }
        else
        {
            Stage.FOLLOWER_APPEND.mark(memberId, lastIndex + 1, log.lastIndex());
        }
        lastIndex = log.lastIndex();
    }
}
