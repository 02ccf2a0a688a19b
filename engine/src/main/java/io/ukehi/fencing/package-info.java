/**
 * Fencing tokens: what they are and who issues them. Imports the JDK only, so that a protected resource can embed it
 * alone.
 */
package io.ukehi.fencing;
