package io.ukehi.cli;

import io.ukehi.check.History;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What all clients asked and were told. Each client writes rows of its own; they are put together at the end. Values
 * are numbers, unique in the history, as text.
 */
final class ChaosHistory
{
    static final long NO_VALUE = 0;
    private static final String[] OPS = {"put", "get", "del", "cas"};
    private static final String[] OUTCOMES = {"unknown", "ok", "fail"};

    /** One operation. Times are nanoseconds since the begin of the run. */
    static final class Row
    {
        int client;
        int key;
        /** {@link History#PUT} and so on. */
        int kind;
        long value;
        long expected;
        long callNs;
        long retNs;
        int outcome = History.UNKNOWN;
        int status;
        long result;
        /** Log index of the state that was seen or made, 0 if it is not known. */
        long index;
        /** A read that may see what was true so long ago; 0 for all others. */
        long lagNs;

        private long beginNs()
        {
            return callNs - lagNs;
        }
    }

    private final List<Row> rows = new ArrayList<>();
    private int keyCount;

    /** Adds what a client has written down; not by several threads at once. */
    void addAll(final List<Row> ofClient)
    {
        rows.addAll(ofClient);
        ofClient.forEach(row -> keyCount = Math.max(keyCount, row.key + 1));
    }

    int size()
    {
        return rows.size();
    }

    int keyCount()
    {
        return keyCount;
    }

    long count(final int kind, final int outcome)
    {
        return rows.stream().filter(row -> row.kind == kind && row.outcome == outcome).count();
    }

    /** Most operations of one key whose end is not known. */
    long mostUnknown()
    {
        final long[] unknown = new long[keyCount];
        rows.stream().filter(row -> History.UNKNOWN == row.outcome && History.GET != row.kind)
            .forEach(row -> unknown[row.key]++);
        long most = 0;
        for (final long count : unknown)
        {
            most = Math.max(most, count);
        }
        return most;
    }

    /**
     * For the checker: in the order of begins. A read of bounded age may have been done as long before it was asked as
     * it may be old, which is what it means.
     */
    History toHistory()
    {
        rows.sort(Comparator.comparingLong(Row::beginNs));
        final History history = new History();
        for (final Row row : rows)
        {
            final int op = history.begin(row.client, row.key, row.kind, row.value, row.expected, row.beginNs());
            if (History.UNKNOWN != row.outcome)
            {
                history.end(op, row.outcome, row.status, row.result, row.retNs);
            }
            if (row.index > 0)
            {
                history.seen(op, (int)row.index);
            }
        }
        return history;
    }

    /** One JSON object a line, for checkers of other makes. Reads that may be stale are left out. */
    void write(final Writer to) throws IOException
    {
        rows.sort(Comparator.comparingLong(row -> row.callNs));
        final PrintWriter out = new PrintWriter(to);
        for (final Row row : rows)
        {
            if (0 == row.lagNs)
            {
                out.println(json(row));
            }
        }
        out.flush();
        if (out.checkError())
        {
            throw new IOException("the history cannot be written");
        }
    }

    static String json(final Row row)
    {
        final StringBuilder text = new StringBuilder(160);
        text.append("{\"client\":").append(row.client)
            .append(",\"op\":\"").append(OPS[row.kind])
            .append("\",\"key\":\"k").append(row.key).append('"');
        if (History.PUT == row.kind || History.CAS == row.kind)
        {
            text.append(",\"value\":\"").append(row.value).append('"');
        }
        if (History.CAS == row.kind && NO_VALUE != row.expected)
        {
            text.append(",\"old\":\"").append(row.expected).append('"');
        }
        text.append(",\"call\":").append(row.callNs)
            .append(",\"ret\":").append(History.UNKNOWN == row.outcome ? "null" : Long.toString(row.retNs))
            .append(",\"outcome\":\"").append(OUTCOMES[row.outcome]).append('"');
        if (History.COMMITTED == row.outcome && History.GET == row.kind)
        {
            text.append(",\"result\":").append(NO_VALUE == row.result ? "null" : "\"" + row.result + '"');
        }
        if (History.COMMITTED == row.outcome && History.CAS == row.kind)
        {
            text.append(",\"result\":").append(History.OK == row.status);
        }
        return text.append('}').toString();
    }
}
