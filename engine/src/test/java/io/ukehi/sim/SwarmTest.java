package io.ukehi.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.CoverageMark;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Seeds nobody has seen before, drawn anew for each run: {@code ukehi.sim.seed} is the first (printed, so that a run
 * can be repeated), {@code ukehi.sim.seeds} how many, {@code ukehi.sim.events} the events of each.
 */
class SwarmTest
{
    private static final long BASE = Long.getLong("ukehi.sim.seed", new SecureRandom().nextLong() >>> 16);
    private static final long SEEDS = Long.getLong("ukehi.sim.seeds", 2_000);
    private static final long EVENTS = Long.getLong("ukehi.sim.events", 20_000);

    /**
     * Branches that no world reaches, or so few that a run may miss them, each with tests of its own: a disk goes bad
     * only while its node is down, where recovery finds it before any reader does; leaders do not keep a slow disk for
     * long enough; and to have come past a snapshot while it is received takes entries that were on their way for long.
     */
    private static final Set<CoverageMark> ELSEWHERE = EnumSet.of(
        CoverageMark.DETACHED_SET_ASIDE, CoverageMark.ENTRY_REPAIRED, CoverageMark.SLOW_DISK_LEADER_GIVES_WAY,
        CoverageMark.SNAPSHOT_CHUNK_LOST, CoverageMark.SNAPSHOT_TOO_OLD, CoverageMark.SNAPSHOT_NOT_NEEDED,
        CoverageMark.SNAPSHOT_LET_GO);

    @Test
    void shouldViolateNoRuleWhateverHappens()
    {
        final Swarm swarm = new Swarm(BASE, SEEDS, EVENTS);
        System.out.println("ukehi.sim.seed=" + BASE + ", " + SEEDS + " seeds of " + EVENTS + " events");
        final long beginNs = System.nanoTime();
        final boolean isGood = swarm.run(Runtime.getRuntime().availableProcessors());
        assertTrue(isGood, () -> Simulate.report(swarm.badSeed(), EVENTS));
        System.out.printf("%,.0f events a second%n%s", swarm.events() * 1e9 / (System.nanoTime() - beginNs), swarm);
        assertTrue(swarm.undecided() <= SEEDS / 50, "histories too tangled to be judged: " + swarm.undecided());
        if (SEEDS >= 200)
        {
            assertEquals(List.of(), swarm.missing(), "faults that no seed has met");
            assertTrue(CoverageMark.isOn(), "set -D" + CoverageMark.PROPERTY + "=true");
            final List<CoverageMark> missing = new ArrayList<>(Swarm.missingMarks());
            missing.removeAll(ELSEWHERE);
            assertEquals(List.of(), missing, "rare branches that no seed has reached");
        }
    }
}
