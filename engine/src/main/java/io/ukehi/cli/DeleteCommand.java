package io.ukehi.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ukehi delete KEY}. */
@Command(
    name = "delete",
    description = "Removes the value under a key. Exit code 1 if there was none.",
    mixinStandardHelpOptions = true)
final class DeleteCommand implements Callable<Integer>
{
    @Mixin
    private ClusterOptions cluster;

    @Parameters(index = "0", paramLabel = "KEY")
    private String key;

    @Override
    public Integer call()
    {
        return cluster.withStore(store ->
        {
            final boolean wasThere = store.delete(key);
            System.out.println(wasThere ? "removed" : "there was no value under " + key);
            return wasThere ? 0 : 1;
        });
    }
}
