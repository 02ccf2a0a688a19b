package io.ukehi.raft;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * A story about a cluster, told in lines: what happens, and what is to be seen then. Everything after a {@code #} is
 * for the reader. A line that cannot be done, or an expectation that is not met, ends the story with an
 * {@link AssertionError} that names the line.
 * <pre>
 * cluster 5                     five nodes; messages take 1 ms, none is lost; no node stands by itself until "lively"
 * cluster 5 of 3                five nodes, of which 1 to 3 are voters and the others no members yet
 * cluster 3 found 2:1,1,2 3:1   as above, with logs found on disk: node 2 has entries of terms 1, 1, 2
 * cluster 3 slow-disk 50ms 1s   a leader whose disk takes more than 50 ms, for a second, hands over
 * lively | calm                 timers run as they do | only "elect" makes a node stand
 * elect 1                       time passes, and only node 1 may stand, until it leads
 * stand 1                       the same, until node 1 has asked for votes, whatever comes of it
 * ask 1                         the same, until node 1 has asked for pre-votes
 * run 500ms                     time passes
 * times 9 run 1s ; crash 2      does all this nine times over
 * propose 1 a b c               node 1 takes these commands
 * propose 1 x -> not-leader     or does not: not-leader, back-pressured, storage-full
 * partition 1 2 | 3 4 5         links between the groups are cut, others joined
 * cut 1->2, cut 1-2, join 1-2   one way, both ways
 * heal                          all links joined
 * drop 1->2 append              messages of a kind are lost on a link from now on; pass 1->2 ends it
 * hold 1->2 ack                 messages of a kind wait; release 1->2 lets them go; release 1->2 reversed: last first
 * replay 1->2 append            all that were ever sent on the link arrive once more
 * crash 2, kill 2, restart 2    power lost: what was not durable is gone | process gone: all that was written stays
 * damage 2 3, damage 2 3 found  entry 3 of node 2's log can be read no more | and the node knows it
 * lose 2 3, lose 2 3 all        power lost at node 2, its log ends with entry 3 then | it knows not how much is gone
 * pause 2, resume 2             the process stands still while time goes on
 * disk 2 slow                   flushes wait; disk 2 flush completes them, disk 2 flush-one the oldest; disk 2 fast
 * disk 2 full, disk 2 room 3    no room; room for so many entries; disk 2 free
 * vote-disk 2 lost | written    the next store of term and vote fails, the values lost, or on disk all the same
 * transfer 1 to 2               node 1 hands leadership to node 2; transfer 1 to 9 -> refused
 * change 1 to 2,3,4             node 1 changes the members to voters 2, 3 and 4; change 1 to 1,2,3+4: and learner 4
 * reconfigure 1 to 2,3,4        the same, but newcomers catch up as learners first
 * change 1 to 1,2 -> in-progress  or does not: in-progress, not-leader, back-pressured
 * lose-messages 20              per cent of all messages, from now on; likewise repeat-messages, delay-messages 1-30ms
 *
 * expect leader 2               node 2 leads, alone in the highest term; expect leader none; expect leader some
 * expect role 3 follower        follower, pre-candidate, candidate, leader, down
 * expect committed 3 a b c      commands that node 3 knows committed, all of them; "all" for every node that is up
 * expect uncommitted 3 a b      node 3 knows none of these to be committed
 * expect log 3 a b c            commands in node 3's log, committed or not
 * expect terms 3 1,1,4          terms of the entries in node 3's log, committed or not
 * expect vouched 1 2 4          leader 1 knows node 2 to hold 4 entries
 * expect vote 3 2               node 3's vote in its term is node 2's; expect vote 3 none
 * expect doubtful 3             node 3 may have lost what it acknowledged; expect sure 3: it has not, or has it again
 * expect intact 3               no entry of node 3's log is known to be damaged
 * expect term 3 +1              node 3's term is one higher than at "note 3"
 * note 3                        remembers node 3's term and the elections of the whole cluster
 * expect elections &lt;= 2         elections in which somebody stood since the last note
 * expect members 1 1,2,3+4      node 1 has these voters and learners in force; expect members 1 1,2,3&amp;2,3,4: joint
 * expect reconfigured 1 done    how the last change ended that node 1 led: done, newcomer-silent, leadership-lost
 * expect converged              all members are up, follow one leader, logs equal and committed
 * await leader some 2s          runs until an expectation holds, at most so long; await converged 2s, ...
 * </pre>
 * Kinds of messages: pre-vote and vote (questions and answers), append, ack (accepted, rejected), heartbeat,
 * timeout-now, repair (questions and answers), any. {@code *} stands for every node of a link.
 */
final class Scenario
{
    private static final long MS = 1_000_000;

    private final String name;
    private final List<String> lines;
    private final Map<Integer, Long> notedTerms = new HashMap<>();
    private SimulatedCluster cluster;
    private long notedElections;

    Scenario(final String name, final List<String> lines)
    {
        this.name = name;
        this.lines = lines;
    }

    void run()
    {
        for (int i = 0; i < lines.size(); i++)
        {
            final String line = lines.get(i).replaceFirst("#.*", "").strip();
            if (!line.isEmpty())
            {
                try
                {
                    perform(line.split("\\s+"));
                }
                catch (final AssertionError | RuntimeException error)
                {
                    throw new AssertionError(
                        name + ":" + (i + 1) + ": " + line + "\n" + error.getMessage() + "\n" + cluster, error);
                }
            }
        }
    }

    private void perform(final String[] words)
    {
        switch (words[0])
        {
            case "cluster" -> begin(words);
            case "lively" -> cluster.nodes().forEach(node -> node.silence(false));
            case "calm" -> cluster.nodes().forEach(node -> node.silence(true));
            case "elect" -> elect(number(words[1]));
            case "stand" -> stand(number(words[1]));
            case "ask" -> ask(number(words[1]));
            case "times" -> times(number(words[1]), Arrays.copyOfRange(words, 2, words.length));
            case "run" -> cluster.runFor(time(words[1]));
            case "propose" -> propose(words);
            case "transfer" -> transfer(words);
            case "change", "reconfigure" -> change(words);
            case "note" -> note(number(words[1]));
            case "expect" -> require(holds(words, 1), () -> "is not so");
            case "await" -> require(
                cluster.runUntil(() -> holds(words, 1), time(words[words.length - 1])), () -> "is not so in time");
            case "crash", "kill", "lose", "damage", "restart", "pause", "resume", "disk", "vote-disk" -> toNode(words);
            default -> toNetwork(words);
        }
    }

    private void times(final int count, final String[] words)
    {
        for (int i = 0; i < count; i++)
        {
            for (final String line : String.join(" ", words).split(" ; "))
            {
                perform(line.split(" "));
            }
        }
    }

    private void begin(final String[] words)
    {
        final SimulatedCluster.Settings settings = new SimulatedCluster.Settings().size(number(words[1]));
        final boolean isPart = words.length > 3 && "of".equals(words[2]);
        settings.voters = isPart ? number(words[3]) : 0;
        final boolean hasSlowDisks = words.length > 4 && "slow-disk".equals(words[2]);
        if (hasSlowDisks)
        {
            settings.slowDiskThresholdNs = time(words[3]);
            settings.slowDiskTimeoutNs = time(words[4]);
        }
        cluster = new SimulatedCluster(settings);
        cluster.network().delayNs(MS, MS);
        for (int i = isPart ? 4 : 3; i < words.length && !hasSlowDisks; i++)
        {
            final String[] parts = words[i].split(":");
            final SimulatedNode node = cluster.node(number(parts[0]));
            SoloRaft.write(node.log(), Arrays.stream(parts[1].split(",")).mapToLong(Long::parseLong).toArray());
            node.log().flush();
            node.hardState().found(node.log().lastTerm(), HardStateStore.NO_VOTE);
        }
        cluster.start();
        cluster.nodes().forEach(node -> node.silence(true));
    }

    private void elect(final int id)
    {
        final SimulatedNode node = cluster.node(id);
        final long term = node.raft().term();
        node.silence(false);
        final boolean isElected = cluster.runUntil(() -> node.isLeader() && node.raft().term() > term, 2000 * MS);
        node.silence(true);
        require(isElected, () -> "is not elected");
    }

    private void stand(final int id)
    {
        final SimulatedNode node = cluster.node(id);
        final long elections = node.raft().electionCount();
        node.silence(false);
        final boolean isCandidate = cluster.runUntil(() -> node.raft().electionCount() > elections, 2000 * MS);
        node.silence(true);
        require(isCandidate, () -> "does not stand");
    }

    private void ask(final int id)
    {
        final SimulatedNode node = cluster.node(id);
        node.silence(false);
        final boolean isAsking = cluster.runUntil(() -> Role.PRE_CANDIDATE == node.raft().role(), 2000 * MS);
        node.silence(true);
        require(isAsking, () -> "does not ask");
    }

    private void propose(final String[] words)
    {
        final int arrow = Arrays.asList(words).indexOf("->");
        final long code = arrow < 0 ? 1 : switch (words[arrow + 1])
        {
            case "not-leader" -> Raft.NOT_LEADER;
            case "back-pressured" -> RaftLog.BACK_PRESSURED;
            case "storage-full" -> RaftLog.STORAGE_FULL;
            default -> throw new IllegalArgumentException("no such answer: " + words[arrow + 1]);
        };
        for (int i = 2; i < (arrow < 0 ? words.length : arrow); i++)
        {
            final long answer = cluster.propose(number(words[1]), words[i]);
            require(code == Math.min(answer, 1), () -> "the answer is " + answer);
        }
    }

    private void transfer(final String[] words)
    {
        final boolean isTaken = cluster.node(number(words[1])).raft().transferLeadership(number(words[3]));
        require(isTaken == (words.length < 5), () -> "transfer taken: " + isTaken);
    }

    private void change(final String[] words)
    {
        final String[] sets = words[3].split("\\+");
        final Configuration target = Configuration.of(
            numbers(sets[0]), sets.length > 1 ? numbers(sets[1]) : new int[0], Map.of());
        final long answer = "change".equals(words[0]) ?
            cluster.changeConfiguration(number(words[1]), target) : cluster.reconfigure(number(words[1]), target);
        final long code = words.length < 5 ? 1 : switch (words[5])
        {
            case "not-leader" -> Raft.NOT_LEADER;
            case "in-progress" -> Raft.CHANGE_IN_PROGRESS;
            case "back-pressured" -> RaftLog.BACK_PRESSURED;
            default -> throw new IllegalArgumentException("no such answer: " + words[5]);
        };
        require(code == Math.min(answer, 1), () -> "the answer is " + answer);
    }

    private static int[] numbers(final String list)
    {
        return Arrays.stream(list.split(",")).mapToInt(Integer::parseInt).toArray();
    }

    private String outcome(final int id)
    {
        final ReconfigurationOutcome outcome = cluster.node(id).lastOutcome();
        return null == outcome ? "none" : outcome.name().toLowerCase().replace('_', '-');
    }

    private String members(final int id)
    {
        final Configuration configuration = cluster.node(id).raft().configuration();
        return (configuration.isJoint() ? list(configuration.oldVoters()) + "&" : "") + list(configuration.voters()) +
            (configuration.learners().length > 0 ? "+" + list(configuration.learners()) : "");
    }

    private static String list(final int[] ids)
    {
        return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(","));
    }

    private void note(final int id)
    {
        notedTerms.put(id, cluster.node(id).hardState().term());
        notedElections = elections();
    }

    private long elections()
    {
        return cluster.nodes().stream().filter(SimulatedNode::isUp).mapToLong(n -> n.raft().electionCount()).sum();
    }

    private void toNode(final String[] words)
    {
        final int id = number(words[1]);
        final SimulatedNode node = cluster.node(id);
        switch (words[0])
        {
            case "crash" -> cluster.crash(id);
            case "kill" -> cluster.crash(id, node.log().lastIndex());
            case "lose" -> cluster.lose(
                id, number(words[2]), words.length > 3 ? Long.MAX_VALUE : node.log().durableIndex());
            case "damage" -> damage(node.log(), number(words[2]), words.length > 3);
            case "restart" -> cluster.restart(id);
            case "pause" -> node.pause(true);
            case "resume" -> node.pause(false);
            case "disk" -> disk(node.log(), words);
            default -> node.hardState().fault(InMemoryHardState.Fault.valueOf(words[2].toUpperCase()));
        }
    }

    private static void damage(final InMemoryLog log, final int index, final boolean isFound)
    {
        log.damage(index);
        if (isFound)
        {
            log.scrub();
        }
    }

    private static void disk(final InMemoryLog log, final String[] words)
    {
        switch (words[2])
        {
            case "slow" -> log.holdFlushes(true);
            case "flush" -> log.completeFlush();
            case "flush-one" -> log.completeOldestFlush();
            case "fast" ->
            {
                log.holdFlushes(false);
                log.completeFlush();
            }
            case "full" -> log.full(true);
            case "room" -> log.room(number(words[3]));
            case "free" ->
            {
                log.full(false);
                log.ampleRoom();
            }
            default -> throw new IllegalArgumentException("no such thing happens to a disk: " + words[2]);
        }
    }

    private void toNetwork(final String[] words)
    {
        final SimulatedNetwork network = cluster.network();
        switch (words[0])
        {
            case "partition" -> partition(words);
            case "heal" -> network.joinAll();
            case "cut" -> links(words[1]).forEach(link -> network.cut(link[0], link[1], true));
            case "join" -> links(words[1]).forEach(link -> network.cut(link[0], link[1], false));
            case "drop" -> links(words[1]).forEach(link -> network.drop(link[0], link[1], kind(words[2])));
            case "pass" -> links(words[1]).forEach(link -> network.pass(link[0], link[1]));
            case "hold" -> links(words[1]).forEach(link -> network.hold(link[0], link[1], kind(words[2])));
            case "release" -> links(words[1]).forEach(link -> require(
                network.release(link[0], link[1], words.length > 2) > 0, () -> "nothing waits"));
            case "replay" -> links(words[1]).forEach(link -> require(
                network.replay(link[0], link[1], kind(words[2])) > 0, () -> "nothing was sent"));
            case "lose-messages" -> network.lossRate(number(words[1]) / 100.0);
            case "repeat-messages" -> network.duplicateRate(number(words[1]) / 100.0);
            case "delay-messages" ->
            {
                final String[] bounds = words[1].split("-");
                network.delayNs(number(bounds[0]) * MS, time(bounds[1]));
            }
            default -> throw new IllegalArgumentException("no such line: " + words[0]);
        }
    }

    private void partition(final String[] words)
    {
        final Map<Integer, Integer> sides = new HashMap<>();
        int side = 0;
        for (int i = 1; i < words.length; i++)
        {
            if ("|".equals(words[i]))
            {
                side++;
            }
            else
            {
                sides.put(number(words[i]), side);
            }
        }
        require(sides.size() == cluster.nodes().size(), () -> "every node is on a side");
        sides.forEach((from, a) -> sides.forEach((to, b) -> cluster.network().cut(from, to, !a.equals(b))));
    }

    /** {@code 1->2} is one link, {@code 1-2} are two. */
    private List<int[]> links(final String text)
    {
        final boolean isOneWay = text.contains("->");
        final String[] ends = text.split(isOneWay ? "->" : "-");
        final List<int[]> links = new ArrayList<>();
        for (final int from : ids(ends[0]))
        {
            for (final int to : ids(ends[1]))
            {
                if (from != to)
                {
                    links.add(new int[]{from, to});
                    if (!isOneWay)
                    {
                        links.add(new int[]{to, from});
                    }
                }
            }
        }
        return links;
    }

    private int[] ids(final String text)
    {
        return "*".equals(text) ? cluster.ids() : new int[]{number(text)};
    }

    private static Predicate<PeerMessage> kind(final String text)
    {
        return switch (text)
        {
            case "any" -> message -> true;
            case "pre-vote" -> message ->
                message instanceof final PeerMessage.VoteRequest request && VoteKind.PRE_VOTE == request.kind() ||
                message instanceof final PeerMessage.VoteReply reply && VoteKind.PRE_VOTE == reply.kind();
            case "vote" -> message ->
                message instanceof final PeerMessage.VoteRequest request && VoteKind.PRE_VOTE != request.kind() ||
                message instanceof final PeerMessage.VoteReply reply && VoteKind.PRE_VOTE != reply.kind();
            case "append" -> PeerMessage.Append.class::isInstance;
            case "ack" -> PeerMessage.Ack.class::isInstance;
            case "accepted" -> message ->
                message instanceof final PeerMessage.Ack ack && AckKind.ACCEPTED == ack.kind();
            case "rejected" -> message ->
                message instanceof final PeerMessage.Ack ack && AckKind.REJECTED == ack.kind();
            case "heartbeat" -> PeerMessage.Heartbeat.class::isInstance;
            case "timeout-now" -> PeerMessage.TimeoutNow.class::isInstance;
            case "repair" -> message ->
                message instanceof PeerMessage.RepairRequest || message instanceof PeerMessage.RepairReply;
            default -> throw new IllegalArgumentException("no such kind of message: " + text);
        };
    }

    private boolean holds(final String[] words, final int at)
    {
        return switch (words[at])
        {
            case "leader" -> isLedBy(words[at + 1]);
            case "role" -> words[at + 2].equals(role(number(words[at + 1])));
            case "committed" -> upNodes(words[at + 1]).stream().allMatch(
                node -> node.committed().equals(rest(words, at + 2)));
            case "uncommitted" -> upNodes(words[at + 1]).stream().noneMatch(
                node -> node.committed().stream().anyMatch(rest(words, at + 2)::contains));
            case "log" -> upNodes(words[at + 1]).stream().allMatch(
                node -> node.commandsTo(node.log().lastIndex()).equals(rest(words, at + 2)));
            case "terms" -> upNodes(words[at + 1]).stream().allMatch(node -> terms(node).equals(words[at + 2]));
            case "vouched" -> number(words[at + 3]) ==
                cluster.node(number(words[at + 1])).raft().matchIndex(number(words[at + 2]));
            case "vote" -> ("none".equals(words[at + 2]) ? HardStateStore.NO_VOTE : number(words[at + 2])) ==
                cluster.node(number(words[at + 1])).hardState().votedFor();
            case "term" -> cluster.node(number(words[at + 1])).hardState().term() ==
                notedTerms.get(number(words[at + 1])) + Long.parseLong(words[at + 2]);
            case "doubtful" -> upNodes(words[at + 1]).stream().allMatch(node -> node.raft().doubtfulTo() > 0);
            case "intact" -> upNodes(words[at + 1]).stream().allMatch(node -> 0 == node.log().damagedIndex());
            case "sure" -> upNodes(words[at + 1]).stream().allMatch(node -> 0 == node.raft().doubtfulTo());
            case "elections" -> elections() - notedElections <= number(words[at + 2]);
            case "members" -> members(number(words[at + 1])).equals(words[at + 2]);
            case "reconfigured" -> words[at + 2].equals(outcome(number(words[at + 1])));
            case "converged" -> cluster.isConverged();
            default -> throw new IllegalArgumentException("no such expectation: " + words[at]);
        };
    }

    private static String terms(final SimulatedNode node)
    {
        return LongStream.rangeClosed(node.log().firstIndex(), node.log().lastIndex())
            .mapToObj(index -> String.valueOf(node.log().termAt(index))).collect(Collectors.joining(","));
    }

    private boolean isLedBy(final String who)
    {
        return switch (who)
        {
            case "none" -> 0 == cluster.leader();
            case "some" -> cluster.leader() > 0;
            default -> number(who) == cluster.leader();
        };
    }

    private String role(final int id)
    {
        final SimulatedNode node = cluster.node(id);
        return node.isUp() ? node.raft().role().name().toLowerCase().replace('_', '-') : "down";
    }

    private List<SimulatedNode> upNodes(final String who)
    {
        return "all".equals(who) ?
            cluster.nodes().stream().filter(SimulatedNode::isUp).toList() : List.of(cluster.node(number(who)));
    }

    /** Commands from a place on; a time at the end belongs to "await". */
    private static List<String> rest(final String[] words, final int from)
    {
        final int to = "await".equals(words[0]) ? words.length - 1 : words.length;
        return List.of(words).subList(from, to);
    }

    private static int number(final String word)
    {
        return Integer.parseInt(word);
    }

    private static long time(final String word)
    {
        return word.endsWith("ms") ?
            number(word.substring(0, word.length() - 2)) * MS :
            number(word.substring(0, word.length() - 1)) * 1000 * MS;
    }

    private static void require(final boolean holds, final Supplier<String> what)
    {
        if (!holds)
        {
            throw new AssertionError(what.get());
        }
    }
}
