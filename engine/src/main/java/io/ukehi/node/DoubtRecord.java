package io.ukehi.node;

import io.ukehi.log.DoubtFile;
import io.ukehi.raft.DoubtStore;

/** The file with what this node may have lost, behind the port of the consensus rules. */
public final class DoubtRecord implements DoubtStore
{
    static
    {
        if (DoubtFile.UNBOUNDED != Long.MAX_VALUE)
        {
            throw new ExceptionInInitializerError("the file and its port do not mean the same by an unknown bound");
        }
    }

    private final DoubtFile file;

    public DoubtRecord(final DoubtFile file)
    {
        this.file = file;
    }

    @Override
    public long doubtfulTo()
    {
        return file.doubtfulTo();
    }

    @Override
    public boolean isNew()
    {
        return DoubtFile.Reason.NEW_DIRECTORY == file.reason();
    }

    @Override
    public void clear()
    {
        file.clear();
    }
}
