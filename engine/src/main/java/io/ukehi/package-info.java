/**
 * What every room stands on: assertions that stay on, and the checksum. It imports the JDK and Agrona's buffers,
 * nothing of ours.
 */
package io.ukehi;
