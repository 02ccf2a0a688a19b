package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.kv.KvStateMachine;
import io.ukehi.log.CorruptionPolicy;
import io.ukehi.log.Durability;
import io.ukehi.Settings;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeContextTest
{
    private static final String MEMBERS = "1=localhost:9001:9101,2=localhost:9002:9102,3=localhost:9003:9103";

    @TempDir
    private Path directory;

    private final Map<String, String> environment = new HashMap<>();
    private final Properties file = new Properties();

    @AfterEach
    void clearProperties()
    {
        System.getProperties().keySet().removeIf(name -> name.toString().startsWith("ukehi."));
    }

    private NodeContext context()
    {
        return NodeContext.of(file, environment);
    }

    /** One with all that is required. */
    private NodeContext good()
    {
        return context().memberId(2).members(MEMBERS).stateMachine(new KvStateMachine())
            .dataDirectoryName(directory.toString());
    }

    private static List<String> problems(final NodeContext context)
    {
        return assertThrows(ConfigurationException.class, context::conclude).problems();
    }

    @Test
    void shouldConcludeWithDefaultsWhenOnlyWhatIsRequiredIsSet()
    {
        final NodeContext context = good().conclude();
        assertEquals(3, context.memberAddresses().size());
        assertEquals(new MemberAddress(2, "localhost", 9002, 9102), context.ownAddress());
        assertEquals(Durability.BATCH, context.durability());
        assertEquals(CorruptionPolicy.TRUNCATE_TO_LAST_GOOD, context.corruptionPolicy());
        assertEquals(150_000_000, context.electionTimeoutMinNs());
        assertEquals(300_000_000, context.electionTimeoutMaxNs());
        assertEquals(50_000_000, context.heartbeatIntervalNs());
        assertEquals(64 * 1024 * 1024, context.segmentLength());
        assertEquals(DriverMode.EMBEDDED, context.driverMode());
        assertNotNull(context.aeronDirectoryName());
    }

    @Test
    void shouldTellAllThatIsWrongAtOnceWithNameValueAndWhatWouldBeRight()
    {
        file.put("ukehi.durability", "SOMETIMES");
        file.put("ukehi.election.timeout.max", "soon");
        environment.put("UKEHI_SEGMENT_LENGTH", "5000");
        final List<String> problems = problems(context()
            .memberId(9).members(MEMBERS)
            .heartbeatIntervalNs(0)
            .sessionLimit(0)
            .dataDirectoryName(directory.toString()));
        assertEquals(List.of(
            "ukehi.durability = 'SOMETIMES': must be one of ASYNC, BATCH, EVERY",
            "ukehi.election.timeout.max = 'soon': must be a time with its unit, as 250us or 5s",
            "ukehi.member.id = 9: must be one of those in ukehi.members (" + MEMBERS + ")",
            "ukehi.segment.length = 5000: must be a multiple of 4096, 1056768 or more, to hold the longest command",
            "ukehi.heartbeat.interval = 0ns: must be more than 0, at most 3600s",
            "ukehi.session.limit = 0: must be 1 to 65536",
            "stateMachine = null: must be set by the program"), problems);
        final String message = assertThrows(ConfigurationException.class, () -> context().conclude()).getMessage();
        assertTrue(message.contains("ukehi.members") && message.contains("stateMachine"), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ukehi.member.id                 | one        | must be a whole number",
        "ukehi.election.timeout.max      | 4000s      | at most 3600s",
        "ukehi.session.timeout           | 3601s      | at most 3600s",
        "ukehi.session.timeout           | 10         | must be a time with its unit",
        "ukehi.member.id                 | 4294967298 | must be one of those in ukehi.members",
        "ukehi.members                   | 1=a:1:1    | its two ports must differ",
        "ukehi.cluster.id                | -          | must be a whole number",
        "ukehi.group.id                  | -1         | must be 0 or more",
        "ukehi.group.id                  | 2147483648 | must be 0 or more",
        "ukehi.durability                | NEVER      | must be one of ASYNC, BATCH, EVERY",
        "ukehi.segment.length            | 1          | must be a multiple of 4096",
        "ukehi.segment.length            | 64.5m      | must be a number of bytes",
        "ukehi.segment.length            | 8g         | must be a number of bytes",
        "ukehi.max.command.length        | 0          | must be 1 to",
        "ukehi.max.command.length        | 1g         | must be 1 to",
        "ukehi.max.reply.length          | -1         | must be",
        "ukehi.max.reply.length          | 1g         | must be 0 to",
        "ukehi.election.timeout.min      | 50ms       | must be more than ukehi.heartbeat.interval (50ms)",
        "ukehi.election.timeout.min      | 150        | must be a time with its unit",
        "ukehi.election.timeout.max      | 150ms      | must be more than ukehi.election.timeout.min",
        "ukehi.heartbeat.interval        | 0s         | must be more than 0",
        "ukehi.max.append.length         | 1023       | must be 1024 to",
        "ukehi.max.inflight.length       | 1k         | must be ukehi.max.append.length",
        "ukehi.max.inflight.messages     | 0          | must be 1 to 65536",
        "ukehi.max.inflight.messages     | 65537      | must be 1 to 65536",
        "ukehi.pending.limit             | 0          | must be 1 to 16777216",
        "ukehi.apply.limit               | 0          | must be 1 or more",
        "ukehi.command.queue.length      | 1k         | must be 64k to 512m",
        "ukehi.session.limit             | 65537      | must be 1 to 65536",
        "ukehi.session.timeout           | 0s         | must be more than 0",
        "ukehi.leader.priority           | 256        | must be 0 to 255",
        "ukehi.demotion.timeout          | 300ms      | must be 0ns, or more than ukehi.election.timeout.max",
        "ukehi.demotion.min.voters       | 0          | must be 1 to 7",
        "ukehi.ipc.ingress               | yes        | must be true or false",
        "ukehi.driver.mode               | EXTERNAL   | the directory of a running media driver",
        "ukehi.driver.mode               | INTERNAL   | must be one of EMBEDDED, INVOKER, EXTERNAL",
        "ukehi.idle.strategy             | LAZY       | must be one of BUSY_SPIN, YIELD, BACKOFF, SLEEP",
    })
    void shouldSayWhatWouldBeRight(final String property, final String value, final String right)
    {
        file.put("ukehi.member.id", "1");
        file.put("ukehi.members", MEMBERS);
        file.put(property, value);
        final List<String> problems = problems(context()
            .stateMachine(new KvStateMachine()).dataDirectoryName(directory.toString()));
        assertEquals(1, problems.size(), problems::toString);
        assertTrue(problems.getFirst().contains(right), problems::toString);
        final String named = right.contains("media driver") ? NodeContext.AERON_DIR_PROP_NAME : property;
        assertTrue(problems.getFirst().startsWith(named), problems::toString);
        assertTrue(problems.getFirst().contains(":") || problems.getFirst().contains(value));
    }

    @Test
    void shouldRefuseADataDirectoryThatIsAFile() throws IOException
    {
        final Path name = Files.createFile(directory.resolve("file"));
        final List<String> problems = problems(good().dataDirectoryName(name.toString()));
        assertEquals(List.of("ukehi.data.dir = '" + name + "': must be a directory, or nothing yet"), problems);
    }

    @Test
    void shouldTakeThePropertyBeforeTheEnvironmentBeforeTheFileBeforeTheDefault()
    {
        assertEquals(128, context().sessionLimit());
        file.put("ukehi.session.limit", "10");
        assertEquals(10, context().sessionLimit());
        environment.put("UKEHI_SESSION_LIMIT", "20");
        assertEquals(20, context().sessionLimit());
        System.setProperty("ukehi.session.limit", "30");
        assertEquals(30, context().sessionLimit());
        assertEquals(40, context().sessionLimit(40).sessionLimit());
    }

    @Test
    void shouldReadEveryKindOfValue() throws IOException
    {
        final Path name = directory.resolve("node.properties");
        Files.writeString(name, """
            # A comment
            ukehi.member.id = 2
            ukehi.members = %s
            ukehi.cluster.id = -7
            ukehi.durability = every
            ukehi.segment.length = 8m
            ukehi.session.timeout = 3s
            ukehi.heartbeat.interval=20ms
            ukehi.ipc.ingress = false
            ukehi.driver.mode = Invoker
            ukehi.idle.strategy = BUSY_SPIN
            """.formatted(MEMBERS));
        final NodeContext context = NodeContext.load(name)
            .stateMachine(new KvStateMachine()).dataDirectoryName(directory.toString()).conclude();
        assertEquals(2, context.ownAddress().id());
        assertEquals(-7, context.clusterId());
        assertEquals(Durability.EVERY, context.durability());
        assertEquals(8 * 1024 * 1024, context.segmentLength());
        assertEquals(3_000_000_000L, context.sessionTimeoutNs());
        assertEquals(20_000_000, context.heartbeatIntervalNs());
        assertFalse(context.ipcIngress());
        assertEquals(DriverMode.INVOKER, context.driverMode());
        assertEquals(NodeContext.Idle.BUSY_SPIN, context.idleStrategyName());
    }

    @Test
    void shouldNameWhatIsInTheFileAndNoSetting()
    {
        file.put("ukehi.sesion.limit", "10");
        file.put("colour", "red");
        assertEquals(List.of("colour: there is no such setting", "ukehi.sesion.limit: there is no such setting"),
            problems(good()));
    }

    @Test
    void shouldNotReadAFileThatIsNotThere()
    {
        assertThrows(NoSuchFileException.class, () -> NodeContext.load(directory.resolve("none")));
    }

    @Test
    void shouldForgetAMalformedPropertyWhenTheProgramSetsIt()
    {
        System.setProperty("ukehi.session.limit", "many");
        file.put("ukehi.durability", "mostly");
        assertEquals(2, problems(good()).size());
        good().sessionLimit(3).durability(Durability.ASYNC).conclude();
    }

    @Test
    void shouldBelongToOneNode()
    {
        final NodeContext context = good().conclude();
        assertThrows(IllegalStateException.class, context::conclude);
    }

    @Test
    void shouldBeConcludedAgainWhenItWasWrongAndIsMended()
    {
        final NodeContext context = good().sessionLimit(0);
        problems(context);
        context.sessionLimit(1).conclude();
    }

    /** Names of settings as the constants have them, by setter. */
    static Map<String, String> propertiesBySetter() throws IllegalAccessException
    {
        final Map<String, String> names = new TreeMap<>();
        for (final Field field : NodeContext.class.getFields())
        {
            if (field.getName().endsWith("_PROP_NAME"))
            {
                names.put(setterOf(field.getName()), (String)field.get(null));
            }
        }
        return names;
    }

    private static String setterOf(final String constant)
    {
        final StringBuilder name = new StringBuilder();
        for (final String word : constant.replace("_PROP_NAME", "").toLowerCase().split("_"))
        {
            name.append(name.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return switch (name.toString())
        {
            case "dataDir" -> "dataDirectoryName";
            case "aeronDir" -> "aeronDirectoryName";
            case "idleStrategy" -> "idleStrategyName";
            case "electionTimeoutMin", "electionTimeoutMax", "heartbeatInterval", "sessionTimeout", "readLeaseMargin",
                "demotionTimeout", "repairTimeout", "slowDiskThreshold", "slowDiskTimeout", "snapshotInterval" ->
                name + "Ns";
            default -> name.toString();
        };
    }

    @Test
    void shouldHaveASetterAGetterAndAPropertyForEverySetting() throws Exception
    {
        final Set<String> setters = new TreeSet<>();
        for (final Method method : NodeContext.class.getDeclaredMethods())
        {
            if (Modifier.isPublic(method.getModifiers()) && 1 == method.getParameterCount() &&
                NodeContext.class == method.getReturnType() && !Modifier.isStatic(method.getModifiers()))
            {
                setters.add(method.getName());
                NodeContext.class.getMethod(method.getName());
            }
        }
        // What only a program can give: its own objects, and its own thread.
        setters.removeAll(List.of("stateMachine", "commandListener", "errorHandler", "useAgentInvoker"));
        final Map<String, String> properties = propertiesBySetter();
        assertEquals(setters, properties.keySet());
        for (final Map.Entry<String, String> entry : properties.entrySet())
        {
            final Method setter = Arrays.stream(NodeContext.class.getMethods())
                .filter(method -> method.getName().equals(entry.getKey()) && 1 == method.getParameterCount())
                .findFirst().orElseThrow();
            final Object value = sample(setter.getParameterTypes()[0]);
            final NodeContext context = context();
            setter.invoke(context, value);
            assertEquals(value, NodeContext.class.getMethod(entry.getKey()).invoke(context), entry.getKey());
        }
    }

    private static Object sample(final Class<?> type)
    {
        if (type.isEnum())
        {
            return type.getEnumConstants()[0];
        }
        return switch (type.getSimpleName())
        {
            case "int" -> 12345;
            case "long" -> 12345L;
            case "boolean" -> false;
            default -> "12345";
        };
    }

    @Test
    void shouldReadEverySettingFromItsPropertyAndForgiveItOnceTheProgramHasSetIt() throws Exception
    {
        for (final Map.Entry<String, String> entry : propertiesBySetter().entrySet())
        {
            final String property = entry.getValue();
            final Class<?> type = NodeContext.class.getMethod(entry.getKey()).getReturnType();
            if (String.class == type)
            {
                environment.put(Settings.environmentName(property), " text ");
                assertEquals("text", NodeContext.class.getMethod(entry.getKey()).invoke(context()));
                environment.clear();
                continue;
            }
            environment.put(Settings.environmentName(property), "?");
            final List<String> told = new ArrayList<>(problems(context()));
            told.removeIf(problem -> !problem.startsWith(property + " = '?'"));
            assertEquals(1, told.size(), property);
            final NodeContext context = context();
            final Class<?> parameter = Arrays.stream(NodeContext.class.getMethods())
                .filter(method -> method.getName().equals(entry.getKey()) && 1 == method.getParameterCount())
                .findFirst().orElseThrow().getParameterTypes()[0];
            NodeContext.class.getMethod(entry.getKey(), parameter).invoke(context, sample(parameter));
            assertFalse(problems(context).toString().contains("'?'"), property);
            environment.clear();
        }
    }
}
