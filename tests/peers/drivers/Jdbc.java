import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/** The Flight SQL JDBC driver as a program meets it. Usage: Jdbc URL SCENARIO [ARGUMENTS]; what it saw goes out as lines "name<TAB>value". */
public final class Jdbc {
    static void say(String name, Object value) {
        System.out.println(name + "\t" + String.valueOf(value).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t"));
    }

    static String words(Throwable e) {
        while (e instanceof InvocationTargetException && e.getCause() != null) e = e.getCause();
        return e.getClass().getSimpleName() + ": " + e.getMessage();
    }

    /** The driver has no getObject for a timestamp with a time zone. */
    static String cell(ResultSet found, int column) throws SQLException {
        boolean zoned = found.getMetaData().getColumnType(column) == java.sql.Types.TIMESTAMP_WITH_TIMEZONE;
        return String.valueOf(zoned ? found.getTimestamp(column) : found.getObject(column));
    }

    /** Every row, its cells parted by '|'. */
    static List<String> rows(ResultSet found) throws SQLException {
        List<String> all = new ArrayList<>();
        int columns = found.getMetaData().getColumnCount();
        while (found.next()) {
            StringBuilder row = new StringBuilder();
            for (int i = 1; i <= columns; i++) row.append(i > 1 ? "|" : "").append(cell(found, i));
            all.add(row.toString());
        }
        found.close();
        return all;
    }

    static void sayRows(String name, ResultSet found) throws SQLException {
        for (String row : rows(found)) say(name, row);
    }

    // ---- every method of DatabaseMetaData ----

    /** By method the arguments that mean something; otherwise by type the mildest there are. */
    static Object[] arguments(Method m) {
        switch (m.getName()) {
            case "getTables": return new Object[] {null, "s%", "%", null};
            case "getColumns": return new Object[] {null, "sales", "orders", "%"};
            case "getSchemas": return m.getParameterCount() == 0 ? new Object[0] : new Object[] {null, "sal%"};
            case "getPrimaryKeys": return new Object[] {null, "sales", "orders"};
            case "getImportedKeys": return new Object[] {null, "sales", "orders"};
            case "getExportedKeys": return new Object[] {null, "sales", "customers"};
            case "getCrossReference": return new Object[] {null, "sales", "customers", null, "sales", "orders"};
            case "supportsResultSetConcurrency": return new Object[] {ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY};
            case "supportsTransactionIsolationLevel": return new Object[] {Connection.TRANSACTION_NONE};
            case "supportsConvert": return m.getParameterCount() == 0 ? new Object[0] : new Object[] {java.sql.Types.VARCHAR, java.sql.Types.DATE};
            case "isWrapperFor": case "unwrap": return new Object[] {DatabaseMetaData.class};
            default: break;
        }
        List<Object> mild = new ArrayList<>();
        for (Class<?> type : m.getParameterTypes()) {
            if (type == int.class) mild.add(ResultSet.TYPE_FORWARD_ONLY);
            else if (type == boolean.class) mild.add(false);
            else if (type == String.class) mild.add("orders");
            else mild.add(null);
        }
        return mild.toArray();
    }

    static void metadata(Connection c) throws Exception {
        Method[] methods = DatabaseMetaData.class.getMethods();
        Arrays.sort(methods, Comparator.comparing(Method::getName).thenComparing(Method::getParameterCount));
        DatabaseMetaData data = c.getMetaData();
        for (Method m : methods) {
            String name = m.getName() + "/" + m.getParameterCount();
            try {
                Object value = m.invoke(data, arguments(m));
                if (value instanceof ResultSet) {
                    List<String> found = rows((ResultSet) value);
                    say(name, "rows:" + found.size());
                    for (String row : found) say(name + ":row", row);
                } else {
                    say(name, value);
                }
            } catch (Throwable e) {
                say(name, "FAILED " + words(e));
            }
        }
        for (int from : TYPES) for (int to : TYPES) say("convert", from + ">" + to + " " + data.supportsConvert(from, to));
    }

    static final int[] TYPES = {java.sql.Types.BIGINT, java.sql.Types.VARCHAR, java.sql.Types.DATE, java.sql.Types.TIMESTAMP, java.sql.Types.BINARY};

    // ---- statements ----

    static void describe(String name, ResultSetMetaData m) throws SQLException {
        for (int i = 1; i <= m.getColumnCount(); i++)
            say(name, m.getColumnLabel(i) + "|" + m.getColumnTypeName(i) + "|" + m.getColumnType(i) + "|" + m.getPrecision(i) + "|" + m.getScale(i) + "|" + m.getCatalogName(i)
                    + "|" + m.getSchemaName(i) + "|" + m.getTableName(i) + "|" + m.isAutoIncrement(i) + "|" + m.isCaseSensitive(i) + "|" + m.isReadOnly(i) + "|" + m.isSearchable(i));
    }

    static void query(Connection c, String... statements) throws SQLException {
        for (String sql : statements)
            try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(sql)) {
                describe("column", r.getMetaData());
                sayRows("row", r);
                say("end", sql);
            } catch (SQLException e) {
                say("refused", words(e));
            }
    }

    static void prepared(Connection c) throws SQLException {
        try (PreparedStatement p = c.prepareStatement("select id, region from sales.orders where id between ? and ? order by id")) {
            describe("column", p.getMetaData());
            say("parameters", p.getParameterMetaData().getParameterCount());
            for (int first : new int[] {1, 5}) {
                p.setInt(1, first);
                p.setLong(2, first + 1);
                sayRows("between", p.executeQuery());
            }
        }
        String[] types = {"BIGINT", "INTEGER", "VARCHAR", "DOUBLE", "DECIMAL(12,2)", "BOOLEAN", "DATE", "TIMESTAMP", "BLOB", "VARCHAR"};
        Object[] values = {1L << 40, 7, "ä\u20ac'", 1.5d, new BigDecimal("12.34"), true, Date.valueOf("2020-02-29"), Timestamp.valueOf("2020-02-29 10:11:12.123456"), new byte[] {0, 1, (byte) 255}, null};
        for (int i = 0; i < types.length; i++)
            try (PreparedStatement p = c.prepareStatement("select ?::" + types[i] + " as x")) {
                p.setObject(1, values[i]);
                try (ResultSet r = p.executeQuery()) {
                    r.next();
                    Object got = r.getObject(1);
                    say("parameter " + types[i], got instanceof byte[] ? Arrays.toString((byte[]) got) : got);
                }
            } catch (SQLException e) {
                say("parameter " + types[i], "FAILED " + words(e));
            }
    }

    interface Doing { Object what() throws Exception; }

    static void sayWhat(String name, Doing doing) {
        try {
            say(name, doing.what());
        } catch (Throwable e) {
            say(name, "FAILED " + words(e));
        }
    }

    /** JDBC's batches are of updates; this server only reads, and says so. The connection goes on. */
    static void batches(Connection c) throws SQLException {
        try (PreparedStatement p = c.prepareStatement("select id from sales.orders where id = ?")) {
            for (int id = 1; id <= 3; id++) {
                p.setInt(1, id);
                p.addBatch();
            }
            sayWhat("batch", () -> Arrays.toString(p.executeBatch()));
        }
        try (Statement s = c.createStatement()) {
            sayWhat("update", () -> s.executeUpdate("delete from sales.orders"));
            sayWhat("insert", () -> s.execute("insert into sales.orders select * from sales.orders"));
            sayWhat("create", () -> s.execute("create table x (i int)"));
        }
        query(c, "select 1 as x");
    }

    static final String ENDLESS = "select a.id + b.id + c.id as x from sales.orders a, sales.orders b, sales.orders c";

    /** The driver cancels what it reads; before the first rows it can but wait, so a time limit is for that. */
    static void cancel(Connection c) throws Exception {
        long begun = System.nanoTime();
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery(ENDLESS)) {
            Thread canceller = new Thread(() -> {
                try {
                    TimeUnit.MILLISECONDS.sleep(500);
                    s.cancel();
                } catch (Exception e) {
                    say("canceller", words(e));
                }
            });
            canceller.start();
            long rows = 0;
            while (r.next()) rows++;
            say("cancelled", "no: " + rows);
        } catch (Exception e) {
            say("cancelled", words(e));
        }
        say("seconds", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun));
        begun = System.nanoTime();
        try (Statement s = c.createStatement()) {
            s.setQueryTimeout(1);
            s.executeQuery("select count(*) from (" + ENDLESS + ") where x = -1");
            say("timeout", "no");
        } catch (Exception e) {
            say("timeout", words(e));
        }
        say("timeout seconds", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun));
        query(c, "select 1 as x");
    }

    /** What a SQL workbench asks when it opens a connection, unfolds a tree and shows a table. */
    static void workbench(Connection c) throws SQLException {
        DatabaseMetaData d = c.getMetaData();
        say("product", d.getDatabaseProductName() + "|" + !d.getDatabaseProductVersion().isEmpty() + "|" + d.getIdentifierQuoteString() + "|" + d.getCatalogSeparator() + "|" + d.getSearchStringEscape());
        say("terms", d.getCatalogTerm() + "|" + d.getSchemaTerm() + "|" + d.isCatalogAtStart() + "|" + d.supportsCatalogsInDataManipulation() + "|" + d.supportsSchemasInDataManipulation());
        say("keywords", d.getSQLKeywords().contains("QUALIFY"));
        say("catalog", c.getCatalog());
        say("schema", c.getSchema());
        say("valid", c.isValid(5));
        say("readonly", c.isReadOnly() + "|" + c.getAutoCommit() + "|" + d.supportsTransactions() + "|" + c.getTransactionIsolation());
        c.setReadOnly(true);
        c.setAutoCommit(true);
        sayRows("catalogs", d.getCatalogs());
        sayRows("schemas", d.getSchemas("demo", null));
        sayRows("types", d.getTableTypes());
        sayRows("tables", d.getTables("demo", "sales", "%", new String[] {"TABLE", "VIEW"}));
        sayRows("views", d.getTables("demo", "sales", "%", new String[] {"VIEW"}));
        sayRows("columns", d.getColumns("demo", "sales", "orders", null));
        sayRows("column", d.getColumns("demo", "sales", "orders", "am%"));
        sayRows("primary", d.getPrimaryKeys("demo", "sales", "orders"));
        sayRows("imported", d.getImportedKeys("demo", "sales", "orders"));
        sayRows("exported", d.getExportedKeys("demo", "sales", "customers"));
        try (Statement s = c.createStatement()) {
            s.setMaxRows(3);
            s.setFetchSize(2);
            s.setQueryTimeout(20);
            say("execute", s.execute("select * from \"demo\".\"sales\".\"orders\" order by \"id\""));
            describe("shown", s.getResultSet().getMetaData());
            sayRows("shown rows", s.getResultSet());
            say("label", s.execute("select note from sales.orders where note is not null limit 1") && s.getResultSet().getMetaData().getColumnLabel(1).equals("note"));
            say("more", s.getMoreResults() + "|" + s.getUpdateCount());
        }
        try (Statement s = c.createStatement()) {
            say("count", rows(s.executeQuery("select count(*) from sales.orders where region = 'EU'")).size());
            s.executeQuery("select no_such_column from sales.orders");
        } catch (SQLException e) {
            say("mistake", words(e));
        }
        c.commit();
    }

    public static void main(String[] a) throws Exception {
        Properties more = new Properties();
        for (int i = 2; i < a.length; i++)
            if (a[i].startsWith("-P")) more.setProperty(a[i].substring(2, a[i].indexOf('=')), a[i].substring(a[i].indexOf('=') + 1));
        String[] rest = Arrays.stream(a).skip(2).filter(x -> !x.startsWith("-P")).toArray(String[]::new);
        try (Connection c = DriverManager.getConnection(a[0], more)) {
            say("connected", c.getMetaData().getDriverName() + " " + c.getMetaData().getDriverVersion());
            switch (a[1]) {
                case "metadata": metadata(c); break;
                case "query": query(c, rest); break;
                case "prepared": prepared(c); break;
                case "batches": batches(c); break;
                case "cancel": cancel(c); break;
                case "workbench": workbench(c); break;
                default: throw new IllegalArgumentException(a[1]);
            }
        } catch (SQLException e) {
            say("failed", words(e));
        }
        say("closed", true);
        System.exit(0); // the driver leaves threads behind
    }
}
