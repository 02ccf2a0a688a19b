package io.ukehi.sim;

import java.util.List;

/**
 * A rule broken on purpose: some text of one source file replaced by other text.
 *
 * @param rule  that is broken, in a few words.
 * @param row   of the fault catalogue that tells of such a bug.
 * @param file  below {@code io/ukehi}, without {@code .java}.
 * @param edits each of which fits at exactly one place.
 */
record Mutant(String rule, int row, String file, List<Edit> edits)
{
    /** Some text and what stands in its place. */
    record Edit(String from, String to)
    {
    }

    Mutant(final String rule, final int row, final String file, final String from, final String to)
    {
        this(rule, row, file, List.of(new Edit(from, to)));
    }

    /** The source with the rule broken. */
    String applyTo(final String source)
    {
        String changed = source;
        for (final Edit edit : edits)
        {
            final int at = changed.indexOf(edit.from);
            if (at < 0 || changed.indexOf(edit.from, at + 1) >= 0)
            {
                throw new IllegalStateException("\"" + rule + "\" does not fit " + file + " any more at: " + edit.from);
            }
            changed = changed.substring(0, at) + edit.to + changed.substring(at + edit.from.length());
        }
        return changed;
    }

    @Override
    public String toString()
    {
        return rule;
    }
}
