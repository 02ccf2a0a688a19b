package io.ukehi.example;

import io.ukehi.fencing.FencingToken;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Accounts in a database, written by whoever holds the newest token: the guard is a column of the row. */
final class GuardedTable
{
    private final Connection connection;

    GuardedTable(final Connection connection)
    {
        this.connection = connection;
    }

    void create(final int accounts) throws SQLException
    {
        try (Statement statement = connection.createStatement())
        {
            // A token as a signed number of the same order: SQL has no unsigned ones.
            statement.execute(
                "CREATE TABLE account (id INT PRIMARY KEY, balance BIGINT NOT NULL, token BIGINT NOT NULL)");
            for (int id = 1; id <= accounts; id++)
            {
                statement.execute("INSERT INTO account VALUES (" + id + ", 0, " +
                    FencingToken.toSigned(FencingToken.NONE) + ")");
            }
        }
    }

    /** Sets a balance; false, and nothing is changed, if the row has seen a newer token. */
    boolean set(final long token, final int id, final long balance) throws SQLException
    {
        return update("UPDATE account SET balance = ?, token = ? WHERE id = ? AND token <= ?", token, id, balance);
    }

    /** Adds to a balance, once for each token: a repetition of the same command changes nothing. */
    boolean addOnce(final long token, final int id, final long amount) throws SQLException
    {
        return update("UPDATE account SET balance = balance + ?, token = ? WHERE id = ? AND token < ?",
            token, id, amount);
    }

    private boolean update(final String sql, final long token, final int id, final long amount) throws SQLException
    {
        // Check and write are one statement: the database holds the row while it does both.
        try (PreparedStatement statement = connection.prepareStatement(sql))
        {
            statement.setLong(1, amount);
            statement.setLong(2, FencingToken.toSigned(token));
            statement.setInt(3, id);
            statement.setLong(4, FencingToken.toSigned(token));
            return FencingToken.NONE != token && 1 == statement.executeUpdate();
        }
    }

    long balance(final int id) throws SQLException
    {
        try (Statement statement = connection.createStatement();
            ResultSet row = statement.executeQuery("SELECT balance FROM account WHERE id = " + id))
        {
            row.next();
            return row.getLong(1);
        }
    }
}
