package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Whose log a member has, as the configuration knows: what becomes of it when members come, go and come back. */
class LogIdentityTest
{
    private static final Configuration NAMED = Configuration
        .of(new int[]{1, 2, 3}, new int[]{4}, Map.of(1, "a", 3, "c"))
        .withLogId(1, 11).withLogId(2, 12).withLogId(3, 13).withLogId(4, 14);

    private static Configuration copy(final Configuration configuration)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[configuration.encodedLength() + 8]);
        assertEquals(configuration.encodedLength(), configuration.encode(buffer, 8));
        return Configuration.decode(buffer, 8, configuration.encodedLength());
    }

    @Test
    void shouldSurviveEncoding()
    {
        assertEquals(NAMED, copy(NAMED));
        assertEquals(13, copy(NAMED).logId(3));
        assertEquals("c", copy(NAMED).endpoint(3));
        assertNotEquals(NAMED, NAMED.withLogId(3, 99));
        assertEquals(Configuration.NO_LOG, NAMED.logId(9));
    }

    @Test
    void shouldReadWhatAnOlderVersionWrote()
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[64]);
        buffer.putByte(0, (byte)1);
        buffer.putByte(2, (byte)1);
        buffer.putInt(8, 5);
        buffer.putShort(12, (short)2);
        buffer.putStringWithoutLengthAscii(14, "hi");
        final Configuration older = Configuration.decode(buffer, 0, 16);
        assertEquals(Configuration.of(new int[]{5}, new int[0], Map.of(5, "hi")), older);
        assertEquals(Configuration.NO_LOG, older.logId(5));
        assertNull(Configuration.decode(buffer, 0, 15), "cut short");
    }

    @Test
    void shouldKnowTheLogOfWhoStaysAndForgetThatOfWhoGoes()
    {
        assertEquals(13, NAMED.plusVoter(3, "elsewhere").logId(3), "a member that moves keeps its log");
        assertEquals(14, NAMED.plusVoter(4, "d").logId(4), "a learner that is promoted too");
        assertEquals(Configuration.NO_LOG, NAMED.minus(3).plusVoter(3, "c").logId(3), "removed and added");
        assertEquals(Configuration.NO_LOG, NAMED.replace(3, 5, "e").logId(5));
        assertEquals(12, NAMED.replace(3, 5, "e").logId(2));
    }

    @Test
    void shouldForgetTheLogOfAVoterThatBecomesALearnerOnlyOnceItVotesNoMore()
    {
        final Configuration target = NAMED.plusLearner(3, "c");
        assertEquals(Configuration.NO_LOG, target.logId(3));
        final Configuration joint = NAMED.joinedWith(target.withLogIdsOfLearners(NAMED));
        assertEquals(13, joint.logId(3), "it votes still");
        assertEquals(Configuration.NO_LOG, joint.settled().logId(3));
        assertEquals(14, joint.settled().logId(4));
    }

    @Test
    void shouldTellALogFromAnother()
    {
        final Membership own = new Membership(3, 13, NAMED, 0);
        assertTrue(own.isSelfVoter());
        assertFalse(own.isSelfReplaced());
        final Membership other = new Membership(3, 99, NAMED, 0);
        assertFalse(other.isSelfVoter());
        assertTrue(other.isSelfReplaced());
        assertFalse(other.maySelfStand(0));
        other.onAppended(1, NAMED.minus(3));
        assertFalse(other.isSelfReplaced());
        other.onAppended(2, NAMED.minus(3).plusVoter(3, "c"));
        assertTrue(other.isSelfVoter(), "added again");
        assertTrue(new Membership(3, Configuration.NO_LOG, NAMED, 0).isSelfVoter(), "nobody tells logs apart");
    }
}
