package io.ukehi.cli;

import io.ukehi.kv.KvEntry;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ukehi scan [PREFIX]}. */
@Command(
    name = "scan",
    description = "Prints keys and values in the order of the keys, separated by a tab.",
    mixinStandardHelpOptions = true)
final class ScanCommand implements Callable<Integer>
{
    @Mixin
    private ClusterOptions cluster;

    @Parameters(index = "0", arity = "0..1", paramLabel = "PREFIX", description = "Only keys that begin so.")
    private String prefix = "";

    @Option(
        names = "--limit",
        paramLabel = "N",
        description = "How many at most. Default: ${DEFAULT-VALUE}.",
        defaultValue = "100")
    private int limit;

    @Override
    public Integer call()
    {
        return cluster.withStore(store ->
        {
            for (final KvEntry entry : store.scan(prefix, limit))
            {
                System.out.println(entry.keyText() + "\t" + entry.valueText());
            }
            return 0;
        });
    }
}
