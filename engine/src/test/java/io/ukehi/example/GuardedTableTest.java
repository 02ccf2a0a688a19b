package io.ukehi.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.fencing.FencingToken;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A table in a real database that refuses what is stale, whoever writes at the same time. */
class GuardedTableTest
{
    private static final long OLD = FencingToken.of(4, 17);
    private static final long NEW = FencingToken.of(5, 2);

    private static Connection database(final String name) throws SQLException
    {
        return DriverManager.getConnection("jdbc:h2:mem:" + name + ";DB_CLOSE_DELAY=-1");
    }

    @Test
    void shouldRefuseTheDeposedWriterAndTakeTheNewOne() throws SQLException
    {
        try (Connection first = database("deposed"); Connection second = database("deposed"))
        {
            final GuardedTable deposed = new GuardedTable(first);
            final GuardedTable successor = new GuardedTable(second);
            deposed.create(2);
            assertTrue(deposed.set(OLD, 1, 100));
            assertTrue(deposed.set(OLD, 1, 110), "as often as it likes");
            assertTrue(successor.set(NEW, 1, 200));
            assertFalse(deposed.set(OLD, 1, 120));
            assertFalse(deposed.addOnce(OLD, 1, 1));
            assertEquals(200, successor.balance(1));
            // Each row guards itself: what the new writer has not touched yet is still open to the old one.
            assertTrue(deposed.set(OLD, 2, 7));
            assertTrue(successor.set(NEW, 2, 8));
            assertFalse(deposed.set(OLD, 2, 9));
        }
    }

    @Test
    void shouldDoACommandOnceWhenItIsRepeated() throws SQLException
    {
        try (Connection connection = database("once"))
        {
            final GuardedTable table = new GuardedTable(connection);
            table.create(1);
            assertTrue(table.addOnce(OLD, 1, 5));
            assertFalse(table.addOnce(OLD, 1, 5));
            assertTrue(table.addOnce(OLD + 1, 1, 5));
            assertEquals(10, table.balance(1));
        }
    }

    /** Beyond 2^31 terms a token is negative as a long, which is all a database knows. */
    @ParameterizedTest
    @ValueSource(longs = {1, 0x7FFF_FFFFL, 0x8000_0000L, 0xFFFF_FFFFL})
    void shouldOrderTokensOfAnyTerm(final long term) throws SQLException
    {
        try (Connection connection = database("order" + term))
        {
            final GuardedTable table = new GuardedTable(connection);
            table.create(1);
            assertFalse(table.set(FencingToken.NONE, 1, 1));
            assertTrue(table.set(FencingToken.of(term, 5), 1, 2));
            assertFalse(table.set(FencingToken.of(term - 1, 0xFFFF_FFFFL), 1, 3));
            assertFalse(table.set(FencingToken.of(term, 4), 1, 3));
            assertTrue(table.set(FencingToken.of(term, 6), 1, 4));
            assertEquals(4, table.balance(1));
        }
    }

    /** Two writers at once, each with ever newer tokens: the row never falls back to an older one. */
    @Test
    void shouldEndWithTheNewestTokenWhenWritersRace() throws Exception
    {
        final int writes = 300;
        try (Connection connection = database("race"))
        {
            final GuardedTable table = new GuardedTable(connection);
            table.create(1);
            final CountDownLatch start = new CountDownLatch(1);
            final AtomicReference<Exception> failure = new AtomicReference<>();
            final Thread[] writers = new Thread[2];
            for (int i = 0; i < writers.length; i++)
            {
                final int number = i;
                writers[i] = new Thread(() -> write(number, writes, start, failure));
                writers[i].start();
            }
            start.countDown();
            for (final Thread writer : writers)
            {
                writer.join();
            }
            assertEquals(null, failure.get());
            // Whoever wrote last had the newest token, which it also wrote as the balance.
            assertEquals(2 * writes + 1, table.balance(1));
        }
    }

    private static void write(
        final int number, final int writes, final CountDownLatch start, final AtomicReference<Exception> failure)
    {
        try (Connection connection = database("race"))
        {
            final GuardedTable table = new GuardedTable(connection);
            final SplittableRandom random = new SplittableRandom(number);
            start.await();
            for (int i = 1; i <= writes; i++)
            {
                final int token = 2 * i + number;
                table.set(token, 1, token);
                if (table.balance(1) < token)
                {
                    throw new IllegalStateException("a stale write came through at " + token);
                }
                table.set(Math.max(1, token - 1 - random.nextInt(9)), 1, -1);
            }
        }
        catch (final SQLException | InterruptedException | IllegalStateException ex)
        {
            failure.compareAndSet(null, ex);
        }
    }
}
