package io.ukehi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ukehi.check.History;
import io.ukehi.check.LinearizabilityChecker;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a chaos run writes down: the lines for outside checkers, and what ours makes of it. */
class ChaosHistoryTest
{
    private final List<ChaosHistory.Row> rows = new ArrayList<>();

    private ChaosHistory.Row row(final int kind, final long callNs, final long retNs)
    {
        final ChaosHistory.Row row = new ChaosHistory.Row();
        row.client = rows.size();
        row.key = 3;
        row.kind = kind;
        row.callNs = callNs;
        row.retNs = retNs;
        row.outcome = History.COMMITTED;
        rows.add(row);
        return row;
    }

    private void put(final long value, final long callNs, final long retNs)
    {
        row(History.PUT, callNs, retNs).value = value;
    }

    private ChaosHistory.Row get(final long result, final long callNs, final long retNs)
    {
        final ChaosHistory.Row row = row(History.GET, callNs, retNs);
        row.result = result;
        row.status = 0 == result ? History.NOT_FOUND : History.OK;
        return row;
    }

    private LinearizabilityChecker.Verdict verdict()
    {
        final ChaosHistory history = new ChaosHistory();
        history.addAll(rows);
        return new LinearizabilityChecker(history.toHistory(), 10_000).check(history.keyCount());
    }

    @Test
    void shouldWriteEachOperationAsALine() throws IOException
    {
        put(7, 10, 20);
        get(7, 21, 30);
        get(0, 5, 6);
        final ChaosHistory.Row cas = row(History.CAS, 40, 50);
        cas.value = 8;
        cas.expected = 7;
        final ChaosHistory.Row unknown = row(History.CAS, 60, 0);
        unknown.value = 9;
        unknown.outcome = History.UNKNOWN;
        row(History.DELETE, 70, 80).outcome = History.REJECTED;
        get(7, 90, 95).lagNs = 60;
        final ChaosHistory history = new ChaosHistory();
        history.addAll(rows);
        final StringWriter text = new StringWriter();
        history.write(text);
        assertEquals(List.of(
            "{'client':2,'op':'get','key':'k3','call':5,'ret':6,'outcome':'ok','result':null}",
            "{'client':0,'op':'put','key':'k3','value':'7','call':10,'ret':20,'outcome':'ok'}",
            "{'client':1,'op':'get','key':'k3','call':21,'ret':30,'outcome':'ok','result':'7'}",
            "{'client':3,'op':'cas','key':'k3','value':'8','old':'7','call':40,'ret':50,'outcome':'ok','result':true}",
            "{'client':4,'op':'cas','key':'k3','value':'9','call':60,'ret':null,'outcome':'unknown'}",
            "{'client':5,'op':'del','key':'k3','call':70,'ret':80,'outcome':'fail'}"),
            text.toString().replace('"', '\'').lines().toList());
        assertEquals(1, history.mostUnknown());
        assertEquals(4, history.keyCount());
    }

    @Test
    void shouldFindAReadThatIsOlderThanItMayBe()
    {
        put(1, 0, 10);
        put(2, 20, 30);
        get(1, 40, 50).lagNs = 11;
        assertEquals(LinearizabilityChecker.Verdict.LINEARIZABLE, verdict(), "29 is before the end of the second");
        rows.getLast().lagNs = 9;
        assertEquals(LinearizabilityChecker.Verdict.NOT_LINEARIZABLE, verdict());
    }

    @Test
    void shouldFindAStaleReadThatWasToBeFresh()
    {
        put(1, 0, 10);
        put(2, 20, 30);
        get(1, 31, 50);
        assertEquals(LinearizabilityChecker.Verdict.NOT_LINEARIZABLE, verdict());
    }
}
