package io.ukehi.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.client.ClientContext;
import io.ukehi.client.MemberStatus;
import io.ukehi.client.UkehiClient;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.agrona.IoUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The book's tutorial: its programs are these, and they do what it says, as processes and with a leader killed. */
class TutorialTest
{
    private static final Path BASE = Path.of(System.getProperty("basedir", "."));
    private static final Path PAGE = BASE.resolve("../src/site/markdown/tutorial.md");
    private static final Path SOURCES = BASE.resolve("src/test/java/io/ukehi/example");
    private static final int SIZE = 3;
    private static final int TRANSFERS = 40_000;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final Pattern PROGRESS = Pattern.compile("(\\d+) transfers have ended, member (\\d) leads");
    private static final Pattern COUNTS =
        Pattern.compile("(\\d+) done, (\\d+) refused, (\\d+) unknown, (\\d+) sent again");

    @TempDir
    private Path directory;

    private final List<Process> processes = new ArrayList<>();
    private final Process[] nodes = new Process[SIZE + 1];
    private String members = "";
    private String endpoints = "";

    private static String source(final String name) throws IOException
    {
        return Files.readString(SOURCES.resolve(name + ".java")).replace("package io.ukehi.example;\n\n", "");
    }

    private static List<String> blocks(final String start) throws IOException
    {
        final Matcher block = Pattern.compile("(?s)```" + start + ".*?)```").matcher(Files.readString(PAGE));
        final List<String> shown = new ArrayList<>();
        while (block.find())
        {
            shown.add(block.group(1));
        }
        return shown;
    }

    /** What a program prints, without what differs from run to run: numbers, and how often a line comes in a row. */
    private static List<String> shape(final Stream<String> lines)
    {
        final List<String> shape = new ArrayList<>();
        lines.map(line -> line.replaceAll("\\d+", "N")).forEach(line ->
        {
            if (shape.isEmpty() || !shape.getLast().equals(line))
            {
                shape.add(line);
            }
        });
        return shape;
    }

    @Test
    void shouldShowTheProgramsThatAreTested() throws IOException
    {
        assertEquals(
            List.of(source("Ledger"), source("LedgerNode"), source("LedgerClient")), blocks("java\n(import "));
    }

    @AfterEach
    void stop() throws Exception
    {
        for (final Process process : processes)
        {
            process.destroyForcibly().waitFor();
        }
        for (int id = 1; id <= SIZE; id++)
        {
            IoUtil.delete(new File(driver(id)), true);
        }
    }

    private String driver(final int id)
    {
        return directory.resolve("driver-" + id).toString();
    }

    private Process start(final String name, final List<String> options, final String... arguments) throws IOException
    {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(argument -> argument.startsWith("--add-opens")).forEach(command::add);
        command.addAll(options);
        command.addAll(List.of("-Xmx256m", "-cp", System.getProperty("java.class.path"), "io.ukehi.example." + name));
        command.addAll(List.of(arguments));
        final Process process = new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectError(ProcessBuilder.Redirect.appendTo(directory.resolve("errors").toFile()))
            .redirectOutput("LedgerClient".equals(name) ?
                ProcessBuilder.Redirect.PIPE :
                ProcessBuilder.Redirect.appendTo(directory.resolve(name + arguments[0]).toFile()))
            .start();
        processes.add(process);
        return process;
    }

    private void startNode(final int id) throws IOException
    {
        nodes[id] = start(
            "LedgerNode",
            List.of(
                "-Dukehi.segment.length=2m", "-Dukehi.snapshot.tail.entries=100", "-Dukehi.aeron.dir=" + driver(id)),
            Integer.toString(id), members);
    }

    private void kill(final int id) throws Exception
    {
        nodes[id].destroyForcibly().waitFor();
        IoUtil.delete(new File(driver(id)), true);
    }

    @Test
    @Tag("process")
    @Timeout(240)
    void shouldLoseNothingWhenTheLeaderIsKilled() throws Exception
    {
        for (int id = 1; id <= SIZE; id++)
        {
            try (DatagramSocket peer = new DatagramSocket(0); DatagramSocket client = new DatagramSocket(0))
            {
                final String separator = 1 == id ? "" : ",";
                members += separator + id + "=localhost:" + peer.getLocalPort() + ":" + client.getLocalPort();
                endpoints += separator + id + "=localhost:" + client.getLocalPort();
            }
        }
        for (int id = 1; id <= SIZE; id++)
        {
            startNode(id);
        }
        final Process client = start("LedgerClient", List.of(), Integer.toString(TRANSFERS), endpoints);
        final List<String> lines = new ArrayList<>();
        int killed = 0;
        try (BufferedReader output = client.inputReader())
        {
            for (String line = output.readLine(); null != line; line = output.readLine())
            {
                lines.add(line);
                final Matcher progress = PROGRESS.matcher(line);
                if (0 == killed && progress.matches())
                {
                    killed = Integer.parseInt(progress.group(2));
                    kill(killed);
                }
            }
        }
        System.out.println(String.join("\n", lines));
        assertNothingIsLost(lines);
        assertEquals(shape(blocks("\n(account ").getFirst().lines()), shape(lines.stream()));
        assertComesBackFromASnapshot(killed);
    }

    private static void assertNothingIsLost(final List<String> lines)
    {
        final Matcher counts = COUNTS.matcher(String.join("\n", lines));
        assertTrue(counts.find(), lines::toString);
        assertEquals(TRANSFERS, Integer.parseInt(counts.group(1)));
        assertTrue(Integer.parseInt(counts.group(4)) > 0, "nothing was under way when the leader was killed");
        assertTrue(lines.containsAll(List.of(
            "account 1 has " + (TRANSFERS + 100), "account 1 has 100", "account 2 has " + TRANSFERS,
            "a transfer of 101 is refused for insufficient funds: true")), lines::toString);
    }

    /**
     * A follower has taken snapshots and given up the log below them, so that its state can only come from one when it
     * is killed and started again, as the leader is that was killed before.
     */
    private void assertComesBackFromASnapshot(final int killed) throws Exception
    {
        try (UkehiClient client = UkehiClient.connect(new ClientContext().embeddedDriver(true).endpoints(endpoints)))
        {
            final int follower = 6 - killed - client.leaderId();
            await(() -> client.status(follower, TIMEOUT_NS).firstIndex() > 1);
            startNode(killed);
            await(() -> isEqualOn(client, SIZE));
            kill(follower);
            startNode(follower);
            await(() -> isEqualOn(client, SIZE));
        }
    }

    private interface Condition
    {
        boolean isMet() throws Exception;
    }

    private static void await(final Condition condition) throws Exception
    {
        final long deadlineNs = System.nanoTime() + TIMEOUT_NS;
        while (!condition.isMet())
        {
            assertTrue(System.nanoTime() - deadlineNs < 0, "it did not happen within a minute");
            Thread.sleep(20);
        }
    }

    private static boolean isEqualOn(final UkehiClient client, final int size)
    {
        final List<MemberStatus> members = client.clusterStatus(TimeUnit.SECONDS.toNanos(1)).members();
        return size == members.size() &&
            1 == members.stream().map(MemberStatus::appliedIndex).distinct().count() &&
            1 == members.stream().map(MemberStatus::stateDigest).distinct().count() &&
            0 != members.getFirst().stateDigest();
    }
}
