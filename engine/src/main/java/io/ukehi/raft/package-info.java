/**
 * The consensus rules (Raft sections 5 and 8), as a deterministic function of the calls made to it: no I/O, no clock,
 * no thread, no randomness of its own. Time is an argument, randomness a seeded source, and everything it does goes
 * out through the ports {@link io.ukehi.raft.RaftLog}, {@link io.ukehi.raft.HardStateStore},
 * {@link io.ukehi.raft.DoubtStore}, {@link io.ukehi.raft.PeerSender} and {@link io.ukehi.raft.RaftListener}. The same
 * classes run in production and in the simulator. One thread, the node's duty cycle, owns all of it.
 */
package io.ukehi.raft;
