package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.Aeron;
import io.aeron.CommonContext;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.ExclusivePublication;
import io.aeron.logbuffer.Header;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.ukehi.codecs.client.CommandEncoder;
import io.ukehi.codecs.client.CommandRecordEncoder;
import io.ukehi.codecs.client.ConnectEncoder;
import io.ukehi.codecs.client.ConnectReplyDecoder;
import io.ukehi.codecs.client.MessageHeaderDecoder;
import io.ukehi.codecs.client.MessageHeaderEncoder;
import io.ukehi.codecs.client.OpenSessionEncoder;
import io.ukehi.codecs.client.SessionOpenedDecoder;
import io.ukehi.transport.ClientGatewayConfig;
import io.ukehi.transport.MessageSeal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.DirectBuffer;

/**
 * A client that knows the protocol and means no good. It has a media driver of its own, listens on a few streams of one
 * channel, and sends whatever it likes under whatever name.
 */
final class HostileClient implements AutoCloseable
{
    /** Streams that it listens on; messages may name any other. */
    static final int STREAMS = 64;

    private static final int COMMAND_LENGTH = 64;
    private static final int FIRST_STREAM_ID = 5_000;
    private static final int HEAD_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH;

    private final MediaDriver driver;
    private final Aeron aeron;
    private final ExclusivePublication publication;
    private final List<Subscription> subscriptions = new ArrayList<>();
    private final String channel;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[4096]);
    private final UnsafeBuffer wrapped = new UnsafeBuffer(new byte[0]);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final MessageHeaderDecoder headerDecoder = new MessageHeaderDecoder();
    private final ConnectEncoder connect = new ConnectEncoder();
    private final OpenSessionEncoder openSession = new OpenSessionEncoder();
    private final CommandEncoder command = new CommandEncoder();
    private final CommandRecordEncoder record = new CommandRecordEncoder();
    private final MessageSeal seal = new MessageSeal();
    private long connectReplies;
    private long clusterSession;
    private long heard;

    HostileClient(final String endpoint) throws Exception
    {
        driver = MediaDriver.launch(new MediaDriver.Context()
            // Where drivers have their files, in memory: on the nodes' disk it would hold up their logs.
            .aeronDirectoryName(CommonContext.generateRandomDirName())
            .threadingMode(ThreadingMode.SHARED)
            .termBufferSparseFile(true)
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true));
        aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(driver.aeronDirectoryName()));
        channel = "aeron:udp?endpoint=localhost:" + TestCluster.freePorts(1)[0];
        for (int i = 0; i < STREAMS; i++)
        {
            subscriptions.add(aeron.addSubscription(channel, FIRST_STREAM_ID + i));
        }
        publication = aeron.addExclusivePublication(
            "aeron:udp?term-length=1m|endpoint=" + endpoint, ClientGatewayConfig.INGRESS_STREAM_ID);
        TestCluster.await(publication::isConnected);
    }

    /** Sends bytes as they are. */
    void send(final byte[] message)
    {
        wrapped.wrap(message);
        send(wrapped, message.length);
    }

    private void send(final DirectBuffer message, final int length)
    {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        long result;
        while ((result = publication.offer(message, 0, length)) < 0)
        {
            assertTrue(Publication.CLOSED != result && System.nanoTime() - deadlineNs < 0, "the node reads nothing");
            LockSupport.parkNanos(20_000);
        }
    }

    /** Connects under a name, to be answered on one of its streams by number, or on one that it does not listen on. */
    void connect(final long name, final int stream)
    {
        connect.wrapAndApplyHeader(buffer, 0, header)
            .groupId(0)
            .clusterId(Intruder.CLUSTER_ID)
            .sessionId(name)
            .correlationId(1)
            .responseStreamId(FIRST_STREAM_ID + stream)
            .responseChannel(channel);
        sealAndSend(connect.limit());
    }

    /** Connects under a name and opens a session: its id. */
    long openSession(final long name)
    {
        final long before = connectReplies;
        connect(name, 0);
        TestCluster.await(() -> poll() >= 0 && connectReplies > before);
        clusterSession = 0;
        openSession.wrapAndApplyHeader(buffer, 0, header).groupId(0).clusterId(Intruder.CLUSTER_ID).sessionId(name);
        sealAndSend(openSession.limit());
        TestCluster.await(() -> poll() >= 0 && 0 != clusterSession);
        return clusterSession;
    }

    void command(final long name, final long session, final long sequence, final long firstUnanswered)
    {
        command.wrapAndApplyHeader(buffer, 0, header).groupId(0).clusterId(Intruder.CLUSTER_ID).sessionId(name);
        final int at = command.limit();
        record.wrap(buffer, at)
            .length(3 * Long.BYTES + COMMAND_LENGTH)
            .reserved(0)
            .clusterSession(session)
            .correlationId(sequence)
            .firstUnanswered(firstUnanswered);
        buffer.setMemory(at + CommandRecordEncoder.BLOCK_LENGTH, COMMAND_LENGTH, (byte)1);
        sealAndSend(at + CommandRecordEncoder.BLOCK_LENGTH + COMMAND_LENGTH);
    }

    private void sealAndSend(final int length)
    {
        seal.seal(buffer, 0, length);
        send(buffer, length);
    }

    /** Reads what it is told. */
    int poll()
    {
        int count = 0;
        for (int i = 0; i < STREAMS; i++)
        {
            count += subscriptions.get(i).poll(this::onMessage, 10);
        }
        return count;
    }

    /** Messages that it was told. */
    long heard()
    {
        return heard;
    }

    private void onMessage(final DirectBuffer message, final int offset, final int length, final Header ignored)
    {
        heard++;
        headerDecoder.wrap(message, offset);
        if (ConnectReplyDecoder.TEMPLATE_ID == headerDecoder.templateId())
        {
            connectReplies++;
        }
        else if (SessionOpenedDecoder.TEMPLATE_ID == headerDecoder.templateId())
        {
            clusterSession = new SessionOpenedDecoder()
                .wrap(message, offset + HEAD_LENGTH, headerDecoder.blockLength(), headerDecoder.version())
                .clusterSession();
        }
    }

    @Override
    public void close()
    {
        CloseHelper.closeAll(aeron, driver);
    }
}
