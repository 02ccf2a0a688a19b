package io.ukehi.cli;

import io.ukehi.kv.KvStateMachine;
import io.ukehi.node.NodeContext;
import io.ukehi.node.UkehiNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ukehi node --config FILE}: runs one member with the key-value store until it is told to stop. */
@Command(
    name = "node",
    description = "Runs a member of a cluster with the built-in key-value store, until it is interrupted.",
    mixinStandardHelpOptions = true)
final class NodeCommand implements Callable<Integer>
{
    @Option(
        names = {"-c", "--config"},
        paramLabel = "FILE",
        description = "Settings, as in src/main/dist/node.properties. Without it, properties and environment alone.")
    private Path config;

    @Override
    public Integer call() throws IOException, InterruptedException
    {
        final NodeContext context = null == config ? new NodeContext() : NodeContext.load(config);
        try (UkehiNode node = UkehiNode.launch(context.stateMachine(new KvStateMachine())))
        {
            System.out.println("member " + context.memberId() + " takes clients at " +
                context.ownAddress().clientEndpoint() + ", log in " + context.dataDirectoryName());
            final CountDownLatch stop = stopSignal();
            final RoleReporter reporter = new RoleReporter(node);
            while (null == node.failure() && !stop.await(50, TimeUnit.MILLISECONDS))
            {
                reporter.report();
            }
            if (null != node.failure())
            {
                throw new ToolException("the node has stopped: " + node.failure());
            }
            System.out.println("stopping");
        }
        return 0;
    }

    /** Opens when the process is asked to end, and holds its end back until the node has closed. */
    static CountDownLatch stopSignal()
    {
        final CountDownLatch stop = new CountDownLatch(1);
        final Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() ->
        {
            stop.countDown();
            try
            {
                main.join(TimeUnit.SECONDS.toMillis(5));
            }
            catch (final InterruptedException ignore)
            {
                Thread.currentThread().interrupt();
            }
        }));
        return stop;
    }
}
