/**
 * How an application talks to a cluster: {@link io.ukehi.client.UkehiClient} finds the leader, sends commands and tells
 * how each ended. Uses the messages' codecs and Aeron and nothing else of the engine.
 */
package io.ukehi.client;
