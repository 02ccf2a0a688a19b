package io.ukehi.check;

import static io.ukehi.check.LinearizabilityChecker.Verdict.LINEARIZABLE;
import static io.ukehi.check.LinearizabilityChecker.Verdict.NOT_LINEARIZABLE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ukehi.kv.KvStatus;
import io.ukehi.sim.SimRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinearizabilityCheckerTest
{
    private static final int OK = KvStatus.OK;
    private static final int NOT_FOUND = KvStatus.NOT_FOUND;
    private static final int MISMATCH = KvStatus.CAS_MISMATCH;

    private final History history = new History();
    private int client;

    private void op(
        final int kind, final long value, final long expected, final int status, final long result,
        final long begin, final long end)
    {
        final int op = history.begin(client++, 0, kind, value, expected, begin);
        history.end(op, History.COMMITTED, status, result, end);
    }

    private void put(final long value, final long begin, final long end)
    {
        op(History.PUT, value, 0, OK, 0, begin, end);
    }

    private void get(final long result, final long begin, final long end)
    {
        op(History.GET, 0, 0, 0 == result ? NOT_FOUND : OK, result, begin, end);
    }

    private void unknownPut(final long value, final long begin)
    {
        history.unknown(history.begin(client++, 0, History.PUT, value, 0, begin));
    }

    private void shouldBe(final LinearizabilityChecker.Verdict verdict)
    {
        assertEquals(verdict, new LinearizabilityChecker(history, 100_000).check(1));
    }

    @Test
    void shouldAcceptAReadThatOverlapsAWriteEitherWay()
    {
        put(1, 0, 10);
        get(0, 1, 3);
        get(1, 4, 6);
        shouldBe(LINEARIZABLE);
    }

    @Test
    void shouldRefuseAStaleRead()
    {
        put(1, 0, 1);
        put(2, 2, 3);
        get(1, 4, 5);
        shouldBe(NOT_LINEARIZABLE);
    }

    @Test
    void shouldRefuseAReadThatGoesBackInTime()
    {
        put(1, 0, 1);
        put(2, 2, 20);
        get(2, 3, 4);
        get(1, 5, 6);
        shouldBe(NOT_LINEARIZABLE);
    }

    @Test
    void shouldRefuseALostWrite()
    {
        put(1, 0, 1);
        get(0, 2, 3);
        shouldBe(NOT_LINEARIZABLE);
    }

    @Test
    void shouldRefuseAValueThatNobodyWrote()
    {
        put(1, 0, 1);
        get(7, 2, 3);
        shouldBe(NOT_LINEARIZABLE);
    }

    @Test
    void shouldRefuseTheValueOfARejectedWrite()
    {
        history.end(history.begin(0, 0, History.PUT, 1, 0, 0), History.REJECTED, 0, 0, 1);
        get(1, 2, 3);
        shouldBe(NOT_LINEARIZABLE);
    }

    @Test
    void shouldAllowAnUnknownWriteToHappenLateOrNever()
    {
        unknownPut(1, 0);
        get(0, 1, 2);
        put(2, 3, 4);
        get(1, 5, 6);
        shouldBe(LINEARIZABLE);
    }

    @Test
    void shouldRefuseAnUnknownWriteThatHappensTwice()
    {
        unknownPut(1, 0);
        get(1, 1, 2);
        put(2, 3, 4);
        get(1, 5, 6);
        shouldBe(NOT_LINEARIZABLE);
    }

    @Test
    void shouldRefuseAnUnknownWriteThatHappensBeforeItBegan()
    {
        get(1, 1, 2);
        unknownPut(1, 3);
        shouldBe(NOT_LINEARIZABLE);
    }

    @Test
    void shouldRefuseTwoWinnersOfOneComparison()
    {
        op(History.CAS, 1, 0, OK, 0, 0, 10);
        op(History.CAS, 2, 0, OK, 0, 0, 10);
        shouldBe(NOT_LINEARIZABLE);
    }

    @Test
    void shouldAcceptOneWinnerOfAComparison()
    {
        op(History.CAS, 1, 0, OK, 0, 0, 10);
        op(History.CAS, 2, 0, MISMATCH, 1, 0, 10);
        op(History.DELETE, 0, 0, OK, 0, 11, 12);
        op(History.DELETE, 0, 0, NOT_FOUND, 0, 13, 14);
        shouldBe(LINEARIZABLE);
    }

    /** Against every order there is of small random histories. */
    @Test
    void shouldAgreeWithTryingEveryOrder()
    {
        final SimRandom random = new SimRandom(7);
        final int[] verdicts = new int[2];
        for (int round = 0; round < 3000; round++)
        {
            final History random6 = randomHistory(random);
            final boolean isLinearizable = new Orders(random6).exists();
            verdicts[isLinearizable ? 1 : 0]++;
            assertEquals(isLinearizable ? LINEARIZABLE : NOT_LINEARIZABLE,
                new LinearizabilityChecker(random6, 100_000).check(1), "round " + round);
        }
        assertEquals(true, verdicts[0] > 300 && verdicts[1] > 300, Arrays.toString(verdicts));
    }

    private static History randomHistory(final SimRandom random)
    {
        final History made = new History();
        final int size = random.between(2, 6);
        long begin = 0;
        for (int i = 0; i < size; i++)
        {
            final int kind = random.nextInt(4);
            begin += random.nextInt(4);
            final int op = made.begin(i, 0, kind, 1 + i, random.nextInt(size), begin);
            if (random.nextInt(4) > 0)
            {
                final long result = History.GET == kind || History.CAS == kind ? random.nextInt(size + 1) : 0;
                final int status = switch (kind)
                {
                    case History.GET -> 0 == result ? NOT_FOUND : OK;
                    case History.DELETE -> random.nextBoolean() ? OK : NOT_FOUND;
                    case History.CAS -> random.nextBoolean() ? OK : MISMATCH;
                    default -> OK;
                };
                made.end(op, History.COMMITTED, status, result, begin + 1 + random.nextInt(8));
            }
        }
        return made;
    }

    /** The definition itself: some order of the known commands and some of the others respects time and the model. */
    private record Orders(History history)
    {
        boolean exists()
        {
            return exists(new ArrayList<>(), 0);
        }

        private boolean exists(final List<Integer> done, final long value)
        {
            boolean isWhole = true;
            for (int op = 0; op < history.size(); op++)
            {
                isWhole &= History.COMMITTED != history.outcome(op) || done.contains(op);
            }
            if (isWhole)
            {
                return true;
            }
            for (int op = 0; op < history.size(); op++)
            {
                if (!done.contains(op) && mayBeNext(op, done))
                {
                    final long after = after(op, value);
                    if (after >= 0)
                    {
                        final List<Integer> more = new ArrayList<>(done);
                        more.add(op);
                        if (exists(more, after))
                        {
                            return true;
                        }
                    }
                }
            }
            return false;
        }

        private boolean mayBeNext(final int op, final List<Integer> done)
        {
            for (int other = 0; other < history.size(); other++)
            {
                if (!done.contains(other) && history.end(other) < history.begin(op))
                {
                    return false;
                }
            }
            return true;
        }

        private long after(final int op, final long value)
        {
            final boolean isKnown = History.COMMITTED == history.outcome(op);
            final boolean isMet = history.expected(op) == value;
            final int status = switch (history.kind(op))
            {
                case History.PUT -> OK;
                case History.GET, History.DELETE -> 0 == value ? NOT_FOUND : OK;
                default -> isMet ? OK : MISMATCH;
            };
            final long seen = History.GET == history.kind(op) || MISMATCH == status ? value : history.result(op);
            if (isKnown && (status != history.status(op) || seen != history.result(op)))
            {
                return -1;
            }
            return switch (history.kind(op))
            {
                case History.PUT -> history.value(op);
                case History.GET -> value;
                case History.DELETE -> 0;
                default -> isMet ? history.value(op) : value;
            };
        }
    }
}
