package io.ukehi.node;

import io.ukehi.log.HardStateFile;
import io.ukehi.raft.HardStateStore;

/** The file with term and vote behind the port of the consensus rules. */
public final class HardStateRecord implements HardStateStore
{
    private final HardStateFile file;

    public HardStateRecord(final HardStateFile file)
    {
        this.file = file;
    }

    @Override
    public long term()
    {
        return file.term();
    }

    @Override
    public int votedFor()
    {
        return file.votedFor();
    }

    @Override
    public void store(final long term, final int votedFor)
    {
        file.store(term, votedFor);
    }
}
