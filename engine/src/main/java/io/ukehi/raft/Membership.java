package io.ukehi.raft;

/** Who the voters are. Fixed for the life of a node, until configurations become entries of the log. */
final class Membership
{
    private final int nodeId;
    private final int[] voters;
    private final int[] peers;

    Membership(final int nodeId, final int[] voters)
    {
        this.nodeId = nodeId;
        this.voters = voters.clone();
        this.peers = new int[voters.length - 1];
        int count = 0;
        for (final int voter : voters)
        {
            if (voter != nodeId)
            {
                peers[count++] = voter;
            }
        }
    }

    int voterCount()
    {
        return voters.length;
    }

    int peerCount()
    {
        return peers.length;
    }

    /** Member id of a peer, by its position. */
    int peer(final int position)
    {
        return peers[position];
    }

    /** Position of a peer, -1 if the id is not a peer's. */
    int positionOf(final int peerId)
    {
        for (int i = 0; i < peers.length; i++)
        {
            if (peers[i] == peerId)
            {
                return i;
            }
        }
        return -1;
    }

    boolean isVoter(final int id)
    {
        return id == nodeId || positionOf(id) >= 0;
    }
}
