/**
 * The write-ahead log, WAL v2: segments, frames, durability and recovery, and the small durable records that lie beside
 * it. All file access goes through the port {@link io.ukehi.log.Storage}, so that the simulator can put a faulty disk
 * under the production classes.
 */
package io.ukehi.log;
