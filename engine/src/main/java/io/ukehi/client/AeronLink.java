package io.ukehi.client;

import io.aeron.Aeron;
import io.aeron.CncFileDescriptor;
import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.nio.MappedByteBuffer;
import org.agrona.BufferUtil;
import org.agrona.CloseHelper;

/**
 * A client's way to a media driver. Where Aeron is the client's own, it outlives the driver: once that is gone, or
 * another runs in its place, what belonged to it is closed, and the next driver is waited for. One that the application
 * has given belongs to the application, and its end is the client's.
 * <p>
 * A driver that is killed leaves files behind that look alive for as long as Aeron's driver timeout (10 s). One that is
 * started again in its place is known by the moment of its start, so that nobody has to wait for that. Owned by the
 * thread that uses the client.
 */
final class AeronLink implements AutoCloseable
{
    private static final long NO_DRIVER = 0;

    private final ClientContext ctx;
    private final boolean isOwn;
    private MediaDriver driver;
    private Aeron aeron;
    private long driverStartMs;

    /** @throws UkehiClientException if there is no media driver. */
    AeronLink(final ClientContext ctx)
    {
        this.ctx = ctx;
        isOwn = null == ctx.aeron();
        aeron = ctx.aeron();
        if (isOwn)
        {
            connect();
        }
    }

    private void connect()
    {
        try
        {
            driver = ctx.embeddedDriver() ? launchDriver(ctx) : null;
            final Aeron.Context aeronContext = new Aeron.Context().aeronDirectoryName(directory());
            if (null != ctx.errorHandler())
            {
                aeronContext.errorHandler(ctx.errorHandler());
            }
            aeron = Aeron.connect(aeronContext);
            driverStartMs = startOfDriver(directory());
        }
        catch (final RuntimeException ex)
        {
            drop();
            throw new UkehiClientException("no media driver to talk to: " + ex.getMessage(), ex);
        }
    }

    private static MediaDriver launchDriver(final ClientContext ctx)
    {
        final MediaDriver.Context driverContext = new MediaDriver.Context()
            .threadingMode(ThreadingMode.SHARED)
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true);
        if (null != ctx.aeronDirectoryName())
        {
            return MediaDriver.launch(driverContext.aeronDirectoryName(ctx.aeronDirectoryName()));
        }
        return MediaDriver.launchEmbedded(driverContext);
    }

    private String directory()
    {
        return null == driver ? ctx.aeronDirectoryName() : driver.aeronDirectoryName();
    }

    Aeron aeron()
    {
        return aeron;
    }

    /** Whether Aeron has ended, and the application alone can put another in its place. */
    boolean isClosed()
    {
        return !isOwn && aeron.isClosed();
    }

    /**
     * Whether there is no driver any more, or another one.
     *
     * @param isSilent whether nothing is heard from any node: only then is the driver looked at.
     */
    boolean isLost(final boolean isSilent)
    {
        if (!isOwn)
        {
            return false;
        }
        return null == aeron || aeron.isClosed() ||
            isSilent && null == driver && driverStartMs != startOfDriver(directory());
    }

    /**
     * Connects again, if there is a driver; does not wait for one.
     *
     * @return false if there is none.
     */
    boolean tryConnect()
    {
        drop();
        try
        {
            if (!ctx.embeddedDriver() && !files(ctx.aeronDirectoryName()).isDriverActive(
                CommonContext.DEFAULT_DRIVER_TIMEOUT_MS, message -> {}))
            {
                return false;
            }
            connect();
            return true;
        }
        catch (final RuntimeException ignore)
        {
            // A driver that is just being started, or being killed again, is waited for like one that is not there.
            return false;
        }
    }

    /** When the driver in a directory was started, in milliseconds since the epoch; 0 if none was. */
    private static long startOfDriver(final String directoryName)
    {
        try
        {
            final MappedByteBuffer mapped = files(directoryName).mapExistingCncFile(message -> {});
            if (null == mapped)
            {
                return NO_DRIVER;
            }
            final long startMs = mapped.capacity() < CncFileDescriptor.META_DATA_LENGTH ?
                NO_DRIVER : CncFileDescriptor.startTimestampMs(CncFileDescriptor.createMetaDataBuffer(mapped));
            BufferUtil.free(mapped);
            return startMs;
        }
        catch (final RuntimeException ignore)
        {
            // It was removed at this moment.
            return NO_DRIVER;
        }
    }

    private static CommonContext files(final String directoryName)
    {
        return new CommonContext().aeronDirectoryName(directoryName).concludeAeronDirectory();
    }

    /** Closes what belonged to a driver. */
    void drop()
    {
        CloseHelper.quietCloseAll(isOwn ? aeron : null, driver);
        if (isOwn)
        {
            aeron = null;
        }
        driver = null;
    }

    @Override
    public void close()
    {
        drop();
    }
}
