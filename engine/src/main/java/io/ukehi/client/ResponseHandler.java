package io.ukehi.client;

import io.ukehi.codecs.client.AdminReplyDecoder;
import io.ukehi.codecs.client.MembersDecoder;
import io.ukehi.codecs.client.ConnectReplyDecoder;
import io.ukehi.codecs.client.QueryReplyDecoder;
import io.ukehi.codecs.client.RedirectDecoder;
import io.ukehi.codecs.client.ReplyRecordDecoder;
import io.ukehi.codecs.client.SessionOpenedDecoder;
import io.ukehi.codecs.client.StatusReplyDecoder;
import org.agrona.DirectBuffer;

/** What a client does with the messages of nodes that {@link ResponseAdapter} has found to be whole and its own. */
interface ResponseHandler
{
    /**
     * A node has answered a Connect.
     *
     * @param reply          valid during the call, as all of these are.
     * @param aeronSessionId of the image by which it came.
     */
    void onConnectReply(ConnectReplyDecoder reply, int aeronSessionId);

    /** A command has ended; the state machine's reply lies in {@code buffer}. The leader is the one known then. */
    void onReply(
        ReplyRecordDecoder reply, int leaderId, int aeronSessionId, DirectBuffer buffer, int offset, int length);

    /** A query has ended; the state machine's answer lies in {@code buffer}. */
    void onQueryReply(QueryReplyDecoder reply, int aeronSessionId, DirectBuffer buffer, int offset, int length);

    /** A member says what became of what an operator asked for. */
    void onAdminReply(AdminReplyDecoder reply);

    void onMembers(MembersDecoder members);

    /** Leadership has moved. */
    void onRedirect(RedirectDecoder redirect, int aeronSessionId);

    /** The replicated session that was asked for, or why there is none. */
    void onSessionOpened(SessionOpenedDecoder opened, int aeronSessionId);

    /** A node says that it lives. */
    void onKeepAlive(int aeronSessionId);

    /** A node has ended the session. */
    void onClose(int aeronSessionId);

    /** A node tells how it is. */
    void onStatusReply(StatusReplyDecoder reply);
}
