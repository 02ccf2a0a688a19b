package io.ukehi.node;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.aeron.Aeron;
import io.aeron.Counter;
import io.ukehi.codecs.client.NodeRole;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLongArray;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What can be seen of a node from outside, by other threads of its process and, as Aeron counters, by any process that
 * maps the media driver's counters file. The key of each counter is the node's cluster, group and member id.
 * <p>
 * Written by the duty-cycle thread, once a cycle where a value has changed; read by any, also after the node has
 * closed.
 */
public final class NodeCounters implements AutoCloseable
{
    /** What is counted. The type id of the Aeron counter is {@link #TYPE_ID_BASE} and the ordinal. */
    public enum Kind
    {
        /** {@link NodeRole}, by value. */
        ROLE("role"),

        /** Current term. */
        TERM("term"),

        /** Member id of the leader, -1 if none is known. */
        LEADER_ID("leader-id"),

        /** Oldest index in the log. */
        FIRST_INDEX("first-index"),

        /** Newest index in the log. */
        LAST_INDEX("last-index"),

        /** Highest index that is as durable as configured. */
        DURABLE_INDEX("durable-index"),

        /** Highest index known to be committed. */
        COMMIT_INDEX("commit-index"),

        /** Highest index that the state contains. */
        APPLIED_INDEX("applied-index"),

        /** Elections stood in. */
        ELECTION_COUNT("election-count"),

        /** Errors reported. */
        ERROR_COUNT("error-count"),

        /** Messages from peers and clients that were dropped or refused because something is wrong with them. */
        DROP_COUNT("drop-count"),

        /** Clients connected. */
        SESSION_COUNT("session-count"),

        /** Up to which index acknowledged entries may be missing here; 0 if none. See {@link NodeRole#DOUBTFUL}. */
        DOUBTFUL_TO("doubtful-to"),

        /** First entry of the log that is known to be damaged and not repaired yet; 0 if there is none. */
        DAMAGED_INDEX("damaged-index"),

        /** Damaged entries that were repaired with what other members had, since the start. */
        REPAIR_COUNT("repair-count"),

        /** Index of the newest durable snapshot; 0 if there is none. */
        SNAPSHOT_INDEX("snapshot-index"),

        /** Bytes of snapshots sent to peers since the start. */
        SNAPSHOT_SENT_BYTES("snapshot-sent-bytes"),

        /** Hundredths of the snapshot being received that are here, -1 if none is being received. */
        SNAPSHOT_RECEIVED_PERCENT("snapshot-received-percent"),

        /** Hundredths of the snapshot being sent that have arrived, with the peer that has least; -1: none is sent. */
        SNAPSHOT_SENT_PERCENT("snapshot-sent-percent"),

        /** Bytes written of the snapshot being taken, -1 if none is. */
        SNAPSHOT_TAKEN_BYTES("snapshot-taken-bytes"),

        /** Hundredths of the snapshot being loaded that the state contains, -1 if none is being loaded. */
        SNAPSHOT_LOADED_PERCENT("snapshot-loaded-percent"),

        /** Up to which index the log is replayed before the node takes part; the last durable snapshot's at least. */
        REPLAY_TO_INDEX("replay-to-index"),

        /** Commands of clients that had been taken before: answered again, or under way. */
        REPEAT_COUNT("repeat-count"),

        /** Clients turned away: told that there are as many as there may be, or not even that. */
        REFUSED_CLIENT_COUNT("refused-client-count"),

        /** Clients given up because nothing was heard of them. */
        SILENT_CLIENT_COUNT("silent-client-count"),

        /** Clients cut off because they did not take what was sent to them. */
        SLOW_CLIENT_COUNT("slow-client-count"),

        /** Clients given up in favour of newcomers: they had connected, and said no more. */
        HALF_OPEN_CLIENT_COUNT("half-open-client-count");

        private final String label;

        Kind(final String label)
        {
            this.label = label;
        }
    }

    /** Type id of the first Aeron counter. */
    public static final int TYPE_ID_BASE = 7100;

    private static final Kind[] KINDS = Kind.values();
    private static final int KEY_LENGTH = 16;

    private final AtomicLongArray values = new AtomicLongArray(KINDS.length);
    private final Counter[] counters = new Counter[KINDS.length];
    private boolean isClosed;

    NodeCounters()
    {
        set(Kind.ROLE, NodeRole.RECOVERING.value());
        set(Kind.LEADER_ID, -1);
    }

    /** Shows the values in the media driver's counters file. */
    void publish(final Aeron aeron, final long clusterId, final int groupId, final int memberId)
    {
        for (final Kind kind : KINDS)
        {
            final UnsafeBuffer key = new UnsafeBuffer(new byte[KEY_LENGTH]);
            key.putLong(0, clusterId, LITTLE_ENDIAN);
            key.putInt(8, groupId, LITTLE_ENDIAN);
            key.putInt(12, memberId, LITTLE_ENDIAN);
            final byte[] label = ("ukehi " + kind.label + " - cluster " + clusterId + " group " + groupId +
                " member " + memberId).getBytes(StandardCharsets.US_ASCII);
            final Counter counter = aeron.addCounter(
                TYPE_ID_BASE + kind.ordinal(), key, 0, KEY_LENGTH, new UnsafeBuffer(label), 0, label.length);
            counter.setRelease(get(kind));
            counters[kind.ordinal()] = counter;
        }
    }

    /** Duty-cycle thread. */
    void set(final Kind kind, final long value)
    {
        final int i = kind.ordinal();
        if (values.getPlain(i) != value)
        {
            values.setRelease(i, value);
            final Counter counter = counters[i];
            // Aeron closes it by itself when the driver is gone, and unmaps the file it lies in.
            if (null != counter && !counter.isClosed())
            {
                counter.setRelease(value);
            }
        }
    }

    /** Any thread. */
    public long get(final Kind kind)
    {
        return values.getAcquire(kind.ordinal());
    }

    /** Takes the counters out of the media driver's file; values stay readable here. Duty-cycle thread, or after it. */
    @Override
    public void close()
    {
        if (!isClosed)
        {
            isClosed = true;
            CloseHelper.quietCloseAll(counters);
        }
    }
}
