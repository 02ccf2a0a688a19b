package io.ukehi;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The house's rooms: which may use which, and which danger lives in which. A room that is not in the table is an error,
 * so that a new one is given its place here first.
 */
class ArchitectureTest
{
    private static final String BASE = "io.ukehi";
    private static final Set<String> ROOMS = Set.of(
        "fencing", "log", "snapshot", "raft", "statemachine", "transport", "node", "client", "partition", "kv", "cli",
        "check", "codecs");
    private static final JavaClasses ENGINE = new ClassFileImporter()
        .withImportOption(new ImportOption.DoNotIncludeTests())
        .importPackages(BASE);

    @ParameterizedTest(name = "{0} may use only [{1}] and [{2}]")
    @CsvSource({
        "fencing,      '',                                                      ''",
        "log,          'fencing',                                               'agrona'",
        "snapshot,     'log',                                                   'agrona'",
        "raft,         'fencing',                                               'agrona'",
        "statemachine, 'raft codecs.entry',                                     'agrona'",
        "transport,    'raft codecs.peer codecs.client codecs.entry',           'agrona aeron'",
        "node,         'fencing log snapshot raft statemachine transport codecs', 'agrona aeron'",
        "client,       'codecs.client',                                         'agrona aeron'",
        "partition,    'client',                                                'agrona'",
        "kv,           'statemachine client codecs.client',                     'agrona'",
        "check,        '',                                                      'agrona'",
        "codecs,       '',                                                      'agrona'",
    })
    void shouldUseOnlyTheRoomsBelow(final String room, final String rooms, final String libraries)
    {
        final List<String> packages = new ArrayList<>(List.of("java..", BASE, packageOf(room)));
        Stream.of(rooms.split(" ")).filter(name -> !name.isEmpty()).map(ArchitectureTest::packageOf)
            .forEach(packages::add);
        if (libraries.contains("agrona"))
        {
            packages.add("org.agrona..");
        }
        if (libraries.contains("aeron"))
        {
            packages.add("io.aeron..");
        }
        classes().that().resideInAPackage(packageOf(room))
            .should().onlyDependOnClassesThat().resideInAnyPackage(packages.toArray(String[]::new))
            .allowEmptyShould(true)
            .check(ENGINE);
    }

    private static String packageOf(final String room)
    {
        return BASE + "." + room + "..";
    }

    @Test
    void shouldKnowEveryRoom()
    {
        classes().should().resideInAPackage(BASE)
            .orShould(new InRoom())
            .check(ENGINE);
        assertTrue(ENGINE.size() > 100, "the classes were found");
    }

    @Test
    void shouldUseOnlyTheJdkAndAgronaWhenAClassIsForAllRooms()
    {
        classes().that().resideInAPackage(BASE)
            .should().onlyDependOnClassesThat().resideInAnyPackage("java..", "org.agrona..", BASE)
            .check(ENGINE);
    }

    @Test
    void shouldHaveNoCyclesBetweenRooms()
    {
        slices().matching(BASE + ".(*)..").should().beFreeOfCycles().check(ENGINE);
    }

    @Test
    void shouldSpeakWithTheRulesThroughPortsWhenATransport()
    {
        noClasses().that().resideInAPackage(packageOf("transport"))
            .should().dependOnClassesThat(describe("belong to the rules and are neither interface nor enum",
                ArchitectureTest::isMoreThanAPort))
            .check(ENGINE);
    }

    private static boolean isMoreThanAPort(final JavaClass type)
    {
        final JavaClass one = type.getBaseComponentType();
        return one.getPackageName().equals(BASE + ".raft") && !one.isInterface() && !one.isEnum();
    }

    @Test
    void shouldRunThreadsOnlyInNodesClientsAndTheCommandLine()
    {
        noClasses().that().resideOutsideOfPackages(packageOf("node"), packageOf("client"), packageOf("cli"))
            .should().callMethodWhere(describe("a thread's method is called, other than a hint to the processor",
                call -> call.getTargetOwner().isEquivalentTo(Thread.class) && !"onSpinWait".equals(call.getName())))
            .orShould().dependOnClassesThat().resideInAPackage("java.util.concurrent.locks")
            .orShould().dependOnClassesThat().haveNameMatching("java\\.util\\.concurrent\\.(Execut|Fork|Comple).*")
            .orShould().dependOnClassesThat().haveNameMatching("java\\.util\\.Timer.*")
            .orShould().dependOnClassesThat().haveNameMatching("org\\.agrona\\.concurrent\\..*(Runner|IdleStrategy)")
            .check(ENGINE);
        noClasses().that().resideOutsideOfPackages(packageOf("node"), packageOf("client"), packageOf("cli"))
            .should().callConstructorWhere(describe("a thread is made",
                call -> call.getTargetOwner().isAssignableTo(Thread.class)))
            .check(ENGINE);
    }

    @Test
    void shouldReadClocksOnlyInNodesClientsAndTheCommandLine()
    {
        noClasses().that().resideOutsideOfPackages(packageOf("node"), packageOf("client"), packageOf("cli"))
            .should().accessTargetWhere(describe("a clock is read", ArchitectureTest::isClockRead))
            .orShould().dependOnClassesThat()
            .haveNameMatching("org\\.agrona\\.concurrent\\.(System|Offset|HighRes|Cached).*Clock")
            .check(ENGINE);
    }

    private static boolean isClockRead(final JavaAccess<?> access)
    {
        final boolean isSystem = access.getTargetOwner().isEquivalentTo(System.class) &&
            Set.of("nanoTime", "currentTimeMillis").contains(access.getName());
        return isSystem || (access.getTargetOwner().getPackageName().equals("java.time") &&
            Set.of("now", "systemUTC", "systemDefaultZone").contains(access.getName()));
    }

    @Test
    void shouldTouchFilesOnlyInTheLogAndWhereNodesStart()
    {
        // A guard is no part of a node: it lies with what it protects, and has a file of its own there.
        noClasses().that().resideOutsideOfPackages(
            packageOf("log"), packageOf("snapshot"), packageOf("node"), packageOf("cli"))
            .and().haveNameNotMatching(".*\\.fencing\\.(FileFencingGuard|GuardFile).*")
            .should().dependOnClassesThat().resideInAPackage("java.nio.file..")
            .orShould().dependOnClassesThat(belongToAnyOf(
                java.io.File.class, java.io.FileInputStream.class, java.io.FileOutputStream.class,
                java.io.FileReader.class, java.io.FileWriter.class, java.io.RandomAccessFile.class,
                java.nio.channels.FileChannel.class, org.agrona.IoUtil.class))
            .check(ENGINE);
    }

    @Test
    void shouldWriteFilesOnlyInTheLog()
    {
        noClasses().that().resideInAPackage(packageOf("node"))
            .should().dependOnClassesThat(belongToAnyOf(
                java.io.FileOutputStream.class, java.io.FileWriter.class, java.io.RandomAccessFile.class,
                java.nio.channels.FileChannel.class))
            .orShould().callMethodWhere(describe("a file is changed",
                call -> call.getTargetOwner().isEquivalentTo(Files.class) &&
                    call.getName().matches("(write|create|delete|move|copy|newOutput|newBufferedWriter|newByte).*")))
            .check(ENGINE);
    }

    @Test
    void shouldHaveNoRandomnessOfTheirOwnWhenRulesOrState()
    {
        final DescribedPredicate<JavaClass> unseeded = belongToAnyOf(
            java.util.Random.class, java.util.concurrent.ThreadLocalRandom.class, java.security.SecureRandom.class);
        for (final String room : List.of("raft", "log", "snapshot", "statemachine", "transport", "kv", "fencing"))
        {
            noClasses().that().resideInAPackage(packageOf(room))
                .should().dependOnClassesThat(unseeded)
                .orShould().callMethod(Math.class, "random")
                .orShould().callMethod(java.util.UUID.class, "randomUUID")
                .orShould().callConstructor(java.util.SplittableRandom.class)
                .check(ENGINE);
        }
    }

    @Test
    void shouldReadNoPropertiesAndNoEnvironmentOutsideOfSettings()
    {
        noClasses().that().resideOutsideOfPackages(BASE, packageOf("cli"), packageOf("node"), packageOf("client"))
            .should().callMethodWhere(describe("the process is asked",
                call -> call.getTargetOwner().isEquivalentTo(System.class) &&
                    call.getName().matches("getenv|getProperty|getProperties")))
            .check(ENGINE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fencing", "log", "snapshot", "raft", "statemachine", "transport", "kv"})
    void shouldSynchroniseNowhere(final String room) throws IOException
    {
        methods().that().areDeclaredInClassesThat().resideInAPackage(packageOf(room))
            .should().notHaveModifier(JavaModifier.SYNCHRONIZED)
            .check(ENGINE);
        // A synchronized block is in no table of a class, so it is looked for in the source.
        final Path directory = Path.of("src/main/java/io/ukehi", room);
        try (Stream<Path> files = Files.walk(directory))
        {
            for (final Path file : files.filter(path -> path.toString().endsWith(".java")).toList())
            {
                final String code = Files.readString(file).replaceAll("(?s)/\\*.*?\\*/|//[^\n]*", "");
                assertEquals(-1, code.indexOf("synchronized"), () -> file + " has a synchronized block");
            }
        }
    }

    /** Whether a class lies in one of the rooms. */
    private static final class InRoom extends ArchCondition<JavaClass>
    {
        InRoom()
        {
            super("be in a room of the table");
        }

        @Override
        public void check(final JavaClass type, final ConditionEvents events)
        {
            final String name = type.getPackageName();
            final int from = BASE.length() + 1;
            final int end = name.indexOf('.', from);
            final String room = name.length() < from ? "" : name.substring(from, end < 0 ? name.length() : end);
            events.add(new SimpleConditionEvent(
                type, ROOMS.contains(room), type.getName() + " is in no room of the table"));
        }
    }
}
