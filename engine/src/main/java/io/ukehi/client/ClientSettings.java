package io.ukehi.client;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.agrona.SystemUtil;

/**
 * Reads settings from system properties, and from the environment where there is no such property. What cannot be read
 * is kept to be told together with all that is wrong, unless the program sets it in the meantime.
 */
final class ClientSettings
{
    private final Map<String, String> malformed = new LinkedHashMap<>();
    private final Map<String, String> environment;

    ClientSettings(final Map<String, String> environment)
    {
        this.environment = environment;
    }

    /** Name of the environment variable of a property: {@code ukehi.client.group.id} is UKEHI_CLIENT_GROUP_ID. */
    static String environmentName(final String property)
    {
        return property.replace('.', '_').toUpperCase(Locale.ROOT);
    }

    String text(final String property, final String defaultValue)
    {
        final String value = System.getProperty(property, environment.get(environmentName(property)));
        return null == value ? defaultValue : value.trim();
    }

    boolean flag(final String property, final boolean defaultValue)
    {
        final String value = text(property, Boolean.toString(defaultValue));
        if (!"true".equals(value) && !"false".equals(value))
        {
            malformed.put(property, property + " = '" + value + "': must be true or false");
            return defaultValue;
        }
        return Boolean.parseBoolean(value);
    }

    long number(final String property, final long defaultValue)
    {
        final String value = text(property, null);
        try
        {
            return null == value ? defaultValue : Long.parseLong(value);
        }
        catch (final NumberFormatException ignore)
        {
            malformed.put(property, property + " = '" + value + "': must be a whole number");
            return defaultValue;
        }
    }

    int size(final String property, final int defaultValue)
    {
        final String value = text(property, null);
        try
        {
            return null == value ? defaultValue : Math.toIntExact(SystemUtil.parseSize(property, value));
        }
        catch (final NumberFormatException | ArithmeticException ignore)
        {
            malformed.put(property, property + " = '" + value + "': must be a number of bytes, as 65536, 64k or 8m");
            return defaultValue;
        }
    }

    long durationNs(final String property, final long defaultNs)
    {
        final String value = text(property, null);
        try
        {
            return null == value ? defaultNs : SystemUtil.parseDuration(property, value);
        }
        catch (final NumberFormatException ignore)
        {
            malformed.put(property, property + " = '" + value + "': must be a time with its unit, as 250us or 5s");
            return defaultNs;
        }
    }

    /** The program has set it: what the property said no longer matters. */
    void isSetByProgram(final String property)
    {
        malformed.remove(property);
    }

    List<String> problems()
    {
        return new ArrayList<>(malformed.values());
    }
}
