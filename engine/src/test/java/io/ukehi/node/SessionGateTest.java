package io.ukehi.node;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.fencing.FencingToken;
import io.ukehi.raft.DoubtStore;
import io.ukehi.raft.InMemoryHardState;
import io.ukehi.raft.InMemoryLog;
import io.ukehi.raft.Raft;
import io.ukehi.raft.RaftConfig;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.RecordingSender;
import io.ukehi.raft.Role;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.Reply;
import io.ukehi.statemachine.SessionState;
import io.ukehi.statemachine.StateMachine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sessions of a cluster of one, whose leader commits what it takes in the same cycle. */
class SessionGateTest
{
    private static final long MS = 1_000_000;
    private static final long ALICE = 1001;
    private static final long BOB = 1002;
    private static final long TIMEOUT = 2_000 * MS;

    private final InMemoryLog log = new InMemoryLog();
    private final InMemoryHardState hardState = new InMemoryHardState();
    private final List<String> told = new ArrayList<>();
    private final Set<Long> present = new HashSet<>();
    private final Counter counter = new Counter();
    private int pendingLimit = 100;
    private int pendingLength = 100_000;
    private long nowNs;
    private Replica replica;

    /** Counts, answers with the count, and hears of sessions. */
    private final class Counter implements StateMachine
    {
        private long count;

        @Override
        public void onCommand(
            final CommandHeader header, final DirectBuffer buffer, final int offset, final int length,
            final Reply reply)
        {
            reply.buffer(Long.BYTES).putLong(0, ++count);
            reply.length(Long.BYTES);
        }

        @Override
        public void onSessionOpened(final long sessionId, final long clusterTimeNs)
        {
            told.add("machine: opened");
        }

        @Override
        public void onSessionClosed(final long sessionId, final long clusterTimeNs)
        {
            told.add("machine: closed");
        }
    }

    private final class Told implements ReplicaListener
    {
        @Override
        public void onRecovered()
        {
            told.add("recovered");
        }

        @Override
        public void onCommitted(
            final CommandHeader header, final DirectBuffer reply, final int offset, final int length,
            final boolean isProposedHere)
        {
            told.add("reply " + header.correlationId() + ": " + reply.getLong(offset));
        }

        @Override
        public void onSuperseded(final long sessionId, final long correlationId)
        {
            told.add("superseded " + correlationId);
        }

        @Override
        public void onAbandoned(final long sessionId, final long correlationId)
        {
            told.add("abandoned " + correlationId);
        }

        @Override
        public void onMalformed(final long index, final long term, final int payloadLength)
        {
            told.add("malformed");
        }

        @Override
        public void onSessionOpened(final long clientId, final SessionState session)
        {
            told.add("opened " + clientId);
        }

        @Override
        public void onSessionClosed(final SessionState session, final boolean isExpired)
        {
            told.add((isExpired ? "expired " : "closed ") + session.clientId());
        }

        @Override
        public void onRepeated(final SessionState session, final long sequence)
        {
            told.add("again " + sequence + ": " + session.replyBuffer().getLong(session.replyOffset(sequence)));
        }

        @Override
        public void onNotTaken(final SessionState session, final long sequence)
        {
            told.add("not taken " + sequence);
        }

        @Override
        public void onUnknownSession(final long sessionId, final long sequence)
        {
            told.add("unknown session " + sequence);
        }

        @Override
        public void onRoleChange(final Role role, final long term, final int leaderId)
        {
            // Of no interest here.
        }

        @Override
        public void onRefused(final int fromId, final String reason)
        {
            told.add("refused " + reason);
        }
    }

    @BeforeEach
    void lead()
    {
        start(0);
        awaitLeadership();
    }

    private void start(final long committed)
    {
        counter.count = 0;
        replica = new Replica(
            new RaftConfig().nodeId(1).members(1).initialCommitIndex(committed), log, hardState,
            DoubtStore.NONE, new RecordingSender(1), counter,
            new ReplicaLimits(1000, pendingLimit, 1000, FencingToken.MAX_PART, new SessionLimits(
                2, TIMEOUT, 4, 1000, 100), ReplicaLimits.READ_QUEUE_LENGTH_DEFAULT, pendingLength),
            new Told());
        replica.start();
    }

    private void awaitLeadership()
    {
        while (Role.LEADER != replica.raft().role())
        {
            cycle();
        }
        cycle();
        told.clear();
    }

    private void cycle()
    {
        nowNs += MS;
        replica.onCycle(nowNs, nowNs);
        replica.doSessions(nowNs, present::contains);
        replica.doWork();
    }

    private void pass(final long ms)
    {
        for (int i = 0; i < ms; i++)
        {
            cycle();
        }
    }

    private long open(final long clientId)
    {
        present.add(clientId);
        assertTrue(replica.openSession(clientId) > 0);
        cycle();
        told.clear();
        return replica.sessions().ofClient(clientId).id();
    }

    private long propose(
        final long clientId, final long sessionId, final long sequence, final long firstUnanswered, final int length)
    {
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[24 + length]);
        payload.putLong(0, sessionId, LITTLE_ENDIAN);
        payload.putLong(8, sequence, LITTLE_ENDIAN);
        payload.putLong(16, firstUnanswered, LITTLE_ENDIAN);
        return replica.proposeInSession(clientId, payload, 0, 24 + length);
    }

    private long propose(final long sessionId, final long sequence)
    {
        return propose(ALICE, sessionId, sequence, sequence, 8);
    }

    @Test
    void shouldTellTheClientAndTheStateMachineWhenASessionOpens()
    {
        final long index = replica.openSession(ALICE);
        cycle();
        assertEquals(List.of("machine: opened", "opened 1001"), told);
        assertEquals(index, replica.sessions().ofClient(ALICE).id());
        assertEquals(SessionGate.DONE, replica.openSession(ALICE));
        assertEquals(List.of("machine: opened", "opened 1001", "opened 1001"), told);
    }

    @Test
    void shouldApplyACommandOnceHoweverOftenItIsSent()
    {
        final long session = open(ALICE);
        assertTrue(propose(session, 1) > 0);
        assertEquals(SessionGate.DONE, propose(session, 1), "it is under way");
        cycle();
        assertEquals(SessionGate.DONE, propose(session, 1));
        assertTrue(propose(session, 2) > 0);
        cycle();
        assertEquals(SessionGate.DONE, propose(session, 2));
        assertEquals(SessionGate.DONE, propose(session, 1), "the client has said that it has the reply");
        assertEquals(List.of("reply 1: 1", "again 1: 1", "reply 2: 2", "again 2: 2"), told);
        assertEquals(2, counter.count);
    }

    @Test
    void shouldAnswerWithTheSameReplyWhenTheNodeWasStartedAgain()
    {
        final long session = open(ALICE);
        propose(session, 1);
        cycle();
        start(log.lastIndex());
        pass(1);
        awaitLeadership();
        assertEquals(SessionGate.DONE, propose(session, 1));
        assertEquals(List.of("again 1: 1"), told);
        assertEquals(1, counter.count);
        assertTrue(propose(session, 2) > 0);
    }

    @Test
    void shouldTakeNothingOfASessionBeforeWhatCameBeforeTheTermIsApplied()
    {
        final long session = open(ALICE);
        start(0);
        assertEquals(Replica.RECOVERING < 0, propose(session, 1) < 0);
        nowNs += 10_000 * MS;
        replica.onCycle(nowNs, nowNs);
        while (Role.LEADER != replica.raft().role())
        {
            nowNs += MS;
            replica.onCycle(nowNs, nowNs);
            replica.raft().doTimers();
        }
        assertEquals(RaftLog.BACK_PRESSURED, propose(session, 1), "the table is empty yet");
        assertEquals(RaftLog.BACK_PRESSURED, replica.openSession(BOB));
        cycle();
        cycle();
        assertTrue(propose(session, 1) > 0);
    }

    @Test
    void shouldRefuseACommandWhenOneBeforeItIsMissing()
    {
        final long session = open(ALICE);
        assertEquals(SessionGate.OUT_OF_ORDER, propose(ALICE, session, 2, 1, 8));
        assertTrue(propose(ALICE, session, 1, 1, 8) > 0);
        assertTrue(propose(ALICE, session, 2, 1, 8) > 0);
        assertEquals(SessionGate.OUT_OF_ORDER, propose(ALICE, session, 4, 1, 8));
    }

    @Test
    void shouldRefuseWhoUsesTheSessionOfAnother()
    {
        final long session = open(ALICE);
        final long last = log.lastIndex();
        assertEquals(SessionGate.FORGED, propose(BOB, session, 1, 1, 8));
        assertEquals(SessionGate.MALFORMED, propose(ALICE, -1, 1, 1, 8));
        assertEquals(SessionGate.MALFORMED, propose(ALICE, session, 0, 0, 8));
        assertEquals(SessionGate.MALFORMED, propose(ALICE, session, 1, 2, 8));
        assertEquals(SessionGate.NO_SESSION, propose(ALICE, session - 1, 1, 1, 8));
        assertEquals(Raft.NOT_LEADER, propose(ALICE, last + 1000, 1, 1, 8), "it may be a later leader's");
        assertEquals(last, log.lastIndex());
    }

    @Test
    void shouldTakeNoMoreThanASessionMayHaveUnderWay()
    {
        final long session = open(ALICE);
        assertTrue(propose(ALICE, session, 1, 1, 99) > 0);
        assertEquals(SessionGate.SESSION_BUSY, propose(ALICE, session, 2, 1, 2), "more bytes than 100");
        cycle();
        for (int sequence = 2; sequence <= 4; sequence++)
        {
            assertTrue(propose(ALICE, session, sequence, 1, 2) > 0);
        }
        cycle();
        assertEquals(SessionGate.SESSION_BUSY, propose(ALICE, session, 5, 1, 2), "more replies than 4");
        assertTrue(propose(ALICE, session, 5, 2, 2) > 0);
        assertTrue(propose(BOB, open(BOB), 1, 1, 2) > 0, "another has its own room");
    }

    @Test
    void shouldHoldASessionBackThatHasMoreThanItsShareWhileRoomIsScarce()
    {
        pendingLimit = 8;
        start(0);
        awaitLeadership();
        final long alice = open(ALICE);
        final long bob = open(BOB);
        for (int sequence = 1; sequence <= 4; sequence++)
        {
            assertTrue(propose(ALICE, alice, sequence, 1, 2) > 0, "while there is room for all, nobody is greedy");
        }
        assertTrue(propose(BOB, bob, 1, 1, 2) > 0);
        assertTrue(propose(BOB, bob, 2, 1, 2) > 0);
        assertTrue(propose(BOB, bob, 3, 1, 2) > 0, "an eighth for each of two, twice");
        assertEquals(RaftLog.BACK_PRESSURED, propose(BOB, bob, 4, 1, 2), "more than his share of the second half");
        cycle();
        assertTrue(propose(BOB, bob, 4, 1, 2) > 0);
    }

    @Test
    void shouldHoldASessionBackThatHasMoreThanItsShareOfTheBytes()
    {
        pendingLength = 300;
        start(0);
        awaitLeadership();
        final long alice = open(ALICE);
        final long bob = open(BOB);
        assertTrue(propose(ALICE, alice, 1, 1, 90) > 0);
        assertTrue(propose(BOB, bob, 1, 1, 40) > 0);
        assertEquals(RaftLog.BACK_PRESSURED, propose(ALICE, alice, 2, 1, 2));
        assertTrue(propose(BOB, bob, 2, 1, 40) > 0, "who has less than a quarter may have more");
        assertEquals(RaftLog.BACK_PRESSURED, propose(BOB, bob, 3, 1, 2));
        cycle();
        assertTrue(propose(ALICE, alice, 2, 1, 90) > 0);
    }

    @Test
    void shouldOpenNoMoreSessionsThanThereMayBe()
    {
        open(ALICE);
        assertTrue(replica.openSession(BOB) > 0);
        assertEquals(SessionGate.SESSION_LIMIT, replica.openSession(1003), "counting the one that is under way");
        cycle();
        replica.closeSession(BOB);
        cycle();
        assertTrue(replica.openSession(1003) > 0);
    }

    @Test
    void shouldEndASessionWhenItsClientClosesIt()
    {
        final long session = open(ALICE);
        replica.closeSession(ALICE);
        propose(session, 1);
        cycle();
        assertEquals(List.of("machine: closed", "closed 1001", "unknown session 1"), told);
        assertEquals(SessionGate.NO_SESSION, propose(session, 1));
        assertEquals(SessionGate.DONE, replica.closeSession(ALICE));
        assertEquals(0, counter.count);
    }

    @Test
    void shouldKeepASessionAliveWhileItsClientIsThere()
    {
        final long session = open(ALICE);
        open(BOB);
        present.remove(BOB);
        pass(3_000);
        assertEquals(List.of("machine: closed", "expired 1002"), told);
        assertNotNull(replica.sessions().get(session));
        final long before = log.lastIndex();
        pass(5_000);
        assertTrue(log.lastIndex() - before <= 11, "a quarter of the timeout apart: " + (log.lastIndex() - before));
        present.clear();
        pass(3_000);
        assertNull(replica.sessions().get(session));
        final long last = log.lastIndex();
        pass(3_000);
        assertEquals(last, log.lastIndex(), "nothing to be kept, nothing written");
    }
}
