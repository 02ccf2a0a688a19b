package io.ukehi.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class KnownMembersTest
{
    private final KnownMembers known = new KnownMembers(ClientEndpoint.parse("1=ipc,2=b:2", new ArrayList<>()));

    private List<String> all()
    {
        final List<String> all = new ArrayList<>();
        for (int i = 0; i < known.count(); i++)
        {
            all.add(known.endpoint(i).memberId() + " " + known.endpoint(i).channel());
        }
        return all;
    }

    @Test
    void shouldAddWhoIsNewAndKeepTheNumbersOfAll()
    {
        assertArrayEquals(new int[]{2, 3}, known.onTold(4, "1=a:1,2=b:2,4=d:4,3=c:3"));
        assertArrayEquals(new int[]{4}, known.onTold(5, "5=e:5"));
        assertEquals(List.of("1 aeron:ipc", "2 aeron:udp?endpoint=b:2", "4 aeron:udp?endpoint=d:4",
            "3 aeron:udp?endpoint=c:3", "5 aeron:udp?endpoint=e:5"), all());
    }

    @Test
    void shouldGoOnLookingWhereAMemberWasConfiguredUntilItMoves()
    {
        assertArrayEquals(new int[0], known.onTold(4, "1=a:1,2=b:2"));
        assertArrayEquals(new int[0], known.onTold(5, "1=a:1,2=b:2"));
        assertArrayEquals(new int[]{0}, known.onTold(6, "1=a:9,2=b:2"));
        assertEquals("1 aeron:udp?endpoint=a:9", all().get(0));
    }

    @Test
    void shouldPassOverWhatIsOlderOrMakesNoSense()
    {
        known.onTold(6, "1=a:1,3=c:3");
        assertArrayEquals(new int[0], known.onTold(5, "1=a:7,4=d:4"));
        assertArrayEquals(new int[0], known.onTold(7, "rubbish"));
        assertArrayEquals(new int[0], known.onTold(8, ""));
        assertEquals(3, known.count());
    }
}
