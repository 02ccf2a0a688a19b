package io.ukehi.benchmarks.cluster;

import io.ukehi.log.Durability;

/**
 * One question that every system is asked.
 *
 * @param layout      of the drivers.
 * @param durability  of the logs.
 * @param length      of a command in bytes.
 * @param outstanding commands under way, 0 where a rate is given.
 * @param perSecond   commands due each second, 0 where there is no rate.
 */
record Scenario(ClusterSettings.Layout layout, Durability durability, int length, int outstanding, long perSecond)
{
    String title()
    {
        final String driver = ClusterSettings.Layout.ONE == layout ? "one driver" : "a driver per node";
        final String synced = Durability.ASYNC == durability ? "unsynced" : "synced";
        return driver + ", " + synced + ", " + length + " B" + (perSecond + outstanding > 0 ? ", " + load() : "");
    }

    String load()
    {
        return perSecond > 0 ? perSecond + "/s" : outstanding + " outstanding";
    }
}
