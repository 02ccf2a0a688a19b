package io.ukehi.transport;

import org.agrona.DirectBuffer;

/** Told of nodes that say who they are. Duty-cycle thread, from within {@link PeerAdapter}. */
public interface Introductions
{
    /**
     * A node of this cluster and group, a member or not, has said who it is and where it is reached.
     *
     * @param fromId its member id, never this node's own.
     * @param logId  of its log; drawn when its data directory was made. Not 0.
     * @param priority of it as a leader, 0 or more.
     * @param buffer holds where it is reached, as {@link PeerEndpoint#address()} in ASCII; valid during the call, and
     *               not checked.
     * @param offset of the text in bytes.
     * @param length of the text in bytes, 1 to {@link PeerAdapter#MAX_ADDRESS_LENGTH}.
     */
    void onIntroduction(int fromId, long logId, int priority, DirectBuffer buffer, int offset, int length);
}
