package io.ukehi.sim;

/** The disk of a node, over all its lives: what fails on it, and when. */
final class NodeDisk implements SimDiskFaults
{
    /** The process is gone: thrown in the middle of an operation. */
    static final class ProcessDeath extends RuntimeException
    {
        private static final long serialVersionUID = 1L;

        ProcessDeath()
        {
            super("the process is gone", null, false, false);
        }
    }

    private final World world;
    private final SimNode node;
    private SimDisk disk = new SimDisk();
    private FaultKind planned;
    private int countdown;
    private boolean isAtForce;
    /** Of the present life: power is gone, or the process is. */
    private boolean isPowerCut;
    private boolean isDead;
    private boolean hasFailed;

    NodeDisk(final World world, final SimNode node)
    {
        this.world = world;
        this.node = node;
        disk.faults(this);
    }

    SimDisk storage()
    {
        return disk;
    }

    /** Lets an operation some way ahead fail. */
    void plan(final FaultKind kind, final int operationsAhead)
    {
        planned = kind;
        countdown = operationsAhead;
        isAtForce = false;
    }

    /** Lets power go, or the process die, before a force some way ahead: when most is written and nothing is safe. */
    void planAtForce(final FaultKind kind, final int operationsAhead)
    {
        plan(kind, operationsAhead);
        isAtForce = true;
    }

    /** Whether the node died in an operation, even if nobody has heard of it. */
    boolean hasDied()
    {
        return isDead;
    }

    boolean isPowerCut()
    {
        return isPowerCut;
    }

    /** Whether an operation of this life has failed. */
    boolean hasFailed()
    {
        return hasFailed;
    }

    private void reset()
    {
        planned = null;
        isDead = false;
        isPowerCut = false;
        hasFailed = false;
    }

    void calm()
    {
        planned = null;
        disk.capacity(SimDisk.UNBOUNDED);
    }

    void afterKill()
    {
        disk = disk.handOver().faults(this);
        reset();
    }

    void afterPowerCut(final SimRandom chance)
    {
        disk = disk.handOverAfterPowerCut(chance).faults(this);
        reset();
    }

    @Override
    public Fate before(final Operation operation, final String name, final long number)
    {
        if (isDead && !isPowerCut)
        {
            throw new ProcessDeath();
        }
        if (null == planned && Operation.RENAME == operation && name.startsWith("snapshot-"))
        {
            world.beforeSnapshotIsNamed(node);
        }
        if (null == planned || countdown-- > 0)
        {
            return Fate.DONE;
        }
        final boolean isMet = switch (planned)
        {
            case FAILED_WRITE -> Operation.WRITE == operation;
            case FAILED_FORCE -> Operation.FORCE == operation;
            case FAILED_FILE -> Operation.WRITE != operation && Operation.FORCE != operation;
            default -> !isAtForce || Operation.FORCE == operation;
        };
        if (!isMet)
        {
            return Fate.DONE;
        }
        final FaultKind kind = FaultKind.POWER_CUT_AT_DISK != planned || world.mayLosePower(node) ?
            planned : FaultKind.KILL_AT_DISK;
        planned = null;
        world.hit(kind);
        if (world.isTraced())
        {
            world.say(kind + " at node " + node.id() + ": " + operation + ' ' + name + ", " + number);
        }
        isPowerCut = FaultKind.POWER_CUT_AT_DISK == kind;
        isDead = isPowerCut || FaultKind.KILL_AT_DISK == kind;
        hasFailed = true;
        if (FaultKind.KILL_AT_DISK == kind)
        {
            throw new ProcessDeath();
        }
        return isPowerCut ? Fate.POWER_CUT : Fate.FAIL;
    }
}
