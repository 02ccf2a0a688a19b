package io.ukehi.statemachine;

import io.ukehi.codecs.entry.CommandEntryDecoder;
import io.ukehi.raft.EntryCursor;

/** The one header of an applier: what the cursor and the decoder stand on, read when it is asked for. */
final class EntryHeader implements CommandHeader
{
    private final EntryCursor entry;
    private final CommandEntryDecoder decoder;

    EntryHeader(final EntryCursor entry, final CommandEntryDecoder decoder)
    {
        this.entry = entry;
        this.decoder = decoder;
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
        return decoder.sessionId();
    }

    @Override
    public long correlationId()
    {
        return decoder.correlationId();
    }
}
