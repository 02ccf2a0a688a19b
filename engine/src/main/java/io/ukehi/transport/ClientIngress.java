package io.ukehi.transport;

import io.aeron.Aeron;
import io.aeron.ControlledFragmentAssembler;
import io.aeron.Image;
import io.aeron.Subscription;
import io.aeron.logbuffer.ControlledFragmentHandler;
import io.aeron.logbuffer.ControlledFragmentHandler.Action;
import io.aeron.logbuffer.Header;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.LangUtil;
import org.agrona.concurrent.ManyToOneConcurrentLinkedQueue;

/**
 * One way in for clients: a subscription, read fairly. Belongs to the duty-cycle thread, but for the one callback that
 * Aeron's conductor makes.
 */
final class ClientIngress implements AutoCloseable
{
    /** Takes whole messages; what it throws comes out of {@link #poll}. */
    interface MessageHandler
    {
        /** @return as {@link ControlledFragmentHandler#onFragment}. */
        Action onMessage(DirectBuffer buffer, int offset, int length);
    }

    /** Fewer from each client would not be worth the way to it. */
    private static final int MIN_SHARE = 4;

    private final MessageHandler handler;
    private final int maxMessageLength;
    private final ControlledFragmentAssembler assembler = new ControlledFragmentAssembler(this::onMessage);
    private final ManyToOneConcurrentLinkedQueue<Image> goneImages = new ManyToOneConcurrentLinkedQueue<>();
    private final Subscription subscription;
    private Throwable failure;
    private int turn;

    /** @param maxMessageLength beyond which the memory that a message took is not kept, in bytes. */
    ClientIngress(
        final Aeron aeron,
        final String channel,
        final int streamId,
        final MessageHandler handler,
        final int maxMessageLength)
    {
        this.handler = handler;
        this.maxMessageLength = maxMessageLength;
        subscription = aeron.addSubscription(channel, streamId, null, goneImages::offer);
    }

    /**
     * Reads from clients in turn, and from nobody more than a share at a time: who sends much makes the others wait for
     * little. Who had no turn for want of room has the first of the next call.
     *
     * @param limit most fragments.
     * @return fragments read.
     */
    int poll(final int limit)
    {
        final int images = subscription.imageCount();
        if (0 == images)
        {
            return 0;
        }
        final int share = Math.max(MIN_SHARE, limit / images);
        final int first = turn % images;
        int count = 0;
        int served = 0;
        for (; served < images && count < limit && null == failure; served++)
        {
            // Images come and go behind our back, and one that is gone has nothing to read.
            final int position = (first + served) % images;
            if (position < subscription.imageCount())
            {
                count += subscription.imageAtIndex(position).controlledPoll(
                    assembler, Math.min(share, limit - count));
            }
        }
        turn = (first + served + (served == images ? 1 : 0)) % images;
        rethrow();
        return count;
    }

    private void rethrow()
    {
        if (null != failure)
        {
            final Throwable thrown = failure;
            failure = null;
            LangUtil.rethrowUnchecked(thrown);
        }
    }

    private Action onMessage(final DirectBuffer buffer, final int offset, final int length, final Header header)
    {
        if (length > maxMessageLength)
        {
            // It is read to its end, so that its sender hears of it, but the memory it took is not kept.
            assembler.freeSessionBuffer(header.sessionId());
        }
        try
        {
            return handler.onMessage(buffer, offset, length);
        }
        catch (final Throwable thrown)
        {
            failure = thrown;
            return Action.BREAK;
        }
    }

    /** Frees what messages took that will never be whole: their images have gone. Returns how many. */
    int doWork()
    {
        int workCount = 0;
        Image image;
        while (null != (image = goneImages.poll()))
        {
            assembler.freeSessionBuffer(image.sessionId());
            workCount++;
        }
        return workCount;
    }

    @Override
    public void close()
    {
        CloseHelper.close(subscription);
    }
}
