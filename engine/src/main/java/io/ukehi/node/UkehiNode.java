package io.ukehi.node;

import io.ukehi.codecs.client.AdminOperation;
import io.ukehi.codecs.client.Consistency;
import io.ukehi.codecs.client.NodeRole;
import java.util.concurrent.CompletableFuture;
import org.agrona.concurrent.AgentInvoker;
import org.agrona.DirectBuffer;

/**
 * A running member of a cluster, embedded in this process.
 * <pre>
 *   try (UkehiNode node = UkehiNode.launch(new NodeContext()
 *       .memberId(1)
 *       .members("1=localhost:9001:9101,2=localhost:9002:9102,3=localhost:9003:9103")
 *       .stateMachine(new MyStateMachine())))
 *   {
 *       node.submit(buffer, 0, length).thenAccept(result -&gt; ...);
 *   }
 * </pre>
 * All methods but {@link #invoke()} may be called by any thread.
 */
public final class UkehiNode implements AutoCloseable
{
    /** {@link #offer}: the queue is full at this moment. */
    public static final long BACK_PRESSURED = -2;

    /** {@link #offer}: the node is closed or has failed. */
    public static final long CLOSED = -4;

    /** {@link #offer}: longer than {@link NodeContext#maxCommandLength()}. */
    public static final long TOO_LARGE = -5;

    private final NodeContext context;
    private final NodeParts parts;

    private UkehiNode(final NodeContext context, final NodeParts parts)
    {
        this.context = context;
        this.parts = parts;
    }

    /**
     * Recovers the member's log, opens its ports and starts its threads. Returns before the replica has replayed its
     * log or found a leader.
     *
     * @param context of this node alone; concluded here.
     * @return the running node; to be closed.
     * @throws ConfigurationException        telling all settings that are wrong.
     * @throws io.ukehi.log.StorageException if the data directory cannot be used, is in use, belongs to another member
     *                                       or is damaged.
     * @throws LaunchException               if a port is in use or the media driver cannot be reached.
     */
    public static UkehiNode launch(final NodeContext context)
    {
        context.conclude();
        return new UkehiNode(context, NodeParts.launch(context));
    }

    /**
     * Hands over a command; {@link NodeContext#commandListener} is told how it ended, unless the result is negative.
     * Only a leader takes commands: see {@link #leaderId()}. Allocates nothing.
     *
     * @param buffer holds the command, which is copied.
     * @param offset of the command in bytes.
     * @param length of the command in bytes.
     * @return a correlation id greater than 0, or {@link #BACK_PRESSURED}, {@link #CLOSED} or {@link #TOO_LARGE}, where
     * the command was certainly not taken.
     */
    public long offer(final DirectBuffer buffer, final int offset, final int length)
    {
        return parts.commands().offer(buffer, offset, length);
    }

    /**
     * Hands over a command; the future tells how it ended, and fails with {@link RefusedCommandException} if it was not
     * taken in. What hangs on the future runs on the duty-cycle thread unless it is asynchronous: it must not block.
     */
    public CompletableFuture<CommandResult> submit(final DirectBuffer buffer, final int offset, final int length)
    {
        return parts.commands().submit(buffer, offset, length);
    }

    /**
     * Asks the state machine ({@link io.ukehi.statemachine.StateMachine#onQuery}), without an entry in the log.
     * <ul>
     *   <li>{@link Consistency#LINEARIZABLE}: of the leader; sees all that was committed before the call, confirmed by
     *   a majority since. One round of heartbeats for all queries of a cycle.</li>
     *   <li>{@link Consistency#LEASE}: the same without the round, while {@link NodeContext#readLease()} holds.</li>
     *   <li>{@link Consistency#FOLLOWER}: the same guarantee on any member, which asks the leader.</li>
     *   <li>{@link Consistency#STALE}: sees all that was committed longer ago than {@code maxLagNs}.</li>
     * </ul>
     * What hangs on the future runs on the duty-cycle thread unless it is asynchronous: it must not block.
     *
     * @param consistency what the answer must see.
     * @param maxLagNs    {@link Consistency#STALE}: in nanoseconds, {@link Long#MAX_VALUE} for a state of any age.
     * @param buffer      holds the question, which is copied.
     * @param offset      of the question in bytes.
     * @param length      of the question in bytes.
     * @return the answer, or why there is none; never completed with an exception.
     */
    public CompletableFuture<QueryResult> query(
        final Consistency consistency,
        final long maxLagNs,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        return parts.queries().query(consistency, maxLagNs, buffer, offset, length);
    }

    /**
     * Makes a node a voter, or gives a voter another address. A new one catches up as a learner first, so that a node
     * that never answers costs nothing; then one joint change follows. Only a leader changes the members; a change that
     * is done already, or under way, may be asked for again.
     * <p>
     * This and the other operators' calls are answered when the change is committed. What hangs on the future runs on
     * the duty-cycle thread unless it is asynchronous: it must not block.
     *
     * @param member {@code ID=HOST:PEERPORT:CLIENTPORT}; the node waits with {@link NodeContext#joining(boolean)}.
     * @return {@link io.ukehi.codecs.client.AdminCode#DONE}, or why not; never completed with an exception.
     */
    public CompletableFuture<AdminResult> addMember(final String member)
    {
        return parts.admin().ask(AdminOperation.ADD_MEMBER, 0, member);
    }

    /** Makes a node a learner: it gets the log and counts for nothing. A voter becomes one, too. */
    public CompletableFuture<AdminResult> addLearner(final String member)
    {
        return parts.admin().ask(AdminOperation.ADD_LEARNER, 0, member);
    }

    /** Makes a learner a voter, once it has caught up. */
    public CompletableFuture<AdminResult> promote(final int memberId)
    {
        return parts.admin().ask(AdminOperation.PROMOTE_MEMBER, memberId, "");
    }

    /** Removes a member. A leader that removes itself leads until that is committed, and hands over. */
    public CompletableFuture<AdminResult> removeMember(final int memberId)
    {
        return parts.admin().ask(AdminOperation.REMOVE_MEMBER, memberId, "");
    }

    /** Puts a node in the place of a member, in one change, once it has caught up. */
    public CompletableFuture<AdminResult> replaceMember(final int memberId, final String member)
    {
        return parts.admin().ask(AdminOperation.REPLACE_MEMBER, memberId, member);
    }

    /**
     * Who the members are, as far as this one knows: {@code ID=HOST:PEERPORT:CLIENTPORT STATE} of each, separated by
     * commas; the state is voter, learner or leaving. A leader adds how far each one's log is durable, and whether it
     * leads, or was heard within an election timeout. Last comes {@code log:} and the id of its log, once it is known.
     */
    public CompletableFuture<AdminResult> members()
    {
        return parts.admin().ask(AdminOperation.LIST_MEMBERS, 0, "");
    }

    /**
     * Begins to hand leadership to a voter: brings it up to date and has it stand at once, while commands wait. Given
     * up after an election timeout, and then commands are taken again.
     *
     * @param memberId 0 for the voter whose log is closest.
     * @return {@link io.ukehi.codecs.client.AdminCode#STARTED}, or why not: see {@link #leaderId()} for the end.
     */
    public CompletableFuture<AdminResult> transferLeadership(final int memberId)
    {
        return parts.admin().ask(AdminOperation.TRANSFER_LEADERSHIP, memberId, "");
    }

    /** Gives leadership up to whoever is elected; this node may be again. */
    public CompletableFuture<AdminResult> stepDown()
    {
        return parts.admin().ask(AdminOperation.STEP_DOWN, 0, "");
    }

    /**
     * Runs one duty cycle, where {@link NodeContext#useAgentInvoker} was set: again and again, always by the same
     * thread, many times in an election timeout. Several nodes, their drivers and a client can so share one thread.
     *
     * @return work done, 0 if there was nothing; the caller may then be idle for a moment.
     * @throws IllegalStateException if the node has a thread of its own.
     */
    public int invoke()
    {
        final AgentInvoker invoker = parts.agentInvoker();
        if (null == invoker)
        {
            throw new IllegalStateException("the node has a thread of its own");
        }
        return invoker.invoke();
    }

    /**
     * Has this member take a snapshot soon, whatever the policy says; {@link NodeCounters.Kind#SNAPSHOT_INDEX} rises
     * once it is durable. Nothing happens if nothing was applied since the last, or the state machine has none. A
     * leader whose clients would have to wait for it hands leadership over first.
     */
    public void takeSnapshot()
    {
        parts.agent().takeSnapshot();
    }

    /** Settings, concluded. */
    public NodeContext context()
    {
        return context;
    }

    /** What the node is at this moment; {@link NodeRole#STOPPED} once it is closed or has failed. */
    public NodeRole role()
    {
        return NodeRole.get((short)counter(NodeCounters.Kind.ROLE));
    }

    /** Current term. */
    public long term()
    {
        return counter(NodeCounters.Kind.TERM);
    }

    /** Member id of the leader, -1 if none is known. */
    public int leaderId()
    {
        return (int)counter(NodeCounters.Kind.LEADER_ID);
    }

    /** Any of the numbers that can also be seen from outside. */
    public long counter(final NodeCounters.Kind kind)
    {
        return parts.counters().get(kind);
    }

    /** What ended the node; null while it runs, and after an orderly {@link #close()}. */
    public Throwable failure()
    {
        return parts.agent().failure();
    }

    /**
     * Stops the node: a leader hands leadership over first, within an election timeout; then the node takes no more
     * commands, ends those under way as unknown, makes the log durable and releases everything. Idempotent. The log is
     * not touched any more after a failure.
     *
     * @throws IllegalStateException if the duty-cycle thread calls, from a listener or the state machine: it cannot
     *                               wait for its own end.
     */
    @Override
    public void close()
    {
        parts.close();
    }
}
