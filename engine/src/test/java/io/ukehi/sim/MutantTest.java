package io.ukehi.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Who tests the simulator: rules of the production code broken on purpose, each of which the swarm has to notice. Every
 * run hunts a few, drawn anew; {@code -Dukehi.sim.mutants=all} hunts all of them, {@code -Dukehi.sim.bases=5} from so
 * many first seeds. What it prints is a table: rule, row of the fault catalogue, seeds needed (median and most), and
 * what gave it away.
 */
class MutantTest
{
    private static final long BASE = Long.getLong("ukehi.sim.seed", new SecureRandom().nextLong() >>> 16);
    private static final String WHICH = System.getProperty("ukehi.sim.mutants", "4");
    private static final int BASES = Integer.getInteger("ukehi.sim.bases", 1);
    private static final long MAX_SEEDS = 5_000;
    private static final long EVENTS = 20_000;

    @Test
    void shouldNoticeARuleThatIsBroken() throws Exception
    {
        final List<Mutant> mutants = new ArrayList<>(MutantCatalogue.all());
        if (!"all".equals(WHICH))
        {
            Collections.shuffle(mutants, new Random(BASE));
            mutants.subList(Integer.parseInt(WHICH), mutants.size()).clear();
        }
        System.out.println("ukehi.sim.seed=" + BASE + ", " + mutants.size() + " mutants");
        final List<Mutant> unnoticed = new ArrayList<>();
        for (final Mutant mutant : mutants)
        {
            final MutantHunt.Result result = MutantHunt.hunt(mutant, MutantHunt.bases(BASE, BASES), MAX_SEEDS, EVENTS);
            System.out.println(result);
            if (!result.isFound())
            {
                unnoticed.add(mutant);
            }
        }
        assertEquals(List.of(), unnoticed);
    }

    /** All of them, all the time: a source that was changed must not leave a mutant behind that is none. */
    @Test
    void shouldFitTheSourcesItChanges() throws Exception
    {
        final List<String> misfits = new ArrayList<>();
        for (final Mutant mutant : MutantCatalogue.all())
        {
            try
            {
                new MutantLoader(mutant);
            }
            catch (final IllegalStateException misfit)
            {
                misfits.add(misfit.getMessage());
            }
        }
        assertEquals(List.of(), misfits);
        assertTrue(MutantCatalogue.all().size() >= 30);
    }
}
