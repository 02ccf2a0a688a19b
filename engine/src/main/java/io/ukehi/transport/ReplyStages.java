package io.ukehi.transport;

import io.ukehi.codecs.client.MessageHeaderDecoder;
import io.ukehi.codecs.client.ReplyDecoder;
import io.ukehi.codecs.client.ReplyRecordDecoder;
import io.ukehi.Stage;
import org.agrona.DirectBuffer;

/**
 * Marks {@link Stage#EGRESS} of the commands whose ends a message tells: they were gathered until it was sent. Only
 * there if stages are marked. Duty-cycle thread.
 */
final class ReplyStages
{
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final ReplyRecordDecoder record = new ReplyRecordDecoder();

    /** Before a message of our own, whatever it is, is handed to the way to the client. */
    void onSend(final DirectBuffer buffer, final int offset, final int length)
    {
        if (ReplyDecoder.TEMPLATE_ID != header.wrap(buffer, offset).templateId())
        {
            return;
        }
        final int end = offset + length;
        int at = offset + ClientMessageEncoder.REPLY_HEAD_LENGTH;
        while (at < end)
        {
            record.wrap(buffer, at, ReplyRecordDecoder.BLOCK_LENGTH, ReplyRecordDecoder.SCHEMA_VERSION);
            Stage.EGRESS.mark(record.index());
            at += ClientMessageEncoder.replyRecordLength(record.length());
        }
    }
}
