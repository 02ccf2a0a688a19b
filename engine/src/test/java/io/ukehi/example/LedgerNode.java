package io.ukehi.example;

import io.ukehi.codecs.client.NodeRole;
import io.ukehi.node.NodeContext;
import io.ukehi.node.UkehiNode;

/** A member of the ledger's cluster: member id, and the members where they are not those below. */
public final class LedgerNode
{
    private static final String MEMBERS = "1=localhost:9001:9101,2=localhost:9002:9102,3=localhost:9003:9103";

    private LedgerNode()
    {
    }

    public static void main(final String[] args) throws InterruptedException
    {
        final int memberId = Integer.parseInt(args[0]);
        final String name = "member " + memberId + ", process " + ProcessHandle.current().pid();
        final NodeContext context = new NodeContext()
            .memberId(memberId)
            .members(args.length > 1 ? args[1] : MEMBERS)
            .dataDirectoryName("ledger-data-" + memberId)
            .stateMachine(new Ledger())
            .errorHandler(error -> System.err.println(name + ": " + error));
        try (UkehiNode node = UkehiNode.launch(context))
        {
            NodeRole told = null;
            while (NodeRole.STOPPED != node.role())
            {
                final NodeRole role = node.role();
                if (role != told)
                {
                    System.out.println(name + ": " + role);
                    told = role;
                }
                Thread.sleep(50);
            }
            System.err.println(name + ": stopped by " + node.failure());
        }
    }
}
