package io.ukehi.transport;

/**
 * Why a message was not taken. They stand in the order of the checks, but for {@link #MALFORMED}, which is found both
 * in the header and in the block. The last three are about clients only. A message is counted once, under the first
 * that applies.
 */
public enum DropReason
{
    /** Ends before its header, its block or what it says follows the block. */
    TOO_SHORT,

    /** Of another schema: not for this door. */
    WRONG_SCHEMA,

    /** Of a version of the schema that cannot be read here: 0, or of a later major one. */
    UNSUPPORTED_VERSION,

    /** A message of the schema that this node does not know: its sender is newer. */
    UNKNOWN_TEMPLATE,

    /** Damaged on the way, or forged without care. */
    BAD_CHECKSUM,

    /** From another cluster. */
    WRONG_CLUSTER,

    /** Of another Raft group. */
    WRONG_GROUP,

    /** For another node. */
    WRONG_ADDRESSEE,

    /** From a node that is no member and has not introduced itself, or that says it is this node. */
    UNKNOWN_SENDER,

    /** Sound, but says what cannot be: a block too short for its version, an unknown value, bytes left over. */
    MALFORMED,

    /** Of a client that is not connected: there is nowhere to send an answer. */
    UNKNOWN_SESSION,

    /** Asks for an answer on a channel that no client may choose, or that the driver does not open. */
    REFUSED_CHANNEL,

    /** Asks for an answer without a session, and as many such are under way as there may be. */
    NO_ROOM_TO_ANSWER
}
