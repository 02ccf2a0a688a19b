package io.ukehi.kv;

import io.ukehi.Invariant;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Off-heap memory for blocks of 1 byte to 1 MiB, taken from the operating system in chunks of 2 MiB.
 * <p>
 * A block is rounded up to one of 60 sizes: multiples of 16 up to 128 bytes, then four sizes for each doubling, so that
 * at most a fifth of a block above 128 bytes is lost. Freed blocks are kept in one list for each size, linked through
 * their first eight bytes, and are reused before anything else; what is left of a chunk that is too short for a
 * block, and of a larger free block that is taken for a smaller one, is cut into free blocks. Free neighbours are not
 * joined again: a store whose values change their sizes for good may hold up to what it needed at its peak for each of
 * them. Chunks are given back all at once, by {@link #close()}.
 * <p>
 * An <b>address</b> is a chunk's number in its upper bits and the offset in the chunk in its lower
 * {@value #CHUNK_SHIFT}; blocks begin at multiples of 16 and never cross chunks. Address 0 is no block. Allocates on
 * the heap only when it grows by a chunk. Owned by one thread.
 */
final class KvArena
{
    /** The address of no block. */
    static final long NULL = 0;

    /** Largest block in bytes. */
    static final int MAX_BLOCK_LENGTH = 1 << 20;

    private static final int CHUNK_SHIFT = 21;
    private static final int CHUNK_LENGTH = 1 << CHUNK_SHIFT;
    private static final int OFFSET_MASK = CHUNK_LENGTH - 1;
    private static final int ALIGNMENT = 16;
    private static final int SMALL_SHIFT = 7;
    private static final int SMALL_CLASSES = (1 << SMALL_SHIFT) / ALIGNMENT;
    private static final int CLASS_COUNT = SMALL_CLASSES + 4 * (20 - SMALL_SHIFT);

    private final long[] freeHeads = new long[CLASS_COUNT];
    private UnsafeBuffer[] chunks = new UnsafeBuffer[16];
    private int chunkCount = 0;

    // Bit n is set exactly where freeHeads[n] is a block.
    private long freeClasses = 0;

    // What no block was cut from yet is bump..bumpLimit, in the newest chunk.
    private long bump = 0;
    private long bumpLimit = 0;
    private long allocatedBytes = 0;

    /**
     * Takes a block; what it holds is undefined.
     *
     * @param length 1 to {@link #MAX_BLOCK_LENGTH} bytes.
     * @return its address.
     */
    long allocate(final int length)
    {
        final int sizeClass = sizeClass(length);
        final int blockLength = blockLength(sizeClass);
        allocatedBytes += blockLength;
        if (0 != (freeClasses & (1L << sizeClass)))
        {
            return pop(sizeClass);
        }
        if (bumpLimit - bump >= blockLength)
        {
            final long address = bump;
            bump += blockLength;
            return address;
        }
        final long larger = freeClasses & (-1L << sizeClass);
        if (0 != larger)
        {
            final int largerClass = Long.numberOfTrailingZeros(larger);
            final long address = pop(largerClass);
            cut(address + blockLength, blockLength(largerClass) - blockLength);
            return address;
        }
        cut(bump, (int)(bumpLimit - bump));
        grow();
        final long address = bump;
        bump += blockLength;
        return address;
    }

    /**
     * Gives a block back.
     *
     * @param address of the block.
     * @param length  it was allocated with, or another of the same size class.
     */
    void free(final long address, final int length)
    {
        final int sizeClass = sizeClass(length);
        allocatedBytes -= blockLength(sizeClass);
        Invariant.check(allocatedBytes >= 0, "no more is freed than was allocated", allocatedBytes);
        push(sizeClass, address);
    }

    /** Whether blocks of both lengths are of the same size, so that one can hold what the other holds. */
    static boolean isSameBlock(final int lengthA, final int lengthB)
    {
        return sizeClass(lengthA) == sizeClass(lengthB);
    }

    /** The chunk in which an address lies. */
    UnsafeBuffer chunk(final long address)
    {
        return chunks[(int)(address >>> CHUNK_SHIFT)];
    }

    /** Where an address lies in its chunk, in bytes. */
    static int offset(final long address)
    {
        return (int)address & OFFSET_MASK;
    }

    /** Bytes in blocks that are in use, rounding included. */
    long allocatedBytes()
    {
        return allocatedBytes;
    }

    /** Bytes taken from the operating system. */
    long capacity()
    {
        return (long)chunkCount << CHUNK_SHIFT;
    }

    /**
     * Gives all memory back. Nothing may be used afterwards; what is used all the same meets a null, not memory that
     * belongs to somebody else by now.
     */
    void close()
    {
        for (int i = 0; i < chunkCount; i++)
        {
            final ByteBuffer memory = chunks[i].byteBuffer();
            chunks[i].wrap(0, 0);
            BufferUtil.free(memory);
        }
        Arrays.fill(chunks, null);
        Arrays.fill(freeHeads, NULL);
        chunkCount = 0;
        freeClasses = 0;
        bump = 0;
        bumpLimit = 0;
        allocatedBytes = 0;
    }

    private void grow()
    {
        if (chunkCount == chunks.length)
        {
            chunks = Arrays.copyOf(chunks, 2 * chunkCount);
        }
        chunks[chunkCount] = new UnsafeBuffer(ByteBuffer.allocateDirect(CHUNK_LENGTH));
        bump = (long)chunkCount << CHUNK_SHIFT;
        bumpLimit = bump + CHUNK_LENGTH;
        if (0 == chunkCount)
        {
            // So that no block has the address of no block.
            bump += ALIGNMENT;
        }
        chunkCount++;
    }

    private void cut(final long address, final int length)
    {
        long at = address;
        int left = length;
        while (left >= ALIGNMENT)
        {
            final int capped = Math.min(left, MAX_BLOCK_LENGTH);
            final int roundedUp = sizeClass(capped);
            final int sizeClass = blockLength(roundedUp) > left ? roundedUp - 1 : roundedUp;
            push(sizeClass, at);
            at += blockLength(sizeClass);
            left -= blockLength(sizeClass);
        }
    }

    private long pop(final int sizeClass)
    {
        final long address = freeHeads[sizeClass];
        final long next = chunk(address).getLong(offset(address));
        freeHeads[sizeClass] = next;
        if (NULL == next)
        {
            freeClasses &= ~(1L << sizeClass);
        }
        return address;
    }

    private void push(final int sizeClass, final long address)
    {
        Invariant.check(address > 0 && 0 == (address & (ALIGNMENT - 1)) && offset(address) +
            blockLength(sizeClass) <= CHUNK_LENGTH, "a block lies within a chunk", address);
        chunk(address).putLong(offset(address), freeHeads[sizeClass]);
        freeHeads[sizeClass] = address;
        freeClasses |= 1L << sizeClass;
    }

    private static int sizeClass(final int length)
    {
        Invariant.check(length >= 1 && length <= MAX_BLOCK_LENGTH, "a block has 1 byte to 1 MiB", length);
        final int last = length - 1;
        if (last < 1 << SMALL_SHIFT)
        {
            return last / ALIGNMENT;
        }
        final int shift = 31 - Integer.numberOfLeadingZeros(last);
        return SMALL_CLASSES + 4 * (shift - SMALL_SHIFT) + ((last >> (shift - 2)) & 3);
    }

    private static int blockLength(final int sizeClass)
    {
        if (sizeClass < SMALL_CLASSES)
        {
            return (sizeClass + 1) * ALIGNMENT;
        }
        final int shift = SMALL_SHIFT + (sizeClass - SMALL_CLASSES) / 4;
        final int quarter = (sizeClass - SMALL_CLASSES) % 4;
        return (5 + quarter) << (shift - 2);
    }
}
