import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** PostgreSQL's JDBC driver as a program meets it. Usage: Pgjdbc URL SCENARIO; what it saw goes out as lines "name<TAB>value", where rows are JSON arrays of texts. */
public final class Pgjdbc {
    interface Doing { Object what() throws Exception; }

    static void say(String name, Object value) {
        System.out.println(name + "\t" + String.valueOf(value).replace("\n", "\\n").replace("\t", "\\t"));
    }

    static String words(Throwable e) {
        while (e instanceof InvocationTargetException && e.getCause() != null) e = e.getCause();
        String state = e instanceof SQLException ? ((SQLException) e).getSQLState() + " " : "";
        return e.getClass().getSimpleName() + ": " + state + e.getMessage();
    }

    static void sayWhat(String name, Doing doing) {
        try {
            say(name, doing.what());
        } catch (Throwable e) {
            say(name, "FAILED " + words(e));
        }
    }

    // ---- values as JSON ----

    static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray())
            if (c == '"' || c == '\\') out.append('\\').append(c);
            else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
            else out.append(c);
        return out.append('"').toString();
    }

    static String json(Object value) throws SQLException {
        if (value == null) return "null";
        if (value instanceof Array) value = ((Array) value).getArray();
        if (value instanceof Object[]) {
            List<String> parts = new ArrayList<>();
            for (Object one : (Object[]) value) parts.add(json(one));
            return "[" + String.join(", ", parts) + "]";
        }
        if (value instanceof byte[]) return quoted(HexFormat.of().formatHex((byte[]) value));
        if (value instanceof BigDecimal) return quoted(((BigDecimal) value).toPlainString());
        return quoted(value.toString());
    }

    /** java.time's classes for what getObject has older ones for. */
    static Object cell(ResultSet r, int column) throws SQLException {
        switch (r.getMetaData().getColumnTypeName(column)) {
            case "date": return r.getObject(column, LocalDate.class);
            case "time": return r.getObject(column, LocalTime.class);
            case "timestamp": return r.getObject(column, LocalDateTime.class);
            case "timestamptz": return r.getObject(column, OffsetDateTime.class);
            default: return r.getObject(column);
        }
    }

    static List<String> rows(ResultSet found) throws SQLException {
        List<String> all = new ArrayList<>();
        int columns = found.getMetaData().getColumnCount();
        while (found.next()) {
            Object[] row = new Object[columns];
            for (int i = 1; i <= columns; i++) row[i - 1] = cell(found, i);
            all.add(json(row));
        }
        found.close();
        return all;
    }

    static void sayRows(String name, ResultSet found) throws SQLException {
        for (String row : rows(found)) say(name, row);
    }

    // ---- every method of DatabaseMetaData ----

    static Object[] arguments(Method m) {
        switch (m.getName()) {
            case "getTables": return new Object[] {null, "s%", "%", new String[] {"TABLE"}};
            case "getColumns": return new Object[] {null, "sales", "orders", "%"};
            case "getSchemas": return m.getParameterCount() == 0 ? new Object[0] : new Object[] {null, "sal%"};
            case "getPrimaryKeys": case "getImportedKeys": return new Object[] {null, "sales", "orders"};
            case "getExportedKeys": return new Object[] {null, "sales", "customers"};
            case "getIndexInfo": return new Object[] {null, "sales", "orders", true, false};
            case "getBestRowIdentifier": return new Object[] {null, "sales", "orders", DatabaseMetaData.bestRowSession, true};
            case "getColumnPrivileges": return new Object[] {null, "sales", "orders", "%"};
            case "getTablePrivileges": return new Object[] {null, "sales", "%"};
            case "getCrossReference": return new Object[] {null, "sales", "customers", null, "sales", "orders"};
            case "getFunctions": return new Object[] {null, "pg_catalog", "upper"};
            case "getFunctionColumns": return new Object[] {null, "pg_catalog", "upper", "%"};
            case "getUDTs": return new Object[] {null, "sales", "%", null};
            case "isWrapperFor": case "unwrap": return new Object[] {DatabaseMetaData.class};
            case "supportsTransactionIsolationLevel": return new Object[] {Connection.TRANSACTION_REPEATABLE_READ};
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
        for (Method m : methods)
            sayWhat(m.getName() + "/" + m.getParameterCount(), () -> {
                Object value = m.invoke(data, arguments(m));
                if (!(value instanceof ResultSet)) return value;
                List<String> found = rows((ResultSet) value);
                for (String row : found) say(m.getName() + ":row", row);
                return "rows:" + found.size();
            });
    }

    static void columns(ResultSetMetaData m) throws SQLException {
        for (int i = 1; i <= m.getColumnCount(); i++)
            say("column", m.getColumnLabel(i) + "|" + m.getColumnTypeName(i) + "|" + m.getPrecision(i) + "|" + m.getScale(i) + "|" + m.getTableName(i) + "|" + m.isNullable(i) + "|"
                    + m.isAutoIncrement(i) + "|" + m.getColumnClassName(i));
    }

    // ---- statements ----

    /** Every value read, and each row asked for by its own values, often enough that the driver prepares and goes binary. */
    static void types(Connection c) throws SQLException {
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("select * from kinds.everything order by id")) {
            columns(r.getMetaData());
            sayRows("row", r);
        }
        String sql = "select * from kinds.everything where id = ? and i is not distinct from ? and b is not distinct from ? and s is not distinct from ? and u is not distinct from ?"
                + " and day is not distinct from ? and t is not distinct from ? and ts is not distinct from ? and tz is not distinct from ? and l is not distinct from ? and m is not distinct from ?";
        String[] names = {"id", "i", "b", "s", "u", "day", "t", "ts", "tz", "l", "m"};
        int[] kinds = {Types.BIGINT, Types.INTEGER, Types.BOOLEAN, Types.VARCHAR, Types.OTHER, Types.DATE, Types.TIME, Types.TIMESTAMP, Types.TIMESTAMP_WITH_TIMEZONE, Types.ARRAY, Types.NUMERIC};
        List<Object[]> held = new ArrayList<>();
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("select " + String.join(", ", names) + " from kinds.everything order by id")) {
            while (r.next()) {
                Object[] row = new Object[names.length];
                for (int i = 0; i < names.length; i++) row[i] = cell(r, i + 1);
                held.add(row);
            }
        }
        try (PreparedStatement p = c.prepareStatement(sql)) {
            for (int round = 0; round < 3; round++)
                for (Object[] row : held) {
                    for (int i = 0; i < row.length; i++)
                        if (row[i] == null && names[i].equals("l")) p.setNull(i + 1, Types.ARRAY, "int4[]");
                        else if (row[i] == null && names[i].equals("u")) p.setObject(i + 1, null, Types.OTHER);
                        else if (row[i] == null) p.setNull(i + 1, kinds[i]);
                        else p.setObject(i + 1, row[i]);
                    sayRows("round " + round, p.executeQuery());
                }
        }
        try (PreparedStatement p = c.prepareStatement("select count(*) from sales.orders where id = any(?) and region = any(?)")) {
            p.setArray(1, c.createArrayOf("int8", new Object[] {1L, 2L, 3L, 4L, 5L}));
            p.setArray(2, c.createArrayOf("text", new Object[] {"US", "EU"}));
            say("parameters", p.getParameterMetaData().getParameterTypeName(1) + " " + p.getParameterMetaData().getParameterTypeName(2));
            sayRows("arrays", p.executeQuery());
        }
        try (Statement s = c.createStatement()) {
            sayRows("escapes", s.executeQuery("select {fn ucase('a')}, {d '2024-02-29'}, {ts '2024-02-29 10:00:00'}, {fn timestampdiff(SQL_TSI_DAY, {ts '2024-01-01 00:00:00'}, {ts '2024-02-01 00:00:00'})}"));
        }
    }

    /** Portals that wait while other statements of the connection run, and a result that can be gone through both ways. */
    static void fetch(Connection c) throws SQLException {
        c.setAutoCommit(false);
        try (Statement s = c.createStatement(); PreparedStatement p = c.prepareStatement("select status from sales.orders where id = ?")) {
            s.setFetchSize(100);
            try (ResultSet r = s.executeQuery("select id, status from sales.orders order by id")) {
                long count = 0, sum = 0, same = 0;
                for (; r.next(); count++) {
                    sum += r.getLong(1);
                    if (count % 500 != 0) continue;
                    p.setLong(1, r.getLong(1));
                    try (ResultSet one = p.executeQuery()) {
                        if (one.next() && one.getString(1).equals(r.getString(2))) same++;
                    }
                }
                say("fetched", count + " " + sum + " " + same);
            }
        }
        try (Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY)) {
            s.setMaxRows(50);
            ResultSet r = s.executeQuery("select id from sales.orders order by id");
            say("scroll", r.last() + " " + r.getRow() + " " + r.absolute(10) + " " + r.getLong(1) + " " + r.previous() + " " + r.getLong(1));
        }
        c.commit();
        try (Statement s = c.createStatement(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY, ResultSet.HOLD_CURSORS_OVER_COMMIT)) {
            s.setFetchSize(10);
            sayWhat("held", () -> rows(s.executeQuery("select id from sales.orders order by id limit 35")).size());
        }
        c.commit();
        c.setAutoCommit(true);
    }

    static void transactions(Connection c) throws SQLException {
        say("levels", c.getTransactionIsolation());
        for (int level : new int[] {Connection.TRANSACTION_READ_COMMITTED, Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE})
            sayWhat("level " + level, () -> { c.setTransactionIsolation(level); return c.getTransactionIsolation(); });
        c.setReadOnly(true);
        c.setAutoCommit(false);
        try (Statement s = c.createStatement()) {
            sayRows("in", s.executeQuery("select count(*) from sales.orders"));
            Savepoint here = c.setSavepoint("here");
            sayWhat("mistake", () -> s.executeQuery("select nothing_like_it from sales.orders"));
            sayWhat("failed transaction", () -> s.executeQuery("select 1"));
            c.rollback(here);
            sayRows("after", s.executeQuery("select 1"));
            c.releaseSavepoint(here);
            c.commit();
            c.setReadOnly(false);
            for (String sql : new String[] {"delete from sales.orders", "insert into sales.orders (id) values (1)", "create table x (i int)", "select * from sales.orders for update"}) {
                sayWhat("refused", () -> s.execute(sql));
                c.rollback();
            }
            c.setAutoCommit(true);
            say("several", s.execute("select 1; select 2, 'x'") + " " + rows(s.getResultSet()) + " " + s.getMoreResults() + " " + rows(s.getResultSet()) + " " + s.getMoreResults() + " " + s.getUpdateCount());
        }
        try (PreparedStatement p = c.prepareStatement("select id from sales.orders where id = ?")) {
            for (int id = 1; id <= 3; id++) {
                p.setInt(1, id);
                p.addBatch();
            }
            sayWhat("batch", () -> Arrays.toString(p.executeBatch()));
        }
        c.setClientInfo("ApplicationName", "pgjdbc's");
        try (Statement s = c.createStatement()) {
            sayRows("name", s.executeQuery("show application_name"));
        }
        c.setSchema("sales");
        try (Statement s = c.createStatement()) {
            sayRows("schema", s.executeQuery("select current_schema(), (select count(*) from orders)"));
        }
        say("valid", c.isValid(5) + " " + c.getSchema() + " " + c.getCatalog());
    }

    static void copy(Connection c) throws Exception {
        CopyManager manager = c.unwrap(PGConnection.class).getCopyAPI();
        for (String form : new String[] {"text", "csv", "binary"}) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            long count = manager.copyOut("copy (select id, status from sales.orders order by id) to stdout (format " + form + ")", out);
            say("copy " + form, count + " " + out.size());
        }
        sayWhat("copy in", () -> manager.copyIn("copy sales.orders from stdin", new StringReader("1\n")));
        sayRows("goes on", c.createStatement().executeQuery("select 1"));
    }

    static final String ENDLESS = "select count(*) from sales.orders a, sales.orders b, sales.orders c where a.id + b.id + c.id = 7";

    static void cancel(Connection c) throws Exception {
        long begun = System.nanoTime();
        try (Statement s = c.createStatement()) {
            Thread canceller = new Thread(() -> sayWhat("canceller", () -> { TimeUnit.MILLISECONDS.sleep(700); s.cancel(); return true; }));
            canceller.start();
            sayWhat("cancelled", () -> s.executeQuery(ENDLESS));
            canceller.join();
            s.setQueryTimeout(1);
            sayWhat("timeout", () -> s.executeQuery(ENDLESS));
        }
        say("quick", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun) < 30);
        sayRows("after", c.createStatement().executeQuery("select 1"));
    }

    static void who(Connection c) throws Exception {
        sayRows("who", c.createStatement().executeQuery("select current_user, (select count(*) from sales.orders), (select ssl from pg_stat_ssl where pid = pg_backend_pid())"));
    }

    public static void main(String[] a) throws Exception {
        for (int i = 0; i + 1 < a.length; i += 2) {
            say("begin", a[i + 1]);
            try (Connection c = DriverManager.getConnection(a[i])) {
                switch (a[i + 1].split(" ")[0]) {
                    case "metadata": metadata(c); break;
                    case "types": types(c); break;
                    case "fetch": fetch(c); break;
                    case "transactions": transactions(c); break;
                    case "copy": copy(c); break;
                    case "cancel": cancel(c); break;
                    case "who": who(c); break;
                    default: throw new IllegalArgumentException(a[i + 1]);
                }
            } catch (SQLException e) {
                say("failed", words(e));
            }
        }
        say("closed", true);
        System.exit(0);
    }
}
