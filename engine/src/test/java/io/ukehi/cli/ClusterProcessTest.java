package io.ukehi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.ukehi.client.ClientContext;
import io.ukehi.client.ClusterStatus;
import io.ukehi.client.UkehiClient;
import io.ukehi.log.Durability;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Members as processes of their own, and SIGKILL. */
@Tag("process")
@Timeout(120)
class ClusterProcessTest
{
    @TempDir
    private Path directory;

    @Test
    void shouldLoseNothingWhenTheLeaderIsKilledUnderLoad()
    {
        final ByteArrayOutputStream output = new ByteArrayOutputStream();
        final PrintStream console = System.out;
        final int exitCode;
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        try
        {
            exitCode = UkehiTool.run(
                "demo", "--duration", "4", "--rate", "1000", "--directory", directory.resolve("demo").toString());
        }
        finally
        {
            System.setOut(console);
        }
        final String text = output.toString(StandardCharsets.UTF_8);
        assertEquals(0, exitCode, text);
        assertTrue(text.contains("SIGKILL to member"), text);
        assertTrue(text.contains("0 acknowledged writes lost"), text);
        assertTrue(text.contains("the digests of all members are equal"), text);
    }

    @Test
    void shouldSeeOneStoreWhileMembersAreKilledPausedAndCutOff() throws Exception
    {
        final ByteArrayOutputStream output = new ByteArrayOutputStream();
        final PrintStream console = System.out;
        final Path history = directory.resolve("history.json");
        final int exitCode;
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        try
        {
            exitCode = UkehiTool.run(
                "chaos", "--duration", "15s", "--directory", directory.resolve("chaos").toString(),
                "--history", history.toString());
        }
        finally
        {
            System.setOut(console);
        }
        final String text = output.toString(StandardCharsets.UTF_8);
        assertEquals(0, exitCode, text);
        assertTrue(text.contains("the history is linearizable"), text);
        assertTrue(Files.readAllLines(history).size() > 50, text);
    }

    /** A killed process loses what it had not given to the system: nothing that it promised, at any level. */
    @ParameterizedTest
    @EnumSource(Durability.class)
    void shouldLoseNothingWhenAllMembersAreKilledAtOnce(final Durability durability) throws Exception
    {
        final String driverDirectory = CommonContext.generateRandomDirName();
        try (MediaDriver driver = MediaDriver.launch(new MediaDriver.Context()
            .aeronDirectoryName(driverDirectory)
            .threadingMode(ThreadingMode.SHARED)
            .clientLivenessTimeoutNs(DemoCluster.CLIENT_LIVENESS_TIMEOUT_NS)
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true));
            DemoCluster cluster = new DemoCluster(directory, driver.aeronDirectoryName(), durability))
        {
            startAll(cluster);
            final DemoLoad load = write(cluster, driverDirectory);
            for (int id = 1; id <= DemoCluster.SIZE; id++)
            {
                cluster.kill(id);
            }
            startAll(cluster);
            try (UkehiClient client = connect(cluster, driverDirectory))
            {
                final DemoVerifier verifier = new DemoVerifier(client);
                verifier.readAll(64);
                assertTrue(load.acknowledged().cardinality() > 500);
                assertEquals(0, verifier.lostCount(load.acknowledged()));
                assertEquals(0, verifier.wrongCount());
                final ClusterStatus status = verifier.awaitEqual();
                assertTrue(DemoVerifier.hasEqualDigests(status), status.toString());
            }
        }
    }

    private static void startAll(final DemoCluster cluster) throws Exception
    {
        for (int id = 1; id <= DemoCluster.SIZE; id++)
        {
            cluster.start(id);
        }
    }

    /** Writes for a while and stops in the middle of it, with commands under way. */
    private static DemoLoad write(final DemoCluster cluster, final String driverDirectory)
    {
        try (UkehiClient client = connect(cluster, driverDirectory))
        {
            final DemoLoad load = DemoLoad.atRate(client, 5_000, 64);
            final long beganNs = System.nanoTime();
            load.begin(beganNs);
            while (load.acknowledged().cardinality() < 2_000 &&
                System.nanoTime() - beganNs < TimeUnit.SECONDS.toNanos(20))
            {
                load.doWork(System.nanoTime(), Long.MAX_VALUE);
            }
            return load;
        }
    }

    private static UkehiClient connect(final DemoCluster cluster, final String driverDirectory)
    {
        return UkehiClient.connect(new ClientContext()
            .aeronDirectoryName(driverDirectory)
            .endpoints(cluster.endpoints())
            .connectTimeoutNs(TimeUnit.SECONDS.toNanos(30)));
    }
}
