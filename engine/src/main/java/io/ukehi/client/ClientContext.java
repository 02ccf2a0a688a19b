package io.ukehi.client;

import io.aeron.Aeron;
import io.aeron.ChannelUri;
import io.aeron.CommonContext;
import io.ukehi.Settings;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.agrona.BitUtil;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * Settings of a client. Fluent; {@link #conclude()}, which {@link UkehiClient#connect} calls, checks them as a whole
 * and tells everything that is wrong at once.
 * <p>
 * What the program does not set is taken from the system property named here, then from the environment variable of
 * the same name in capitals with underscores ({@code UKEHI_CLIENT_ENDPOINTS}), then from the default. Times are in
 * nanoseconds here and carry their unit in properties ({@code 20ms}); sizes are in bytes here and may carry one there
 * ({@code 8m}).
 * <p>
 * A context belongs to one client.
 */
public final class ClientContext
{
    /** Members of the cluster: {@code 1=host:port,2=host:port,3=ipc}. */
    public static final String ENDPOINTS_PROP_NAME = "ukehi.client.endpoints";

    /** Identity of the cluster. */
    public static final String CLUSTER_ID_PROP_NAME = "ukehi.client.cluster.id";
    public static final long CLUSTER_ID_DEFAULT = 1;

    /** Raft group within the cluster. */
    public static final String GROUP_ID_PROP_NAME = "ukehi.client.group.id";
    public static final long GROUP_ID_DEFAULT = 0;

    /** Directory of the media driver; Aeron's own default where it is not set. */
    public static final String AERON_DIR_PROP_NAME = "ukehi.client.aeron.dir";

    /** Whether the client launches a media driver of its own. */
    public static final String EMBEDDED_DRIVER_PROP_NAME = "ukehi.client.embedded.driver";
    public static final boolean EMBEDDED_DRIVER_DEFAULT = false;

    /** Aeron channel on which the client listens, as the members reach it. */
    public static final String RESPONSE_CHANNEL_PROP_NAME = "ukehi.client.response.channel";
    public static final String RESPONSE_CHANNEL_DEFAULT = "aeron:udp?endpoint=localhost:0";

    /** Stream on which the client listens; 0 draws one at random. */
    public static final String RESPONSE_STREAM_ID_PROP_NAME = "ukehi.client.response.stream.id";
    public static final long RESPONSE_STREAM_ID_DEFAULT = 0;

    /** How long {@link UkehiClient#connect} looks for a leader. */
    public static final String CONNECT_TIMEOUT_PROP_NAME = "ukehi.client.connect.timeout";
    public static final long CONNECT_TIMEOUT_DEFAULT_NS = TimeUnit.SECONDS.toNanos(10);

    /** How long a command waits for its reply before the client gives up its session and its outcome is unknown. */
    public static final String MESSAGE_TIMEOUT_PROP_NAME = "ukehi.client.message.timeout";
    public static final long MESSAGE_TIMEOUT_DEFAULT_NS = TimeUnit.SECONDS.toNanos(30);

    /** How long a leader may be silent before it is asked whether it lives. */
    public static final String KEEPALIVE_INTERVAL_PROP_NAME = "ukehi.client.keepalive.interval";
    public static final long KEEPALIVE_INTERVAL_DEFAULT_NS = TimeUnit.MILLISECONDS.toNanos(100);

    /** How long a leader may leave that unanswered before another is looked for. */
    public static final String KEEPALIVE_TIMEOUT_PROP_NAME = "ukehi.client.keepalive.timeout";
    public static final long KEEPALIVE_TIMEOUT_DEFAULT_NS = TimeUnit.MILLISECONDS.toNanos(300);

    /** How long a member is waited for, at first, when a leader is looked for. */
    public static final String BACKOFF_MIN_PROP_NAME = "ukehi.client.backoff.min";
    public static final long BACKOFF_MIN_DEFAULT_NS = TimeUnit.MILLISECONDS.toNanos(20);

    /** How long at most: the time doubles with every round through the members. */
    public static final String BACKOFF_MAX_PROP_NAME = "ukehi.client.backoff.max";
    public static final long BACKOFF_MAX_DEFAULT_NS = TimeUnit.MILLISECONDS.toNanos(250);

    /** Commands that may be sent and not yet ended. */
    public static final String MAX_OUTSTANDING_PROP_NAME = "ukehi.client.max.outstanding";
    public static final int MAX_OUTSTANDING_DEFAULT = 64 * 1024;

    /** Longest command that is sent; the leader may take less. */
    public static final String MAX_COMMAND_LENGTH_PROP_NAME = "ukehi.client.max.command.length";
    public static final int MAX_COMMAND_LENGTH_DEFAULT = 1024 * 1024 - 1024;

    /** Length of an Aeron term buffer to a member; 0 for one that the longest command needs. */
    public static final String TERM_LENGTH_PROP_NAME = "ukehi.client.term.length";
    public static final int TERM_LENGTH_DEFAULT = 0;

    /** Fragments that one poll takes. */
    public static final String FRAGMENT_LIMIT_PROP_NAME = "ukehi.client.fragment.limit";
    public static final long FRAGMENT_LIMIT_DEFAULT = 64;

    private static final int MAX_OUTSTANDING_LIMIT = 1024 * 1024;
    /** Aeron's longest message, less what stands before a command in it. */
    private static final int MAX_COMMAND_LENGTH_LIMIT = 16 * 1024 * 1024 - 1024;
    private static final int MESSAGES_PER_TERM = 8;
    private static final int TERM_LENGTH_MIN = 64 * 1024;
    private static final int TERM_LENGTH_MAX = 1024 * 1024 * 1024;

    private final Settings settings;
    private String endpoints;
    private long clusterId;
    private long groupId;
    private String aeronDirectoryName;
    private boolean isDriverEmbedded;
    private String responseChannel;
    private long responseStreamId;
    private long connectTimeoutNs;
    private long messageTimeoutNs;
    private long keepAliveIntervalNs;
    private long keepAliveTimeoutNs;
    private long backoffMinNs;
    private long backoffMaxNs;
    private int maxOutstanding;
    private int maxCommandLength;
    private int termLength;
    private long fragmentLimit;
    private Aeron aeron;
    private ErrorHandler errorHandler;
    private NanoClock nanoClock = SystemNanoClock.INSTANCE;
    private IdleStrategy idleStrategy = new BackoffIdleStrategy();
    private List<ClientEndpoint> members;

    /** With settings from system properties and the environment. */
    public ClientContext()
    {
        this(System.getenv());
    }

    ClientContext(final Map<String, String> environment)
    {
        settings = new Settings(environment);
        endpoints = settings.text(ENDPOINTS_PROP_NAME, "");
        clusterId = settings.number(CLUSTER_ID_PROP_NAME, CLUSTER_ID_DEFAULT);
        groupId = settings.number(GROUP_ID_PROP_NAME, GROUP_ID_DEFAULT);
        aeronDirectoryName = settings.text(AERON_DIR_PROP_NAME, null);
        isDriverEmbedded = settings.flag(EMBEDDED_DRIVER_PROP_NAME, EMBEDDED_DRIVER_DEFAULT);
        responseChannel = settings.text(RESPONSE_CHANNEL_PROP_NAME, RESPONSE_CHANNEL_DEFAULT);
        responseStreamId = settings.number(RESPONSE_STREAM_ID_PROP_NAME, RESPONSE_STREAM_ID_DEFAULT);
        connectTimeoutNs = settings.durationNs(CONNECT_TIMEOUT_PROP_NAME, CONNECT_TIMEOUT_DEFAULT_NS);
        messageTimeoutNs = settings.durationNs(MESSAGE_TIMEOUT_PROP_NAME, MESSAGE_TIMEOUT_DEFAULT_NS);
        keepAliveIntervalNs = settings.durationNs(KEEPALIVE_INTERVAL_PROP_NAME, KEEPALIVE_INTERVAL_DEFAULT_NS);
        keepAliveTimeoutNs = settings.durationNs(KEEPALIVE_TIMEOUT_PROP_NAME, KEEPALIVE_TIMEOUT_DEFAULT_NS);
        backoffMinNs = settings.durationNs(BACKOFF_MIN_PROP_NAME, BACKOFF_MIN_DEFAULT_NS);
        backoffMaxNs = settings.durationNs(BACKOFF_MAX_PROP_NAME, BACKOFF_MAX_DEFAULT_NS);
        maxOutstanding = settings.size(MAX_OUTSTANDING_PROP_NAME, MAX_OUTSTANDING_DEFAULT);
        maxCommandLength = settings.size(MAX_COMMAND_LENGTH_PROP_NAME, MAX_COMMAND_LENGTH_DEFAULT);
        termLength = settings.size(TERM_LENGTH_PROP_NAME, TERM_LENGTH_DEFAULT);
        fragmentLimit = settings.number(FRAGMENT_LIMIT_PROP_NAME, FRAGMENT_LIMIT_DEFAULT);
    }

    /**
     * Checks the settings.
     *
     * @return this.
     * @throws ClientConfigurationException that names all that are wrong.
     */
    public ClientContext conclude()
    {
        final List<String> problems = settings.problems();
        concludeEndpoints(problems);
        concludeDriver(problems);
        concludeResponseChannel(problems);
        check(groupId >= 0 && groupId <= Integer.MAX_VALUE, GROUP_ID_PROP_NAME, groupId, "0 or more", problems);
        checkTime(CONNECT_TIMEOUT_PROP_NAME, connectTimeoutNs, problems);
        checkTime(MESSAGE_TIMEOUT_PROP_NAME, messageTimeoutNs, problems);
        checkTime(KEEPALIVE_INTERVAL_PROP_NAME, keepAliveIntervalNs, problems);
        checkTime(KEEPALIVE_TIMEOUT_PROP_NAME, keepAliveTimeoutNs, problems);
        checkTime(BACKOFF_MIN_PROP_NAME, backoffMinNs, problems);
        check(backoffMaxNs >= backoffMinNs, BACKOFF_MAX_PROP_NAME, backoffMaxNs + " ns",
            BACKOFF_MIN_PROP_NAME + " (" + backoffMinNs + " ns) or more", problems);
        check(maxOutstanding >= 1 && maxOutstanding <= MAX_OUTSTANDING_LIMIT,
            MAX_OUTSTANDING_PROP_NAME, maxOutstanding, "1 to " + MAX_OUTSTANDING_LIMIT, problems);
        concludeLengths(problems);
        check(fragmentLimit >= 1 && fragmentLimit <= Integer.MAX_VALUE,
            FRAGMENT_LIMIT_PROP_NAME, fragmentLimit, "1 or more", problems);
        check(null != nanoClock, "nanoClock", "null", "a clock", problems);
        check(null != idleStrategy, "idleStrategy", "null", "an idle strategy", problems);
        if (!problems.isEmpty())
        {
            throw new ClientConfigurationException(problems);
        }
        return this;
    }

    private void concludeLengths(final List<String> problems)
    {
        check(maxCommandLength >= 1 && maxCommandLength <= MAX_COMMAND_LENGTH_LIMIT,
            MAX_COMMAND_LENGTH_PROP_NAME, maxCommandLength, "1 to " + MAX_COMMAND_LENGTH_LIMIT, problems);
        if (0 == termLength)
        {
            final int longest = Math.clamp(maxCommandLength, 1, MAX_COMMAND_LENGTH_LIMIT);
            termLength = Math.max(TERM_LENGTH_MIN, BitUtil.findNextPositivePowerOfTwo(
                MESSAGES_PER_TERM * (longest + RequestEncoder.COMMAND_OVERHEAD)));
        }
        check(BitUtil.isPowerOfTwo(termLength) && termLength >= TERM_LENGTH_MIN && termLength <= TERM_LENGTH_MAX,
            TERM_LENGTH_PROP_NAME, termLength, "a power of two, 64k to 1g, or 0 for what the longest command needs",
            problems);
    }

    private void concludeEndpoints(final List<String> problems)
    {
        if (null == endpoints || endpoints.isBlank())
        {
            check(false, ENDPOINTS_PROP_NAME, "''", "ID=HOST:PORT for each member, as 1=host:port,2=ipc", problems);
            return;
        }
        final int before = problems.size();
        members = ClientEndpoint.parse(endpoints, problems);
        for (int i = before; i < problems.size(); i++)
        {
            problems.set(i, ENDPOINTS_PROP_NAME + ": " + problems.get(i));
        }
    }

    private void concludeDriver(final List<String> problems)
    {
        final boolean hasDirectory = null != aeronDirectoryName && !aeronDirectoryName.isEmpty();
        if (null != aeron)
        {
            check(!isDriverEmbedded, EMBEDDED_DRIVER_PROP_NAME, true, "false where an Aeron client is given", problems);
            check(!aeron.isClosed(), "aeron", "closed", "an open Aeron client", problems);
        }
        else if (isDriverEmbedded && !hasDirectory && null != members)
        {
            check(members.stream().noneMatch(ClientEndpoint::isIpc), EMBEDDED_DRIVER_PROP_NAME, true,
                "false where a member is reached by IPC, or have a directory that the member knows", problems);
        }
        if (!hasDirectory)
        {
            aeronDirectoryName = isDriverEmbedded ? null : CommonContext.getAeronDirectoryName();
        }
    }

    private void concludeResponseChannel(final List<String> problems)
    {
        final String right = "aeron:udp?endpoint=HOST:PORT, as the members reach it (port 0 picks one), or aeron:ipc";
        boolean isRight;
        try
        {
            final ChannelUri uri = ChannelUri.parse(String.valueOf(responseChannel));
            final String endpoint = uri.get(CommonContext.ENDPOINT_PARAM_NAME);
            isRight = uri.isIpc() || null != endpoint && endpoint.indexOf(':') > 0 && !endpoint.startsWith("0.0.0.0");
        }
        catch (final IllegalArgumentException ignore)
        {
            // What would be right is told below.
            isRight = false;
        }
        check(isRight, RESPONSE_CHANNEL_PROP_NAME, "'" + responseChannel + "'", right, problems);
        check(responseStreamId >= 0 && responseStreamId <= Integer.MAX_VALUE,
            RESPONSE_STREAM_ID_PROP_NAME, responseStreamId, "0 (drawn at random) or more", problems);
    }

    private static void checkTime(final String name, final long valueNs, final List<String> problems)
    {
        check(valueNs > 0, name, valueNs + " ns", "more than 0", problems);
    }

    private static void check(
        final boolean holds, final String name, final Object value, final String right, final List<String> problems)
    {
        if (!holds)
        {
            problems.add(name + " = " + value + ": must be " + right);
        }
    }

    /** The members, once concluded. */
    List<ClientEndpoint> members()
    {
        return members;
    }

    /**
     * Members of the cluster and where they take clients: for each its id and {@code HOST:PORT}, {@code ipc} for one
     * on the same media driver, or an Aeron channel. Required.
     */
    public ClientContext endpoints(final String list)
    {
        endpoints = list;
        return this;
    }

    public String endpoints()
    {
        return endpoints;
    }

    /** Identity of the cluster: a node of another does not answer. */
    public ClientContext clusterId(final long id)
    {
        settings.isSetByProgram(CLUSTER_ID_PROP_NAME);
        clusterId = id;
        return this;
    }

    public long clusterId()
    {
        return clusterId;
    }

    /** Raft group within the cluster, 0 or greater. */
    public ClientContext groupId(final int id)
    {
        settings.isSetByProgram(GROUP_ID_PROP_NAME);
        groupId = id;
        return this;
    }

    public int groupId()
    {
        return (int)groupId;
    }

    /** Directory of the media driver to use; with {@link #embeddedDriver}, that of the one launched. */
    public ClientContext aeronDirectoryName(final String directory)
    {
        aeronDirectoryName = directory;
        return this;
    }

    public String aeronDirectoryName()
    {
        return aeronDirectoryName;
    }

    /**
     * An Aeron client to use, which stays the caller's and is not closed with this client. One that has its conductor
     * invoked is invoked when the client polls.
     */
    public ClientContext aeron(final Aeron client)
    {
        aeron = client;
        return this;
    }

    public Aeron aeron()
    {
        return aeron;
    }

    /** Whether the client launches a media driver of its own, with one thread, and closes it at its end. */
    public ClientContext embeddedDriver(final boolean isEmbedded)
    {
        settings.isSetByProgram(EMBEDDED_DRIVER_PROP_NAME);
        isDriverEmbedded = isEmbedded;
        return this;
    }

    public boolean embeddedDriver()
    {
        return isDriverEmbedded;
    }

    /**
     * Aeron channel on which the client listens. The members send to its endpoint, so its host is one that they reach;
     * port 0 takes any that is free.
     */
    public ClientContext responseChannel(final String channel)
    {
        responseChannel = channel;
        return this;
    }

    public String responseChannel()
    {
        return responseChannel;
    }

    /** Stream on which the client listens, greater than 0; 0 draws one, so that clients on one channel do not meet. */
    public ClientContext responseStreamId(final int streamId)
    {
        settings.isSetByProgram(RESPONSE_STREAM_ID_PROP_NAME);
        responseStreamId = streamId;
        return this;
    }

    public int responseStreamId()
    {
        return (int)responseStreamId;
    }

    /** How long {@link UkehiClient#connect} looks for a leader, in nanoseconds. */
    public ClientContext connectTimeoutNs(final long timeoutNs)
    {
        settings.isSetByProgram(CONNECT_TIMEOUT_PROP_NAME);
        connectTimeoutNs = timeoutNs;
        return this;
    }

    public long connectTimeoutNs()
    {
        return connectTimeoutNs;
    }

    /** How long a command waits for its reply before its outcome is unknown, in nanoseconds. */
    public ClientContext messageTimeoutNs(final long timeoutNs)
    {
        settings.isSetByProgram(MESSAGE_TIMEOUT_PROP_NAME);
        messageTimeoutNs = timeoutNs;
        return this;
    }

    public long messageTimeoutNs()
    {
        return messageTimeoutNs;
    }

    /** How long a leader may be silent before it is asked whether it lives, in nanoseconds. */
    public ClientContext keepAliveIntervalNs(final long intervalNs)
    {
        settings.isSetByProgram(KEEPALIVE_INTERVAL_PROP_NAME);
        keepAliveIntervalNs = intervalNs;
        return this;
    }

    public long keepAliveIntervalNs()
    {
        return keepAliveIntervalNs;
    }

    /** How long a leader may leave that unanswered before another is looked for, in nanoseconds. */
    public ClientContext keepAliveTimeoutNs(final long timeoutNs)
    {
        settings.isSetByProgram(KEEPALIVE_TIMEOUT_PROP_NAME);
        keepAliveTimeoutNs = timeoutNs;
        return this;
    }

    public long keepAliveTimeoutNs()
    {
        return keepAliveTimeoutNs;
    }

    /**
     * How long a member is waited for when a leader is looked for, in nanoseconds: at first, and at most. The time
     * doubles with every round through the members.
     */
    public ClientContext backoffNs(final long minNs, final long maxNs)
    {
        settings.isSetByProgram(BACKOFF_MIN_PROP_NAME);
        settings.isSetByProgram(BACKOFF_MAX_PROP_NAME);
        backoffMinNs = minNs;
        backoffMaxNs = maxNs;
        return this;
    }

    public long backoffMinNs()
    {
        return backoffMinNs;
    }

    public long backoffMaxNs()
    {
        return backoffMaxNs;
    }

    /** Commands that may be sent and not yet ended, 1 to 1,048,576; one more is told to come again later. */
    public ClientContext maxOutstanding(final int commands)
    {
        settings.isSetByProgram(MAX_OUTSTANDING_PROP_NAME);
        maxOutstanding = commands;
        return this;
    }

    public int maxOutstanding()
    {
        return maxOutstanding;
    }

    /**
     * Longest command in bytes, 1 to 16,776,192: what the way to the members is made for. The leader says how much it
     * takes, by its own setting.
     */
    public ClientContext maxCommandLength(final int length)
    {
        settings.isSetByProgram(MAX_COMMAND_LENGTH_PROP_NAME);
        maxCommandLength = length;
        return this;
    }

    public int maxCommandLength()
    {
        return maxCommandLength;
    }

    /**
     * Length in bytes of an Aeron term buffer to a member, a power of two from 64 KiB to 1 GiB. Each member takes three
     * of them, and a message has at most an eighth of one.
     */
    public ClientContext termLength(final int length)
    {
        settings.isSetByProgram(TERM_LENGTH_PROP_NAME);
        termLength = length;
        return this;
    }

    public int termLength()
    {
        return termLength;
    }

    /** Fragments that one poll takes, 1 or more. */
    public ClientContext fragmentLimit(final int limit)
    {
        settings.isSetByProgram(FRAGMENT_LIMIT_PROP_NAME);
        fragmentLimit = limit;
        return this;
    }

    public int fragmentLimit()
    {
        return (int)fragmentLimit;
    }

    /** Told of errors in Aeron's own thread; null leaves them to Aeron. Not used by a given Aeron client. */
    public ClientContext errorHandler(final ErrorHandler handler)
    {
        errorHandler = handler;
        return this;
    }

    public ErrorHandler errorHandler()
    {
        return errorHandler;
    }

    /** Clock of all timeouts. */
    public ClientContext nanoClock(final NanoClock clock)
    {
        nanoClock = clock;
        return this;
    }

    public NanoClock nanoClock()
    {
        return nanoClock;
    }

    /** What the calling thread does while a blocking call waits. */
    public ClientContext idleStrategy(final IdleStrategy strategy)
    {
        idleStrategy = strategy;
        return this;
    }

    public IdleStrategy idleStrategy()
    {
        return idleStrategy;
    }
}
