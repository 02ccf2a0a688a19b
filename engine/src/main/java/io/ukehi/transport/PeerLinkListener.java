package io.ukehi.transport;

/**
 * Told of what goes wrong on the way to the peers, so that somebody can see it; the link goes on by itself. Called by
 * the duty-cycle thread. Must not throw.
 */
public interface PeerLinkListener
{
    /**
     * A publication or the node's own subscription could not be had, or was lost. It is tried again, at most once a
     * second, so this may be called as often.
     *
     * @param memberId of the peer; the node's own id if it is the subscription.
     * @param streamId control or bulk.
     * @param error    what happened: a name that does not resolve, a port that is taken, a channel that failed.
     */
    void onChannelError(int memberId, int streamId, Exception error);

    /**
     * A message was refused because it is longer than the term buffers allow. Called at most once a second for each
     * peer and stream.
     *
     * @param memberId  of the peer.
     * @param streamId  control or bulk.
     * @param length    of the message in bytes.
     * @param maxLength in bytes.
     */
    void onMessageTooLong(int memberId, int streamId, int length, int maxLength);

    /**
     * Others can be sent to than before, and so can be heard.
     *
     * @param ids of the members and guests; a new array.
     */
    default void onPeers(final int[] ids)
    {
    }
}
