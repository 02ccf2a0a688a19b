package io.ukehi.log;

import io.ukehi.Invariant;
import java.util.Arrays;

/**
 * Which term each entry of the log has, kept as the index where each term begins: terms change with elections, so that
 * a handful of numbers stands for millions of entries. Owned by the duty-cycle thread; grows only when a term begins.
 */
final class TermIndex
{
    private long[] firstIndexes = new long[16];
    private long[] terms = new long[16];
    private int size;

    /** Begins with the entry before the log's first: its term is known too. */
    void reset(final long indexBefore, final long termBefore)
    {
        size = 0;
        add(indexBefore, termBefore);
    }

    void onAppend(final long index, final long term)
    {
        if (terms[size - 1] != term)
        {
            add(index, term);
        }
    }

    private void add(final long index, final long term)
    {
        if (size == terms.length)
        {
            firstIndexes = Arrays.copyOf(firstIndexes, size * 2);
            terms = Arrays.copyOf(terms, size * 2);
        }
        firstIndexes[size] = index;
        terms[size++] = term;
    }

    /** Forgets an entry and all after it. */
    void truncateFrom(final long index)
    {
        Invariant.check(index > firstIndexes[0], "the entry before the log's first stays", index);
        while (firstIndexes[size - 1] >= index)
        {
            size--;
        }
    }

    /** Term of an entry, at least the one before the log's first. Those asked for most are the newest. */
    long termAt(final long index)
    {
        int run = size - 1;
        if (firstIndexes[run] > index)
        {
            final int found = Arrays.binarySearch(firstIndexes, 0, run, index);
            run = found >= 0 ? found : -found - 2;
        }
        return terms[run];
    }
}
