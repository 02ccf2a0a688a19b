package io.ukehi.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.ukehi.fencing.FencingGuard;
import io.ukehi.fencing.FencingToken;
import io.ukehi.fencing.FencingTokenState;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJJ_Result;
import org.openjdk.jcstress.infra.results.JJ_Result;
import org.openjdk.jcstress.infra.results.ZZJ_Result;

/**
 * What issuer and guard may do when threads really race, on whatever processor and compiler this runs: see the page
 * "Fencing" of the book for how to run it.
 */
public final class FencingStress
{
    private static final long TERM_2 = 2L << 32;

    private FencingStress()
    {
    }

    /** Two threads issue: each token once, and no gap. */
    @JCStressTest
    @Outcome(id = {"1, 2, 2", "2, 1, 2"}, expect = ACCEPTABLE, desc = "one before the other")
    @Outcome(expect = FORBIDDEN, desc = "a token twice, or a gap")
    @State
    public static class TwoIssue
    {
        private final FencingTokenState tokens = new FencingTokenState();

        @Actor
        public void first(final JJJ_Result result)
        {
            result.r1 = tokens.issue();
        }

        @Actor
        public void second(final JJJ_Result result)
        {
            result.r2 = tokens.issue();
        }

        @Arbiter
        public void last(final JJJ_Result result)
        {
            result.r3 = tokens.last();
        }
    }

    /** A term has one token left and two threads want it. */
    @JCStressTest
    @Outcome(id = {"1, 0, 1", "0, 1, 1"}, expect = ACCEPTABLE, desc = "one has it, the other is told that it is gone")
    @Outcome(expect = FORBIDDEN, desc = "more tokens than the term has, or a carry into the next")
    @State
    public static class LastOfATerm
    {
        private final FencingTokenState tokens = new FencingTokenState(1);

        @Actor
        public void first(final JJJ_Result result)
        {
            result.r1 = tokens.issue();
        }

        @Actor
        public void second(final JJJ_Result result)
        {
            result.r2 = tokens.issue();
        }

        @Arbiter
        public void last(final JJJ_Result result)
        {
            result.r3 = tokens.last();
        }
    }

    /** A term begins while another thread issues: whatever it got, what comes next is above, and nothing goes back. */
    @JCStressTest
    @Outcome(id = "1, 8589934593", expect = ACCEPTABLE, desc = "issued in the old term, then the new one began")
    @Outcome(id = "8589934593, 8589934594", expect = ACCEPTABLE, desc = "the new term had begun")
    @Outcome(expect = FORBIDDEN, desc = "the term was lost, or a token was issued twice")
    @State
    public static class TermBeginsMeanwhile
    {
        private final FencingTokenState tokens = new FencingTokenState();

        @Actor
        public void issuer(final JJ_Result result)
        {
            result.r1 = tokens.issue();
        }

        @Actor
        public void leader()
        {
            tokens.beginTerm(FencingToken.term(TERM_2));
        }

        @Arbiter
        public void next(final JJ_Result result)
        {
            result.r2 = tokens.issue();
        }
    }

    /** One write is delivered twice at once. */
    @JCStressTest
    @Outcome(id = {"true, false, 5", "false, true, 5"}, expect = ACCEPTABLE, desc = "done once")
    @Outcome(expect = FORBIDDEN, desc = "done twice, or not at all")
    @State
    public static class SameWriteTwice
    {
        private final FencingGuard guard = new FencingGuard();

        @Actor
        public void first(final ZZJ_Result result)
        {
            result.r1 = guard.tryAcceptOnce(5);
        }

        @Actor
        public void second(final ZZJ_Result result)
        {
            result.r2 = guard.tryAcceptOnce(5);
        }

        @Arbiter
        public void highest(final ZZJ_Result result)
        {
            result.r3 = guard.highest();
        }
    }

    /** A deposed holder and the new one ask at once. */
    @JCStressTest
    @Outcome(id = "true, true, 6", expect = ACCEPTABLE, desc = "the old one came first")
    @Outcome(id = "false, true, 6", expect = ACCEPTABLE, desc = "the old one came too late")
    @Outcome(expect = FORBIDDEN, desc = "the new one is refused, or forgotten")
    @State
    public static class OldAndNew
    {
        private final FencingGuard guard = new FencingGuard();

        @Actor
        public void deposed(final ZZJ_Result result)
        {
            result.r1 = guard.tryAccept(5);
        }

        @Actor
        public void successor(final ZZJ_Result result)
        {
            result.r2 = guard.tryAccept(6);
        }

        @Arbiter
        public void highest(final ZZJ_Result result)
        {
            result.r3 = guard.highest();
        }
    }

    /** Once the new holder was seen, the old one is refused: in one thread's order, not only in time. */
    @JCStressTest
    @Outcome(id = {"true, true, 6", "false, false, 6", "true, false, 6"}, expect = ACCEPTABLE, desc = "never again")
    @Outcome(expect = FORBIDDEN, desc = "accepted after it was refused")
    @State
    public static class RefusedForEver
    {
        private final FencingGuard guard = new FencingGuard();

        @Actor
        public void deposed(final ZZJ_Result result)
        {
            result.r1 = guard.tryAccept(5);
            result.r2 = guard.tryAccept(5);
        }

        @Actor
        public void successor()
        {
            guard.tryAccept(6);
        }

        @Arbiter
        public void highest(final ZZJ_Result result)
        {
            result.r3 = guard.highest();
        }
    }
}
