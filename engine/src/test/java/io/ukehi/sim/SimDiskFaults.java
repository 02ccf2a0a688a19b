package io.ukehi.sim;

import java.util.function.BooleanSupplier;

/** Decides, operation by operation, what a {@link SimDisk} does to its user. */
@FunctionalInterface
public interface SimDiskFaults
{
    /** What may fail, and what is counted. */
    enum Operation
    {
        CREATE, ALLOCATE, WRITE, FORCE, RENAME, DELETE, FORCE_DIRECTORY
    }

    /** What becomes of an operation. */
    enum Fate
    {
        /** It works. */
        DONE,

        /** It is not done, and the caller is told. A failed force may have made a part durable. */
        FAIL,

        /** It is not done since the disk is full, and the caller is told. */
        FULL,

        /** {@link Operation#WRITE} only: it seems to work, and never reaches the platter. */
        LOST,

        /** Power goes just before it. */
        POWER_CUT
    }

    /** Everything works. */
    SimDiskFaults NONE = (operation, name, number) -> Fate.DONE;

    /**
     * Called before each operation.
     *
     * @param operation to be done.
     * @param name      of the file, empty for the directory.
     * @param number    of operations done or tried before on this disk.
     * @return what becomes of it.
     */
    Fate before(Operation operation, String name, long number);

    /** Power goes before the operation with this number (the first is 0). */
    static SimDiskFaults powerCutAt(final long number)
    {
        return (operation, name, current) -> current >= number ? Fate.POWER_CUT : Fate.DONE;
    }

    /** One kind of operation fails as long as a condition holds. */
    static SimDiskFaults failing(final Operation kind, final BooleanSupplier condition)
    {
        return (operation, name, number) -> operation == kind && condition.getAsBoolean() ? Fate.FAIL : Fate.DONE;
    }
}
