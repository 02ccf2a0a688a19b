package io.ukehi.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A network of this machine alone, in which each member of a cluster has a network namespace of its own, so that links
 * between members can be cut while clients still reach all of them. Needs root and the {@code ip} command.
 * <pre>
 *   clients (.254) --- bridge --- veth --- namespace of member 1 (.1)
 *                         |------ veth --- namespace of member 2 (.2) ...
 * </pre>
 * A link is cut, one way, by telling a member a wrong hardware address of another: what it sends is lost on the way,
 * as in a network, and no call fails.
 */
final class ChaosNetwork implements AutoCloseable
{
    private static final String NOWHERE = "02:00:00:00:00:01";

    private final int size;
    private final String name;
    private final String subnet;
    private final List<String> namespaces = new ArrayList<>();
    private boolean hasBridge;

    private ChaosNetwork(final int size)
    {
        this.size = size;
        final long pid = ProcessHandle.current().pid();
        name = "ukc" + pid % 100_000;
        subnet = "10." + (100 + pid % 100) + "." + pid / 100 % 250 + ".";
    }

    /**
     * Makes the network.
     *
     * @throws IOException telling why it cannot be made; nothing is left behind then.
     */
    static ChaosNetwork open(final int size) throws IOException
    {
        final ChaosNetwork network = new ChaosNetwork(size);
        try
        {
            network.make();
        }
        catch (final IOException ex)
        {
            network.close();
            throw ex;
        }
        return network;
    }

    private void make() throws IOException
    {
        ip("link", "add", bridge(), "type", "bridge");
        hasBridge = true;
        ip("addr", "add", clientHost() + "/24", "dev", bridge());
        ip("link", "set", bridge(), "up");
        for (int id = 1; id <= size; id++)
        {
            ip("netns", "add", namespace(id));
            namespaces.add(namespace(id));
            ip("link", "add", name + "h" + id, "type", "veth", "peer", "name", "eth0", "netns", namespace(id));
            ip("link", "set", name + "h" + id, "master", bridge(), "up");
            ip("-n", namespace(id), "addr", "add", host(id) + "/24", "dev", "eth0");
            ip("-n", namespace(id), "link", "set", "lo", "up");
            ip("-n", namespace(id), "link", "set", "eth0", "up");
        }
    }

    private String bridge()
    {
        return name + "b";
    }

    private String namespace(final int id)
    {
        return name + "n" + id;
    }

    /** Address of a member. */
    String host(final int id)
    {
        return subnet + id;
    }

    /** Address of whoever is in no namespace. */
    String clientHost()
    {
        return subnet + "254";
    }

    /** What a command is put behind to run in a member's namespace. */
    List<String> prefix(final int id)
    {
        return List.of("ip", "netns", "exec", namespace(id));
    }

    /** What one member sends to another is lost from now on. */
    void cut(final int from, final int to) throws IOException
    {
        ip("-n", namespace(from), "neigh", "replace", host(to), "lladdr", NOWHERE, "dev", "eth0", "nud", "permanent");
    }

    /** What members send to each other is lost now and then from now on. Needs the {@code iptables} command. */
    void lose(final double share) throws IOException
    {
        for (int id = 1; id <= size; id++)
        {
            run("ip", "netns", "exec", namespace(id), "iptables", "-A", "INPUT", "-i", "eth0", "!", "-s", clientHost(),
                "-p", "udp", "-m", "statistic", "--mode", "random", "--probability", Double.toString(share),
                "-j", "DROP");
        }
    }

    /** All links are whole again. */
    void heal() throws IOException
    {
        for (int id = 1; id <= size; id++)
        {
            ip("-n", namespace(id), "neigh", "flush", "dev", "eth0", "nud", "permanent");
        }
    }

    private static void ip(final String... arguments) throws IOException
    {
        final List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        run(command.toArray(new String[0]));
    }

    private static void run(final String... command) throws IOException
    {
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        final String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try
        {
            if (!process.waitFor(10, TimeUnit.SECONDS) || 0 != process.exitValue())
            {
                throw new IOException(String.join(" ", command) + ": " + text);
            }
        }
        catch (final InterruptedException ex)
        {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", ex);
        }
    }

    /** Takes the network down, as far as it was made. */
    @Override
    public void close()
    {
        namespaces.forEach(namespace -> quietly("netns", "delete", namespace));
        namespaces.clear();
        if (hasBridge)
        {
            hasBridge = false;
            quietly("link", "delete", bridge());
        }
    }

    private static void quietly(final String... arguments)
    {
        try
        {
            ip(arguments);
        }
        catch (final IOException ex)
        {
            System.err.println("ukehi: " + ex.getMessage());
        }
    }
}
