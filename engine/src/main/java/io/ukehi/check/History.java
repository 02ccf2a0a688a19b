package io.ukehi.check;

import java.util.Arrays;

/**
 * What clients asked of a key-value store and what became of it, in columns: one row for each command. Times are of one
 * clock, of any unit: nanoseconds, or numbers of events. One thread.
 */
public final class History
{
    public static final int PUT = 0;
    public static final int GET = 1;
    public static final int DELETE = 2;
    public static final int CAS = 3;

    /** No end is known: it may have been done, may yet be done, or never. */
    public static final int UNKNOWN = 0;
    public static final int COMMITTED = 1;
    public static final int REJECTED = 2;

    /** Status of a command that did what it says, or found what it looked for; as {@code KvStatus.OK}. */
    public static final int OK = 0;

    /** Status of a command that found no value; as {@code KvStatus.NOT_FOUND}. */
    public static final int NOT_FOUND = 1;

    /** Status of a compare-and-set that found another value; as {@code KvStatus.CAS_MISMATCH}. */
    public static final int MISMATCH = 2;

    /** The end of a command that has none. */
    public static final long NEVER = Long.MAX_VALUE;

    private int size;
    private int[] clients = new int[256];
    private int[] keys = new int[256];
    private byte[] kinds = new byte[256];
    private long[] values = new long[256];
    private long[] expecteds = new long[256];
    private long[] begins = new long[256];
    private long[] ends = new long[256];
    private byte[] outcomes = new byte[256];
    private byte[] statuses = new byte[256];
    private long[] results = new long[256];
    private int[] indexes = new int[256];
    private boolean[] isRejectedByNode = new boolean[256];

    /**
     * A command begins, not before those that are there.
     *
     * @param client   number; one command under way each.
     * @param key      number, from 0.
     * @param kind     {@link #PUT}, {@link #GET}, {@link #DELETE} or {@link #CAS}.
     * @param value    that is written, unique and not 0.
     * @param expected CAS: value expected, 0 for none.
     * @param time     of the begin.
     * @return its number.
     */
    public int begin(
        final int client, final int key, final int kind, final long value, final long expected, final long time)
    {
        if (size == clients.length)
        {
            grow();
        }
        clients[size] = client;
        keys[size] = key;
        kinds[size] = (byte)kind;
        values[size] = value;
        expecteds[size] = expected;
        begins[size] = time;
        ends[size] = NEVER;
        return size++;
    }

    private void grow()
    {
        final int length = 2 * size;
        clients = Arrays.copyOf(clients, length);
        keys = Arrays.copyOf(keys, length);
        kinds = Arrays.copyOf(kinds, length);
        values = Arrays.copyOf(values, length);
        expecteds = Arrays.copyOf(expecteds, length);
        begins = Arrays.copyOf(begins, length);
        ends = Arrays.copyOf(ends, length);
        outcomes = Arrays.copyOf(outcomes, length);
        statuses = Arrays.copyOf(statuses, length);
        results = Arrays.copyOf(results, length);
        indexes = Arrays.copyOf(indexes, length);
        isRejectedByNode = Arrays.copyOf(isRejectedByNode, length);
    }

    /**
     * A command ends with an answer.
     *
     * @param outcome {@link #COMMITTED} or {@link #REJECTED}: certainly not done, now or ever.
     * @param status  of a command that was done: {@link #OK}, {@link #NOT_FOUND}, {@link #MISMATCH}.
     * @param result  value that was found, 0 for none.
     */
    public void end(final int op, final int outcome, final int status, final long result, final long time)
    {
        outcomes[op] = (byte)outcome;
        statuses[op] = (byte)status;
        results[op] = result;
        ends[op] = time;
    }

    /** Nobody waits for an answer any longer. */
    public void unknown(final int op)
    {
        outcomes[op] = UNKNOWN;
    }

    /**
     * The command was applied at an index of the log: a hint for the checker, which must find its own way.
     *
     * @return false if that cannot be.
     */
    public boolean applied(final int op, final int index)
    {
        final boolean isFirst = 0 == indexes[op] && !isRejectedByNode[op];
        indexes[op] = index;
        return isFirst;
    }

    /** The command, a read, saw the state as it was at an index: a hint, as {@link #applied}. */
    public void seen(final int op, final int index)
    {
        indexes[op] = index;
    }

    /**
     * A node has rejected the command.
     *
     * @return false if that cannot be, since it was applied.
     */
    public boolean rejected(final int op)
    {
        isRejectedByNode[op] = true;
        return 0 == indexes[op];
    }

    /** Where the command was applied, 0 if nowhere or not known. */
    public int index(final int op)
    {
        return indexes[op];
    }

    /** How many commands there are. */
    public int size()
    {
        return size;
    }

    /** Who asked. */
    public int client(final int op)
    {
        return clients[op];
    }

    /** What was asked for. */
    public int key(final int op)
    {
        return keys[op];
    }

    /** One of the kinds. */
    public int kind(final int op)
    {
        return kinds[op];
    }

    /** Value that was written. */
    public long value(final int op)
    {
        return values[op];
    }

    /** Value that a compare-and-set expected, 0 for none. */
    public long expected(final int op)
    {
        return expecteds[op];
    }

    /** When it began. */
    public long begin(final int op)
    {
        return begins[op];
    }

    /** When it ended, or {@link #NEVER}. */
    public long end(final int op)
    {
        return ends[op];
    }

    /** One of the outcomes. */
    public int outcome(final int op)
    {
        return outcomes[op];
    }

    /** One of the statuses. */
    public int status(final int op)
    {
        return statuses[op];
    }

    /** Value that was found, 0 for none. */
    public long result(final int op)
    {
        return results[op];
    }

    /** A row as a person reads it. */
    public String describe(final int op)
    {
        final String[] kindNames = {"put", "get", "delete", "cas"};
        final String[] outcomeNames = {"unknown", "committed", "rejected"};
        return "op " + op + " client " + clients[op] + " key " + keys[op] + " " + kindNames[kinds[op]] +
            " value " + values[op] + " expected " + expecteds[op] + " [" + begins[op] + ", " +
            (NEVER == ends[op] ? "..." : String.valueOf(ends[op])) + "] " + outcomeNames[outcomes[op]] +
            " status " + statuses[op] + " result " + results[op] + " index " + indexes[op];
    }
}
