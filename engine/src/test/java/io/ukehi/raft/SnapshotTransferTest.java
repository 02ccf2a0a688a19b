package io.ukehi.raft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.junit.jupiter.api.Test;

/** The rules by which a snapshot is offered, sent, received and installed (Raft section 7; catalogue rows 41 to 44). */
class SnapshotTransferTest
{
    private static final int CHUNKS = 100;
    private static final UnsafeBuffer BYTES = new UnsafeBuffer(new byte[64]);

    /** Offers are their index and term; chunks are taken by number alone. */
    private static final class Disk implements SnapshotSink, SnapshotSource
    {
        private final InMemoryLog log;
        private Offered current;
        private State state = State.IDLE;
        private boolean isBusy;
        private int nextChunk;
        private int seekedTo = -1;
        private String done = "";

        Disk(final InMemoryLog log)
        {
            this.log = log;
        }

        private record Offered(long index, long term) implements Offer
        {
            @Override
            public long token()
            {
                return term << 32;
            }

            @Override
            public Configuration configuration()
            {
                return Configuration.ofVoters(1, 2, 3);
            }

            @Override
            public boolean isSame(final Offer other)
            {
                return equals(other);
            }
        }

        @Override
        public Offer read(final DirectBuffer buffer, final int offset, final int length)
        {
            return 16 == length ? new Offered(buffer.getLong(offset), buffer.getLong(offset + 8)) : null;
        }

        @Override
        public boolean begin(final Offer offer)
        {
            if (isBusy)
            {
                return false;
            }
            current = (Offered)offer;
            state = State.RECEIVING;
            return true;
        }

        @Override
        public Offer current()
        {
            return current;
        }

        @Override
        public State state()
        {
            return state;
        }

        @Override
        public int nextChunk()
        {
            return nextChunk;
        }

        @Override
        public int chunkLimit()
        {
            return CHUNKS;
        }

        @Override
        public boolean put(final int chunk, final DirectBuffer buffer, final int offset, final int length)
        {
            final boolean isNext = chunk == nextChunk;
            nextChunk += isNext ? 1 : 0;
            return isNext;
        }

        @Override
        public boolean install()
        {
            if (log.termAt(current.index) != current.term)
            {
                log.resetTo(current.index, current.term, current.token(), 0, 7);
            }
            done = "installed";
            current = null;
            state = State.IDLE;
            return true;
        }

        @Override
        public void ignore()
        {
            done = "ignored";
            current = null;
            state = State.IDLE;
        }

        @Override
        public Stream open()
        {
            return new Stream()
            {
                @Override
                public long index()
                {
                    return 8;
                }

                @Override
                public long term()
                {
                    return 1;
                }

                @Override
                public int chunkCount()
                {
                    return CHUNKS;
                }

                @Override
                public int encodeOffer(final MutableDirectBuffer buffer)
                {
                    return 16;
                }

                @Override
                public void seek(final int chunk)
                {
                    seekedTo = chunk;
                }

                @Override
                public boolean isReady(final int chunk)
                {
                    return true;
                }

                @Override
                public DirectBuffer buffer(final int chunk)
                {
                    return BYTES;
                }

                @Override
                public int offset(final int chunk)
                {
                    return 0;
                }

                @Override
                public int length(final int chunk)
                {
                    return 64;
                }

                @Override
                public void close()
                {
                    done = "closed";
                }
            };
        }
    }

    private SoloRaft solo;
    private Disk disk;

    /** Node 1 follows node 2 in term 2. */
    private void follow(final long... terms)
    {
        solo = new SoloRaft(3).holding(terms).start();
        disk = new Disk(solo.log);
        solo.raft.snapshots(disk, disk);
        solo.raft.onHeartbeat(2, 2, 1, 0);
    }

    private void offer(final long attempt, final long index, final long term)
    {
        final UnsafeBuffer offer = new UnsafeBuffer(new byte[16]);
        offer.putLong(0, index);
        offer.putLong(8, term);
        solo.raft.onSnapshotOffer(2, 2, attempt, offer, 0, 16);
        solo.cycle();
    }

    private void chunk(final long attempt, final int chunk)
    {
        solo.raft.onSnapshotChunk(2, 2, attempt, chunk, BYTES, 0, 64);
        solo.cycle();
    }

    private List<String> said()
    {
        final List<String> lines = List.copyOf(solo.sender.snapshots());
        solo.sender.snapshots().clear();
        return lines;
    }

    @Test
    void shouldAskForWhatIsMissingAndForAGapOnce()
    {
        follow(1, 1);
        disk.nextChunk = 5;
        offer(1, 10, 1);
        solo.cycle();
        assertEquals(List.of("RECEIVING 5 of 1 to 2"), said());
        chunk(1, 5);
        chunk(1, 7);
        chunk(1, 8);
        assertEquals(List.of("LOST 6 of 1 to 2"), said());
        chunk(1, 6);
        assertEquals(7, disk.nextChunk);
    }

    /** Seed 2026112916210 of the simulator: what had given way was begun anew before each next offer. */
    @Test
    void shouldBeginWithoutAnotherOfferWhenWhatWasInTheWayIsGone()
    {
        follow(1, 1);
        disk.isBusy = true;
        offer(1, 10, 1);
        solo.cycle();
        assertEquals(List.of("BUSY 0 of 1 to 2"), said());
        solo.cycle();
        assertEquals(List.of(), said());
        disk.isBusy = false;
        solo.cycle();
        assertEquals(List.of("RECEIVING 0 of 1 to 2"), said());
        chunk(1, 0);
        assertEquals(1, disk.nextChunk);
    }

    @Test
    void shouldPassOverChunksOfAnotherAttemptOrTerm()
    {
        follow(1, 1);
        offer(2, 10, 1);
        chunk(1, 0);
        assertEquals(0, disk.nextChunk);
        solo.raft.onSnapshotChunk(3, 1, 2, 0, BYTES, 0, 64);
        assertEquals(0, disk.nextChunk);
        chunk(2, 0);
        assertEquals(1, disk.nextChunk);
    }

    @Test
    void shouldReplaceALogThatDoesNotHoldTheLastEntry()
    {
        follow(1, 1, 1);
        offer(1, 10, 2);
        disk.state = SnapshotSink.State.DURABLE;
        solo.cycle();
        assertEquals("installed", disk.done);
        assertEquals(11, solo.log.firstIndex());
        assertEquals(10, solo.raft.commitIndex());
        solo.cycle();
        assertTrue(said().contains("INSTALLED 0 of 1 to 2"));
    }

    @Test
    void shouldDropEntriesThatConflictWithTheSnapshot()
    {
        follow(1, 1, 1, 1, 1);
        offer(1, 3, 2);
        disk.state = SnapshotSink.State.DURABLE;
        solo.cycle();
        assertEquals(3, solo.log.lastIndex());
        assertEquals(2, solo.log.lastTerm());
    }

    @Test
    void shouldNeedNoSnapshotWhenItsLastEntryIsInTheLog()
    {
        follow(1, 1, 1, 1, 1);
        offer(1, 3, 1);
        assertEquals(List.of("INSTALLED 0 of 1 to 2"), said());
        assertEquals(3, solo.raft.commitIndex());
        assertEquals(5, solo.log.lastIndex(), "what follows is kept");
    }

    @Test
    void shouldIgnoreASnapshotThatTheLogHasComePast()
    {
        follow(1, 1);
        offer(1, 10, 1);
        disk.state = SnapshotSink.State.DURABLE;
        disk.current = new Disk.Offered(0, 1);
        solo.cycle();
        assertEquals("ignored", disk.done);
        assertEquals(2, solo.log.lastIndex());
    }

    /** Node 1 leads with a log that begins behind entry 8; node 2 has nothing. */
    private void leadAndRefuse()
    {
        solo = new SoloRaft(3).holding(1, 1, 1, 1, 1, 1, 1, 1, 1, 1).start();
        disk = new Disk(solo.log);
        solo.raft.snapshots(disk, disk);
        solo.lead();
        solo.log.purgeTo(9);
        solo.cycle();
        solo.reject(2, 1, 1, RaftLog.UNKNOWN_TERM);
        solo.cycle();
        solo.reject(2, 2, 1, RaftLog.UNKNOWN_TERM);
        solo.cycle();
    }

    @Test
    void shouldOfferASnapshotToAPeerThatRefusesTheFirstEntryAndSendFromWhereItSays()
    {
        leadAndRefuse();
        assertEquals(List.of("offer 1 to 2"), said());
        solo.raft.onSnapshotStatus(2, SnapshotStatus.RECEIVING, solo.raft.term(), 1, 8, 40, 42);
        solo.pass(SoloRaft.MS);
        assertEquals(List.of("chunk 40 of 1 to 2", "chunk 41 of 1 to 2"), said());
        assertEquals(40, disk.seekedTo);
        solo.raft.onSnapshotStatus(2, SnapshotStatus.LOST, solo.raft.term(), 1, 8, 41, 42);
        solo.pass(SoloRaft.MS);
        assertEquals(List.of("chunk 41 of 1 to 2"), said());
        solo.raft.onSnapshotStatus(2, SnapshotStatus.INSTALLED, solo.raft.term(), 1, 8, 0, 0);
        assertEquals("closed", disk.done);
    }

    @Test
    void shouldOfferAgainWhenNothingIsHeard()
    {
        leadAndRefuse();
        said();
        solo.raft.onSnapshotStatus(2, SnapshotStatus.RECEIVING, solo.raft.term(), 1, 8, 0, 1);
        solo.pass(SoloRaft.MS);
        said();
        for (int i = 0; i < 6; i++)
        {
            // The others answer, or it would not lead any more.
            solo.pass(SoloRaft.HEARTBEAT_NS);
            solo.accept(3, 0, 0);
        }
        assertTrue(said().contains("offer 2 to 2"));
        solo.raft.onSnapshotStatus(2, SnapshotStatus.RECEIVING, solo.raft.term(), 1, 8, 90, 100);
        solo.pass(SoloRaft.MS);
        assertEquals(List.of(), said(), "an answer to the attempt before");
    }

    /** Or its log would be kept as long as the follower is away. */
    @Test
    void shouldLetASnapshotGoWhoseFollowerDoesNotAnswerForLong()
    {
        leadAndRefuse();
        int heartbeat = 0;
        for (int i = 0; i < 4 * 99; i++)
        {
            solo.pass(SoloRaft.HEARTBEAT_NS);
            solo.accept(3, 0, ++heartbeat, 1, 0);
        }
        assertEquals("", disk.done);
        assertEquals(8, solo.raft.lowestSnapshotIndex());
        for (int i = 0; i < 8 && disk.done.isEmpty(); i++)
        {
            solo.pass(SoloRaft.HEARTBEAT_NS);
            solo.accept(3, 0, ++heartbeat, 1, 0);
        }
        assertEquals("closed", disk.done);
        said();
        solo.pass(SoloRaft.HEARTBEAT_NS);
        assertEquals(1, said().size(), "and the next one is offered");
    }
}
