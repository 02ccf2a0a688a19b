package io.ukehi.node;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.QueryCode;
import io.ukehi.fencing.FencingToken;
import io.ukehi.raft.AckKind;
import io.ukehi.raft.DoubtStore;
import io.ukehi.raft.EntryCursor;
import io.ukehi.raft.EntryType;
import io.ukehi.raft.HardStateStore;
import io.ukehi.raft.InMemoryHardState;
import io.ukehi.raft.InMemoryLog;
import io.ukehi.raft.PeerMessage;
import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftConfig;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.RecordingSender;
import io.ukehi.raft.Role;
import io.ukehi.raft.VoteKind;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.SessionState;
import io.ukehi.statemachine.StateMachine;
import io.ukehi.statemachine.StateMachineException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;

class ReplicaTest
{
    private static final long MS = 1_000_000;
    private static final long SESSION = 7;

    private final InMemoryLog log = new InMemoryLog();
    private final InMemoryHardState hardState = new InMemoryHardState();
    private final RecordingSender sender = new RecordingSender(1);
    private final Machine machine = new Machine();
    private final Told told = new Told();
    private int applyLimit = 1000;
    private int pendingLimit = 1000;
    private long nowNs;
    private Replica replica;

    /** Answers with the command and its index; remembers what it was told. */
    private static final class Machine implements StateMachine
    {
        private final List<String> calls = new ArrayList<>();
        private String poison = "none";

        @Override
        public void onStart()
        {
            calls.add("start");
        }

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            final String text = buffer.getStringWithoutLengthAscii(offset, length);
            if (poison.equals(text))
            {
                throw new IllegalStateException("poison");
            }
            calls.add(text);
            final byte[] answer = (text + "@" + header.index()).getBytes(StandardCharsets.US_ASCII);
            reply.put(new UnsafeBuffer(answer), 0, answer.length);
        }

        @Override
        public void onStop()
        {
            calls.add("stop");
        }
    }

    /** Writes down what the node would be told. */
    private static final class Told implements ReplicaListener
    {
        private final List<String> ends = new ArrayList<>();
        private final List<String> roles = new ArrayList<>();

        @Override
        public void onRecovered()
        {
            roles.add("recovered");
        }

        @Override
        public void onCommitted(
            final CommandHeader header, final DirectBuffer reply, final int offset, final int length,
            final boolean isProposedHere)
        {
            assertEquals(0 == header.correlationId() ? 0 : SESSION, header.sessionId());
            ends.add(header.correlationId() + " " + reply.getStringWithoutLengthAscii(offset, length) +
                (isProposedHere ? " mine" : ""));
        }

        @Override
        public void onSuperseded(final long sessionId, final long correlationId)
        {
            assertEquals(SESSION, sessionId);
            ends.add(correlationId + " superseded");
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
            ends.add("query " + correlationId + " " + code + (QueryCode.ANSWERED == code ?
                " at " + index + ": " + reply.getStringWithoutLengthAscii(offset, length) : ""));
        }

        @Override
        public void onAbandoned(final long sessionId, final long correlationId)
        {
            ends.add(correlationId + " abandoned");
        }

        @Override
        public void onMalformed(final long index, final long term, final int payloadLength)
        {
            ends.add("malformed " + index + " " + payloadLength);
        }

        @Override
        public void onSessionOpened(final long clientId, final SessionState session)
        {
            ends.add("opened " + clientId + " " + (null == session ? "never" : session.id()));
        }

        @Override
        public void onSessionClosed(final SessionState session, final boolean isExpired)
        {
            ends.add((isExpired ? "expired " : "closed ") + session.id());
        }

        @Override
        public void onRepeated(final SessionState session, final long sequence)
        {
            ends.add(sequence + " again " + session.replyBuffer().getStringWithoutLengthAscii(
                session.replyOffset(sequence), session.replyLength(sequence)));
        }

        @Override
        public void onNotTaken(final SessionState session, final long sequence)
        {
            ends.add(sequence + " not taken");
        }

        @Override
        public void onUnknownSession(final long sessionId, final long sequence)
        {
            ends.add(sequence + " of unknown " + sessionId);
        }

        @Override
        public void onRoleChange(final Role role, final long term, final int leaderId)
        {
            roles.add(role + " " + term);
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
            ends.add("refused " + reason);
        }
    }

    private Replica start(final int size, final long committed)
    {
        final int[] members = new int[size];
        for (int i = 0; i < size; i++)
        {
            members[i] = i + 1;
        }
        replica = new Replica(
            new RaftConfig().nodeId(1).members(members).initialCommitIndex(committed), log, hardState,
            DoubtStore.NONE, sender, machine,
            new ReplicaLimits(applyLimit, pendingLimit, 1000, FencingToken.MAX_PART), told);
        replica.start();
        return replica;
    }

    private static byte[] payload(final long correlationId, final String text)
    {
        final byte[] bytes = new byte[16 + text.length()];
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        buffer.putLong(0, SESSION, LITTLE_ENDIAN);
        buffer.putLong(8, correlationId, LITTLE_ENDIAN);
        buffer.putStringWithoutLengthAscii(16, text);
        return bytes;
    }

    private long propose(final long correlationId, final String text)
    {
        final byte[] bytes = payload(correlationId, text);
        return replica.propose(new UnsafeBuffer(bytes), 0, bytes.length);
    }

    private static void write(final InMemoryLog to, final long term, final long correlationId, final String text)
    {
        final byte[] bytes = payload(correlationId, text);
        to.append(EntryType.COMMAND, term, FencingToken.of(term, to.lastIndex() + 1), to.lastClusterTimeNs(),
            new UnsafeBuffer(bytes), 0, bytes.length);
    }

    private int cycle()
    {
        nowNs += MS;
        replica.onCycle(nowNs, nowNs);
        return replica.doWork();
    }

    private void lead(final int size)
    {
        do
        {
            cycle();
        }
        while (Role.PRE_CANDIDATE != replica.raft().role() && Role.LEADER != replica.raft().role());
        if (size > 1)
        {
            final long term = replica.raft().term();
            replica.peerHandler().onVoteReply(2, VoteKind.PRE_VOTE, term, term + 1, true);
            replica.peerHandler().onVoteReply(2, VoteKind.VOTE, term + 1, term + 1, true);
        }
        assertEquals(Role.LEADER, replica.raft().role());
    }

    /** The second member has all that was sent to it. */
    private void acknowledge()
    {
        cycle();
        final List<PeerMessage.Append> sent = sender.sent(PeerMessage.Append.class, 2);
        for (final PeerMessage.Append append : sent)
        {
            final long match = append.prevIndex() + append.count();
            replica.peerHandler().onAck(
                2, AckKind.ACCEPTED, append.term(), append.sequence(), 0, 5, match, match, 0, 0);
        }
        sender.clear();
        cycle();
    }

    /** An append of another leader: all entries of its log behind an index. */
    private void follow(
        final int leaderId, final long term, final InMemoryLog of, final long prevIndex, final long commitIndex)
    {
        final EntryCursor cursor = of.newCursor();
        of.read(prevIndex + 1, of.lastIndex(), Integer.MAX_VALUE, cursor);
        final byte[] frames = new byte[cursor.length()];
        cursor.buffer().getBytes(cursor.offset(), frames);
        replica.peerHandler().onAppend(
            leaderId, term, 1, prevIndex, of.termAt(prevIndex), commitIndex, new UnsafeBuffer(frames), 0,
            frames.length);
        cycle();
    }

    @Test
    void shouldCommitApplyAndAnswerWhenAlone()
    {
        start(1, 0);
        lead(1);
        assertEquals(2, propose(70, "a"));
        assertEquals(3, propose(71, "b"));
        assertEquals(2, replica.pendingCount());
        cycle();
        assertEquals(List.of("70 a@2 mine", "71 b@3 mine"), told.ends);
        assertEquals(List.of("start", "a", "b"), machine.calls);
        assertEquals(0, replica.pendingCount());
        assertEquals(3, replica.appliedIndex());
        assertFalse(replica.isRecovering());
    }

    @Test
    void shouldReplayWhatWasCommittedBeforeItTakesPart()
    {
        for (int i = 1; i <= 10; i++)
        {
            write(log, 2, i, "c" + i);
        }
        log.flush();
        hardState.found(2, HardStateStore.NO_VOTE);
        applyLimit = 3;
        start(3, 8);
        for (int i = 0; i < 3; i++)
        {
            assertTrue(replica.isRecovering());
            assertEquals(Replica.RECOVERING, propose(99, "z"));
            assertEquals(List.of(), told.roles);
            assertTrue(cycle() > 0);
        }
        assertEquals(8, replica.appliedIndex());
        assertTrue(told.ends.isEmpty(), "nobody is told again");
        cycle();
        assertFalse(replica.isRecovering());
        assertEquals("recovered", told.roles.getFirst());
        assertEquals(8, replica.appliedIndex(), "what is not known to be committed waits for a leader");
        lead(3);
        acknowledge();
        acknowledge();
        while (cycle() > 0)
        {
            assertFalse(replica.isRecovering());
        }
        assertEquals(11, replica.appliedIndex());
        assertEquals(List.of("start", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10"), machine.calls);
        assertEquals(List.of("9 c9@9", "10 c10@10"), told.ends);
        assertEquals(1, told.roles.stream().filter("recovered"::equals).count());
    }

    @Test
    void shouldTakePartAtOnceWhenThereIsNothingToReplay()
    {
        start(3, 0);
        cycle();
        assertEquals(List.of("recovered"), told.roles);
    }

    @Test
    void shouldNotTakeCommandsWhenItDoesNotLead()
    {
        start(3, 0);
        cycle();
        assertEquals(Raft.NOT_LEADER, propose(1, "a"));
        assertEquals(0, replica.pendingCount());
    }

    @Test
    void shouldPushBackWhenTooManyAreUnderWay()
    {
        pendingLimit = 2;
        start(3, 0);
        lead(3);
        assertTrue(propose(1, "a") > 0);
        assertTrue(propose(2, "b") > 0);
        assertEquals(RaftLog.BACK_PRESSURED, propose(3, "c"));
        acknowledge();
        assertEquals(List.of("1 a@2 mine", "2 b@3 mine"), told.ends);
        assertTrue(propose(3, "c") > 0);
    }

    @Test
    void shouldSayThatItDoesNotLeadRatherThanPushBackWhenTooManyWait()
    {
        pendingLimit = 1;
        start(3, 0);
        lead(3);
        assertTrue(propose(1, "a") > 0);
        replica.raft().stepDown();
        assertEquals(Raft.NOT_LEADER, propose(2, "b"));
    }

    @Test
    void shouldHandOnThatStorageIsFull()
    {
        start(1, 0);
        lead(1);
        log.full(true);
        assertEquals(RaftLog.STORAGE_FULL, propose(1, "a"));
        log.full(false);
        log.room(0);
        assertEquals(RaftLog.BACK_PRESSURED, propose(2, "b"));
        assertEquals(0, replica.pendingCount());
        log.ampleRoom();
        propose(3, "c");
        cycle();
        assertEquals(List.of("3 c@2 mine"), told.ends);
    }

    @Test
    void shouldTellWhatWasSupersededWhenAnotherLeaderCommitsInItsPlace()
    {
        start(3, 0);
        lead(3);
        propose(1, "a");
        propose(2, "b");
        cycle();
        final InMemoryLog other = new InMemoryLog();
        write(other, 5, 50, "x");
        write(other, 5, 51, "y");
        follow(2, 5, other, 0, 0);
        assertEquals(List.of(), told.ends, "what is cut away may be alive elsewhere");
        follow(2, 5, other, 0, 1);
        assertEquals(List.of("1 superseded", "2 superseded", "50 x@1"), told.ends.stream().sorted().toList());
        assertEquals(List.of("start", "x"), machine.calls);
    }

    @Test
    void shouldTellThatItIsCommittedWhenTheNextLeaderKeptIt()
    {
        start(3, 0);
        lead(3);
        propose(1, "a");
        cycle();
        final InMemoryLog other = new InMemoryLog();
        final EntryCursor cursor = log.newCursor();
        log.read(1, 2, Integer.MAX_VALUE, cursor);
        assertTrue(other.verify(cursor, cursor.buffer(), cursor.offset(), cursor.length()));
        assertTrue(cursor.next());
        other.appendFrames(cursor);
        write(other, 5, 50, "x");
        follow(3, 5, other, 2, 3);
        assertEquals(List.of("1 a@2 mine", "50 x@3"), told.ends);
    }

    @Test
    void shouldTakeCommandsAgainWhenElectedAgainWithALogCutFarBelowWhatWaits()
    {
        for (int i = 1; i <= 10; i++)
        {
            write(log, 1, 100 + i, "old");
        }
        log.flush();
        hardState.found(1, HardStateStore.NO_VOTE);
        pendingLimit = 4;
        start(3, 0);
        lead(3);
        for (int i = 0; i < 4; i++)
        {
            assertEquals(12 + i, propose(i, "lost"));
        }
        cycle();
        final InMemoryLog other = new InMemoryLog();
        write(other, 5, 50, "x");
        follow(2, 5, other, 0, 0);
        assertEquals(1, log.lastIndex());
        sender.clear();
        lead(3);
        assertEquals(4, replica.pendingCount());
        assertEquals(RaftLog.BACK_PRESSURED, propose(9, "too early"));
        acknowledge();
        acknowledge();
        assertEquals(2, replica.appliedIndex());
        assertEquals(0, replica.pendingCount());
        assertEquals(3, propose(10, "new"));
        acknowledge();
        assertEquals(List.of("0 superseded", "1 superseded", "10 new@3 mine", "2 superseded", "3 superseded", "50 x@1"),
            told.ends.stream().sorted().toList());
    }

    @Test
    void shouldAbandonWhatIsUnderWayWhenItStops()
    {
        start(3, 0);
        lead(3);
        propose(1, "a");
        propose(2, "b");
        replica.stop();
        replica.stop();
        assertEquals(List.of("1 abandoned", "2 abandoned"), told.ends);
        assertEquals(List.of("start", "stop"), machine.calls);
        assertEquals(0, replica.pendingCount());
    }

    @Test
    void shouldTellOfEachOnceWhenTheStateMachineThrows()
    {
        machine.poison = "b";
        start(1, 0);
        lead(1);
        propose(1, "a");
        propose(2, "b");
        propose(3, "c");
        final StateMachineException ex = assertThrows(StateMachineException.class, this::cycle);
        assertEquals(3, ex.index());
        assertThrows(IllegalStateException.class, this::cycle);
        replica.stop();
        assertEquals(List.of("1 a@2 mine", "2 abandoned", "3 abandoned"), told.ends);
        assertEquals(List.of("start", "a", "stop"), machine.calls);
    }

    @Test
    void shouldPassOverACommittedCommandThatNamesNobody()
    {
        start(3, 0);
        cycle();
        final InMemoryLog other = new InMemoryLog();
        other.append(EntryType.COMMAND, 5, FencingToken.of(5, 1), 0, new UnsafeBuffer(new byte[15]), 0, 15);
        write(other, 5, 50, "x");
        follow(2, 5, other, 0, 2);
        assertEquals(List.of("malformed 1 15", "50 x@2"), told.ends);
    }

    @Test
    void shouldApplyCommandsOfTheEarlierImplementationWithoutASenderOrAToken()
    {
        start(3, 0);
        cycle();
        final InMemoryLog other = new InMemoryLog();
        for (final String text : new String[]{"an", "older", ""})
        {
            other.append(EntryType.BARE_COMMAND, 5, 0, 0,
                new UnsafeBuffer(text.getBytes(StandardCharsets.US_ASCII)), 0, text.length());
        }
        write(other, 5, 50, "newer");
        follow(2, 5, other, 0, 4);
        assertEquals(List.of("start", "an", "older", "", "newer"), machine.calls);
        assertEquals(List.of("0 an@1", "0 older@2", "0 @3", "50 newer@4"), told.ends);
    }

    @Test
    void shouldRefuseToProposeACommandThatNamesNobody()
    {
        start(1, 0);
        lead(1);
        assertThrows(IllegalStateException.class, () -> replica.propose(new UnsafeBuffer(new byte[15]), 0, 15));
    }
}
