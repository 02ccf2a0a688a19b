package io.ukehi.transport;

/** What became of the messages to the peers since the start. Written and read by the duty-cycle thread. */
public final class PeerLinkCounters
{
    private long sentCount;
    private long notConnectedCount;
    private long backPressuredCount;
    private long tooLongCount;
    private long channelErrorCount;

    /** Messages handed to Aeron. */
    public long sentCount()
    {
        return sentCount;
    }

    /** Messages refused because the peer was not connected. */
    public long notConnectedCount()
    {
        return notConnectedCount;
    }

    /** Messages refused because the peer's window was full. */
    public long backPressuredCount()
    {
        return backPressuredCount;
    }

    /** Messages refused because they are longer than the term buffers allow. */
    public long tooLongCount()
    {
        return tooLongCount;
    }

    /** Publications and subscriptions that could not be had, or were lost. */
    public long channelErrorCount()
    {
        return channelErrorCount;
    }

    void onSent()
    {
        sentCount++;
    }

    void onNotConnected()
    {
        notConnectedCount++;
    }

    void onBackPressured()
    {
        backPressuredCount++;
    }

    void onTooLong()
    {
        tooLongCount++;
    }

    void onChannelError()
    {
        channelErrorCount++;
    }
}
