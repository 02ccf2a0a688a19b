package io.ukehi.cli;

import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.AdminCode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code ukehi transfer MEMBER}: hands leadership over. */
@Command(
    name = "transfer",
    description = "Hands leadership to a member and waits until it leads. Exit code 1 if it does not.",
    mixinStandardHelpOptions = true)
final class TransferCommand implements Callable<Integer>
{
    @Mixin
    private ClusterOptions cluster;

    @Parameters(index = "0", paramLabel = "MEMBER")
    private int target;

    @Override
    public Integer call()
    {
        try (UkehiClient client = UkehiClient.connect(cluster.context()))
        {
            final int before = client.leaderId();
            final AdminCode code = client.transferLeadership(target, cluster.timeoutNs());
            switch (code)
            {
                case STARTED:
                    System.out.println(before == target ? "member " + target + " leads already, in term " +
                        client.term() : "member " + target + " leads in term " + client.term() + ", after member " +
                        before);
                    return 0;

                case NO_SUCH_MEMBER:
                    throw new ToolException("member " + target + " is no voter of this cluster");

                case BUSY:
                    throw new ToolException("another transfer is under way: try again");

                default:
                    throw new ToolException("the transfer was refused: " + code);
            }
        }
    }
}
