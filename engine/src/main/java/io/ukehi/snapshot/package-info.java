/**
 * Snapshots on the disk: their format, how they are written, received, verified, kept and removed. Specified in
 * snapshot-format.md. All file access goes through the port {@link io.ukehi.log.Storage}. What takes time is a
 * {@link io.ukehi.snapshot.SnapshotJob} for a helper thread, so that the duty cycle never waits for the disk.
 */
package io.ukehi.snapshot;
