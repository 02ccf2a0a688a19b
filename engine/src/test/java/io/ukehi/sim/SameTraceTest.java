package io.ukehi.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same seed lives through the same events: every byte of 200 traces, and of some on another JDK, if there is one of
 * at least 21 on this machine. {@code ukehi.sim.seed} is the first seed, {@code ukehi.sim.jdk} the home of a JDK that
 * cannot be found by itself.
 */
class SameTraceTest
{
    private static final long BASE = Long.getLong("ukehi.sim.seed", new SecureRandom().nextLong() >>> 16);
    private static final int SEEDS = 200;
    private static final int SEEDS_ELSEWHERE = 20;
    private static final int EVENTS = 5_000;
    private static final int LEAST_VERSION = 21;
    private static final long PATIENCE_MINUTES = 5;

    @TempDir
    Path directory;

    @Test
    void shouldLiveThroughTheSameEventsWhenTheSeedIsTheSame()
    {
        System.out.println("ukehi.sim.seed=" + BASE);
        LongStream.range(BASE, BASE + SEEDS).parallel().forEach(
            seed -> assertEquals(TraceDigest.of(seed, EVENTS), TraceDigest.of(seed, EVENTS)));
    }

    @Test
    void shouldLiveThroughOtherEventsWhenTheSeedIsAnother()
    {
        final long count = LongStream.range(BASE, BASE + 10)
            .mapToObj(seed -> TraceDigest.of(seed, 1_000).replaceFirst(".*SHA-256", "")).distinct().count();
        assertEquals(10, count);
    }

    @Test
    void shouldLiveThroughTheSameEventsOnAnotherJdk() throws Exception
    {
        final List<Path> homes = otherJdks();
        assumeTrue(!homes.isEmpty(), "only one version of Java of at least " + LEAST_VERSION + " was found");
        final List<String> here = LongStream.range(BASE, BASE + SEEDS_ELSEWHERE)
            .mapToObj(seed -> TraceDigest.of(seed, EVENTS)).toList();
        for (final Path home : homes)
        {
            System.out.println("Java " + versionOf(home) + " against " + Runtime.version().feature() + ": " + home);
            assertEquals(here, digestsOf(home), home.toString());
        }
    }

    private List<String> digestsOf(final Path home) throws IOException, InterruptedException
    {
        final Path out = directory.resolve("digests");
        final Process process = new ProcessBuilder(
            home.resolve("bin/java").toString(), "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
            "-XX:+UseParallelGC", "-Xmx512m", "-cp", System.getProperty("java.class.path"), Simulate.class.getName(),
            "--seed", String.valueOf(BASE), "--seeds", String.valueOf(SEEDS_ELSEWHERE),
            "--events", String.valueOf(EVENTS), "--digest")
            .redirectErrorStream(true).redirectOutput(out.toFile()).start();
        try
        {
            assertTrue(process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES), "another JDK answers");
        }
        finally
        {
            process.destroyForcibly();
        }
        return Files.readAllLines(out, StandardCharsets.UTF_8).stream()
            .filter(line -> line.startsWith("seed ")).toList();
    }

    /** One home of each version but the present one, where JDKs use to be installed. */
    private static List<Path> otherJdks() throws IOException
    {
        final List<Path> candidates = new ArrayList<>();
        if (null != System.getProperty("ukehi.sim.jdk"))
        {
            candidates.add(Path.of(System.getProperty("ukehi.sim.jdk")));
        }
        System.getenv().forEach((name, value) ->
        {
            if (name.matches("JAVA[0-9_]*_HOME") && !value.isBlank())
            {
                candidates.add(Path.of(value));
            }
        });
        final String user = System.getProperty("user.home");
        for (final String parent : List.of(
            "/usr/lib/jvm", "/usr/java", "/opt/java", "/opt", user + "/.sdkman/candidates/java", user + "/.jdks"))
        {
            if (Files.isDirectory(Path.of(parent)))
            {
                try (Stream<Path> children = Files.list(Path.of(parent)))
                {
                    children.sorted().forEach(candidates::add);
                }
            }
        }
        final List<Integer> versions = new ArrayList<>(List.of(Runtime.version().feature()));
        final List<Path> homes = new ArrayList<>();
        for (final Path home : candidates)
        {
            final int version = versionOf(home);
            if (version >= LEAST_VERSION && !versions.contains(version))
            {
                versions.add(version);
                homes.add(home);
            }
        }
        return homes;
    }

    /** From the release file, much faster than to start it; 0 if there is no JDK. */
    private static int versionOf(final Path home) throws IOException
    {
        final Path release = home.resolve("release");
        if (!Files.isExecutable(home.resolve("bin/java")) || !Files.isReadable(release))
        {
            return 0;
        }
        for (final String line : Files.readAllLines(release, StandardCharsets.UTF_8))
        {
            if (line.startsWith("JAVA_VERSION="))
            {
                return Integer.parseInt(line.replaceFirst("JAVA_VERSION=\"(\\d+).*", "$1"));
            }
        }
        return 0;
    }
}
