package io.ukehi.cli;

import io.ukehi.log.WalEntry;
import io.ukehi.log.WalFault;
import io.ukehi.log.WalReader;
import io.ukehi.log.WalReport;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.Callable;
import org.agrona.DirectBuffer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ukehi wal dump DIR}: entries as text, as JSON lines, or one short line each. */
@Command(
    name = "dump",
    description = "Prints the entries of a log up to its end or to the first damage. Exit code 1 if it is damaged.",
    mixinStandardHelpOptions = true)
final class WalDumpCommand implements Callable<Integer>
{
    private static final int PREVIEW_LENGTH = 32;
    private static final int NO_OP = 1;
    private static final int COMMAND = 2;

    @Parameters(index = "0", paramLabel = "DIR", description = "Data directory.")
    private Path directory;

    @Mixin
    private WalPolicy policy;

    @ArgGroup
    private Form form = new Form();

    @Option(names = "--from", paramLabel = "N", description = "Index of the first entry printed.")
    private long from = 1;

    @Option(names = "--to", paramLabel = "N", description = "Index of the last entry printed.")
    private long to = Long.MAX_VALUE;

    /** One of them, or neither. */
    static final class Form
    {
        @Option(names = "--json", description = "A JSON object a line, the payload in base 64.")
        private boolean isJson;

        @Option(names = "--entries",
            description = "One line an entry: index, term, token, payload's length and CRC-32 (IEEE).")
        private boolean isEntries;
    }

    @Override
    public Integer call()
    {
        if (!policy.mayLeaveOut(true))
        {
            refuseDamaged();
        }
        final PrintWriter out = new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8));
        try (WalReader reader = WalReader.open(directory))
        {
            while (reader.next() && reader.entry().index() <= to)
            {
                if (reader.entry().index() >= from)
                {
                    print(reader.entry(), out);
                }
            }
            out.flush();
            final WalReport report = reader.report();
            for (final WalFault fault : report.faults())
            {
                System.err.println("ukehi: " + fault);
            }
            return report.isSound() ? 0 : 1;
        }
    }

    private void refuseDamaged()
    {
        final WalReport report = WalReader.inspect(directory);
        if (report.hasHole())
        {
            throw new ToolException(report.faults().getLast().toString());
        }
    }

    private void print(final WalEntry entry, final PrintWriter out)
    {
        final DirectBuffer payload = entry.payload();
        final int length = payload.capacity();
        if (form.isEntries)
        {
            out.printf("%d %d 0x%x %d %08x%n", entry.index(), entry.term(), entry.token(), length, entry.payloadCrc());
        }
        else if (form.isJson)
        {
            final byte[] bytes = new byte[length];
            payload.getBytes(0, bytes);
            out.printf("{\"index\":%d,\"term\":%d,\"token\":\"0x%x\",\"timeNs\":%d,\"type\":%d,\"length\":%d," +
                "\"crc32\":\"%08x\",\"payload\":\"%s\"}%n", entry.index(), entry.term(), entry.token(),
                entry.clusterTimeNs(), entry.type(), length, entry.payloadCrc(),
                Base64.getEncoder().encodeToString(bytes));
        }
        else
        {
            out.printf("%10d  term %d  token 0x%x  time %d  %s  %d bytes  %s%n", entry.index(), entry.term(),
                entry.token(), entry.clusterTimeNs(), typeName(entry.type()), length, preview(payload));
        }
    }

    private static String typeName(final int type)
    {
        return switch (type)
        {
            case NO_OP -> "no-op";
            case COMMAND -> "command";
            case WalEntry.TYPE_OF_OLDER -> "bare command";
            default -> "type " + type;
        };
    }

    private static String preview(final DirectBuffer payload)
    {
        final int shown = Math.min(PREVIEW_LENGTH, payload.capacity());
        final StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < shown; i++)
        {
            final byte one = payload.getByte(i);
            text.append(one >= ' ' && one <= '~' && '"' != one && '\\' != one ?
                String.valueOf((char)one) : String.format("\\x%02x", one & 0xFF));
        }
        return text.append('"').append(shown < payload.capacity() ? "..." : "").toString();
    }
}
