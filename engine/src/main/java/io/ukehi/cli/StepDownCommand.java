package io.ukehi.cli;

import io.ukehi.client.UkehiClient;
import io.ukehi.codecs.client.AdminCode;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ukehi stepdown}: has the leader give leadership up. */
@Command(
    name = "stepdown",
    description = "Has the leader give leadership up and waits until somebody leads again.",
    mixinStandardHelpOptions = true)
final class StepDownCommand implements Callable<Integer>
{
    @Mixin
    private ClusterOptions cluster;

    @Override
    public Integer call()
    {
        try (UkehiClient client = UkehiClient.connect(cluster.context()))
        {
            final int before = client.leaderId();
            final AdminCode code = client.stepDown(cluster.timeoutNs());
            if (AdminCode.STARTED != code)
            {
                throw new ToolException("refused: " + code);
            }
            System.out.println("member " + before + " has stepped down; member " + client.leaderId() +
                " leads in term " + client.term());
            return 0;
        }
    }
}
