package io.ukehi.raft;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Who is a member of the group, and as what: the payload of an entry of type {@link EntryType#CONFIGURATION}. A value;
 * never changed once made.
 * <p>
 * <b>Voters</b> elect leaders and make up quorums. In a <b>joint</b> configuration (thesis 4.3) there are two sets of
 * them, the old and the new one, and whatever needs a majority needs one of each. <b>Learners</b> get the log and count
 * for nothing. Each member has an <b>endpoint</b>, text that means nothing to the rules, and the <b>id of its log</b>,
 * drawn when its data directory was made: a member that comes back with another log has lost what it had acknowledged,
 * and is not the voter that it was. A log id of 0 is not known yet; the leader enters it when it is.
 * <pre>
 *   0         1          2        3          4          8
 *  +---------+----------+--------+----------+----------+------------------+---------------- - -
 *  | version | old      | voters | learners | zero     | ids, int32 each: | for each member, by rising id:
 *  | = 2     | voters   |        |          |          | old, new, learn. | int64 log id, uint8 flags,
 *  |         |          |        |          |          |                  | uint16 length, ASCII endpoint
 *  +---------+----------+--------+----------+----------+------------------+---------------- - -
 * </pre>
 * Little-endian; the ids of each set rise. A set of old voters that is not empty makes the configuration joint. Version
 * 1 has no log ids and no flags. Flag 1: a learner that votes again once it is back ({@link Demotion}).
 */
public final class Configuration
{
    /** Most voters of a set. */
    public static final int MAX_VOTERS = 7;

    /** Most learners. */
    public static final int MAX_LEARNERS = 16;

    /** Longest endpoint, in characters. */
    public static final int MAX_ENDPOINT_LENGTH = 255;

    /** Of a node that was told of no members yet: it waits to be made one. */
    public static final Configuration NONE = new Configuration(new int[0], new int[0], new int[0], Map.of());

    /** Not known yet. */
    public static final long NO_LOG = 0;

    private static final int VERSION = 2;
    private static final int VERSION_WITHOUT_LOG_IDS = 1;
    private static final int IDS_OFFSET = 8;
    private static final int FLAGS_OFFSET = Long.BYTES;
    private static final int ENDPOINT_OFFSET = FLAGS_OFFSET + Byte.BYTES;
    /** But for the characters of the endpoint. */
    private static final int MEMBER_LENGTH = ENDPOINT_OFFSET + Short.BYTES;
    private static final int FLAG_DEMOTED = 1;

    private final int[] oldVoters;
    private final int[] voters;
    private final int[] learners;
    private final int[] members;
    private final Details[] details;

    /** What is known of a member beside its part. */
    private record Details(String endpoint, long logId, boolean isDemoted)
    {
        static final Details NONE = new Details("", NO_LOG, false);

        Details withEndpoint(final String newEndpoint)
        {
            return new Details(newEndpoint, logId, isDemoted);
        }

        Details withLogId(final long newLogId)
        {
            return new Details(endpoint, newLogId, isDemoted);
        }

        Details demoted(final boolean isSo)
        {
            return new Details(endpoint, logId, isSo);
        }
    }

    private Configuration(
        final int[] oldVoters, final int[] voters, final int[] learners, final Map<Integer, Details> details)
    {
        this.oldVoters = oldVoters;
        this.voters = voters;
        this.learners = learners;
        final TreeMap<Integer, Details> all = new TreeMap<>();
        for (final int[] set : new int[][]{oldVoters, voters, learners})
        {
            for (final int id : set)
            {
                all.put(id, details.getOrDefault(id, Details.NONE));
            }
        }
        this.members = all.keySet().stream().mapToInt(Integer::intValue).toArray();
        this.details = all.values().toArray(new Details[0]);
    }

    /**
     * A configuration that is not joint.
     *
     * @param voters    1 to {@link #MAX_VOTERS} member ids, 1 or greater, in any order.
     * @param learners  ids of others, at most {@link #MAX_LEARNERS}.
     * @param endpoints by member id; a missing one is empty.
     * @throws IllegalArgumentException saying what is wrong.
     */
    public static Configuration of(final int[] voters, final int[] learners, final Map<Integer, String> endpoints)
    {
        final Map<Integer, Details> details = new TreeMap<>();
        endpoints.forEach((id, endpoint) -> details.put(id, Details.NONE.withEndpoint(endpoint)));
        return checked(voters, learners, details);
    }

    private static Configuration checked(
        final int[] voters, final int[] learners, final Map<Integer, Details> details)
    {
        final int[] sortedVoters = sorted(voters);
        final int[] sortedLearners = sorted(learners);
        final String fault = fault(new int[0], sortedVoters, sortedLearners);
        if (null != fault)
        {
            throw new IllegalArgumentException(fault);
        }
        for (final Details of : details.values())
        {
            if (of.endpoint.length() > MAX_ENDPOINT_LENGTH || !isPrintable(of.endpoint))
            {
                throw new IllegalArgumentException("an endpoint is at most " + MAX_ENDPOINT_LENGTH +
                    " printable ASCII characters: '" + of.endpoint + "'");
            }
        }
        return new Configuration(new int[0], sortedVoters, sortedLearners, details);
    }

    /** A configuration of voters alone, without endpoints. */
    public static Configuration ofVoters(final int... ids)
    {
        return of(ids, new int[0], Map.of());
    }

    private static boolean isPrintable(final String text)
    {
        return text.chars().allMatch(c -> c >= ' ' && c <= '~');
    }

    private static int[] sorted(final int[] ids)
    {
        final int[] sorted = ids.clone();
        Arrays.sort(sorted);
        return sorted;
    }

    private static String fault(final int[] oldVoters, final int[] voters, final int[] learners)
    {
        if (voters.length < 1 || voters.length > MAX_VOTERS || oldVoters.length > MAX_VOTERS)
        {
            return "there must be 1 to " + MAX_VOTERS + " voters, not " + voters.length;
        }
        if (learners.length > MAX_LEARNERS)
        {
            return "there must be at most " + MAX_LEARNERS + " learners, not " + learners.length;
        }
        if (!isRising(oldVoters) || !isRising(voters) || !isRising(learners))
        {
            return "member ids must be unique, and greater than 0";
        }
        for (final int learner : learners)
        {
            if (contains(voters, learner))
            {
                return "member " + learner + " cannot be a voter and a learner";
            }
        }
        return null;
    }

    private static boolean isRising(final int[] ids)
    {
        int last = 0;
        for (final int id : ids)
        {
            if (id <= last)
            {
                return false;
            }
            last = id;
        }
        return true;
    }

    /** What leads from this configuration to a target by way of both (thesis 4.3). Neither of them is joint. */
    Configuration joinedWith(final Configuration target)
    {
        final Map<Integer, Details> all = details();
        target.details().forEach((id, of) ->
            // A voter that is to learn votes still, and with no other log.
            all.put(id, isVoter(id) && !target.isVoter(id) ? of.withLogId(logId(id)) : of));
        return new Configuration(voters, target.voters, target.learners, all);
    }

    /** The same voters, and with them as learners all who are to vote or learn in a target and do not vote yet. */
    Configuration withLearnersOf(final Configuration target)
    {
        final Map<Integer, Details> all = details();
        target.details().forEach((id, of) ->
            all.put(id, isMember(id) ? all.get(id).withEndpoint(of.endpoint) : of.demoted(false)));
        final int[] more = all.keySet().stream().mapToInt(Integer::intValue)
            .filter(id -> !contains(voters, id) && (contains(learners, id) || target.isMember(id))).toArray();
        return checked(voters, more, all);
    }

    /** With another voter, or a learner that becomes one. */
    public Configuration plusVoter(final int id, final String endpoint)
    {
        return checked(plus(voters, id), minus(learners, id), with(id, of(id).withEndpoint(endpoint).demoted(false)));
    }

    /** With another learner, or a voter that becomes one: with what log it comes back as a voter is of no matter. */
    public Configuration plusLearner(final int id, final String endpoint)
    {
        final long logId = contains(voters, id) ? NO_LOG : logId(id);
        return checked(minus(voters, id), plus(learners, id), with(id, new Details(endpoint, logId, false)));
    }

    /** With a voter that is a learner until it is back. */
    Configuration demoted(final int id)
    {
        return checked(minus(voters, id), plus(learners, id), with(id, of(id).demoted(true)));
    }

    /** Without a member. */
    public Configuration minus(final int id)
    {
        return checked(minus(voters, id), minus(learners, id), details());
    }

    /** With another member in the place of one: as a voter where that is one, else as a learner. */
    public Configuration replace(final int oldId, final int id, final String endpoint)
    {
        final int[] otherVoters = minus(minus(voters, oldId), id);
        final int[] otherLearners = minus(minus(learners, oldId), id);
        final Map<Integer, Details> all = with(id, of(id).withEndpoint(endpoint).demoted(false));
        return contains(voters, oldId) ?
            checked(plus(otherVoters, id), otherLearners, all) :
            checked(otherVoters, plus(otherLearners, id), all);
    }

    private Details of(final int id)
    {
        final int position = Arrays.binarySearch(members, id);
        return position < 0 ? Details.NONE : details[position];
    }

    private Map<Integer, Details> details()
    {
        final Map<Integer, Details> map = new TreeMap<>();
        for (int i = 0; i < members.length; i++)
        {
            map.put(members[i], details[i]);
        }
        return map;
    }

    private Map<Integer, Details> with(final int id, final Details of)
    {
        final Map<Integer, Details> map = details();
        map.put(id, of);
        return map;
    }

    private static int[] plus(final int[] ids, final int id)
    {
        return IntStream.concat(Arrays.stream(minus(ids, id)), IntStream.of(id)).toArray();
    }

    private static int[] minus(final int[] ids, final int id)
    {
        return Arrays.stream(ids).filter(other -> other != id).toArray();
    }

    /**
     * What a joint configuration leads to; any other is that already. With what log a voter comes back that an operator
     * has made a learner is of no matter.
     */
    public Configuration settled()
    {
        if (!isJoint())
        {
            return this;
        }
        final Map<Integer, Details> all = details();
        for (final int id : learners)
        {
            if (contains(oldVoters, id) && !isDemoted(id))
            {
                all.put(id, of(id).withLogId(NO_LOG));
            }
        }
        return new Configuration(new int[0], voters, learners, all);
    }

    /** Whether two sets of voters have to agree. */
    public boolean isJoint()
    {
        return oldVoters.length > 0;
    }

    /** Ids of the voters, of the new ones if it is joint; rising. Not to be stored into. */
    public int[] voters()
    {
        return voters;
    }

    /** Ids of the old voters of a joint configuration, rising; empty otherwise. Not to be stored into. */
    public int[] oldVoters()
    {
        return oldVoters;
    }

    /** Ids of those who are learners, or will be once a joint configuration is left; rising. Not to be stored into. */
    public int[] learners()
    {
        return learners;
    }

    /** Ids of all of them, rising. Not to be stored into. */
    public int[] members()
    {
        return members;
    }

    /** Whether a member votes, in either set. */
    public boolean isVoter(final int id)
    {
        return contains(voters, id) || contains(oldVoters, id);
    }

    /** Whether a node belongs to it. */
    public boolean isMember(final int id)
    {
        return contains(members, id);
    }

    /** Endpoint of a member; empty if it has none or is none. */
    public String endpoint(final int id)
    {
        return of(id).endpoint;
    }

    /** Id of a member's log; {@link #NO_LOG} if it is not known, or the id is no member's. */
    public long logId(final int id)
    {
        return of(id).logId;
    }

    /** Whether a member is a learner until it is back, and then a voter. */
    public boolean isDemoted(final int id)
    {
        return of(id).isDemoted;
    }

    /** The same members, with the log ids that another configuration has for those who do not vote there. */
    Configuration withLogIdsOfLearners(final Configuration other)
    {
        final Map<Integer, Details> all = details();
        for (final int id : other.learners)
        {
            if (!other.isVoter(id) && isMember(id) && NO_LOG == logId(id))
            {
                all.put(id, of(id).withLogId(other.logId(id)));
            }
        }
        return new Configuration(oldVoters, voters, learners, all);
    }

    /** The same members; the log of one is known. */
    public Configuration withLogId(final int id, final long logId)
    {
        return new Configuration(oldVoters, voters, learners, with(id, of(id).withLogId(logId)));
    }

    private static boolean contains(final int[] sorted, final int id)
    {
        return Arrays.binarySearch(sorted, id) >= 0;
    }

    /** Length of its encoding in bytes. */
    public int encodedLength()
    {
        int length = IDS_OFFSET + Integer.BYTES * (oldVoters.length + voters.length + learners.length);
        for (final Details of : details)
        {
            length += MEMBER_LENGTH + of.endpoint.length();
        }
        return length;
    }

    /**
     * Writes it as the payload of an entry.
     *
     * @return {@link #encodedLength()}.
     */
    public int encode(final MutableDirectBuffer buffer, final int offset)
    {
        buffer.setMemory(offset, IDS_OFFSET, (byte)0);
        buffer.putByte(offset, (byte)VERSION);
        buffer.putByte(offset + 1, (byte)oldVoters.length);
        buffer.putByte(offset + 2, (byte)voters.length);
        buffer.putByte(offset + 3, (byte)learners.length);
        int position = offset + IDS_OFFSET;
        for (final int[] set : new int[][]{oldVoters, voters, learners})
        {
            for (final int id : set)
            {
                buffer.putInt(position, id, LITTLE_ENDIAN);
                position += Integer.BYTES;
            }
        }
        for (final Details of : details)
        {
            buffer.putLong(position, of.logId, LITTLE_ENDIAN);
            buffer.putByte(position + FLAGS_OFFSET, (byte)(of.isDemoted ? FLAG_DEMOTED : 0));
            buffer.putShort(position + ENDPOINT_OFFSET, (short)of.endpoint.length(), LITTLE_ENDIAN);
            position += MEMBER_LENGTH;
            position += buffer.putStringWithoutLengthAscii(position, of.endpoint);
        }
        return position - offset;
    }

    /** Reads what {@link #encode} wrote; null if it is anything else. */
    public static Configuration decode(final DirectBuffer buffer, final int offset, final int length)
    {
        if (length < IDS_OFFSET || 0 != buffer.getInt(offset + Integer.BYTES, LITTLE_ENDIAN))
        {
            return null;
        }
        final int version = buffer.getByte(offset);
        if (VERSION != version && VERSION_WITHOUT_LOG_IDS != version)
        {
            return null;
        }
        final int[][] sets = new int[3][];
        int position = IDS_OFFSET;
        for (int i = 0; i < sets.length; i++)
        {
            sets[i] = new int[buffer.getByte(offset + 1 + i) & 0xFF];
            if (position + sets[i].length * Integer.BYTES > length)
            {
                return null;
            }
            for (int j = 0; j < sets[i].length; j++)
            {
                sets[i][j] = buffer.getInt(offset + position, LITTLE_ENDIAN);
                position += Integer.BYTES;
            }
        }
        if (null != fault(sets[0], sets[1], sets[2]))
        {
            return null;
        }
        return decodeMembers(sets, VERSION == version, buffer, offset, position, length);
    }

    private static Configuration decodeMembers(
        final int[][] sets,
        final boolean hasDetails,
        final DirectBuffer buffer,
        final int offset,
        final int membersPosition,
        final int length)
    {
        final Configuration bare = new Configuration(sets[0], sets[1], sets[2], Map.of());
        final Map<Integer, Details> all = new TreeMap<>();
        final int headLength = hasDetails ? MEMBER_LENGTH : Short.BYTES;
        int position = membersPosition;
        for (final int id : bare.members)
        {
            final int textPosition = position + headLength;
            final int textLength = textPosition > length ?
                -1 : buffer.getShort(offset + textPosition - Short.BYTES, LITTLE_ENDIAN);
            if (textLength < 0 || textLength > MAX_ENDPOINT_LENGTH || textPosition + textLength > length)
            {
                return null;
            }
            final String endpoint = buffer.getStringWithoutLengthAscii(offset + textPosition, textLength);
            final byte flags = hasDetails ? buffer.getByte(offset + position + FLAGS_OFFSET) : 0;
            if (!isPrintable(endpoint) || 0 != (flags & ~FLAG_DEMOTED))
            {
                return null;
            }
            all.put(id, new Details(
                endpoint, hasDetails ? buffer.getLong(offset + position, LITTLE_ENDIAN) : NO_LOG, 0 != flags));
            position = textPosition + textLength;
        }
        return position == length ? new Configuration(sets[0], sets[1], sets[2], all) : null;
    }

    @Override
    public boolean equals(final Object other)
    {
        return other instanceof final Configuration that && Arrays.equals(oldVoters, that.oldVoters) &&
            Arrays.equals(voters, that.voters) && Arrays.equals(learners, that.learners) &&
            Arrays.equals(details, that.details);
    }

    @Override
    public int hashCode()
    {
        return 31 * (31 * Arrays.hashCode(oldVoters) + Arrays.hashCode(voters)) + Arrays.hashCode(learners);
    }

    @Override
    public String toString()
    {
        return (isJoint() ? Arrays.toString(oldVoters) + " and " : "") + Arrays.toString(voters) +
            (learners.length > 0 ? ", learners " + Arrays.toString(learners) : "");
    }
}
