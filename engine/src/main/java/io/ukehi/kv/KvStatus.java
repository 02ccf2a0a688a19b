package io.ukehi.kv;

/** How a command of the key-value store ended: the first byte of every reply. Values are never reused. */
public final class KvStatus
{
    /** Done. */
    public static final int OK = 0;

    /** There is no value under the key. */
    public static final int NOT_FOUND = 1;

    /** The value is not what the compare-and-set expected; the reply holds the one there is, if there is one. */
    public static final int CAS_MISMATCH = 2;

    /** The key or a value is longer than the store takes, ever. Nothing has changed. */
    public static final int TOO_LARGE = 3;

    /** The store has reached its configured size. Nothing has changed; deleting makes room. */
    public static final int FULL = 4;

    /** The bytes are no command. Nothing has changed. */
    public static final int MALFORMED = 5;

    /** Somebody else holds the lock; the reply has the token under which, and the end of the lease. */
    public static final int HELD = 6;

    /** The lock is not held under that token by that session, or its lease has run out. Nothing has changed. */
    public static final int NOT_HELD = 7;

    /** There is a value under the key that is no lock. Nothing has changed. */
    public static final int NOT_A_LOCK = 8;

    private KvStatus()
    {
    }

    /** The name of a status, for messages to people. */
    public static String name(final int status)
    {
        return switch (status)
        {
            case OK -> "OK";
            case NOT_FOUND -> "NOT_FOUND";
            case CAS_MISMATCH -> "CAS_MISMATCH";
            case TOO_LARGE -> "TOO_LARGE";
            case FULL -> "FULL";
            case MALFORMED -> "MALFORMED";
            case HELD -> "HELD";
            case NOT_HELD -> "NOT_HELD";
            case NOT_A_LOCK -> "NOT_A_LOCK";
            default -> "UNKNOWN(" + status + ")";
        };
    }
}
