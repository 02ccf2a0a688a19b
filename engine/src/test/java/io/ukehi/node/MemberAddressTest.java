package io.ukehi.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemberAddressTest
{
    private final List<String> problems = new ArrayList<>();

    @Test
    void shouldReadMembersWhateverBlanksStandBetween()
    {
        final List<MemberAddress> members = MemberAddress.parse(
            "1=localhost:9001:9101, 2 = 10.0.0.2:9001:9101 ,7=node-7.example.org:1:65535", problems);
        assertEquals(List.of(), problems);
        assertEquals(List.of(
            new MemberAddress(1, "localhost", 9001, 9101),
            new MemberAddress(2, "10.0.0.2", 9001, 9101),
            new MemberAddress(7, "node-7.example.org", 1, 65535)), members);
        assertEquals("10.0.0.2:9101", members.get(1).clientEndpoint());
        assertEquals("aeron:udp?endpoint=10.0.0.2:9101", members.get(1).clientChannel());
    }

    @ParameterizedTest
    @ValueSource(strings = {"3=[::1]:9001:9101", "3=::1:9001:9101"})
    void shouldReadAnIpv6AddressInBracketsOrBare(final String text)
    {
        final MemberAddress member = MemberAddress.parse(text, problems).getFirst();
        assertEquals(List.of(), problems);
        assertEquals(9001, member.peerPort());
        assertEquals("[::1]:9101", member.clientEndpoint());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "1", "=", "1=", "1=host", "1=host:9001", "1=:9001:9101", "=host:9001:9101", "0=host:9001:9101",
        "-1=host:9001:9101", "x=host:9001:9101", "99999999999=host:9001:9101", "1=host:0:9101", "1=host:9001:0",
        "1=host:65536:9101", "1=host:9001:65536", "1=host:a:9101", "1=host:9001:b", "1=host:9001:", "1=host::9101",
        "1=ho st:9001:9101", "1=host|alias=x:9001:9101", "1=host?a=b:9001:9101", "1=host/path:9001:9101",
        "1=2=host:9001:9101", "1=host:9001:9101:", "1:host:9001:9101"})
    void shouldSayWhatIsRightWhenAnEntryCannotBeRead(final String entry)
    {
        assertEquals(List.of(), MemberAddress.parse(entry, problems));
        assertEquals(List.of("'" + entry + "': must be ID=HOST:PEERPORT:CLIENTPORT"), problems);
    }

    @Test
    void shouldReadTheOthersWhenOneCannotBeRead()
    {
        final List<MemberAddress> members = MemberAddress.parse("1=a:1:2,,3=c:1:2", problems);
        assertEquals(List.of(1, 3), members.stream().map(MemberAddress::id).toList());
        assertEquals(1, problems.size());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "1=a:1:2,1=b:1:2                | member 1: must be named once",
        "1=a:1:1                        | member 1: its two ports must differ, both are 1",
        "1=a:1:2,2=a:1:3                | members 1 and 2: must not share a port of one host",
        "1=a:1:2,2=a:3:2                | members 1 and 2: must not share a port of one host",
        "1=a:1:2,2=a:2:3                | members 1 and 2: must not share a port of one host",
        "1=a:1:2,2=a:3:1                | members 1 and 2: must not share a port of one host",
        "1=a:1:2,2=A:1:3                | members 1 and 2: must not share a port of one host",
    })
    void shouldRefuseMembersThatCannotBeTogether(final String text, final String problem)
    {
        MemberAddress.parse(text, problems);
        assertEquals(List.of(problem), problems);
    }

    @Test
    void shouldTakeTheSamePortsOnOtherHosts()
    {
        MemberAddress.parse("1=a:1:2,2=b:1:2,3=a:3:4", problems);
        assertTrue(problems.isEmpty());
    }
}
