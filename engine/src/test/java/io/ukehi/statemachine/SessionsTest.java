package io.ukehi.statemachine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class SessionsTest
{
    private static final long MS = 1_000_000;
    private static final long TIMEOUT = 2_000 * MS;
    private static final UnsafeBuffer REPLY = new UnsafeBuffer(new byte[]{1, 2, 3, 4, 5, 6, 7, 8});

    private final Sessions sessions = new Sessions();
    private long clusterTimeNs = 1_000_000 * MS;
    private long term = 1;

    private SessionState open(final long index, final long clientId)
    {
        return sessions.open(index, clientId, TIMEOUT, 10, 4, 100);
    }

    /** So much later an entry comes; returns the session that it ends. */
    private SessionState pass(final long ms)
    {
        clusterTimeNs += ms * MS;
        sessions.onEntry(term, clusterTimeNs);
        return sessions.pollExpired();
    }

    private SessionState passInSteps(final long ms)
    {
        SessionState expired = null;
        for (long passed = 0; passed < ms && null == expired; passed += 100)
        {
            expired = pass(100);
        }
        return expired;
    }

    @Test
    void shouldFindASessionByIdAndByClientUntilItIsClosed()
    {
        pass(0);
        final SessionState session = open(7, 70);
        assertSame(session, sessions.get(7));
        assertSame(session, sessions.ofClient(70));
        assertSame(session, sessions.close(7));
        assertNull(sessions.get(7));
        assertNull(sessions.ofClient(70));
        assertEquals(0, sessions.count());
        assertNull(sessions.close(7));
    }

    @Test
    void shouldGiveTheSameSessionWhenItsClientAsksAgain()
    {
        final SessionState session = open(7, 70);
        assertSame(session, open(9, 70));
        assertEquals(1, sessions.count());
    }

    @Test
    void shouldOpenNoMoreThanTheEntryAllows()
    {
        assertNotNull(sessions.open(1, 10, TIMEOUT, 2, 4, 100));
        assertNotNull(sessions.open(2, 20, TIMEOUT, 2, 4, 100));
        assertNull(sessions.open(3, 30, TIMEOUT, 2, 4, 100));
        assertNotNull(sessions.open(4, 10, TIMEOUT, 2, 4, 100), "there already");
    }

    @Test
    void shouldExpireASessionWhenNothingIsHeardOfItForItsTimeout()
    {
        pass(0);
        final SessionState silent = open(1, 10);
        open(2, 20);
        assertNull(passInSteps(1_900));
        sessions.touch(2);
        assertNull(pass(100), "its timeout is not over, it is just up");
        assertSame(silent, pass(1));
        assertNull(sessions.pollExpired());
        assertNull(sessions.get(1));
        assertNotNull(sessions.get(2));
    }

    @Test
    void shouldTakeNoTimeFromASessionWhenAClockIsSet()
    {
        pass(0);
        open(1, 10);
        assertNull(pass(3_600_000), "an hour between two entries counts as half a second");
        assertNull(passInSteps(1_500));
        assertNotNull(pass(1));
    }

    @Test
    void shouldGiveEverySessionItsWholeTimeoutWhenATermBegins()
    {
        pass(0);
        open(1, 10);
        assertNull(passInSteps(2_000));
        term = 2;
        assertNull(pass(3_600_000), "an election however long, and a leader whose clock is ahead");
        assertNull(passInSteps(2_000));
        assertNotNull(pass(1));
    }

    @Test
    void shouldExpireSeveralInTheOrderOfTheirIds()
    {
        pass(0);
        open(5, 50);
        open(3 + 5, 10);
        open(12, 20);
        assertEquals(5, passInSteps(3_000).id());
        assertEquals(8, sessions.pollExpired().id());
        assertEquals(12, sessions.pollExpired().id());
        assertNull(sessions.pollExpired());
    }

    private static void apply(final SessionState session, final long sequence, final int length)
    {
        session.onApplied(sequence, 100 + sequence, 200 + sequence, REPLY, 0, length);
    }

    @Test
    void shouldHaveNoRoomBeyondTheLimitOfReplies()
    {
        final SessionState session = open(1, 10);
        for (int sequence = 1; sequence <= 4; sequence++)
        {
            assertTrue(session.hasRoomFor(sequence, 1));
            apply(session, sequence, 8);
        }
        assertFalse(session.hasRoomFor(5, 1));
        assertTrue(session.hasRoomFor(5, 2), "the client has the first");
        session.acknowledge(3);
        assertTrue(session.hasRoomFor(5, 1), "an older message does not take that back");
        assertFalse(session.hasReply(2));
        assertTrue(session.hasReply(3));
    }

    @Test
    void shouldHaveNoRoomWhenTheRepliesKeptAreTooLong()
    {
        final SessionState session = sessions.open(1, 10, TIMEOUT, 10, 4, 12);
        apply(session, 1, 8);
        assertTrue(session.hasRoomFor(2, 1));
        apply(session, 2, 8);
        assertFalse(session.hasRoomFor(3, 1));
        assertTrue(session.hasRoomFor(3, 2));
    }

    @Test
    void shouldNotForgetWhatIsStillToComeWhenAClientAcknowledgesTooMuch()
    {
        final SessionState session = open(1, 10);
        apply(session, 1, 8);
        session.acknowledge(Long.MAX_VALUE);
        assertEquals(2, session.firstUnanswered());
        apply(session, 2, 8);
        assertTrue(session.hasReply(2));
        session.acknowledge(Long.MIN_VALUE);
        assertEquals(2, session.firstUnanswered());
    }

    private Sessions filled()
    {
        pass(100);
        apply(open(3, 30), 1, 8);
        final SessionState other = open(4, 40);
        apply(other, 1, 8);
        apply(other, 2, 0);
        apply(other, 3, 5);
        other.acknowledge(2);
        open(9, 90);
        pass(10);
        sessions.touch(4);
        return sessions;
    }

    @Test
    void shouldBeTheSameAfterItIsWrittenAndRead()
    {
        final ExpandableArrayBuffer bytes = new ExpandableArrayBuffer();
        final int length = filled().writeTo(bytes, 5);
        final Sessions copy = new Sessions();
        copy.open(1, 2, TIMEOUT, 10, 4, 100);
        copy.readFrom(bytes, 5, length);
        assertEquals(sessions.digest(), copy.digest());
        assertEquals(3, copy.count());
        final SessionState session = copy.ofClient(40);
        assertEquals(4, session.id());
        assertEquals(3, session.lastSequence());
        assertFalse(session.hasReply(1));
        assertEquals(0, session.replyLength(2));
        assertEquals(5, session.replyLength(3));
        assertEquals(103, session.replyIndex(3));
        assertEquals(203, session.replyToken(3));
        assertEquals(5, session.replyBuffer().getByte(session.replyOffset(3) + 4));
        final ExpandableArrayBuffer again = new ExpandableArrayBuffer();
        assertEquals(length, copy.writeTo(again, 0));
        for (int i = 0; i < length; i++)
        {
            assertEquals(bytes.getByte(5 + i), again.getByte(i), "byte " + i);
        }
        term++;
        copy.onEntry(term, clusterTimeNs);
        sessions.onEntry(term, clusterTimeNs);
        assertEquals(sessions.digest(), copy.digest());
    }

    @Test
    void shouldRefuseAWrittenTableThatIsCutShort()
    {
        final ExpandableArrayBuffer bytes = new ExpandableArrayBuffer();
        final int length = filled().writeTo(bytes, 0);
        int refused = 0;
        for (int cut = 0; cut < length; cut++)
        {
            final int cutLength = cut;
            final Sessions copy = new Sessions();
            try
            {
                copy.readFrom(bytes, 0, cutLength);
                assertNotEquals(sessions.digest(), copy.digest());
            }
            catch (final IllegalArgumentException expected)
            {
                refused++;
            }
        }
        assertTrue(refused > length - 5, "all but those between two sessions: " + refused + " of " + length);
        bytes.putInt(24 + 48 + 8 + 16, -1);
        assertThrows(IllegalArgumentException.class, () -> new Sessions().readFrom(bytes, 0, length));
    }

    @Test
    void shouldTellTablesApartByTheirDigest()
    {
        assertEquals(0, sessions.digest());
        pass(0);
        final SessionState session = open(1, 10);
        final long opened = sessions.digest();
        apply(session, 1, 8);
        final long applied = sessions.digest();
        assertNotEquals(opened, applied);
        session.acknowledge(2);
        final long acknowledged = sessions.digest();
        assertNotEquals(applied, acknowledged);
        pass(10);
        assertNotEquals(acknowledged, sessions.digest());
    }
}
