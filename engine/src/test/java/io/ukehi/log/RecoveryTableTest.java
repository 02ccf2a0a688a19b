package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The table by which recovery acts: nothing that can be found is forgotten, and nothing is two things at once. */
class RecoveryTableTest
{
    private static final boolean[] ANSWERS = {false, true};

    private static <T> void assertOneLineEach(final List<RecoveryTable.Line<T>> table, final T[] found)
    {
        final Set<RecoveryTable.Line<T>> used = new HashSet<>();
        for (final T what : found)
        {
            for (int answers = 0; answers < 8; answers++)
            {
                final boolean isVouched = ANSWERS[answers & 1];
                final boolean isNewest = ANSWERS[answers >> 1 & 1];
                final boolean isForced = ANSWERS[answers >> 2];
                final List<RecoveryTable.Line<T>> lines = table.stream()
                    .filter(line -> line.matches(what, isVouched, isNewest, isForced)).toList();
                assertEquals(1, lines.size(), () -> what + ", vouched for: " + isVouched + ", newest: " + isNewest +
                    ", forced: " + isForced + " matches " + lines);
                used.add(lines.getFirst());
            }
        }
        assertEquals(table.size(), used.size(), "every line is of use");
    }

    @Test
    void shouldHaveExactlyOneRowForEveryCombination()
    {
        assertOneLineEach(RecoveryTable.HEADERS, RecoveryTable.Header.values());
        assertOneLineEach(RecoveryTable.PLACES, RecoveryTable.Place.values());
    }

    @Test
    void shouldTakeForTornOnlyWhatNobodyWasToldOf()
    {
        for (final RecoveryTable.Place found : RecoveryTable.Place.values())
        {
            for (final boolean isForced : ANSWERS)
            {
                assertTrue(RecoveryCase.Kind.TORN != RecoveryTable.of(found, true, true, isForced).kind());
                assertTrue(RecoveryCase.Kind.TORN != RecoveryTable.of(found, true, false, isForced).kind());
                assertTrue(RecoveryCase.Kind.TORN != RecoveryTable.of(found, false, false, isForced).kind());
            }
        }
    }

    @Test
    void shouldTakeNothingForDamageThatTheDeathOfAMachineMayHaveDoneToAnUnforcedLog()
    {
        for (final RecoveryTable.Place found : RecoveryTable.Place.values())
        {
            for (int answers = 0; answers < 4; answers++)
            {
                final RecoveryCase row = RecoveryTable.of(found, ANSWERS[answers & 1], ANSWERS[answers >> 1], false);
                assertTrue(RecoveryCase.Kind.DAMAGED != row.kind(), () -> found + " is " + row);
            }
        }
    }

    @Test
    void shouldReachEveryRowOfNativeLogs()
    {
        final Set<RecoveryCase> others = EnumSet.of(
            RecoveryCase.OLDER_TORN_TAIL, RecoveryCase.OLDER_APPENDED_BEHIND_TORN_TAIL, RecoveryCase.BAD_MARK,
            RecoveryCase.BAD_HARD_STATE, RecoveryCase.BAD_DOUBT, RecoveryCase.BAD_IDENTITY);
        final Set<RecoveryCase> rows = EnumSet.noneOf(RecoveryCase.class);
        RecoveryTable.HEADERS.forEach(line -> rows.add(line.row()));
        RecoveryTable.PLACES.forEach(line -> rows.add(line.row()));
        rows.addAll(others);
        assertEquals(EnumSet.copyOf(Arrays.asList(RecoveryCase.values())), rows);
    }
}
