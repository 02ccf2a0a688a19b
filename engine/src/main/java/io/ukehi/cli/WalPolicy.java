package io.ukehi.cli;

import io.ukehi.log.CorruptionException;
import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.DoubtFile;
import io.ukehi.log.RecoveryReport;
import io.ukehi.log.StartRehearsal;
import io.ukehi.log.StorageException;
import io.ukehi.log.WalReport;
import io.ukehi.node.BootId;
import java.io.PrintStream;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code --policy} of the {@code wal} commands: what is to be made of damage, or would be by a node. */
final class WalPolicy
{
    @Option(names = "--policy", paramLabel = "POLICY", converter = Names.class,
        description = "truncate, refuse or alert, as ukehi.corruption.policy: refuse ends with exit code 1 where " +
            "anything is damaged that had been durable; the others go on with what lies before it. inspect and " +
            "verify say what a node of that policy would do.")
    private CorruptionPolicy policy;

    /** The short names. */
    static final class Names implements ITypeConverter<CorruptionPolicy>
    {
        @Override
        public CorruptionPolicy convert(final String value)
        {
            return switch (value)
            {
                case "truncate" -> CorruptionPolicy.TRUNCATE_TO_LAST_GOOD;
                case "refuse" -> CorruptionPolicy.REFUSE_START;
                case "alert" -> CorruptionPolicy.ALERT_AND_CONTINUE;
                default -> throw new TypeConversionException("truncate, refuse or alert, not \"" + value + "\"");
            };
        }
    }

    /** Whether entries before damage are of use, where the log goes on behind it. */
    boolean mayLeaveOut(final boolean byDefault)
    {
        return null == policy ? byDefault : CorruptionPolicy.REFUSE_START != policy;
    }

    /** Says what a node would do, if that was asked. */
    void rehearse(final Path directory, final WalReport found, final PrintStream out)
    {
        if (null == policy)
        {
            return;
        }
        try
        {
            describe(StartRehearsal.of(directory, found, policy, BootId.read()), out);
        }
        catch (final CorruptionException ex)
        {
            out.println("a node would    refuse to start: " + ex.getMessage());
        }
        catch (final StorageException ex)
        {
            throw new ToolException("a node cannot start on " + directory + ": " + ex.getMessage());
        }
    }

    private void describe(final RecoveryReport start, final PrintStream out)
    {
        out.println("a node would    start with entries " + (start.lastIndex() < start.firstIndex() ? "none" :
            start.firstIndex() + " to " + start.lastIndex()));
        if (start.tornBytes() > 0)
        {
            out.println("                cut a torn tail of " + start.tornBytes() + " bytes");
        }
        start.setAside().forEach(name -> out.println("                keep as " + name + " what follows the damage"));
        if (null != start.fault() && start.setAside().isEmpty())
        {
            out.println("                leave what follows the damage in place, to be joined again");
        }
        if (0 != start.doubtfulTo())
        {
            out.println("                be in doubt (" + start.doubtReason() + ") and neither vote nor count " +
                "before it has caught up with its leader" + (DoubtFile.UNBOUNDED == start.doubtfulTo() ? "" :
                ", at most to entry " + start.doubtfulTo()));
        }
        if (null != start.fault())
        {
            out.println("                refuse, whatever the policy, where it has no peers");
        }
    }
}
