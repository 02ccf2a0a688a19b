/**
 * Which node or cluster a key belongs to: a consistent hash ring that is the same on every machine and in every
 * release, and the routing of a client's commands by it.
 */
package io.ukehi.partition;
