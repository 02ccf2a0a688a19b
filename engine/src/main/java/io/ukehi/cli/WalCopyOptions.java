package io.ukehi.cli;

import io.ukehi.log.WalCopy;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code ukehi wal convert} and {@code salvage} are told. */
final class WalCopyOptions
{
    @Parameters(index = "0", paramLabel = "DIR", description = "Data directory; it is left as it is.")
    private Path source;

    @Parameters(index = "1", paramLabel = "TARGET", description = "Directory for the copy: new, or empty.")
    private Path target;

    @Option(names = "--member", paramLabel = "ID",
        description = "Member to whom the copy belongs, where DIR does not say. Without it: who starts on it first.")
    private int memberId;

    @Option(names = "--group", paramLabel = "ID", description = "Group of that member; default ${DEFAULT-VALUE}.")
    private int groupId = 0;

    @Option(names = "--cluster", paramLabel = "ID", description = "Cluster of that member; default ${DEFAULT-VALUE}.")
    private long clusterId = 1;

    @Option(names = "--term-seen", paramLabel = "TERM",
        description = "Highest term that any member has seen; needed where term and vote of DIR are lost.")
    private long termSeen;

    @Option(names = "--segment-length", paramLabel = "BYTES",
        description = "Length of the copy's segments; default: as in DIR, or 64 MiB.")
    private int segmentLength;

    @Mixin
    private WalPolicy policy;

    Path source()
    {
        return source;
    }

    Path target()
    {
        return target;
    }

    /** Copies; whether damage may end the copy is the policy's, if one is named. */
    WalCopy.Result copy(final boolean mayLeaveOut)
    {
        if (segmentLength < 0 || 0 != segmentLength % 4096)
        {
            throw new ToolException("--segment-length must be a multiple of 4096: " + segmentLength);
        }
        final WalCopy copy = new WalCopy()
            .segmentLength(segmentLength)
            .termSeen(termSeen)
            .newLogId(ThreadLocalRandom.current().nextLong() | 1)
            .mayLeaveOut(policy.mayLeaveOut(mayLeaveOut));
        if (memberId > 0)
        {
            copy.owner(clusterId, groupId, memberId);
        }
        return copy.copy(source, target);
    }
}
