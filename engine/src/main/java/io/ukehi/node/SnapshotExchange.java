package io.ukehi.node;

import io.ukehi.raft.Configuration;
import io.ukehi.raft.RaftLog;
import io.ukehi.raft.SnapshotSink;
import io.ukehi.raft.SnapshotSource;
import io.ukehi.snapshot.SnapshotChunk;
import io.ukehi.snapshot.SnapshotInput;
import io.ukehi.snapshot.SnapshotManifest;
import io.ukehi.snapshot.SnapshotOutput;
import io.ukehi.snapshot.SnapshotStore;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The snapshots on the disk behind the ports of the rules: sent chunk by chunk as they lie there, and received into the
 * store. Duty-cycle thread.
 */
final class SnapshotExchange implements SnapshotSource, SnapshotSink
{
    private final SnapshotStore store;
    private final RaftLog log;
    private final ReplicaSnapshots snapshots;
    private ManifestOffer current;
    private SnapshotOutput output;
    private boolean isFinishing;
    private boolean isDurable;
    private long receivedCount;

    SnapshotExchange(final SnapshotStore store, final RaftLog log, final ReplicaSnapshots snapshots)
    {
        this.store = store;
        this.log = log;
        this.snapshots = snapshots;
    }

    /** A manifest as an offer. */
    private record ManifestOffer(SnapshotManifest manifest, Configuration configuration) implements Offer
    {
        @Override
        public long index()
        {
            return manifest.index();
        }

        @Override
        public long term()
        {
            return manifest.term();
        }

        @Override
        public long token()
        {
            return manifest.token();
        }

        @Override
        public boolean isSame(final Offer other)
        {
            return manifest.isSame(((ManifestOffer)other).manifest);
        }
    }

    /** A snapshot that is being read for one peer. */
    private final class Sending implements Stream
    {
        private final SnapshotManifest manifest;
        private SnapshotInput input;

        Sending(final SnapshotManifest manifest, final SnapshotInput input)
        {
            this.manifest = manifest;
            this.input = input;
        }

        @Override
        public long index()
        {
            return manifest.index();
        }

        @Override
        public long term()
        {
            return manifest.term();
        }

        @Override
        public int chunkCount()
        {
            return manifest.chunkCount();
        }

        @Override
        public int encodeOffer(final MutableDirectBuffer buffer)
        {
            return manifest.encode(buffer, 0);
        }

        @Override
        public void seek(final int chunk)
        {
            if (null == input || chunk < input.position())
            {
                // A reader goes forward only.
                final SnapshotInput another = store.read(manifest, Math.min(chunk, manifest.chunkCount() - 1));
                if (null != input && null != another)
                {
                    input.close();
                }
                input = null == another ? input : another;
            }
            else
            {
                input.position(chunk);
            }
        }

        @Override
        public boolean isReady(final int chunk)
        {
            return chunk >= input.position() && input.isReady(chunk);
        }

        @Override
        public DirectBuffer buffer(final int chunk)
        {
            return input.buffer(chunk);
        }

        @Override
        public int offset(final int chunk)
        {
            return input.offset(chunk);
        }

        @Override
        public int length(final int chunk)
        {
            return SnapshotChunk.HEADER_LENGTH + Math.clamp(
                SnapshotChunk.payloadLength(buffer(chunk), offset(chunk)),
                0, manifest.chunkLength() - SnapshotChunk.HEADER_LENGTH);
        }

        @Override
        public void close()
        {
            input.close();
        }
    }

    @Override
    public Stream open()
    {
        final SnapshotManifest newest = store.newest();
        final SnapshotInput input = null == newest ? null : store.read(newest, 0);
        return null == input ? null : new Sending(newest, input);
    }

    @Override
    public Offer read(final DirectBuffer buffer, final int offset, final int length)
    {
        final SnapshotManifest manifest = SnapshotManifest.decode(buffer, offset, length);
        if (null == manifest || !store.isOurs(manifest))
        {
            return null;
        }
        final byte[] members = manifest.members();
        return new ManifestOffer(manifest, Configuration.decode(new UnsafeBuffer(members), 0, members.length));
    }

    @Override
    public boolean begin(final Offer offer)
    {
        if (null != output)
        {
            // Another one: what is here of it stays, until this one takes its place.
            output.abandon();
            return false;
        }
        final ManifestOffer wanted = (ManifestOffer)offer;
        if (store.has(wanted.manifest))
        {
            // Received before, and not installed: the node died between the two.
            current = wanted;
            isDurable = true;
            return true;
        }
        if (snapshots.giveWay())
        {
            return false;
        }
        output = store.receive(wanted.manifest);
        isFinishing = false;
        isDurable = false;
        current = null == output ? null : wanted;
        return null != output;
    }

    @Override
    public Offer current()
    {
        return current;
    }

    @Override
    public State state()
    {
        if (null == current)
        {
            return State.IDLE;
        }
        if (isDurable)
        {
            return State.DURABLE;
        }
        if (isFinishing)
        {
            return State.FINISHING;
        }
        return output.isReady() ? receiving() : State.OPENING;
    }

    private State receiving()
    {
        if (output.nextChunk() == current.manifest.chunkCount())
        {
            output.finish();
            isFinishing = true;
            return State.FINISHING;
        }
        return State.RECEIVING;
    }

    @Override
    public int nextChunk()
    {
        return null == output ? current.manifest.chunkCount() : output.nextChunk();
    }

    @Override
    public int chunkLimit()
    {
        return null == output ? current.manifest.chunkCount() : output.chunkLimit();
    }

    @Override
    public boolean put(final int chunk, final DirectBuffer buffer, final int offset, final int length)
    {
        return chunk == output.nextChunk() && output.hasRoom() && output.put(buffer, offset, length);
    }

    /** The writing of a snapshot has ended. True if it was one that was being received. */
    boolean onEnded(final SnapshotOutput ended)
    {
        if (ended != output)
        {
            return false;
        }
        output = null;
        isDurable = SnapshotOutput.Outcome.DURABLE == ended.outcome();
        if (isDurable)
        {
            receivedCount++;
        }
        else
        {
            current = null;
        }
        return true;
    }

    @Override
    public boolean install()
    {
        final SnapshotManifest manifest = current.manifest;
        if (!snapshots.canInstall())
        {
            return false;
        }
        if (log.termAt(manifest.index()) != manifest.term())
        {
            log.resetTo(
                manifest.index(), manifest.term(), manifest.token(), manifest.clusterTimeNs(), manifest.frameCrc());
        }
        snapshots.onInstalled(manifest);
        current = null;
        isDurable = false;
        return true;
    }

    @Override
    public void ignore()
    {
        current = null;
        isDurable = false;
    }

    /** Snapshots received whole. */
    long receivedCount()
    {
        return receivedCount;
    }

    /** Hundredths of the snapshot being received that are here; -1 if none is. */
    int receivedPercent()
    {
        return null == output ? -1 : (int)(100L * output.nextChunk() / current.manifest.chunkCount());
    }
}
