/**
 * What goes over the wire: peers over Aeron UDP, clients over Aeron IPC and UDP. SBE is encoded and decoded here and
 * in the client, nowhere else. Whatever arrives that is not a whole, sound message meant for this node is counted and
 * dropped; it never reaches the rules and never throws.
 */
package io.ukehi.transport;
