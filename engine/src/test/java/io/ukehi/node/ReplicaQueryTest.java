package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.QueryCode;
import io.ukehi.fencing.FencingToken;
import io.ukehi.raft.AckKind;
import io.ukehi.raft.DoubtStore;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.EntryType;
import io.ukehi.raft.InMemoryHardState;
import io.ukehi.raft.InMemoryLog;
import io.ukehi.raft.PeerMessage;
import io.ukehi.raft.RaftConfig;
import io.ukehi.raft.RecordingSender;
import io.ukehi.raft.Role;
import io.ukehi.raft.VoteKind;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.StateMachine;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Queries at one replica: which state answers, and when. Time stands still until a cycle moves it. */
class ReplicaQueryTest
{
    private static final long MS = 1_000_000;
    private static final long TIMEOUT_MAX_NS = 300 * MS;
    private static final int TERM_OF_OTHERS = 5;

    private final InMemoryLog log = new InMemoryLog();
    private final InMemoryHardState hardState = new InMemoryHardState();
    private final RecordingSender sender = new RecordingSender(1);
    private final RaftConfig config = new RaftConfig().nodeId(1).members(1, 2, 3);
    private final List<String> ends = new ArrayList<>();
    private StateMachine machine = new Counting();
    private int readQueueLength = 64 * 1024;
    private long nowNs;
    private long lastId;
    private Replica replica;

    /** Answers a query with itself, and how many commands it has seen. */
    private static final class Counting implements StateMachine
    {
        private int count;

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            count++;
        }

        @Override
        public boolean onQuery(
            final long index, final DirectBuffer buffer, final int offset, final int length, final Reply reply)
        {
            final String text = buffer.getStringWithoutLengthAscii(offset, length) + "=" + count;
            reply.length(reply.buffer(text.length()).putStringWithoutLengthAscii(0, text));
            return true;
        }
    }

    private final class Told implements ReplicaListener
    {
        @Override
        public void onRecovered()
        {
        }

        @Override
        public void onCommitted(
            final CommandHeader header, final DirectBuffer reply, final int offset, final int length,
            final boolean isProposedHere)
        {
        }

        @Override
        public void onSuperseded(final long sessionId, final long correlationId)
        {
        }

        @Override
        public void onQuery(
            final long sessionId,
            final long correlationId,
            final QueryCode code,
            final long index,
            final DirectBuffer reply,
            final int offset,
            final int length)
        {
            ends.add(QueryCode.ANSWERED == code ?
                reply.getStringWithoutLengthAscii(offset, length) + "@" + index : correlationId + " " + code);
        }

        @Override
        public void onAbandoned(final long sessionId, final long correlationId)
        {
        }

        @Override
        public void onMalformed(final long index, final long term, final int payloadLength)
        {
        }

        @Override
        public void onRoleChange(final Role role, final long term, final int leaderId)
        {
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
            ends.add("refused " + reason);
        }
    }

    private void start(final long committed, final int applyLimit)
    {
        config.initialCommitIndex(committed);
        replica = new Replica(
            config, log, hardState, DoubtStore.NONE, sender, machine,
            new ReplicaLimits(
                applyLimit, 1000, 1000, FencingToken.MAX_PART, SessionLimits.DEFAULT, readQueueLength,
                ReplicaLimits.PENDING_LENGTH_DEFAULT), new Told());
        replica.start();
    }

    private void cycle(final long passNs)
    {
        nowNs += passNs;
        replica.onCycle(nowNs, nowNs);
        replica.doWork();
    }

    private QueryCode query(final Consistency consistency, final long maxLagNs)
    {
        final UnsafeBuffer text = new UnsafeBuffer(new byte[1]);
        text.putByte(0, (byte)('a' + lastId % 26));
        return replica.query(9, ++lastId, consistency, maxLagNs, text, 0, 1);
    }

    private void ask(final Consistency consistency)
    {
        assertEquals(QueryCode.ANSWERED, query(consistency, 0));
    }

    /** Leads, with its first entry committed and applied. */
    private void lead()
    {
        start(0, 1000);
        do
        {
            cycle(MS);
        }
        while (Role.PRE_CANDIDATE != replica.raft().role());
        replica.peerHandler().onVoteReply(2, VoteKind.PRE_VOTE, 0, 1, true);
        replica.peerHandler().onVoteReply(2, VoteKind.VOTE, 1, 1, true);
        cycle(0);
        answer();
        cycle(0);
        assertEquals(1, replica.appliedIndex());
        ends.clear();
    }

    /** The second member answers the newest heartbeat, and has everything. */
    private void answer()
    {
        final long round = sender.sent(PeerMessage.Heartbeat.class, 2).getLast().sequence();
        final long sequence = sender.sent(PeerMessage.Append.class, 2).getLast().sequence();
        replica.peerHandler().onAck(
            2, AckKind.ACCEPTED, replica.raft().term(), sequence, round, 5, log.lastIndex(), log.lastIndex(), 0, 0);
    }

    /** Follows member 2, which has these entries and so many of them committed. */
    private void follow(final int entries, final long commitIndex)
    {
        final InMemoryLog of = new InMemoryLog();
        for (int i = 1; i <= entries; i++)
        {
            of.append(
                EntryType.COMMAND, TERM_OF_OTHERS, FencingToken.of(TERM_OF_OTHERS, i), 0,
                new UnsafeBuffer(new byte[16]), 0, 16);
        }
        final EntryCursor cursor = of.newCursor();
        of.read(1, entries, Integer.MAX_VALUE, cursor);
        final byte[] frames = new byte[cursor.length()];
        cursor.buffer().getBytes(cursor.offset(), frames);
        replica.peerHandler().onAppend(
            2, TERM_OF_OTHERS, 1, 0, 0, commitIndex, new UnsafeBuffer(frames), 0, frames.length);
    }

    private PeerMessage.ReadIndexRequest request()
    {
        return sender.last(PeerMessage.ReadIndexRequest.class);
    }

    private void answerRequest(final long index)
    {
        replica.peerHandler().onReadIndexReply(2, TERM_OF_OTHERS, request().requestId(), 1, index);
    }

    @Test
    void shouldAnswerOnceAMajorityHasConfirmedTheLeader()
    {
        lead();
        ask(Consistency.LINEARIZABLE);
        ask(Consistency.FOLLOWER);
        cycle(MS);
        assertEquals(List.of(), ends);
        answer();
        cycle(0);
        assertEquals(List.of("a=0@1", "b=0@1"), ends);
    }

    /** The bar of the issue: nothing in the old term, whatever lay in the buffers. */
    @Test
    void shouldNeverAnswerInItsOldTermWhenALeaderWasPausedForTenTimeouts()
    {
        config.readLease(true);
        lead();
        ask(Consistency.LINEARIZABLE);
        ask(Consistency.LEASE);
        cycle(MS);
        ends.clear();
        // The process stands still. What was sent to it meanwhile lies there, the answers to its last round first.
        nowNs += 10 * TIMEOUT_MAX_NS;
        replica.onCycle(nowNs, nowNs);
        answer();
        ask(Consistency.LINEARIZABLE);
        ask(Consistency.LEASE);
        replica.doWork();
        cycle(0);
        assertEquals(List.of(), ends);
        replica.peerHandler().onHeartbeat(3, replica.raft().term() + 1, 1, 0);
        cycle(0);
        cycle(0);
        assertEquals(3, ends.size(), ends::toString);
        assertTrue(ends.stream().allMatch(end -> end.contains(" REJECTED_")), ends::toString);
    }

    @Test
    void shouldNotAnswerByALeaseOfATimeThatWasReadBeforeTheQueryCame()
    {
        config.readLease(true);
        lead();
        replica.onCycle(nowNs, nowNs);
        // Here the process stands still, and another leads by the time the query is asked.
        ask(Consistency.LEASE);
        replica.doWork();
        assertEquals(List.of(), ends);
        cycle(10 * TIMEOUT_MAX_NS);
        assertEquals(List.of("1 REJECTED_NOT_LEADER"), ends);
    }

    @Test
    void shouldAnswerByLeaseInTheNextCycleWithoutAsking()
    {
        config.readLease(true);
        lead();
        sender.clear();
        ask(Consistency.LEASE);
        cycle(1);
        assertEquals(List.of("a=0@1"), ends);
        assertTrue(sender.sent().isEmpty());
    }

    @Test
    void shouldAskTheMajorityWhenThereIsNoLease()
    {
        lead();
        ask(Consistency.LEASE);
        cycle(MS);
        cycle(MS);
        assertEquals(List.of(), ends);
        answer();
        cycle(0);
        assertEquals(List.of("a=0@1"), ends);
    }

    @Test
    void shouldRefuseWhatIsForTheLeaderWhenFollowing()
    {
        start(0, 1000);
        cycle(MS);
        assertEquals(QueryCode.REJECTED_NOT_LEADER, query(Consistency.LINEARIZABLE, 0));
        assertEquals(QueryCode.REJECTED_NOT_LEADER, query(Consistency.LEASE, 0));
        assertEquals(QueryCode.REJECTED_NO_LEADER, query(Consistency.FOLLOWER, 0));
    }

    @Test
    void shouldWaitForItsOwnStateWhenFollowing()
    {
        start(0, 2);
        cycle(MS);
        follow(5, 0);
        cycle(MS);
        ask(Consistency.FOLLOWER);
        cycle(MS);
        answerRequest(4);
        cycle(MS);
        assertEquals(List.of(), ends, "nothing is known to be committed here yet");
        replica.peerHandler().onHeartbeat(2, TERM_OF_OTHERS, 1, 5);
        cycle(MS);
        assertEquals(List.of(), ends, "two of four are applied");
        cycle(MS);
        assertEquals(List.of("a=4@4"), ends);
    }

    @Test
    void shouldRejectWhatWaitsWhenTheLeaderChanges()
    {
        start(0, 1000);
        cycle(MS);
        follow(1, 1);
        cycle(MS);
        ask(Consistency.FOLLOWER);
        assertEquals(QueryCode.ANSWERED, query(Consistency.STALE, 0));
        cycle(MS);
        cycle(MS);
        replica.peerHandler().onHeartbeat(3, TERM_OF_OTHERS + 1, 1, 0);
        cycle(MS);
        assertEquals(List.of("1 REJECTED_NO_LEADER", "2 REJECTED_TOO_STALE"), ends);
    }

    @Test
    void shouldCountTheAgeOfItsStateFromWhenItAskedTheLeader()
    {
        start(0, 1000);
        cycle(MS);
        follow(2, 2);
        cycle(MS);
        ask(Consistency.FOLLOWER);
        cycle(MS);
        answerRequest(2);
        cycle(7 * MS);
        assertEquals(List.of("a=2@2"), ends);
        ends.clear();
        assertEquals(QueryCode.ANSWERED, query(Consistency.STALE, 8 * MS));
        cycle(MS);
        assertEquals(List.of("b=2@2"), ends, "8 ms since it asked");
        assertEquals(QueryCode.ANSWERED, query(Consistency.STALE, 8 * MS));
        cycle(MS);
        cycle(0);
        assertEquals(1, ends.size(), "9 ms: it asks again");
        answerRequest(2);
        cycle(MS);
        assertEquals(List.of("b=2@2", "c=2@2"), ends);
    }

    @Test
    void shouldAnswerFromAStateOfAnyAgeWithoutALeader()
    {
        start(0, 1000);
        cycle(MS);
        assertEquals(QueryCode.ANSWERED, query(Consistency.STALE, Long.MAX_VALUE));
        assertEquals(QueryCode.ANSWERED, query(Consistency.STALE, MS));
        cycle(MS);
        assertEquals(List.of("a=0@0", "2 REJECTED_TOO_STALE"), ends);
    }

    @Test
    void shouldAnswerNothingWhileItReplays()
    {
        for (int i = 1; i <= 3; i++)
        {
            log.append(EntryType.COMMAND, 1, FencingToken.of(1, i), 0, new UnsafeBuffer(new byte[16]), 0, 16);
        }
        log.flush();
        hardState.store(1, 2);
        start(3, 1);
        cycle(MS);
        assertEquals(QueryCode.REJECTED_RECOVERING, query(Consistency.STALE, Long.MAX_VALUE));
        assertEquals(QueryCode.REJECTED_RECOVERING, query(Consistency.FOLLOWER, 0));
    }

    @Test
    void shouldRejectWhenTooManyWait()
    {
        readQueueLength = 4096;
        lead();
        int taken = 0;
        while (QueryCode.ANSWERED == query(Consistency.LINEARIZABLE, 0))
        {
            taken++;
        }
        assertTrue(taken > 20, "taken " + taken);
        assertEquals(QueryCode.REJECTED_BACK_PRESSURED, query(Consistency.LINEARIZABLE, 0));
        cycle(MS);
        answer();
        cycle(0);
        assertEquals(taken, ends.size());
        for (int i = 0; i < 500; i++)
        {
            ask(Consistency.LINEARIZABLE);
            cycle(MS);
            answer();
            cycle(0);
        }
        assertEquals(taken + 500, ends.size(), "round and round the queue");
        assertEquals(QueryCode.REJECTED_TOO_LARGE,
            replica.query(9, 1, Consistency.STALE, 0, new UnsafeBuffer(new byte[5000]), 0, 5000));
    }

    @Test
    void shouldTellThatAStateMachineAnswersNoQueries()
    {
        machine = (header, buffer, offset, length, reply) ->
        {
        };
        lead();
        ask(Consistency.LINEARIZABLE);
        cycle(MS);
        answer();
        cycle(0);
        assertEquals(List.of("1 REJECTED_UNSUPPORTED"), ends);
    }
}
