package io.ukehi.benchmarks.cluster;

import java.util.Arrays;
import java.util.concurrent.CountDownLatch;

/** A member in a process of its own, until it is killed. */
final class MemberMain
{
    private MemberMain()
    {
    }

    public static void main(final String[] args) throws Exception
    {
        Drivers.setProperties();
        final EchoSystem system = Systems.named(args[0]);
        final int memberId = Integer.parseInt(args[1]);
        system.launchMember(ClusterSettings.parse(Arrays.asList(args).subList(2, args.length)), memberId);
        new CountDownLatch(1).await();
    }
}
