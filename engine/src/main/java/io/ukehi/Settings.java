package io.ukehi;

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
public final class Settings
{
    private final Map<String, String> malformed = new LinkedHashMap<>();
    private final Map<String, String> environment;

    /**
     * Over system properties first.
     *
     * @param environment what to look into where there is no property: {@link System#getenv()}.
     */
    public Settings(final Map<String, String> environment)
    {
        this.environment = environment;
    }

    /** Name of the environment variable of a property: {@code ukehi.group.id} is UKEHI_GROUP_ID. */
    public static String environmentName(final String property)
    {
        return property.replace('.', '_').toUpperCase(Locale.ROOT);
    }

    /** Text, without blanks around it. */
    public String text(final String property, final String defaultValue)
    {
        final String value = System.getProperty(property, environment.get(environmentName(property)));
        return null == value ? defaultValue : value.trim();
    }

    /** {@code true} or {@code false}. */
    public boolean flag(final String property, final boolean defaultValue)
    {
        final String value = text(property, Boolean.toString(defaultValue));
        if (!"true".equals(value) && !"false".equals(value))
        {
            malformed.put(property, property + " = '" + value + "': must be true or false");
            return defaultValue;
        }
        return Boolean.parseBoolean(value);
    }

    /** A whole number. */
    public long number(final String property, final long defaultValue)
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

    /** A number of bytes, with a unit or without. */
    public int size(final String property, final int defaultValue)
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

    /** A time with its unit, as nanoseconds. A bare number is refused: who writes one rarely means nanoseconds. */
    public long durationNs(final String property, final long defaultNs)
    {
        final String value = text(property, null);
        try
        {
            if (null != value && !value.isEmpty() && Character.isDigit(value.charAt(value.length() - 1)))
            {
                throw new NumberFormatException("no unit");
            }
            return null == value ? defaultNs : SystemUtil.parseDuration(property, value);
        }
        catch (final NumberFormatException ignore)
        {
            malformed.put(property, property + " = '" + value + "': must be a time with its unit, as 250us or 5s");
            return defaultNs;
        }
    }

    /** One of an enumeration's names, in capitals or not. */
    public <T extends Enum<T>> T choice(final String property, final T defaultValue)
    {
        final String value = text(property, null);
        if (null == value)
        {
            return defaultValue;
        }
        final Class<T> type = defaultValue.getDeclaringClass();
        for (final T constant : type.getEnumConstants())
        {
            if (constant.name().equalsIgnoreCase(value))
            {
                return constant;
            }
        }
        malformed.put(property, property + " = '" + value + "': must be one of " +
            List.of(type.getEnumConstants()).toString().replaceAll("[\\[\\]]", ""));
        return defaultValue;
    }

    /** The program has set it: what the property said no longer matters. */
    public void isSetByProgram(final String property)
    {
        malformed.remove(property);
    }

    /** Whether the property is set to something that cannot be read, and the default stands in its place. */
    public boolean isMalformed(final String property)
    {
        return malformed.containsKey(property);
    }

    /** What could not be read: a new list, for more to be added. */
    public List<String> problems()
    {
        return new ArrayList<>(malformed.values());
    }
}
