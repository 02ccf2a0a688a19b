package io.ukehi.node;

/** Says which clients are there: connected to this node, and heard from lately. */
@FunctionalInterface
public interface ClientPresence
{
    /** Whether a client, by the name it has given itself, is there. */
    boolean isPresent(long clientId);
}
