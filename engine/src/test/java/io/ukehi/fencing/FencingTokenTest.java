package io.ukehi.fencing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A token is a term and a sequence in one long, in unsigned order. */
class FencingTokenTest
{
    @ParameterizedTest
    @CsvSource({
        "0, 0, 0000000000000000",
        "0, 1, 0000000000000001",
        "1, 0, 0000000100000000",
        "7, 9, 0000000700000009",
        "2147483648, 2147483648, 8000000080000000",
        "4294967295, 4294967295, FFFFFFFFFFFFFFFF"})
    void shouldHoldBothPartsUnchanged(final long term, final long sequence, final String hex)
    {
        final long token = FencingToken.of(term, sequence);
        assertEquals(Long.parseUnsignedLong(hex, 16), token);
        assertEquals(term, FencingToken.term(token));
        assertEquals(sequence, FencingToken.sequence(token));
        assertEquals(term + "." + sequence, FencingToken.format(token));
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 0x1_0000_0000L, Long.MIN_VALUE, Long.MAX_VALUE})
    void shouldRefuseWhenAPartIsOutOfRange(final long part)
    {
        assertThrows(IllegalArgumentException.class, () -> FencingToken.of(part, 0));
        assertThrows(IllegalArgumentException.class, () -> FencingToken.of(0, part));
    }

    /** By term, then by sequence; terms beyond 2^31 make the long negative and are greater all the same. */
    @Test
    void shouldOrderByTermThenSequenceAlsoWhenTheLongIsNegative()
    {
        final long[] parts = {0, 1, 2, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFEL, 0xFFFF_FFFFL};
        long previous = FencingToken.NONE;
        for (final long term : parts)
        {
            for (final long sequence : parts)
            {
                final long token = FencingToken.of(term, sequence);
                if (FencingToken.NONE != token)
                {
                    assertTrue(FencingToken.isBefore(previous, token), FencingToken.format(token));
                    assertFalse(FencingToken.isBefore(token, previous));
                    assertTrue(FencingToken.compare(previous, token) < 0);
                    assertTrue(FencingToken.compare(token, previous) > 0);
                }
                assertFalse(FencingToken.isBefore(token, token));
                assertEquals(0, FencingToken.compare(token, token));
                previous = token;
            }
        }
    }

    /** What a database knows as a number has the order of the tokens, beyond 2^31 too. */
    @Test
    void shouldKeepItsOrderAsASignedNumber()
    {
        final long[] rising = {FencingToken.NONE, 1, FencingToken.of(1, 1), FencingToken.of(0x7FFF_FFFFL, 9),
            FencingToken.of(0x8000_0000L, 0), FencingToken.of(0xFFFF_FFFFL, 0xFFFF_FFFFL)};
        for (int i = 0; i < rising.length; i++)
        {
            assertEquals(rising[i], FencingToken.ofSigned(FencingToken.toSigned(rising[i])));
            assertTrue(0 == i || FencingToken.toSigned(rising[i - 1]) < FencingToken.toSigned(rising[i]));
        }
        assertEquals(Long.MIN_VALUE, FencingToken.toSigned(FencingToken.NONE));
    }
}
