package io.ukehi.log;

import java.nio.file.Path;
import java.util.SplittableRandom;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A process that appends to a log on a real file system until the file system is taken away, and prints which index it
 * has been told to be durable, as soon as it knows: what a member would have acknowledged.
 */
final class PowerCutWorker
{
    static final int SEGMENT_LENGTH = 128 * 1024;

    private PowerCutWorker()
    {
    }

    static LogConfig config()
    {
        return new LogConfig().segmentLength(SEGMENT_LENGTH).maxPayloadLength(4_000).logId(77).bootId(1);
    }

    /** Payload of an entry: the same whoever writes it. */
    static byte[] payload(final long index)
    {
        final SplittableRandom random = new SplittableRandom(index);
        final byte[] payload = new byte[random.nextInt(600)];
        random.nextBytes(payload);
        return payload;
    }

    /** Appends and prints for ever, or until storage fails. */
    public static void main(final String[] args)
    {
        try (FileStorage storage = FileStorage.open(Path.of(args[0]));
            HardStateFile hardState = HardStateFile.open(storage))
        {
            hardState.store(hardState.term() + 1, 1);
            final SegmentedLog log = SegmentedLog.open(storage, config(), System::nanoTime);
            System.out.println("term " + hardState.term());
            System.out.println("durable " + log.durableIndex());
            append(log, hardState.term());
        }
        catch (final StorageException ex)
        {
            System.out.println("failed " + ex.getMessage());
        }
        finally
        {
            System.out.flush();
            Runtime.getRuntime().halt(1);
        }
    }

    private static void append(final SegmentedLog log, final long term)
    {
        long told = log.durableIndex();
        final SplittableRandom random = new SplittableRandom(term);
        while (true)
        {
            for (int i = random.nextInt(12); i >= 0; i--)
            {
                final long index = log.lastIndex() + 1;
                final byte[] payload = payload(index);
                log.append(2, term, 0, index, new UnsafeBuffer(payload), 0, payload.length);
            }
            log.flush();
            log.flusher().doWork();
            if (log.durableIndex() > told)
            {
                told = log.durableIndex();
                System.out.println("durable " + told);
                System.out.flush();
            }
        }
    }
}
