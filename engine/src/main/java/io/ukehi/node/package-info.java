/**
 * A node: wiring, settings, lifecycle, the duty cycle, what can be seen from outside. Threads and clocks live here and
 * nowhere else.
 */
package io.ukehi.node;
