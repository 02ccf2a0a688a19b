package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The payload of an entry that says who the members are. */
class ConfigurationTest
{
    private static final Configuration SIMPLE = Configuration.of(
        new int[]{3, 1, 2}, new int[]{9}, Map.of(1, "a:1:2", 2, "b:1:2", 9, "i:1:2"));
    private static final Configuration JOINT = SIMPLE.joinedWith(
        Configuration.of(new int[]{2, 4}, new int[]{1}, Map.of(4, "d:1:2", 2, "b:3:4")));

    @Test
    void shouldReadWhatItWrote()
    {
        for (final Configuration configuration : new Configuration[]{SIMPLE, JOINT, Configuration.ofVoters(5)})
        {
            final UnsafeBuffer buffer = encoded(configuration);
            final Configuration read = Configuration.decode(buffer, 8, configuration.encodedLength());
            assertEquals(configuration, read);
            assertEquals(configuration.hashCode(), read.hashCode());
            assertEquals(configuration.toString(), read.toString());
        }
    }

    @Test
    void shouldHoldBothSetsWhenItIsJointAndTheNewOneWhenItIsLeft()
    {
        assertTrue(JOINT.isJoint());
        assertArrayEquals(new int[]{1, 2, 3}, JOINT.oldVoters());
        assertArrayEquals(new int[]{2, 4}, JOINT.voters());
        assertArrayEquals(new int[]{1, 2, 3, 4}, JOINT.members());
        assertTrue(JOINT.isVoter(1), "a voter until it is left, though it will be a learner");
        assertEquals("b:3:4", JOINT.endpoint(2));
        final Configuration left = JOINT.settled();
        assertFalse(left.isJoint());
        assertFalse(left.isVoter(1));
        assertTrue(left.isMember(1));
        assertFalse(left.isMember(3));
        assertEquals("", left.endpoint(3));
    }

    @Test
    void shouldRefuseWhatCannotBe()
    {
        assertThrows(IllegalArgumentException.class, () -> Configuration.ofVoters());
        assertThrows(IllegalArgumentException.class, () -> Configuration.ofVoters(1, 1));
        assertThrows(IllegalArgumentException.class, () -> Configuration.ofVoters(0));
        assertThrows(IllegalArgumentException.class, () -> Configuration.ofVoters(1, 2, 3, 4, 5, 6, 7, 8));
        assertThrows(IllegalArgumentException.class,
            () -> Configuration.of(new int[]{1}, new int[]{1}, Map.of()));
        assertThrows(IllegalArgumentException.class,
            () -> Configuration.of(new int[]{1}, new int[0], Map.of(1, "n\u00e9")));
        assertThrows(IllegalArgumentException.class,
            () -> Configuration.of(new int[]{1}, new int[0], Map.of(1, "x".repeat(256))));
    }

    @Test
    void shouldReadNothingWhenALengthIsWrong()
    {
        final UnsafeBuffer buffer = encoded(JOINT);
        for (int length = 0; length < JOINT.encodedLength(); length++)
        {
            assertNull(Configuration.decode(buffer, 8, length), "length " + length);
        }
        assertNull(Configuration.decode(buffer, 8, JOINT.encodedLength() + 1));
    }

    /** Whatever the bytes are, it is read or refused, and what is read can be written again. */
    @Test
    void shouldReadOrRefuseWhenBytesAreDamaged()
    {
        final SplittableRandom random = new SplittableRandom(7);
        int refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            final UnsafeBuffer buffer = encoded(JOINT);
            for (int j = random.nextInt(4); j >= 0; j--)
            {
                buffer.putByte(8 + random.nextInt(JOINT.encodedLength()), (byte)random.nextInt());
            }
            final Configuration read = Configuration.decode(buffer, 8, JOINT.encodedLength());
            refused += null == read ? 1 : 0;
            if (null != read)
            {
                assertEquals(JOINT.encodedLength(), read.encodedLength());
                assertEquals(read, Configuration.decode(encoded(read), 8, read.encodedLength()));
            }
        }
        assertTrue(refused > 1_000, "refused " + refused);
    }

    private static UnsafeBuffer encoded(final Configuration configuration)
    {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[configuration.encodedLength() + 16]);
        assertEquals(configuration.encodedLength(), configuration.encode(buffer, 8));
        return buffer;
    }
}
