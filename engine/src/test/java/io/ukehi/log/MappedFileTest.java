package io.ukehi.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedFileTest
{
    private static final int PAGE = MappedFile.PAGE_LENGTH;

    @TempDir
    private Path directory;

    /** The kernel reads ahead up to the end of a file, however far that is. */
    @Test
    void shouldBeNoLongerThanItWasTouched() throws IOException
    {
        final Path path = directory.resolve("part");
        try (MappedFile file = MappedFile.create(path, 8 * PAGE, Storage.Mapping.PRIVATE))
        {
            int left = 8 * PAGE;
            while (left > 0)
            {
                left = file.touch(3 * PAGE);
                assertEquals(8 * PAGE - left, Files.size(path));
            }
            for (int at = 0; at < file.length(); at++)
            {
                assertEquals(0, file.buffer().getByte(at));
            }
        }
    }

    @Test
    void shouldHoldWhatIsWrittenWhereItWasTouched() throws IOException
    {
        final Path path = directory.resolve("part");
        final byte[] bytes = new byte[2 * PAGE];
        try (MappedFile file = MappedFile.create(path, 2 * PAGE, Storage.Mapping.PRIVATE))
        {
            // What is stored in a page that is touched stays while those behind it are.
            assertTrue(file.touch(PAGE) > 0);
            for (int at = 0; at < PAGE; at++)
            {
                bytes[at] = (byte)(at * 31);
            }
            file.buffer().putBytes(0, bytes, 0, PAGE);
            file.write(0, PAGE);
            assertEquals(0, file.touch(PAGE));
            bytes[2 * PAGE - 1] = 7;
            file.buffer().putByte(2 * PAGE - 1, (byte)7);
            file.write(PAGE, PAGE);
            file.force();
        }
        assertArrayEquals(bytes, Files.readAllBytes(path));
    }

    @Test
    void shouldKeepAllOfAFileThatWasThereBefore() throws IOException
    {
        final Path path = directory.resolve("part");
        final byte[] bytes = new byte[3 * PAGE];
        bytes[0] = 1;
        bytes[3 * PAGE - 1] = 2;
        Files.write(path, bytes);
        try (MappedFile file = MappedFile.open(path, Storage.Mapping.PRIVATE))
        {
            assertEquals(2 * PAGE, file.touch(PAGE));
            assertEquals(3 * PAGE, Files.size(path));
            assertEquals(0, file.touch(2 * PAGE));
            assertEquals(1, file.buffer().getByte(0));
            assertEquals(2, file.buffer().getByte(3 * PAGE - 1));
        }
        assertArrayEquals(bytes, Files.readAllBytes(path));
    }

    @Test
    void shouldDeleteWhatIsLongBitByBit() throws IOException
    {
        Files.write(directory.resolve("long"), new byte[5 * PAGE]);
        try (FileStorage storage = FileStorage.open(directory))
        {
            assertFalse(storage.deletePart("long", 2 * PAGE));
            assertEquals(3 * PAGE, Files.size(directory.resolve("long")));
            assertFalse(storage.deletePart("long", 2 * PAGE));
            assertEquals(PAGE, Files.size(directory.resolve("long")));
            assertTrue(storage.deletePart("long", 2 * PAGE));
            assertFalse(Files.exists(directory.resolve("long")));
        }
    }
}
