package io.ukehi.statemachine;

import io.ukehi.raft.EntryCursor;

/** The one header of an applier: what the cursor stands on, read when it is asked for, and who sent it. */
final class EntryHeader implements CommandHeader
{
    private final EntryCursor entry;
    private long sessionId;
    private long correlationId;

    EntryHeader(final EntryCursor entry)
    {
        this.entry = entry;
    }

    void from(final long newSessionId, final long newCorrelationId)
    {
        sessionId = newSessionId;
        correlationId = newCorrelationId;
    }

    @Override
    public long index()
    {
        return entry.index();
    }

    @Override
    public long term()
    {
        return entry.term();
    }

    @Override
    public long fencingToken()
    {
        return entry.token();
    }

    @Override
    public long clusterTimeNs()
    {
        return entry.clusterTimeNs();
    }

    @Override
    public long sessionId()
    {
        return sessionId;
    }

    @Override
    public long correlationId()
    {
        return correlationId;
    }
}
