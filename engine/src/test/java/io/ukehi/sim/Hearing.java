package io.ukehi.sim;

import io.ukehi.codecs.peer.AckDecoder;
import io.ukehi.codecs.peer.AppendDecoder;
import io.ukehi.codecs.peer.HeartbeatDecoder;
import io.ukehi.codecs.peer.MessageHeaderDecoder;
import io.ukehi.codecs.peer.VoteReplyDecoder;
import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftListener;
import io.ukehi.raft.Role;

/** What a node has been told in its present life, and has to heed. */
final class Hearing
{
    private final SimNode node;
    private final Raft raft;
    private final long electionMinNs;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final AppendDecoder append = new AppendDecoder();
    private final HeartbeatDecoder heartbeat = new HeartbeatDecoder();
    private final AckDecoder ack = new AckDecoder();
    private final VoteReplyDecoder voteReply = new VoteReplyDecoder();
    /** The term whose leader was heard, its latest messages, and when they came, on the node's clock. */
    private long leaderTerm;
    private long appendSequence;
    private long heartbeatSequence;
    private long leaderHeardNs;

    Hearing(final SimNode node, final Raft raft, final long electionMinNs)
    {
        this.node = node;
        this.raft = raft;
        this.electionMinNs = electionMinNs;
    }

    /** A message has been taken, of which at most the entries are damaged, in a cycle that began at a time. */
    void onHeard(final SimEvent event, final long nowNs)
    {
        header.wrap(event.buffer, 0);
        switch (header.templateId())
        {
            case AppendDecoder.TEMPLATE_ID ->
            {
                append.wrapAndApplyHeader(event.buffer, 0, header);
                onLeader(event.from, append.term(), append.sequence(), 0, nowNs);
            }
            case HeartbeatDecoder.TEMPLATE_ID ->
            {
                heartbeat.wrapAndApplyHeader(event.buffer, 0, header);
                onLeader(event.from, heartbeat.term(), 0, heartbeat.sequence(), nowNs);
            }
            case AckDecoder.TEMPLATE_ID -> onTerm(ack.wrapAndApplyHeader(event.buffer, 0, header).term());
            case VoteReplyDecoder.TEMPLATE_ID ->
                onTerm(voteReply.wrapAndApplyHeader(event.buffer, 0, header).term());
            default ->
            {
                // Nothing that binds the node.
            }
        }
    }

    /** Section 5.1: whoever answers from a higher term is followed into it. */
    private void onTerm(final long term)
    {
        Violation.check(raft.term() >= term, "a higher term in an answer is obeyed", node.id(), term);
    }

    /** Only what is new shows that the leader lives. */
    private void onLeader(
        final int fromId, final long term, final long newAppend, final long newHeartbeat, final long nowNs)
    {
        if (term != raft.term() || fromId != raft.leaderId())
        {
            return;
        }
        final boolean isNew = leaderTerm != term;
        if (isNew || newAppend > appendSequence || newHeartbeat > heartbeatSequence)
        {
            appendSequence = isNew ? 0 : appendSequence;
            heartbeatSequence = isNew ? 0 : heartbeatSequence;
            leaderTerm = term;
            appendSequence = Math.max(appendSequence, newAppend);
            heartbeatSequence = Math.max(heartbeatSequence, newHeartbeat);
            leaderHeardNs = nowNs;
        }
    }

    /** Whether the node follows a leader that it heard within the shortest election timeout (thesis 4.2.3, 9.6). */
    boolean isLoyal(final long nowNs)
    {
        return Role.FOLLOWER == raft.role() && RaftListener.NO_LEADER != raft.leaderId() &&
            leaderTerm == raft.term() && nowNs - leaderHeardNs < electionMinNs;
    }
}
