package io.ukehi.client;

/**
 * What a member of the cluster has to do with snapshots.
 *
 * @param index           of its newest durable snapshot; 0 if there is none.
 * @param takenBytes      written of the snapshot that it is taking; {@link #NONE} if it takes none.
 * @param sentPercent     hundredths of the snapshot that it is sending that have arrived, with the peer that has least;
 *                        {@link #NONE} if it sends none.
 * @param receivedPercent hundredths that it has of the snapshot it is receiving; {@link #NONE} if it receives none.
 * @param loadedPercent   hundredths that it has loaded of the snapshot its state is made from; {@link #NONE} if it
 *                        loads none.
 */
public record MemberSnapshots(
    long index, long takenBytes, int sentPercent, int receivedPercent, int loadedPercent)
{
    /** Instead of bytes or hundredths. */
    public static final int NONE = -1;
}
