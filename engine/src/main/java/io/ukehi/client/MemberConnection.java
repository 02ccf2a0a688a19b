package io.ukehi.client;

import io.aeron.Aeron;
import io.aeron.ChannelUri;
import io.aeron.CommonContext;
import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.exceptions.AeronException;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;

/**
 * The way to one member: a publication that is asked for without waiting, again after a while if the driver refuses it
 * (a host name that does not resolve may do so later), and again when it has come to its end. Owned by the thread that
 * uses the client.
 */
final class MemberConnection implements AutoCloseable
{
    private static final long RETRY_NS = TimeUnit.SECONDS.toNanos(1);
    private static final int OFFER_ATTEMPTS = 3;

    private final Aeron aeron;
    private final ClientEndpoint endpoint;
    private final String channel;
    private ExclusivePublication publication;
    private long registrationId = Aeron.NULL_VALUE;
    private long retryAtNs;
    private String refusal;

    MemberConnection(final Aeron aeron, final ClientEndpoint endpoint, final int termLength, final long nowNs)
    {
        this.aeron = aeron;
        this.endpoint = endpoint;
        final ChannelUri uri = ChannelUri.parse(endpoint.channel());
        if (null == uri.get(CommonContext.TERM_LENGTH_PARAM_NAME))
        {
            uri.put(CommonContext.TERM_LENGTH_PARAM_NAME, Integer.toString(termLength));
        }
        channel = uri.toString();
        retryAtNs = nowNs;
    }

    int memberId()
    {
        return endpoint.memberId();
    }

    /** Goes on with what the driver was asked for. */
    int doWork(final long nowNs)
    {
        if (null != publication)
        {
            return 0;
        }
        if (Aeron.NULL_VALUE == registrationId)
        {
            if (nowNs - retryAtNs < 0)
            {
                return 0;
            }
            return ask(nowNs);
        }
        try
        {
            publication = aeron.getExclusivePublication(registrationId);
        }
        catch (final AeronException ex)
        {
            refusal = ex.getMessage();
            registrationId = Aeron.NULL_VALUE;
            retryAtNs = nowNs + RETRY_NS;
        }
        return null == publication ? 0 : 1;
    }

    private int ask(final long nowNs)
    {
        try
        {
            registrationId = aeron.asyncAddExclusivePublication(channel, endpoint.streamId());
            return 1;
        }
        catch (final AeronException ex)
        {
            // Aeron is about to end, since the driver has: whoever owns it will see.
            refusal = ex.getMessage();
            retryAtNs = nowNs + RETRY_NS;
            return 0;
        }
    }

    boolean isConnected()
    {
        return null != publication && publication.isConnected();
    }

    /** Why the member cannot be sent to, for messages to people. */
    String disconnectedReason()
    {
        return null != publication ? "nobody listens at " + endpoint.channel() :
            null != refusal ? refusal : "no publication yet";
    }

    /** Longest message in bytes; 0 without a publication. */
    int maxMessageLength()
    {
        return null == publication ? 0 : publication.maxMessageLength();
    }

    /** Longest message in bytes that goes in one piece; 0 without a publication. */
    int maxPayloadLength()
    {
        return null == publication ? 0 : publication.maxPayloadLength();
    }

    /**
     * Sends a message that is no longer than {@link #maxMessageLength()}.
     *
     * @return greater than 0, {@link Publication#BACK_PRESSURED} or {@link Publication#NOT_CONNECTED}.
     */
    long offer(final DirectBuffer buffer, final int offset, final int length)
    {
        if (null == publication)
        {
            return Publication.NOT_CONNECTED;
        }
        long result = Publication.BACK_PRESSURED;
        for (int i = 0; i < OFFER_ATTEMPTS; i++)
        {
            result = publication.offer(buffer, offset, length);
            if (Publication.ADMIN_ACTION != result)
            {
                break;
            }
        }
        if (Publication.CLOSED == result || Publication.MAX_POSITION_EXCEEDED == result)
        {
            close();
            return Publication.NOT_CONNECTED;
        }
        return Publication.ADMIN_ACTION == result ? Publication.BACK_PRESSURED : result;
    }

    @Override
    public void close()
    {
        if (null == publication && Aeron.NULL_VALUE != registrationId && !aeron.isClosed())
        {
            aeron.asyncRemovePublication(registrationId);
        }
        CloseHelper.quietClose(publication);
        publication = null;
        registrationId = Aeron.NULL_VALUE;
    }
}
