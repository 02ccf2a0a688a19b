package io.ukehi.node;

import io.aeron.CncFileDescriptor;
import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.io.File;
import java.nio.MappedByteBuffer;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.ErrorHandler;
import org.agrona.IoUtil;

/** The media driver of a node: its own, or the one that it is told of. */
final class NodeDriver
{
    private static final long EXTERNAL_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(3);
    private static final long EXTERNAL_POLL_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(20);

    /**
     * How long driver and node may be silent to one another when they live in one process. Where it sleeps, as a
     * machine that is suspended or moved does, both do, and neither must take the other for dead when it wakes.
     */
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long SLACK_NS = TimeUnit.SECONDS.toNanos(5);

    private NodeDriver()
    {
    }

    /**
     * Launches the node's own driver, or looks for the other.
     *
     * @return the node's own, to be closed; null if it is told of another, which runs.
     * @throws LaunchException if there is none, or one where there should be none.
     */
    static MediaDriver open(final NodeContext context, final ErrorHandler errors, final NanoClock clock)
    {
        if (DriverMode.EXTERNAL == context.driverMode())
        {
            awaitExternal(context.aeronDirectoryName(), clock);
            return null;
        }
        if (!context.isAeronDirectoryOwn())
        {
            refuseRunning(context.aeronDirectoryName());
        }
        try
        {
            return launch(context, errors);
        }
        catch (final Exception ex)
        {
            throw new LaunchException(
                "cannot launch a media driver in " + context.aeronDirectoryName() + ": " + ex.getMessage(), ex);
        }
    }

    /** How long the node's Aeron client waits for its driver, in milliseconds. */
    static long driverTimeoutMs(final NodeContext context)
    {
        final long defaultMs = new CommonContext().driverTimeoutMs();
        return DriverMode.EXTERNAL == context.driverMode() ?
            defaultMs : Math.max(TimeUnit.NANOSECONDS.toMillis(PATIENCE_NS), defaultMs);
    }

    private static MediaDriver launch(final NodeContext context, final ErrorHandler errors)
    {
        final boolean isInvoked = DriverMode.INVOKER == context.driverMode();
        final MediaDriver.Context driverContext = new MediaDriver.Context();
        final long livenessTimeoutNs = Math.max(PATIENCE_NS, driverContext.clientLivenessTimeoutNs());
        return MediaDriver.launch(driverContext
            .clientLivenessTimeoutNs(livenessTimeoutNs)
            .publicationUnblockTimeoutNs(
                Math.max(livenessTimeoutNs + SLACK_NS, driverContext.publicationUnblockTimeoutNs()))
            .aeronDirectoryName(context.aeronDirectoryName())
            .threadingMode(isInvoked ? ThreadingMode.INVOKER : ThreadingMode.SHARED)
            .sharedIdleStrategy(context.newIdleStrategy())
            // Opens channels and resolves names, now and then: nobody minds a millisecond.
            .asyncExecutorIdleStrategy(new SleepingMillisIdleStrategy(1))
            .sendChannelEndpointSupplier(SendEndpoint::new)
            .termBufferSparseFile(true)
            .spiesSimulateConnection(false)
            .warnIfDirectoryExists(false)
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true)
            .errorHandler(errors));
    }

    /** Aeron would wait for ten seconds; a driver that was started together with the node needs less. */
    private static void awaitExternal(final String directoryName, final NanoClock clock)
    {
        final long deadlineNs = clock.nanoTime() + EXTERNAL_TIMEOUT_NS;
        while (!isActive(directoryName))
        {
            if (clock.nanoTime() - deadlineNs > 0)
            {
                throw new LaunchException("no media driver runs in " + directoryName, null);
            }
            LockSupport.parkNanos(EXTERNAL_POLL_INTERVAL_NS);
        }
    }

    private static boolean isActive(final String directoryName)
    {
        return CommonContext.isDriverActive(
            new File(directoryName), CommonContext.DEFAULT_DRIVER_TIMEOUT_MS, message -> {});
    }

    /** A driver clears its directory when it starts: somebody else's, too, if it were let. */
    private static void refuseRunning(final String directoryName)
    {
        if (isActive(directoryName) && isProcessAlive(directoryName))
        {
            throw new LaunchException("a media driver runs in " + directoryName + " already: another directory, or " +
                NodeContext.DRIVER_MODE_PROP_NAME + " = EXTERNAL, is needed", null);
        }
    }

    /** One that was killed leaves a directory that looks alive for some seconds. */
    private static boolean isProcessAlive(final String directoryName)
    {
        final MappedByteBuffer file = IoUtil.mapExistingFile(
            CommonContext.newCncFile(directoryName), CncFileDescriptor.CNC_FILE);
        try
        {
            final UnsafeBuffer metaData = CncFileDescriptor.createMetaDataBuffer(file);
            return ProcessHandle.of(CncFileDescriptor.pid(metaData)).map(ProcessHandle::isAlive).orElse(false);
        }
        finally
        {
            IoUtil.unmap(file);
        }
    }
}
