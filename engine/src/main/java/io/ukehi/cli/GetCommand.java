package io.ukehi.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ukehi get KEY}: prints the value alone; exit code 1 if there is none. */
@Command(
    name = "get",
    description = "Prints the value under a key. Exit code 1 if there is none.",
    mixinStandardHelpOptions = true)
final class GetCommand implements Callable<Integer>
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
            final String value = store.get(key);
            if (null == value)
            {
                System.err.println("there is no value under " + key);
                return 1;
            }
            System.out.println(value);
            return 0;
        });
    }
}
