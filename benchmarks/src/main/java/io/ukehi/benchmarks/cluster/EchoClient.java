package io.ukehi.benchmarks.cluster;

import org.agrona.DirectBuffer;

/**
 * One system's client, as the load generator sees it. A command's first eight bytes are its stamp, in little-endian
 * order; the service sends the whole command back. One thread.
 */
interface EchoClient extends AutoCloseable
{
    /** Sends a command; false if it is not taken at this moment. */
    boolean offer(DirectBuffer buffer, int offset, int length);

    /** Tells of what has come back; does whatever else the client needs done. Work done, 0 if none. */
    int poll(EchoListener listener);

    /** Member id of the leader as this client knows it, -1 if it knows none. */
    int leaderId();

    /** Term of the leader as this client knows it; 0 where the system has or tells none. */
    default long term()
    {
        return 0;
    }

    @Override
    void close();
}
