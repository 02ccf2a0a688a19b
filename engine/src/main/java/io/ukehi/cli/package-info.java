/** The command line, {@code ukehi}: run a member, talk to a cluster, see one survive its leader. */
package io.ukehi.cli;
