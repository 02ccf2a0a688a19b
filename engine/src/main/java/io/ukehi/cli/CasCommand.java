package io.ukehi.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ukehi cas KEY VALUE --expect OLD | --absent}. */
@Command(
    name = "cas",
    description = "Stores a value under a key if what is there is what is expected. Exit code 1 if it is not.",
    mixinStandardHelpOptions = true)
final class CasCommand implements Callable<Integer>
{
    /** One of the two must be said. */
    static final class Expectation
    {
        @Option(names = "--expect", paramLabel = "OLD", description = "The value that must be there.")
        private String expected;

        @Option(names = "--absent", description = "There must be none.")
        private boolean isAbsent;
    }

    @Mixin
    private ClusterOptions cluster;

    @ArgGroup(multiplicity = "1")
    private Expectation expectation;

    @Parameters(index = "0", paramLabel = "KEY")
    private String key;

    @Parameters(index = "1", paramLabel = "VALUE")
    private String value;

    @Override
    public Integer call()
    {
        return cluster.withStore(store ->
        {
            final boolean isDone = store.cas(key, expectation.isAbsent ? null : expectation.expected, value);
            System.out.println(isDone ? "stored" : "not stored: what is there is something else");
            return isDone ? 0 : 1;
        });
    }
}
