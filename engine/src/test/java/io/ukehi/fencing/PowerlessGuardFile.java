package io.ukehi.fencing;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.random.RandomGenerator;

/**
 * The file of a guard on a disk that keeps what was forced and, of what was only written, any subset of bytes: crueller
 * than a real one, which keeps sectors whole. Power can be made to go before any of its writes and forces.
 */
final class PowerlessGuardFile implements GuardFile
{
    private final BitSet isDirty = new BitSet();
    private byte[] written;
    private byte[] forced;
    private long operationsLeft = Long.MAX_VALUE;
    private long operations;

    /** Power is gone. */
    static final class PowerCut extends RuntimeException
    {
        private static final long serialVersionUID = 1L;
    }

    PowerlessGuardFile()
    {
        this(new byte[0], new byte[0]);
    }

    private PowerlessGuardFile(final byte[] written, final byte[] forced)
    {
        this.written = written;
        this.forced = forced;
    }

    /** A file of these bytes, all of them durable. */
    static PowerlessGuardFile of(final byte[] bytes)
    {
        return new PowerlessGuardFile(bytes.clone(), bytes.clone());
    }

    PowerlessGuardFile powerCutAt(final long operation)
    {
        operationsLeft = operation;
        return this;
    }

    long operations()
    {
        return operations;
    }

    byte[] contents()
    {
        return written.clone();
    }

    /** What the next process finds when this one died: all that was written, and no more of it forced. */
    PowerlessGuardFile afterKill()
    {
        final PowerlessGuardFile next = new PowerlessGuardFile(written.clone(), forced.clone());
        next.isDirty.or(isDirty);
        return next;
    }

    /** What is found when power is back. */
    PowerlessGuardFile afterPowerCut(final RandomGenerator random)
    {
        final byte[] bytes = Arrays.copyOf(forced, written.length);
        // All, none and everything between: halves only would hardly ever keep a whole token.
        final double share = random.nextInt(4) / 3.0;
        for (int i = isDirty.nextSetBit(0); i >= 0; i = isDirty.nextSetBit(i + 1))
        {
            bytes[i] = random.nextDouble() < share ? written[i] : bytes[i];
        }
        return of(bytes);
    }

    private void step()
    {
        if (0 == operationsLeft)
        {
            throw new PowerCut();
        }
        operationsLeft--;
        operations++;
    }

    @Override
    public long length()
    {
        return written.length;
    }

    @Override
    public void read(final ByteBuffer into, final long position)
    {
        into.put(written, (int)position, Math.min(into.remaining(), written.length - (int)position));
    }

    @Override
    public void write(final ByteBuffer from, final long position)
    {
        step();
        final int end = (int)position + from.remaining();
        written = Arrays.copyOf(written, Math.max(end, written.length));
        forced = Arrays.copyOf(forced, written.length);
        for (int i = (int)position; i < end; i++)
        {
            final byte b = from.get();
            if (b != written[i])
            {
                isDirty.set(i);
            }
            written[i] = b;
        }
    }

    @Override
    public void force()
    {
        step();
        forced = written.clone();
        isDirty.clear();
    }

    @Override
    public void close()
    {
    }
}
