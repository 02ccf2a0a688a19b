package io.ukehi.client;

import io.ukehi.codecs.client.ConnectCode;
import io.ukehi.codecs.client.NodeRole;
import io.ukehi.codecs.client.StatusReplyDecoder;
import java.util.Arrays;

/** What was asked of each member and what each has said, for people and for questions about status. One thread. */
final class MemberAnswers
{
    private final ClientTransport transport;
    private ConnectCode[] lastAnswers;
    private boolean[] hasBeenAsked;
    private MemberStatus[] statuses;
    private long[] statusIds;
    private long lastStatusId;

    MemberAnswers(final ClientTransport transport)
    {
        this.transport = transport;
        final int memberCount = transport.memberCount();
        lastAnswers = new ConnectCode[memberCount];
        hasBeenAsked = new boolean[memberCount];
        statuses = new MemberStatus[memberCount];
        statusIds = new long[memberCount];
    }

    /** There are more members than before. */
    void onMembers()
    {
        final int memberCount = transport.memberCount();
        lastAnswers = Arrays.copyOf(lastAnswers, memberCount);
        hasBeenAsked = Arrays.copyOf(hasBeenAsked, memberCount);
        statuses = Arrays.copyOf(statuses, memberCount);
        statusIds = Arrays.copyOf(statusIds, memberCount);
    }

    void onAsked(final int index)
    {
        hasBeenAsked[index] = true;
    }

    boolean hasBeenAsked(final int index)
    {
        return hasBeenAsked[index];
    }

    void onConnectReply(final int index, final ConnectCode code)
    {
        lastAnswers[index] = code;
    }

    /** An id for a question about status, greater than all before. */
    long nextStatusId()
    {
        return ++lastStatusId;
    }

    /** Forgets a member's status, until the answer to a question comes. */
    void awaitStatus(final int index, final long correlationId)
    {
        statusIds[index] = correlationId;
        statuses[index] = null;
    }

    /** A member's status, or null while the question has not been answered. */
    MemberStatus status(final int index)
    {
        return statuses[index];
    }

    void onStatusReply(final int index, final StatusReplyDecoder reply)
    {
        if (reply.correlationId() == statusIds[index])
        {
            statuses[index] = new MemberStatus(
                reply.nodeId(),
                reply.leaderId(),
                reply.roleRaw() > NodeRole.DOUBTFUL.value() ? NodeRole.NULL_VAL : reply.role(),
                reply.term(),
                reply.firstIndex(),
                reply.lastIndex(),
                reply.durableIndex(),
                reply.commitIndex(),
                reply.appliedIndex(),
                reply.stateDigest(),
                reply.electionCount(),
                reply.errorCount(),
                reply.doubtfulTo(),
                new MemberSnapshots(
                    reply.snapshotIndex(), reply.snapshotTakenBytes(), reply.snapshotSentPercent(),
                    reply.snapshotReceivedPercent(), reply.snapshotLoadedPercent()),
                reply.sessionCount());
        }
    }

    /** What is known of each member, each in a line of its own, for people. */
    String describe()
    {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < lastAnswers.length; i++)
        {
            final MemberConnection member = transport.member(i);
            text.append("\n  member ").append(member.memberId()).append(": ");
            if (!member.isConnected())
            {
                text.append("not connected: ").append(member.disconnectedReason());
            }
            else if (null == lastAnswers[i])
            {
                text.append(hasBeenAsked[i] ? "asked, no answer" : "connected, not asked");
            }
            else
            {
                text.append("answered ").append(lastAnswers[i]);
            }
        }
        return text.toString();
    }
}
