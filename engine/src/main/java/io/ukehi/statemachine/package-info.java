/**
 * What a user implements, and what applies committed entries to it: {@link io.ukehi.statemachine.StateMachine} is the
 * user's side, {@link io.ukehi.statemachine.CommandApplier} the node's.
 */
package io.ukehi.statemachine;
