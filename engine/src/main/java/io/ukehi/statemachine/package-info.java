/**
 * What a user implements, and what applies committed entries to it.
 */
package io.ukehi.statemachine;
