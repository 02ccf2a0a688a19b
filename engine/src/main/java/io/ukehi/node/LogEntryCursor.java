package io.ukehi.node;

import io.ukehi.log.LogCursor;
import io.ukehi.raft.EntryCursor;

/** The log's cursor as the consensus rules know it: the two rooms do not know each other. */
final class LogEntryCursor extends LogCursor implements EntryCursor
{
}
