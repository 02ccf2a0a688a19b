package io.ukehi.fencing;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Lincheck goes through the interleavings of two threads, access by access, and holds every outcome against plain
 * numbers used by one thread: issuer and guard are linearizable.
 */
@Timeout(300)
class FencingModelCheckTest
{
    private static final int MAX_SEQUENCE = 2;

    @Test
    void shouldGuardAsIfOneAskedAtATime()
    {
        options(PlainGuard.class).check(Guard.class);
    }

    @Test
    void shouldIssueAsIfOneAskedAtATime()
    {
        options(PlainState.class).check(State.class);
    }

    private static ModelCheckingOptions options(final Class<?> specification)
    {
        return new ModelCheckingOptions()
            .threads(2)
            .actorsPerThread(3)
            .actorsBefore(1)
            .actorsAfter(1)
            .iterations(20)
            .invocationsPerIteration(1000)
            .sequentialSpecification(specification);
    }

    /** What is checked: a guard. */
    @Param(name = "token", gen = IntGen.class, conf = "0:4")
    public static final class Guard
    {
        private final FencingGuard guard = new FencingGuard();

        @Operation
        public boolean tryAccept(@Param(name = "token") final int token)
        {
            return guard.tryAccept(token);
        }

        @Operation
        public boolean tryAcceptOnce(@Param(name = "token") final int token)
        {
            return guard.tryAcceptOnce(token);
        }

        @Operation
        public long highest()
        {
            return guard.highest();
        }
    }

    /** What it should be. */
    public static final class PlainGuard
    {
        private long highest;

        public boolean tryAccept(final int token)
        {
            final boolean isAccepted = token > 0 && token >= highest;
            highest = Math.max(highest, token);
            return isAccepted;
        }

        public boolean tryAcceptOnce(final int token)
        {
            final boolean isAccepted = token > highest;
            highest = Math.max(highest, token);
            return isAccepted;
        }

        public long highest()
        {
            return highest;
        }
    }

    /** What is checked: an issuer whose terms end after two tokens. */
    @Param(name = "term", gen = IntGen.class, conf = "1:3")
    public static final class State
    {
        private final FencingTokenState tokens = new FencingTokenState(MAX_SEQUENCE);

        @Operation
        public long issue()
        {
            return tokens.issue();
        }

        @Operation
        public void beginTerm(@Param(name = "term") final int term)
        {
            tokens.beginTerm(term);
        }

        @Operation
        public void observe(@Param(name = "term") final int term)
        {
            tokens.observe(FencingToken.of(term, 1));
        }

        @Operation
        public long remaining()
        {
            return tokens.remaining();
        }

        @Operation
        public long last()
        {
            return tokens.last();
        }
    }

    /** What it should be. */
    public static final class PlainState
    {
        private long term;
        private long sequence;

        public long issue()
        {
            return sequence < MAX_SEQUENCE ? term << 32 | ++sequence : FencingTokenState.EXHAUSTED;
        }

        public void beginTerm(final int newTerm)
        {
            raiseTo(newTerm, 0);
        }

        public void observe(final int newTerm)
        {
            raiseTo(newTerm, 1);
        }

        private void raiseTo(final long newTerm, final long newSequence)
        {
            if (newTerm > term || newTerm == term && newSequence > sequence)
            {
                term = newTerm;
                sequence = newSequence;
            }
        }

        public long remaining()
        {
            return MAX_SEQUENCE - sequence;
        }

        public long last()
        {
            return term << 32 | sequence;
        }
    }
}
