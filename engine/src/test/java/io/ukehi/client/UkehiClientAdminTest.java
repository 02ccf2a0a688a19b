package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ukehi.codecs.client.AdminCode;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an operator asks for through a client, of nodes that answer as they are told. */
@Timeout(60)
class UkehiClientAdminTest
{
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(2);

    private FakeCluster cluster;
    private UkehiClient client;

    @BeforeEach
    void launch()
    {
        cluster = new FakeCluster();
        cluster.lead(2, 4);
        client = cluster.connect(cluster.context());
    }

    @AfterEach
    void close()
    {
        cluster.close();
    }

    @Test
    void shouldNotAskForWhatIsSoAlready()
    {
        assertEquals(AdminCode.STARTED, client.transferLeadership(2, TIMEOUT_NS));
        assertTrue(cluster.node(2).operations.isEmpty());
    }

    @Test
    void shouldWaitUntilTheTargetLeads()
    {
        cluster.node(2).onOperation = () ->
        {
            cluster.lead(3, 5);
            cluster.node(2).redirect();
        };
        assertEquals(AdminCode.STARTED, client.transferLeadership(3, TIMEOUT_NS));
        assertEquals(List.of("TRANSFER_LEADERSHIP 3"), cluster.node(2).operations);
        assertEquals(3, client.leaderId());
    }

    @Test
    void shouldSayThatTheTargetDoesNotLeadWhenTheTransferIsGivenUp()
    {
        assertTrue(assertThrows(ClientTimeoutException.class, () -> client.transferLeadership(3, TIMEOUT_NS / 4))
            .getMessage().contains("the leader is 2"));
    }

    @Test
    void shouldTellWhyItWasRefused()
    {
        cluster.node(2).adminCode = AdminCode.NO_SUCH_MEMBER;
        assertEquals(AdminCode.NO_SUCH_MEMBER, client.transferLeadership(1, TIMEOUT_NS));
        cluster.node(2).adminCode = AdminCode.BUSY;
        assertEquals(AdminCode.BUSY, client.transferLeadership(1, TIMEOUT_NS));
    }

    @Test
    void shouldWaitForALaterTermWhenTheLeaderHasSteppedDown()
    {
        cluster.node(2).onOperation = () ->
        {
            cluster.lead(1, 6);
            cluster.node(2).redirect();
        };
        assertEquals(AdminCode.STARTED, client.stepDown(TIMEOUT_NS));
        assertEquals(1, client.leaderId());
        assertEquals(6, client.term());
    }

    @Test
    void shouldAskTheMemberThatIsToTakeASnapshot()
    {
        cluster.node(3).adminCode = AdminCode.UNSUPPORTED;
        assertEquals(AdminCode.STARTED, client.takeSnapshot(1, TIMEOUT_NS));
        assertEquals(AdminCode.UNSUPPORTED, client.takeSnapshot(3, TIMEOUT_NS));
        assertEquals(List.of("TAKE_SNAPSHOT 0"), cluster.node(1).operations);
        assertThrows(IllegalArgumentException.class, () -> client.takeSnapshot(9, TIMEOUT_NS));
    }

    @Test
    void shouldSayWhoIsSilentWhenNobodyAnswers()
    {
        cluster.node(1).isSilent = true;
        assertThrows(ClientTimeoutException.class, () -> client.takeSnapshot(1, TIMEOUT_NS / 4));
    }

    @Test
    void shouldAskForAChangeOfTheMembersAndTellWhatBecameOfIt()
    {
        cluster.node(2).adminCode = AdminCode.DONE;
        assertEquals(new AdminAnswer(AdminCode.DONE, ""), client.addMember("4=a:1:2", TIMEOUT_NS));
        assertEquals(AdminCode.DONE, client.addLearner("5=b:1:2", TIMEOUT_NS).code());
        assertEquals(AdminCode.DONE, client.promote(5, TIMEOUT_NS).code());
        assertEquals(AdminCode.DONE, client.replaceMember(3, "6=c:1:2", TIMEOUT_NS).code());
        cluster.node(2).adminCode = AdminCode.WOULD_LOSE_QUORUM;
        cluster.node(2).adminText = "3 does not answer";
        assertEquals(new AdminAnswer(AdminCode.WOULD_LOSE_QUORUM, "3 does not answer"),
            client.removeMember(1, TIMEOUT_NS));
        assertEquals(List.of("ADD_MEMBER 0 4=a:1:2", "ADD_LEARNER 0 5=b:1:2", "PROMOTE_MEMBER 5",
            "REPLACE_MEMBER 3 6=c:1:2", "REMOVE_MEMBER 1"), cluster.node(2).operations);
    }

    /** The first leader has done it, and has gone before it could say so. */
    @Test
    void shouldTakeAMemberForRemovedThatIsNotThereWhenItAsksAgain()
    {
        cluster.node(2).adminCode = AdminCode.NOT_LEADER;
        cluster.node(2).onOperation = () ->
        {
            cluster.lead(3, 5);
            cluster.node(2).redirect();
        };
        cluster.node(3).adminCode = AdminCode.NO_SUCH_MEMBER;
        assertEquals(AdminCode.DONE, client.removeMember(2, TIMEOUT_NS).code());
        assertEquals(AdminCode.NO_SUCH_MEMBER, client.removeMember(2, TIMEOUT_NS).code(), "asked once");
    }

    @Test
    void shouldReadWhoTheMembersAre()
    {
        cluster.node(2).adminCode = AdminCode.DONE;
        cluster.node(2).adminText = "1=a:1:2 voter 40 heard,2=b:1:2 voter 41 leads,7=c:1:2 learner";
        assertEquals(List.of(
            new ClusterMember(1, "a:1:2", "voter", 40, "heard"),
            new ClusterMember(2, "b:1:2", "voter", 41, "leads"),
            new ClusterMember(7, "c:1:2", "learner", -1, "")), client.members(TIMEOUT_NS));
    }
}
