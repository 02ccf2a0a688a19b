package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LeaderWatchTest
{
    private final LeaderWatch watch = new LeaderWatch(100, 300);

    @BeforeEach
    void connect()
    {
        watch.onConnected(0);
    }

    @Test
    void shouldAskOncePerIntervalOfSilenceAndGiveUpAfterTheTimeout()
    {
        assertFalse(watch.isDue(99));
        assertTrue(watch.isDue(100));
        assertFalse(watch.isDue(101));
        assertTrue(watch.isDue(200));
        assertTrue(watch.isDue(300));
        assertFalse(watch.isDue(399));
        assertFalse(watch.isLost(399));
        assertTrue(watch.isLost(400));
    }

    @Test
    void shouldBeginAnewWithEveryMessage()
    {
        assertTrue(watch.isDue(100));
        watch.onHeard();
        assertFalse(watch.isDue(390));
        assertFalse(watch.isLost(400));
        assertFalse(watch.isDue(489));
        assertTrue(watch.isDue(490));
        assertFalse(watch.isLost(700));
        assertTrue(watch.isLost(790));
    }

    @Test
    void shouldNotTakeTheClientsPauseForTheLeadersSilence()
    {
        assertTrue(watch.isDue(1_000_000));
        assertFalse(watch.isLost(1_000_000));
        assertTrue(watch.isLost(1_000_300));
    }

    @Test
    void shouldForgetAQuestionToTheLeaderBefore()
    {
        assertTrue(watch.isDue(100));
        watch.onConnected(350);
        assertFalse(watch.isLost(400));
        assertFalse(watch.isDue(449));
        assertTrue(watch.isDue(450));
    }

    @Test
    void shouldWaitTwiceAsLongWhenTheAlarmWasFalse()
    {
        watch.onFalseAlarm();
        assertTrue(watch.isDue(100));
        assertFalse(watch.isLost(699));
        assertTrue(watch.isLost(700));
        for (int i = 0; i < 10; i++)
        {
            watch.onFalseAlarm();
        }
        assertFalse(watch.isLost(2499));
        assertTrue(watch.isLost(2500));
    }

    @Test
    void shouldBeAsQuickAsBeforeWhenAnotherLeadsOrAnswersAreQuick()
    {
        watch.onFalseAlarm();
        watch.onNewLeader();
        assertTrue(watch.isDue(100));
        assertTrue(watch.isLost(400));
        // An answer within half the timeout.
        watch.onFalseAlarm();
        watch.onHeard();
        assertFalse(watch.isDue(200));
        assertTrue(watch.isDue(300));
        assertTrue(watch.isLost(600));
        // A slow one.
        watch.onFalseAlarm();
        watch.onHeard();
        assertFalse(watch.isDue(600));
        assertTrue(watch.isDue(700));
        assertFalse(watch.isLost(1000));
    }
}
