package io.ukehi.transport;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.exceptions.RegistrationException;
import org.agrona.DirectBuffer;

/**
 * A publication to one client, from asking the driver for it, which takes many cycles, to its end. Never blocks.
 * Belongs to the duty-cycle thread.
 */
final class ClientEgress implements AutoCloseable
{
    /** The message is in the publication. */
    static final int SENT = 1;
    /** Not now: back-pressured, or nobody listens yet. */
    static final int LATER = 0;
    /** Never: the driver refused the publication, or it has ended. */
    static final int DEAD = -1;

    private final Aeron aeron;
    private final String channel;
    private final int streamId;
    private final long registrationId;
    private ExclusivePublication publication;
    private boolean isDead;

    ClientEgress(final Aeron aeron, final String channel, final int streamId)
    {
        this.aeron = aeron;
        this.channel = channel;
        this.streamId = streamId;
        this.registrationId = aeron.asyncAddExclusivePublication(channel, streamId);
    }

    boolean isTo(final String otherChannel, final int otherStreamId)
    {
        return streamId == otherStreamId && channel.equals(otherChannel);
    }

    /** Whether it can be used; asks the driver where that is not known yet. */
    boolean isReady()
    {
        if (null == publication && !isDead)
        {
            if (aeron.isClosed())
            {
                isDead = true;
                return false;
            }
            try
            {
                publication = aeron.getExclusivePublication(registrationId);
            }
            catch (final RegistrationException refused)
            {
                isDead = true;
            }
        }
        return null != publication && !isDead;
    }

    boolean isDead()
    {
        return isDead;
    }

    /** The driver did not open it. */
    boolean isRefused()
    {
        return isDead && null == publication;
    }

    boolean isConnected()
    {
        if (!isReady())
        {
            return false;
        }
        if (publication.isConnected())
        {
            return true;
        }
        isDead = publication.isClosed();
        return false;
    }

    /** Longest message in bytes that goes in one piece; 0 while that is not known. */
    int maxPayloadLength()
    {
        return isReady() ? publication.maxPayloadLength() : 0;
    }

    /** {@link #SENT}, {@link #LATER} or {@link #DEAD}. The message is no longer than the term length allows. */
    int offer(final DirectBuffer buffer, final int offset, final int length)
    {
        return offer(buffer, offset, length, buffer, offset, 0);
    }

    /** As above, for a message in two parts. */
    int offer(
        final DirectBuffer first,
        final int firstOffset,
        final int firstLength,
        final DirectBuffer second,
        final int secondOffset,
        final int secondLength)
    {
        if (!isReady())
        {
            return isDead ? DEAD : LATER;
        }
        long result = publication.offer(
            first, firstOffset, firstLength, second, secondOffset, secondLength, null);
        if (Publication.ADMIN_ACTION == result)
        {
            // A term has ended: the next attempt goes into the next one.
            result = publication.offer(first, firstOffset, firstLength, second, secondOffset, secondLength, null);
        }
        if (result > 0)
        {
            return SENT;
        }
        isDead = Publication.CLOSED == result || Publication.MAX_POSITION_EXCEEDED == result;
        return isDead ? DEAD : LATER;
    }

    /** Ends it at once: what was sent and has not arrived is not sent again, and the driver keeps nothing of it. */
    void abandon()
    {
        if (isReady() || null != publication)
        {
            publication.revoke();
            isDead = true;
        }
        else
        {
            close();
        }
    }

    /** What was sent is still delivered: the driver lingers. */
    @Override
    public void close()
    {
        if (isReady() || null != publication)
        {
            publication.close();
        }
        else if (!isDead)
        {
            aeron.asyncRemovePublication(registrationId);
        }
        isDead = true;
    }
}
