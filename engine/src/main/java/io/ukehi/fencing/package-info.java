/**
 * Fencing tokens: what they are, who issues them, and what refuses the stale ones. Imports the JDK only, so that a
 * protected resource can embed it alone.
 */
package io.ukehi.fencing;
