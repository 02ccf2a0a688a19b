package io.ukehi.cli;

import io.ukehi.kv.KvStateMachine;
import io.ukehi.node.NodeContext;
import io.ukehi.node.UkehiNode;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ukehi dev}: a whole cluster in one process, to try things out. */
@Command(
    name = "dev",
    description = "Runs a cluster of three in this process and tells what to type next.",
    mixinStandardHelpOptions = true)
final class DevCommand implements Callable<Integer>
{
    /** Where the members take clients; what the other commands talk to if they are not told otherwise. */
    static final String ENDPOINTS = "1=localhost:9101,2=localhost:9102,3=localhost:9103";

    private static final String MEMBERS = "1=localhost:9001:9101,2=localhost:9002:9102,3=localhost:9003:9103";
    private static final int SIZE = 3;

    @Option(
        names = "--data",
        paramLabel = "DIRECTORY",
        description = "Where the logs lie; they are kept. Default: ${DEFAULT-VALUE}.",
        defaultValue = "ukehi-data/dev")
    private Path directory;

    @Override
    public Integer call() throws InterruptedException
    {
        final UkehiNode[] nodes = new UkehiNode[SIZE];
        try
        {
            for (int i = 0; i < SIZE; i++)
            {
                nodes[i] = UkehiNode.launch(new NodeContext()
                    .memberId(i + 1)
                    .members(MEMBERS)
                    .dataDirectoryName(directory.resolve("node-" + (i + 1)).toString())
                    .stateMachine(new KvStateMachine()));
            }
            printNextSteps();
            watch(nodes);
        }
        finally
        {
            CloseHelper.closeAll(nodes);
        }
        return 0;
    }

    private void printNextSteps()
    {
        System.out.println("A cluster of three runs in this process; its logs are in " + directory + ".");
        System.out.println("In another terminal:");
        System.out.println("  ./ukehi put greeting hello");
        System.out.println("  ./ukehi get greeting");
        System.out.println("  ./ukehi cas greeting world --expect hello");
        System.out.println("  ./ukehi status");
        System.out.println("Ctrl-C stops it; started again, everything is still there.");
    }

    private static void watch(final UkehiNode[] nodes) throws InterruptedException
    {
        final RoleReporter[] reporters = new RoleReporter[SIZE];
        for (int i = 0; i < SIZE; i++)
        {
            reporters[i] = new RoleReporter(nodes[i]);
        }
        final CountDownLatch stop = NodeCommand.stopSignal();
        while (!stop.await(50, TimeUnit.MILLISECONDS))
        {
            for (final RoleReporter reporter : reporters)
            {
                reporter.report();
            }
            for (final UkehiNode node : nodes)
            {
                if (null != node.failure())
                {
                    throw new ToolException("member " + node.context().memberId() + " has stopped: " +
                        node.failure());
                }
            }
        }
    }
}
