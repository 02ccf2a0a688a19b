package io.ukehi;

/**
 * Assertions that stay on in production. A violated invariant is a bug of ours or memory gone bad: the node that
 * finds one stops rather than go on with a state that nobody has reasoned about.
 * <p>
 * The message is a constant and the values are primitives, so that a check which holds costs a branch and allocates
 * nothing.
 */
public final class Invariant
{
    private Invariant()
    {
    }

    /** A rule that must always hold does not. */
    public static final class Violation extends IllegalStateException
    {
        private static final long serialVersionUID = 1L;

        Violation(final String message)
        {
            super(message);
        }
    }

    public static void check(final boolean holds, final String rule)
    {
        if (!holds)
        {
            throw new Violation(rule);
        }
    }

    public static void check(final boolean holds, final String rule, final long a)
    {
        if (!holds)
        {
            throw new Violation(rule + ": " + a);
        }
    }

    public static void check(final boolean holds, final String rule, final long a, final long b)
    {
        if (!holds)
        {
            throw new Violation(rule + ": " + a + ", " + b);
        }
    }
}
