package io.ukehi.sim;

import io.ukehi.codecs.peer.AckDecoder;
import io.ukehi.codecs.peer.AppendDecoder;
import io.ukehi.codecs.peer.HeartbeatDecoder;
import io.ukehi.codecs.peer.MessageHeaderDecoder;
import io.ukehi.codecs.peer.RepairReplyDecoder;
import io.ukehi.codecs.peer.RepairRequestDecoder;
import io.ukehi.codecs.peer.ReadIndexReplyDecoder;
import io.ukehi.codecs.peer.ReadIndexRequestDecoder;
import io.ukehi.codecs.peer.SnapshotChunkDecoder;
import io.ukehi.codecs.peer.SnapshotOfferDecoder;
import io.ukehi.codecs.peer.SnapshotStatusDecoder;
import io.ukehi.codecs.peer.TimeoutNowDecoder;
import io.ukehi.codecs.peer.VoteReplyDecoder;
import io.ukehi.codecs.peer.VoteRequestDecoder;

/** A message as a person reads it. */
final class MessageText
{
    private MessageText()
    {
    }

    static String of(final SimEvent event)
    {
        final String from = "from " + event.from + ": ";
        if (event.isDamaged)
        {
            return from + event.length + " bytes, damaged";
        }
        final MessageHeaderDecoder header = new MessageHeaderDecoder();
        header.wrap(event.buffer, 0);
        final StringBuilder text = new StringBuilder(from);
        switch (header.templateId())
        {
            case VoteRequestDecoder.TEMPLATE_ID ->
                new VoteRequestDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case VoteReplyDecoder.TEMPLATE_ID ->
                new VoteReplyDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case AppendDecoder.TEMPLATE_ID ->
                new AppendDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case AckDecoder.TEMPLATE_ID ->
                new AckDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case HeartbeatDecoder.TEMPLATE_ID ->
                new HeartbeatDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case TimeoutNowDecoder.TEMPLATE_ID ->
                new TimeoutNowDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case RepairRequestDecoder.TEMPLATE_ID ->
                new RepairRequestDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case RepairReplyDecoder.TEMPLATE_ID ->
                new RepairReplyDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case ReadIndexRequestDecoder.TEMPLATE_ID ->
                new ReadIndexRequestDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case ReadIndexReplyDecoder.TEMPLATE_ID ->
                new ReadIndexReplyDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case SnapshotOfferDecoder.TEMPLATE_ID ->
                new SnapshotOfferDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case SnapshotChunkDecoder.TEMPLATE_ID ->
                new SnapshotChunkDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            case SnapshotStatusDecoder.TEMPLATE_ID ->
                new SnapshotStatusDecoder().wrapAndApplyHeader(event.buffer, 0, header).appendTo(text);
            default -> text.append("template ").append(header.templateId());
        }
        return text.toString();
    }
}
