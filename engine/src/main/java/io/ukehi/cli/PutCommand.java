package io.ukehi.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ukehi put KEY VALUE}. */
@Command(name = "put", description = "Stores a value under a key.", mixinStandardHelpOptions = true)
final class PutCommand implements Callable<Integer>
{
    @Mixin
    private ClusterOptions cluster;

    @Parameters(index = "0", paramLabel = "KEY")
    private String key;

    @Parameters(index = "1", paramLabel = "VALUE")
    private String value;

    @Override
    public Integer call()
    {
        return cluster.withStore(store ->
        {
            System.out.println("stored, version " + store.put(key, value));
            return 0;
        });
    }
}
