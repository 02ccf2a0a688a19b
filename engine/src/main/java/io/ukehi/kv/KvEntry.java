package io.ukehi.kv;

import java.nio.charset.StandardCharsets;

/**
 * A key with its value, as the store had it at one moment. The arrays belong to whom it was given to.
 *
 * @param key     of the entry.
 * @param value   of the key.
 * @param version log index of the command that wrote it.
 */
public record KvEntry(byte[] key, byte[] value, long version)
{
    /** The key, taken for UTF-8. */
    public String keyText()
    {
        return new String(key, StandardCharsets.UTF_8);
    }

    /** The value, taken for UTF-8. */
    public String valueText()
    {
        return new String(value, StandardCharsets.UTF_8);
    }
}
