package io.ukehi.sim;

import java.util.ArrayList;
import java.util.List;

/** The rules that are broken to see whether anybody notices. Rows are those of the fault catalogue. */
final class MutantCatalogue
{
    private static final List<Mutant> MUTANTS = new ArrayList<>();

    static
    {
        elections();
        replication();
        commits();
        replica();
        logWriting();
        logCutting();
        logRecovery();
        messages();
        tokens();
        sessions();
        doubt();
        reads();
        leases();
        snapshots();
        snapshotFiles();
        snapshotTransfer();
        members();
        leaving();
        liveness();
    }

    private MutantCatalogue()
    {
    }

    /** Those that 5,000 seeds are sure to find. */
    static List<Mutant> all()
    {
        return MUTANTS;
    }

    private static void add(final int row, final String rule, final String file, final String from, final String to)
    {
        MUTANTS.add(new Mutant(rule, row, file, from, to));
    }

    private static void elections()
    {
        add(2, "a vote is given before it is durable", "raft/RaftState",
            "hardState.store(term, candidateId);", "");
        add(1, "a candidate's own vote is not stored with its term", "raft/RaftState",
            "hardState.store(newTerm, vote);", "hardState.store(newTerm, HardStateStore.NO_VOTE);");
        add(2, "a new term is not stored", "raft/RaftState",
            "hardState.store(newTerm, vote);", "");
        MUTANTS.add(new Mutant("two votes in a term", 1, "raft/Election", List.of(
            new Mutant.Edit(
                "(HardStateStore.NO_VOTE == state.votedFor() || fromId == state.votedFor());", "true;"),
            new Mutant.Edit("state.vote(fromId);",
                "if (HardStateStore.NO_VOTE == state.votedFor()) { state.vote(fromId); }"))));
        add(3, "a repeated vote counts twice", "raft/VoteTally",
            "granted |= 1L << position;", "granted = granted << 1 | 1;");
        add(3, "votes of an earlier election count", "raft/VoteTally",
            "        granted = 0;\n", "");
        add(3, "an answer about another term counts", "raft/Election",
            "case CANDIDATE -> VoteKind.PRE_VOTE != kind && requestTerm == state.term();",
            "case CANDIDATE -> VoteKind.PRE_VOTE != kind;");
        add(3, "a pre-vote counts as a vote", "raft/Election",
            "case CANDIDATE -> VoteKind.PRE_VOTE != kind && requestTerm == state.term();",
            "case CANDIDATE -> requestTerm == state.term();");
        add(37, "half of the voters are a majority", "raft/Quorum",
            "return voters / 2 + 1;", "return (voters + 1) / 2;");
        add(12, "a vote without regard to the candidate's log", "raft/Election",
            "return lastLogTerm > state.log.lastTerm() ||\n" +
            "            (lastLogTerm == state.log.lastTerm() && lastLogIndex >= state.log.lastIndex());",
            "return true;");
        add(12, "a vote by the log's length alone", "raft/Election",
            "return lastLogTerm > state.log.lastTerm() ||\n" +
            "            (lastLogTerm == state.log.lastTerm() && lastLogIndex >= state.log.lastIndex());",
            "return lastLogIndex >= state.log.lastIndex();");
        add(5, "every election timeout is the same", "raft/Election",
            "minNs + random.nextLong(state.config.electionTimeoutMaxNs() - minNs)", "minNs");
        add(10, "a leader that hears no majority goes on", "raft/Leadership",
            "if (!hasQuorumSince(state.nowNs() - state.config.electionTimeoutMaxNs()))", "if (false)");
    }

    private static void replication()
    {
        add(14, "a repeated append cuts what follows it", "raft/Follower",
            "if (termHere == entries.term() || isPurged)", "if (isPurged)");
        add(14, "an append is taken without looking at the entry before it", "raft/Follower",
            "if (termHere != prevTerm && !isKnownSame)", "if (RaftLog.UNKNOWN_TERM == termHere && !isKnownSame)");
        add(18, "a leader of an earlier term is obeyed", "raft/Raft",
            "        if (term < state.term())\n        {\n            CoverageMark.STALE_LEADER_TOLD.hit();",
            "        if (term < 0)\n        {\n            CoverageMark.STALE_LEADER_TOLD.hit();");
        add(43, "what was lost is never sent again", "raft/Replicator",
            "if (isWaiting &&", "if (false &&");
        add(13, "a follower vouches for its own tail", "raft/Follower",
            "verifiedIndex = state.commitIndex();", "verifiedIndex = state.log.lastIndex();");
        add(51, "a follower acknowledges what is not durable", "raft/Follower",
            "Math.min(verifiedIndex, state.log.durableIndex())", "verifiedIndex");
        add(13, "acknowledgements of an earlier term count", "raft/Raft",
            "if (!isPossible(fromId, term) || term < state.term())", "if (!isPossible(fromId, term))");
        add(20, "a leader believes that what it sent has arrived", "raft/Replicator",
            "            matchIndex = index;\n", "            matchIndex = nextIndex - 1;\n");
    }

    private static void commits()
    {
        add(12, "entries of an earlier term are committed by counting", "raft/Leadership",
            "if (state.log.termAt(index) == state.term())", "if (true)");
        add(17, "a leader counts its own entry before it is durable", "raft/Leadership",
            "state.membership.reached(values, state.log.durableIndex())",
            "state.membership.reached(values, state.log.lastIndex())");
        add(15, "a heartbeat commits more than it vouches for", "raft/Follower",
            "isAckDue = true;\n        state.commitTo(Math.min(leaderCommitIndex, verifiedIndex));\n    }\n\n" +
            "    /** An app",
            "isAckDue = true;\n        state.commitTo(Math.min(leaderCommitIndex, state.log.lastIndex()));\n    }\n\n" +
            "    /** An app");
        add(37, "a quorum that is one short commits", "raft/Quorum",
            "return values[size(voters) - 1];", "return values[Math.max(0, size(voters) - 2)];");
        add(25, "a leader begins without an entry of its own", "raft/Leadership",
            "        isNoOpDue = true;\n        state.become(Role.LEADER, state.nodeId);\n        appendNoOp();\n",
            "        state.become(Role.LEADER, state.nodeId);\n");
        add(31, "a leader issues tokens of another term", "raft/Leadership",
            "        tokens.beginTerm(state.term());\n", "");
    }

    private static void replica()
    {
        add(16, "what is not committed is applied", "node/Replica",
            "final long commitIndex = raft.commitIndex();", "final long commitIndex = log.lastIndex();");
        add(16, "a restarted node applies all of its log", "log/LogRecovery",
            "Math.min(files.mark().commitIndex(), tail.index());", "tail.index();");
        add(30, "a command under way is called rejected when leadership ends", "node/Replica",
            "                pending.putAside();\n",
            "                pending.onAppliedTo(Long.MAX_VALUE, 0, superseded);\n");
        add(63, "a leader stamps the time of its own clock", "raft/Leadership",
            "Math.max(state.epochNs(), state.log.lastClusterTimeNs())", "state.epochNs()");
        add(24, "a comparison is not made", "kv/KvStateMachine",
            "        if (isExpected(record))\n", "        if (true)\n");
        add(45, "an entry is applied twice", "statemachine/CommandApplier",
            "            stateMachine.onCommand(header, cursor.buffer(), offset, length, reply);\n",
            "            stateMachine.onCommand(header, cursor.buffer(), offset, length, reply);\n" +
            "            stateMachine.onCommand(header, cursor.buffer(), offset, length, reply);\n");
    }

    private static void logWriting()
    {
        add(51, "a batch is not forced", "log/SegmentWriter",
            "        segment.file().write(offset, end - offset);\n        segment.file().force();\n",
            "        segment.file().write(offset, end - offset);\n");
        add(51, "what was only handed over counts as durable", "log/FlushQueue",
            "final long number = completed;\n        if (number != collected)",
            "final long number = submitted;\n        if (number != collected)");
        add(50, "a failed force is passed over", "log/LogFlusher",
            "            onFailure(thrown);\n", "            queue.complete(queue.submitted());\n");
        add(49, "a mark vouches for the batch it comes with", "log/SegmentWriter",
            "        putMark(0, commitIndex);\n        forceTime.begin",
            "        final int begin = offset;\n        offset = end;\n        putMark(0, commitIndex);\n" +
            "        offset = begin;\n        forceTime.begin");
        add(57, "the header of a new segment is not written", "log/SegmentWriter",
            "            isHeaderDue = true;\n            next = segment.next();",
            "            next = segment.next();");
        add(42, "the name of a new segment is not made durable", "log/SegmentSupply",
            "                storage.forceDirectory();\n", "");
        add(55, "a full disk ends the node", "log/SegmentSupply",
            "catch (final StorageFullException ex)\n        {\n            discardPreparing();",
            "catch (final StorageFullException ex)\n        {\n            if (null != ex)\n            {\n" +
            "                throw new IllegalStateException(ex);\n            }\n            discardPreparing();");
        add(1, "term and vote are not forced", "log/TwoCopyFile",
            "        file.write(offset, SegmentHeader.SECTOR_LENGTH);\n        file.force();\n",
            "        file.write(offset, SegmentHeader.SECTOR_LENGTH);\n");
    }

    private static void logCutting()
    {
        add(21, "what was durable before a cut counts as durable behind it", "log/LogCut",
            "        sync.onDurable();\n        chain.onChanged();", "        chain.onChanged();");
        add(52, "a cut leaves the bytes in the file", "log/LogCut",
            "        segment.file().write(cutAt, segment.cut(index, cutAt));\n        segment.file().force();\n",
            "        segment.cut(index, cutAt);\n");
        add(52, "a cut is not forced", "log/LogCut",
            "        segment.file().write(cutAt, segment.cut(index, cutAt));\n        segment.file().force();\n",
            "        segment.file().write(cutAt, segment.cut(index, cutAt));\n");
        add(52, "a cut begins without lowering the mark", "log/LogCut",
            "        sync.forceMark();\n        removeAfter(keep);", "        removeAfter(keep);");
        add(52, "a cut leaves later segments behind", "log/LogCut",
            "            storage.delete(file.name());\n", "");
        add(52, "a cut forgets to forget terms", "log/LogCut",
            "        terms.truncateFrom(index);\n        setTail(segment, index - 1);\n" +
            "        sync.onReopened(segment);",
            "        setTail(segment, index - 1);\n        sync.onReopened(segment);");
    }

    private static void logRecovery()
    {
        add(48, "damage is taken for a torn end", "log/RecoveryTable",
            "ANYTHING,                       NO,  YES, ANY)", "ANYTHING,                       ANY, YES, ANY)");
        add(49, "a torn end is taken for damage", "log/NativeSegmentScan",
            "final boolean isVouched = at < durablePosition ||",
            "final boolean isVouched = at < durablePosition || RecoveryTable.Place.ZEROS != found ||");
        add(48, "a torn end is left where it is", "log/LogRecovery",
            "            tornBytes = cut(newest);\n", "");
        add(50, "what a failed force left behind counts as durable", "log/LogRecovery",
            "        newest.file().write(0, SegmentHeader.LENGTH);\n" +
            "        newest.file().write(from, newest.end() - from);\n", "");
        add(49, "a prepared segment is taken for the newest", "log/SegmentFiles",
            "while (used > 0 && isUnused(used - 1))", "while (used > files.size() && isUnused(used - 1))");
    }

    private static void messages()
    {
        add(59, "a message's checksum is not looked at", "transport/MessageSeal",
            "return length >= MIN_LENGTH &&\n", "return length >= MIN_LENGTH ||\n");
        add(59, "a frame's checksum is not looked at", "log/EntryFrame",
            "if (crc(buffer, offset) != computeCrc(crc, buffer, offset, length))",
            "if (false && crc(buffer, offset) != computeCrc(crc, buffer, offset, length))");
    }

    private static void tokens()
    {
        add(31, "a leader goes on in a term whose tokens are used up", "raft/Raft",
            "        return 0 == tokens.remaining() ?\n            RaftLog.BACK_PRESSURED : ", "        return ");
        add(31, "a term whose tokens are used up is not left", "raft/Raft",
            "            election.standNow(true);\n", "");
    }

    /** Architecture, rule 6. */
    private static void doubt()
    {
        add(48, "a node in doubt votes", "raft/Election",
            "isUpToDate(lastLogIndex, lastLogTerm) && doubt.mayVoteFor(lastLogIndex);",
            "isUpToDate(lastLogIndex, lastLogTerm);");
        add(48, "a node in doubt stands", "raft/Election",
            "            if (!doubt.mayStand())\n", "            if (false)\n");
        add(48, "a node in doubt vouches for what it has", "raft/Doubt",
            "return isDoubtful() ? 0 : index;", "return index;");
        add(48, "a doubt is over with the first entry that is verified", "raft/Doubt",
            "index >= doubtfulTo && !state.membership", "index > 0 && !state.membership");
        add(48, "a doubt is over before what was sent is durable", "raft/Follower",
            "doubt.vouchedFor(Math.min(verifiedIndex, state.log.durableIndex()))",
            "Math.min(doubt.vouchedFor(verifiedIndex), state.log.durableIndex())");
        add(48, "a doubt is not kept", "log/DoubtFile",
            "            create(index, storedTerm, newReason);\n", "");
    }

    private static void sessions()
    {
        MUTANTS.add(new Mutant("a repeated command is applied again", 29, "statemachine/SessionApplier", List.of(
            new Mutant.Edit("if (sequence <= session.lastSequence())", "if (sequence < session.lastSequence())"),
            new Mutant.Edit("else if (sequence == session.lastSequence() + 1 &&",
                "else if (sequence <= session.lastSequence() + 1 &&"))));
        add(29, "a reply is forgotten before its client has it", "statemachine/SessionState",
            "firstUnanswered = Math.clamp(newFirstUnanswered, firstUnanswered, lastSequence + 1);",
            "firstUnanswered = lastSequence + 1;");
        add(29, "a command is applied before one that came before it", "statemachine/SessionApplier",
            "else if (sequence == session.lastSequence() + 1 &&", "else if (");
        add(29, "a session expires by the clock of the replica", "statemachine/Sessions",
            "timeNs += Math.min(MAX_STEP_NS, entryClusterTimeNs - clusterTimeNs);",
            "timeNs += System.nanoTime() & 1023;");
        add(24, "what was proposed in an earlier term counts as under way", "statemachine/SessionState",
            "return proposedTerm == term ? Math.max(proposedSequence, lastSequence) + 1 : lastSequence + 1;",
            "return Math.max(proposedSequence, lastSequence) + 1;");
    }

    private static void reads()
    {
        add(25, "a new leader reads before its own entry is committed", "raft/ReadRounds",
            "isReady = state.log.termAt(state.commitIndex()) == state.term();", "isReady = true;");
        // Without the second edit a majority's loyalty is next to a lease, and hides the first.
        MUTANTS.add(new Mutant("a read is confirmed by an earlier round", 26, "raft/ReadRounds", List.of(
            new Mutant.Edit(
                "rounds[slot] = leadership.sendHeartbeats();", "rounds[slot] = leadership.answeredRound();"),
            new Mutant.Edit(
                "!isRemembered || state.nowNs() - sinceNs > state.config.electionTimeoutMinNs()", "!isRemembered"))));
        add(26, "a follower takes the answer to an earlier question", "raft/ReadIndex",
            "if (NONE == requestId || answeredId != requestId || incarnation != state.config.incarnation())",
            "if (NONE == requestId)");
        add(26, "a read is answered though leadership has moved", "node/PendingReads",
            "        if (LOST == verdictIndexes[slot])\n", "        if (false)\n");
        add(27, "a lease outlives what voters promise", "raft/RaftConfig",
            "return electionTimeoutMinNs - readLeaseMarginNs();", "return 2 * electionTimeoutMaxNs;");
        add(27, "a leader that hears a majority has a lease", "raft/ReadRounds",
            "state.nowNs() - sentNs[(int)round & REMEMBERED - 1] >= state.config.readLeaseNs()",
            "!leadership.hasQuorumSince(state.nowNs() - state.config.electionTimeoutMaxNs())");
        add(28, "a read does not wait until what it has to see is applied", "node/PendingReads",
            "if (!isLost && verdictIndexes[slot] > applier.appliedIndex())", "if (false)");
        add(28, "a read by lease does not wait until all is applied", "node/PendingReads",
            "if (leaseIndex >= 0 && leaseIndex <= applier.appliedIndex())", "if (leaseIndex >= 0)");
        add(26, "the age of a state is counted from when it was confirmed", "node/PendingReads",
            "onFresh(verdictSinceNs[slot]);", "onFresh(nowNs);");
    }

    private static void leases()
    {
        add(27, "a lease is counted from answers, not from when was asked", "raft/ReadRounds",
            "state.nowNs() - sentNs[(int)round & REMEMBERED - 1] >= state.config.readLeaseNs()",
            "!leadership.hasQuorumSince(state.nowNs() - state.config.readLeaseNs())");
        add(27, "a lease is kept though another was asked to stand", "raft/Leadership",
            "        reads.barLease();\n", "");
        add(27, "a voter that starts again has promised nothing", "raft/Election",
            "        promiseNs = state.nowNs();\n        if (state.membership.isAlone())",
            "        promiseNs = state.nowNs() - state.config.electionTimeoutMinNs();\n" +
            "        if (state.membership.isAlone())");
        add(27, "a promise is counted from before the process stood still", "raft/Election",
            "isHeardThisCycle = state.config.readLease();", "promiseNs = state.nowNs();");
        MUTANTS.add(new Mutant("a read by lease is answered by a clock that was read before it", 27,
            "node/PendingReads", List.of(
                new Mutant.Edit("while (arrived.consumerPosition() < arrivedBefore && workCount < limit)",
                    "while (arrived.consumerPosition() < arrived.producerPosition() && workCount < limit)"),
                new Mutant.Edit("if (arrived.consumerPosition() >= arrivedBefore)", "if (false)"))));
        add(26, "a question that is asked again has its old number", "raft/ReadIndex",
            "requestId = ++lastRequestId;", "requestId = NONE == requestId ? ++lastRequestId : requestId;");
    }

    private static void snapshots()
    {
        MUTANTS.add(new Mutant("sessions are forgotten by a snapshot", 29, "node/ReplicaSnapshots", List.of(
            new Mutant.Edit("            applier.sessions().readFrom(sessions, 0, sessionsLength);\n", ""),
            new Mutant.Edit("if (loaded.stateDigest() != applier.stateDigest())", "if (false)"))));
        add(45, "a state is restored with the index before its own", "node/ReplicaSnapshots",
            "applier.restore(loaded.index(),", "applier.restore(loaded.index() - 1,");
        add(45, "a snapshot holds what was applied after its index", "kv/KvSnapshot",
            "frozenIndex = index;", "frozenIndex = Long.MAX_VALUE;");
        add(46, "snapshots of an index differ: the term of sessions is left out", "statemachine/Sessions",
            "        clusterTimeNs = in.nextLong();\n        term = in.nextLong();\n",
            "        clusterTimeNs = in.nextLong();\n        in.nextLong();\n");
        add(46, "digests of different indexes are compared", "raft/SnapshotDigests",
            "        if (index != indexes[slot])\n", "        if (0 == indexes[slot])\n");
        add(47, "the log is given up below a snapshot that is not there yet", "node/ReplicaSnapshots",
            "final long behind = store.newest().index() + 1;", "final long behind = applier.appliedIndex() + 1;");
        add(47, "the newest snapshot is given up in place of the oldest", "snapshot/SnapshotStore",
            "final SnapshotManifest oldest = snapshots.getFirst();",
            "final SnapshotManifest oldest = snapshots.getLast();");
    }

    private static void snapshotFiles()
    {
        add(42, "chunks of a snapshot are not forced", "snapshot/SnapshotOutput",
            "        part.file.force();\n        for (int chunk", "        for (int chunk");
        add(42, "a snapshot's manifest is not forced", "snapshot/SnapshotStore",
            "            file.write(0, SnapshotManifest.FILE_LENGTH);\n            file.force();\n",
            "            file.write(0, SnapshotManifest.FILE_LENGTH);\n");
        add(42, "a snapshot's name is not made durable", "snapshot/SnapshotStore",
            "        storage.rename(newName, name);\n        storage.forceDirectory();\n",
            "        storage.rename(newName, name);\n");
        add(42, "what is received is installed before it is durable", "node/SnapshotExchange",
            "        if (isFinishing)\n        {\n            return State.FINISHING;",
            "        if (isFinishing)\n        {\n            return State.DURABLE;");
    }

    private static void snapshotTransfer()
    {
        add(41, "a snapshot is installed over a log of another history", "node/SnapshotExchange",
            "if (log.termAt(manifest.index()) != manifest.term())", "if (log.lastIndex() < manifest.index())");
        add(41, "a node starts with a snapshot and a log of another history", "node/SnapshotStart",
            "if (index > 0 && (log.lastIndex() < index || log.termAt(index) != newest.term()))",
            "if (index > 0 && log.lastIndex() < index)");
        add(41, "a log that holds a snapshot's last entry is dropped", "node/SnapshotExchange",
            "if (log.termAt(manifest.index()) != manifest.term())", "if (true)");
        add(43, "a transfer that makes no progress is waited for", "raft/SnapshotSender",
            "if (state.nowNs() - progressNs > stallNs())", "if (false)");
        add(44, "a snapshot is installed that is older than the state", "raft/SnapshotReceiver",
            "        if (snapshot.index() <= state.commitIndex())\n", "        if (false)\n");
        add(44, "a status of an earlier transfer counts", "raft/SnapshotSender",
            "if (null == stream || statusAttempt != attempt || index != stream.index())",
            "if (null == stream)");
    }

    private static void members()
    {
        add(32, "members change before an entry of the leader's term is committed", "raft/ConfigurationChange",
            "return state.membership.index() <= state.commitIndex() &&\n" +
            "            state.log.termAt(state.commitIndex()) == state.term();",
            "return state.membership.index() <= state.commitIndex();");
        add(32, "members change at once, whoever votes", "raft/ConfigurationChange",
            "return append(isSameQuorum ? target : current.joinedWith(target));", "return append(target);");
        add(33, "members change before the last change is committed", "raft/ConfigurationChange",
            "return state.membership.index() <= state.commitIndex() &&\n" +
            "            state.log.termAt(state.commitIndex()) == state.term();",
            "return state.log.termAt(state.commitIndex()) == state.term();");
        add(34, "who the members are is forgotten at a start", "raft/RaftState",
            "        readConfigurations(Math.max(log.firstIndex(), membership.index() + 1));\n", "");
        add(34, "a configuration stays in force though its entry is cut", "raft/RaftState",
            "if (membership.onCut(index))", "if (false)");
        add(35, "a joint configuration is left by who began it or by nobody", "raft/ConfigurationChange",
            "if (!isSettled() || leadership.isHoldingBack())",
            "if (!isSettled() || leadership.isHoldingBack() || begunIndex != state.membership.index())");
        add(36, "a snapshot's members are passed over", "raft/SnapshotReceiver",
            "            state.membership.reset(snapshot.index(), snapshot.configuration());\n", "");
        add(36, "a snapshot tells of members whom nobody knew", "raft/Membership",
            "return indexes[0] <= index && at(index).voters().length > 0;", "return indexes[0] <= index;");
        add(37, "the new voters of a joint configuration decide alone", "raft/Membership",
            "return current.isJoint() ?\n            Math.min(reached, reachedBy(current.oldVoters(), oldVoterMask, " +
            "values, own)) : reached;", "return reached;");
        add(37, "the new voters of a joint configuration elect alone", "raft/Membership",
            "(!current.isJoint() || isMajorityOf(current.oldVoters(), oldVoterMask, yes, own));", "true;");
    }

    private static void leaving()
    {
        add(38, "a newcomer votes before it has caught up", "raft/Reconfiguration",
            "if (0 != roundEnd[i] && !hasCaughtUp(i))", "if (false)");
        add(39, "a leader that votes no longer goes on", "raft/Raft",
            "if (leadership.changes().isRemoved())", "if (false)");
        add(23, "nothing is known of a member who was one before in this term", "raft/Leadership",
            "after[i] = ofThisTerm.get(id);", "after[i] = null;");
        add(9, "a voter knows nobody but its own members", "raft/Election",
            "isUpToDate(lastLogIndex, lastLogTerm) && doubt.mayVoteFor(lastLogIndex);",
            "isUpToDate(lastLogIndex, lastLogTerm) && doubt.mayVoteFor(lastLogIndex) &&\n" +
            "            state.membership.current().isVoter(fromId);");
        add(11, "members change while leadership is handed over", "raft/ConfigurationChange",
            "        if (leadership.isHoldingBack())\n", "        if (false)\n");
        add(11, "a transfer of leadership is never given up", "raft/Leadership",
            "if (NO_TARGET != transferTarget && state.nowNs() - transferDeadlineNs >= 0)", "if (false)");
    }

    private static void liveness()
    {
        add(4, "a candidate that asks again is refused", "raft/Election",
            "(HardStateStore.NO_VOTE == state.votedFor() || fromId == state.votedFor());",
            "HardStateStore.NO_VOTE == state.votedFor();");
        add(7, "a higher term in an answer is not obeyed", "raft/Raft",
            "            election.follow(term, RaftListener.NO_LEADER);\n            return;\n        }\n" +
            "        final Replicator replicator",
            "            return;\n        }\n        final Replicator replicator");
        add(6, "a node that stands is not refused by those who hear a leader", "raft/Election",
            "final boolean isRefusedByLoyalty = term > state.term() && isElectable && isLoyal();",
            "final boolean isRefusedByLoyalty = false;");
    }
}
