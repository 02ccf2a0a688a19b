package io.ukehi.cli;

import io.ukehi.client.AdminAnswer;
import io.ukehi.client.ClusterMember;
import io.ukehi.client.UkehiClient;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ukehi members}: who they are, and what changes that. */
@Command(
    name = "members",
    description = "Prints who the members are, as the leader knows; with a subcommand, changes that while the " +
        "cluster goes on, and waits until it is committed. Exit code 1 if it is not done.",
    mixinStandardHelpOptions = true,
    subcommands = {
        MembersCommand.Add.class, MembersCommand.Remove.class, MembersCommand.Replace.class,
        MembersCommand.Promote.class})
final class MembersCommand implements Callable<Integer>
{
    private static final String ROW = "%6s  %-8s %12s  %-8s %s%n";
    private static final String MEMBER =
        "ID=HOST:PEERPORT:CLIENTPORT. The node runs already, with ukehi.joining=true.";

    @Mixin
    private ClusterOptions cluster;

    @Override
    public Integer call()
    {
        try (UkehiClient client = UkehiClient.connect(cluster.context()))
        {
            System.out.printf(ROW, "member", "state", "durable", "contact", "endpoint");
            for (final ClusterMember member : client.members(cluster.timeoutNs()))
            {
                System.out.printf(ROW, member.id(), member.state(),
                    member.matchIndex() < 0 ? "?" : member.matchIndex(), member.contact(), member.endpoint());
            }
            return 0;
        }
    }

    private static int change(
        final ClusterOptions cluster, final String done, final Function<UkehiClient, AdminAnswer> request)
    {
        try (UkehiClient client = UkehiClient.connect(cluster.context()))
        {
            final AdminAnswer answer = request.apply(client);
            if (answer.isSuccess())
            {
                System.out.println(done);
                return 0;
            }
            throw new ToolException(switch (answer.code())
            {
                case IN_PROGRESS -> "another change is under way: try again";
                case WOULD_LOSE_QUORUM -> "the cluster could lose its quorum";
                case NOT_CAUGHT_UP -> "not done in time";
                case NO_SUCH_MEMBER, INVALID -> "that cannot be";
                default -> "refused: " + answer.code();
            } + (answer.text().isEmpty() ? "" : ": " + answer.text()));
        }
    }

    /** {@code ukehi members add MEMBER}. */
    @Command(
        name = "add",
        description = "Makes a node a voter once it has caught up, or gives a member another address.",
        mixinStandardHelpOptions = true)
    static final class Add implements Callable<Integer>
    {
        @Mixin
        private ClusterOptions cluster;

        @Option(names = "--learner", description = "It gets the log and does not vote: a voter does not, any more.")
        private boolean isLearner;

        @Parameters(index = "0", paramLabel = "MEMBER", description = MEMBER)
        private String member;

        @Override
        public Integer call()
        {
            return change(cluster, member + (isLearner ? " learns" : " votes"), client -> isLearner ?
                client.addLearner(member, cluster.timeoutNs()) : client.addMember(member, cluster.timeoutNs()));
        }
    }

    /** {@code ukehi members remove ID}. */
    @Command(
        name = "remove",
        description = "Removes a member, the leader too. Its node may be stopped afterwards.",
        mixinStandardHelpOptions = true)
    static final class Remove implements Callable<Integer>
    {
        @Mixin
        private ClusterOptions cluster;

        @Parameters(index = "0", paramLabel = "ID")
        private int id;

        @Override
        public Integer call()
        {
            return change(cluster, "member " + id + " is removed",
                client -> client.removeMember(id, cluster.timeoutNs()));
        }
    }

    /** {@code ukehi members replace ID MEMBER}. */
    @Command(
        name = "replace",
        description = "Puts a node in the place of a member in one change, once it has caught up.",
        mixinStandardHelpOptions = true)
    static final class Replace implements Callable<Integer>
    {
        @Mixin
        private ClusterOptions cluster;

        @Parameters(index = "0", paramLabel = "ID", description = "Who goes.")
        private int id;

        @Parameters(index = "1", paramLabel = "MEMBER", description = MEMBER)
        private String member;

        @Override
        public Integer call()
        {
            return change(cluster, member + " is in the place of member " + id,
                client -> client.replaceMember(id, member, cluster.timeoutNs()));
        }
    }

    /** {@code ukehi members promote ID}. */
    @Command(
        name = "promote",
        description = "Makes a learner a voter, once it has caught up.",
        mixinStandardHelpOptions = true)
    static final class Promote implements Callable<Integer>
    {
        @Mixin
        private ClusterOptions cluster;

        @Parameters(index = "0", paramLabel = "ID")
        private int id;

        @Override
        public Integer call()
        {
            return change(cluster, "member " + id + " votes", client -> client.promote(id, cluster.timeoutNs()));
        }
    }
}
