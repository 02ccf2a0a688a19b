package io.ukehi.cli;

import io.ukehi.codecs.client.Consistency;
import java.util.concurrent.Callable;
import org.agrona.SystemUtil;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
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

    @Option(
        names = "--consistency",
        paramLabel = "KIND",
        defaultValue = "linearizable",
        description = "linearizable: of the leader, confirmed by a majority; lease: the same by the leader's lease " +
            "where the cluster has them; follower: the same of any member, which asks the leader; stale: of any " +
            "member, not older than --max-lag. Default: ${DEFAULT-VALUE}.")
    private String consistency;

    @Option(
        names = "--max-lag",
        paramLabel = "TIME",
        defaultValue = "1s",
        description = "With stale: how old the value may be, as in 100ms; any for any age. Default: ${DEFAULT-VALUE}.")
    private String maxLag;

    @Parameters(index = "0", paramLabel = "KEY")
    private String key;

    @Override
    public Integer call()
    {
        final Consistency kind = parse();
        final long maxLagNs = "any".equals(maxLag) ? Long.MAX_VALUE : SystemUtil.parseDuration("--max-lag", maxLag);
        return cluster.withStore(store ->
        {
            store.consistency(kind, maxLagNs);
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

    private Consistency parse()
    {
        return switch (consistency)
        {
            case "linearizable" -> Consistency.LINEARIZABLE;
            case "lease" -> Consistency.LEASE;
            case "follower" -> Consistency.FOLLOWER;
            case "stale" -> Consistency.STALE;
            default -> throw new ToolException(
                "--consistency: there is no " + consistency + ", only linearizable, lease, follower and stale");
        };
    }
}
