package io.ukehi.node;

import io.ukehi.codecs.client.AdminCode;
import io.ukehi.codecs.client.AdminOperation;
import java.util.concurrent.CompletableFuture;
import org.agrona.concurrent.ManyToOneConcurrentLinkedQueue;

/**
 * The way of what the embedding program asks as an operator: any thread puts it into a queue, the duty cycle takes it
 * out. Rare, so it allocates; an empty queue costs a look.
 */
final class EmbeddedAdmin
{
    /** A request, and its future. */
    record Request(AdminOperation operation, int targetId, String member, CompletableFuture<AdminResult> future)
    {
    }

    /** What the duty cycle does with a request. */
    interface Taker
    {
        void take(Request request);
    }

    private final ManyToOneConcurrentLinkedQueue<Request> requests = new ManyToOneConcurrentLinkedQueue<>();
    private volatile boolean isClosed;

    /** Any thread. */
    CompletableFuture<AdminResult> ask(final AdminOperation operation, final int targetId, final String member)
    {
        final Request request = new Request(operation, targetId, member, new CompletableFuture<>());
        requests.offer(request);
        if (isClosed)
        {
            // Whoever empties the queue at the end has perhaps been here already.
            request.future().complete(AdminResult.of(AdminCode.STOPPED));
        }
        return request.future();
    }

    /** Duty-cycle thread: requests taken. */
    int poll(final Taker taker)
    {
        int count = 0;
        Request request = requests.poll();
        while (null != request)
        {
            taker.take(request);
            count++;
            request = requests.poll();
        }
        return count;
    }

    /** Duty-cycle thread, last. */
    void close()
    {
        isClosed = true;
        poll(request -> request.future().complete(AdminResult.of(AdminCode.STOPPED)));
    }
}
