/**
 * The built-in key-value store: a replicated state machine with ordered keys that the command line, the demo and the
 * tests drive, the codec of its commands and replies, and its typed client.
 */
package io.ukehi.kv;
