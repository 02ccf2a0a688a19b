package io.ukehi.sim;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.ukehi.check.History;
import io.ukehi.codecs.entry.SessionCommandEntryDecoder;
import io.ukehi.kv.KvStatus;
import io.ukehi.node.ClientPresence;
import io.ukehi.node.SessionGate;
import io.ukehi.statemachine.CommandHeader;
import io.ukehi.statemachine.SessionState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Clients with sessions: each has several commands under way, sends all that are unanswered again and again, to one
 * node and another, in any order and more than once, and gives up on none. Every command ends as committed, unless the
 * cluster says that the session is lost.
 */
final class SessionWorkload implements ClientPresence
{
    /** What a request is about, and what an answer says. */
    private static final long OPEN = -1;
    private static final long CLOSE = -2;
    private static final long ANSWER = 0;
    private static final long OPENED = 1;
    private static final long LOST = 2;
    private static final long AGAIN = 3;
    private static final long NO_REPLY = -1;

    private final World world;
    private final SimSettings settings;
    private final Workload workload;
    private final SimRandom random;
    private final List<SessionClient> clients = new ArrayList<>();
    /** Of each session there ever was: whose it is, and what its commands are. */
    private final Map<Long, SessionRecord> records = new HashMap<>();
    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[4096]);
    private boolean isEnding;

    /** What the world knows of one session: which command has which sequence, and what was applied of it. */
    private static final class SessionRecord
    {
        private final long clientId;
        private final List<Integer> ops = new ArrayList<>();
        private final List<Long> replies = new ArrayList<>();
        /** Log indexes by sequence, of those that were seen to be applied. */
        private final TreeMap<Long, Long> applied = new TreeMap<>();

        private SessionRecord(final long clientId)
        {
            this.clientId = clientId;
        }
    }

    SessionWorkload(final World world, final Workload workload, final SimRandom random)
    {
        this.world = world;
        this.settings = world.settings();
        this.workload = workload;
        this.random = random;
        for (int i = 0; i < settings.sessionClients; i++)
        {
            clients.add(new SessionClient(i, settings.keys));
        }
    }

    void start()
    {
        for (final SessionClient client : clients)
        {
            client.move(1 + random.nextInt(settings.size));
            wake(client, random.nextLong(settings.electionMaxNs));
        }
    }

    private void wake(final SessionClient client, final long delayNs)
    {
        client.wakeAtNs = world.timeNs() + delayNs;
        world.queue().put(SimEvent.Kind.SESSION_CLIENT, client.wakeAtNs, client.number(), 0);
    }

    /** A client has waited for a while: what is unanswered is sent again, and something new begun. */
    void onWake(final int number)
    {
        final SessionClient client = clients.get(number);
        if (world.timeNs() != client.wakeAtNs)
        {
            return;
        }
        if (!world.isHealed() && !isEnding && random.chance(settings.absenceRate))
        {
            leave(client);
            return;
        }
        client.isPresent = true;
        if (world.timeNs() - client.heardNs > settings.retryNs)
        {
            client.heardNs = world.timeNs();
            client.move(1 + random.nextInt(settings.size));
            client.sendFrom(client.firstUnanswered());
        }
        if (!client.hasSession())
        {
            if (!isEnding)
            {
                send(client, client.target(), OPEN, 0);
            }
        }
        else if (world.timeNs() >= world.lullEndNs())
        {
            begin(client);
            sendDue(client);
        }
        wake(client, settings.heartbeatNs / 8 + random.nextLong(settings.retryNs));
    }

    /** Away for as long as may cost the session, or for good as this session's client. */
    private void leave(final SessionClient client)
    {
        client.isPresent = false;
        if (client.hasSession() && random.nextBoolean())
        {
            // What is under way may come after it.
            client.sendFrom(client.firstUnanswered());
            sendDue(client);
            send(client, client.target(), CLOSE, 0);
            giveUp(client);
        }
        wake(client, random.nextLong(2 * settings.sessionLimits.timeoutNs()));
    }

    private void begin(final SessionClient client)
    {
        while (!isEnding && client.span() < settings.sessionWindow && random.nextInt(3) > 0)
        {
            final History history = workload.history();
            final int keyNumber = random.nextInt(settings.keys);
            final int kind = random.nextInt(4);
            final int op = history.begin(
                settings.clients + client.number(), keyNumber, kind, 1 + history.size(), client.seen(keyNumber),
                world.events());
            client.begin(op);
        }
    }

    private void sendDue(final SessionClient client)
    {
        for (long sequence = client.takeDue(); sequence > 0; sequence = client.takeDue())
        {
            send(client, client.target(), sequence, client.firstUnanswered());
            if (!world.isHealed() && random.chance(settings.duplicateRate))
            {
                // Once more, to whomever: one that was the leader, or that will be.
                send(client, 1 + random.nextInt(settings.size), sequence, client.firstUnanswered());
            }
        }
    }

    private void send(final SessionClient client, final int target, final long what, final long firstUnanswered)
    {
        if (!world.isHealed() && random.chance(settings.clientLossRate))
        {
            world.hit(FaultKind.LOST_REQUEST);
            return;
        }
        // What is sent to one node comes in order, as it does over a connection; most of the time.
        final boolean isInOrder = world.isHealed() || random.nextInt(16) > 0;
        final long atNs = Math.max(world.timeNs() + delayNs(), isInOrder ? client.lastArrivalNs : 0);
        client.lastArrivalNs = Math.max(client.lastArrivalNs, atNs);
        final SimEvent event = world.queue().take(SimEvent.Kind.SESSION_REQUEST, atNs, target);
        event.a = client.clientId();
        event.b = what;
        event.c = client.sessionId();
        event.from = (int)firstUnanswered;
        world.queue().put(event);
    }

    private long delayNs()
    {
        return world.isHealed() ? settings.minDelayNs : random.between(settings.minDelayNs, settings.maxDelayNs);
    }

    /** A request arrives at a node. */
    void onRequest(final SimNode node, final SimEvent event)
    {
        final long clientId = event.a;
        if (OPEN == event.b)
        {
            onCode(node, clientId, 0, node.sessionDoor().openSession(clientId));
        }
        else if (CLOSE == event.b)
        {
            node.sessionDoor().closeSession(clientId);
        }
        else
        {
            payload.putLong(SessionCommandEntryDecoder.sessionIdEncodingOffset(), event.c, LITTLE_ENDIAN);
            payload.putLong(SessionCommandEntryDecoder.sequenceEncodingOffset(), event.b, LITTLE_ENDIAN);
            payload.putLong(SessionCommandEntryDecoder.firstUnansweredEncodingOffset(), event.from, LITTLE_ENDIAN);
            final int length = workload.encode(
                records.get(event.c).ops.get((int)event.b - 1), payload, SessionCommandEntryDecoder.BLOCK_LENGTH);
            onCode(node, clientId, event.c, node.sessionDoor().proposeInSession(clientId, payload, 0, length));
        }
    }

    private void onCode(final SimNode node, final long clientId, final long sessionId, final long code)
    {
        Violation.check(SessionGate.FORGED != code && SessionGate.MALFORMED != code,
            "a client's own request is taken for its own", node.id(), code);
        if (SessionGate.NO_SESSION == code)
        {
            checkLost(node, sessionId);
            reply(node, clientId, LOST, sessionId, 0);
        }
        else if (code < 0)
        {
            reply(node, clientId, AGAIN, sessionId, 0);
        }
    }

    /** Nobody who has applied as much or more has a session that is called lost. */
    private void checkLost(final SimNode node, final long sessionId)
    {
        for (final SimNode other : world.nodes())
        {
            Violation.check(!other.isUp() || other.appliedIndex() < node.appliedIndex() || !other.hasSession(sessionId),
                "a session that is called lost is no more", node.id(), sessionId);
        }
    }

    /** A session is open, at a node that has applied its entry. */
    void onOpened(final SimNode node, final long clientId, final SessionState session)
    {
        if (null != session)
        {
            Violation.check(clientId == session.clientId(), "a session is its client's", node.id(), session.id());
            records.computeIfAbsent(session.id(), id -> new SessionRecord(clientId));
            reply(node, clientId, OPENED, session.id(), 0);
        }
    }

    /** A session is no more, at a node that has applied what ended it. */
    void onClosed(final SimNode node, final SessionState session)
    {
        if (node.isLeader())
        {
            reply(node, session.clientId(), LOST, session.id(), 0);
        }
    }

    /** The command that is applied: one of its session's, in the session's order. */
    int opOf(final SimNode node, final CommandHeader header)
    {
        final SessionRecord session = records.get(header.sessionId());
        final long sequence = header.correlationId();
        final int op = session.ops.get((int)sequence - 1);
        // What a node applies as it starts again is not seen: a command may be seen first by a node that is far behind.
        final Long former = session.applied.put(sequence, header.index());
        Violation.check(null == former || former == header.index(),
            "a session's command is applied at one index", node.id(), sequence);
        final Map.Entry<Long, Long> before = session.applied.lowerEntry(sequence);
        final Map.Entry<Long, Long> after = session.applied.higherEntry(sequence);
        Violation.check((null == before || before.getValue() < header.index()) &&
            (null == after || after.getValue() > header.index()),
            "a session's commands are applied in order", node.id(), sequence);
        return op;
    }

    /** A node has the reply to a command: the same whoever says so, and however often. */
    void answer(
        final SimNode node,
        final long sessionId,
        final long sequence,
        final long index,
        final DirectBuffer buffer,
        final int offset,
        final int length)
    {
        final SessionRecord session = records.get(sessionId);
        final int op = session.ops.get((int)sequence - 1);
        final int appliedIndex = workload.history().index(op);
        Violation.check(0 == appliedIndex || appliedIndex == index,
            "a reply is that of the command", node.id(), sequence);
        final long value = workload.readReply(node, buffer, offset, length);
        while (session.replies.size() < sequence)
        {
            session.replies.add(NO_REPLY);
        }
        final long former = session.replies.set((int)sequence - 1, value);
        Violation.check(NO_REPLY == former || former == value,
            "a command that is sent again gets the reply it got first", node.id(), sequence);
        reply(node, session.clientId, ANSWER, sequence, value);
    }

    private void reply(
        final SimNode node, final long clientId, final long what, final long about, final long value)
    {
        if (!world.isHealed() && random.chance(settings.clientLossRate))
        {
            world.hit(FaultKind.LOST_ANSWER);
            return;
        }
        final SimEvent event = world.queue().take(
            SimEvent.Kind.SESSION_REPLY, world.timeNs() + delayNs(), SessionClient.numberOf(clientId));
        event.from = AGAIN == what ? node.raft().leaderId() : node.id();
        event.a = clientId << 2 | what;
        event.b = about;
        event.c = value;
        world.queue().put(event);
    }

    /** An answer arrives at a client. */
    void onReply(final SimEvent event)
    {
        final SessionClient client = clients.get(event.node);
        final long clientId = event.a >> 2;
        if (clientId != client.clientId())
        {
            return;
        }
        if (AGAIN == (event.a & 3))
        {
            client.move(event.from > 0 ? event.from : 1 + random.nextInt(settings.size));
            client.sendFrom(client.firstUnanswered());
        }
        else if (OPENED == (event.a & 3))
        {
            if (!client.hasSession())
            {
                client.open(event.b, records.get(event.b).ops);
            }
        }
        else if (LOST == (event.a & 3))
        {
            if (client.sessionId() == event.b)
            {
                giveUp(client);
            }
        }
        else if (client.hasSession())
        {
            onAnswer(client, event);
        }
        client.heardNs = world.timeNs();
    }

    private void onAnswer(final SessionClient client, final SimEvent event)
    {
        if (client.onAnswer(event.b))
        {
            final int op = client.op(event.b);
            final int status = (int)(event.c & 0xFF);
            final long result = event.c >> 8;
            final History history = workload.history();
            history.end(op, History.COMMITTED, status, result, world.events());
            final boolean isWritten = KvStatus.OK == status &&
                (History.PUT == history.kind(op) || History.CAS == history.kind(op));
            client.see(history.key(op), isWritten ? history.value(op) : result);
            wake(client, 1 + random.nextLong(1 + settings.thinkNs));
        }
    }

    /** The session is lost, and with it what its commands came to. */
    private void giveUp(final SessionClient client)
    {
        for (long sequence = client.firstUnanswered(); client.hasSession() && sequence <= client.last(); sequence++)
        {
            if (!client.isAnswered(sequence))
            {
                workload.history().unknown(client.op(sequence));
            }
        }
        client.begin();
    }

    @Override
    public boolean isPresent(final long clientId)
    {
        final SessionClient client = clients.get(SessionClient.numberOf(clientId));
        return client.isPresent && client.clientId() == clientId;
    }

    /** No more commands; those under way come to their ends. */
    void end()
    {
        isEnding = true;
    }

    boolean isQuiet()
    {
        for (final SessionClient client : clients)
        {
            if (!client.isQuiet())
            {
                return false;
            }
        }
        return true;
    }
}
