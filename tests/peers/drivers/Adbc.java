import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.adbc.core.AdbcConnection;
import org.apache.arrow.adbc.core.AdbcDatabase;
import org.apache.arrow.adbc.core.AdbcDriver;
import org.apache.arrow.adbc.core.AdbcException;
import org.apache.arrow.adbc.core.AdbcStatement;
import org.apache.arrow.adbc.core.PartitionDescriptor;
import org.apache.arrow.adbc.driver.flightsql.FlightSqlConnectionProperties;
import org.apache.arrow.adbc.driver.flightsql.FlightSqlDriver;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** The ADBC driver of Java. Usage: Adbc URI NAME PASSWORD [cookies]; what it saw goes out as lines "name<TAB>value". */
public final class Adbc {
    interface Doing { void run() throws Exception; }

    static void say(String name, Object value) {
        System.out.println(name + "\t" + String.valueOf(value).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t"));
    }

    static void attempt(String name, Doing doing) {
        try {
            doing.run();
        } catch (AdbcException e) {
            say(name, "FAILED " + e.getStatus() + " " + e.getMessage());
        } catch (Throwable e) {
            say(name, "FAILED " + e);
        }
    }

    static void sayAll(String name, ArrowReader reader) throws Exception {
        long rows = 0;
        try (ArrowReader r = reader) {
            say(name + ":schema", r.getVectorSchemaRoot().getSchema().getFields().stream().map(Field::getName).toList());
            while (r.loadNextBatch()) {
                VectorSchemaRoot root = r.getVectorSchemaRoot();
                rows += root.getRowCount();
                for (int i = 0; i < root.getRowCount() && i < 20; i++) {
                    StringBuilder row = new StringBuilder();
                    for (FieldVector v : root.getFieldVectors()) row.append(row.length() > 0 ? "|" : "").append(v.getObject(i));
                    say(name, row);
                }
            }
        }
        say(name + ":rows", rows);
    }

    static void query(AdbcConnection c, String name, String sql) throws Exception {
        try (AdbcStatement s = c.createStatement()) {
            s.setSqlQuery(sql);
            AdbcStatement.QueryResult result = s.executeQuery();
            sayAll(name, result.getReader());
        }
    }

    static void prepared(AdbcConnection c, BufferAllocator allocator) throws Exception {
        try (AdbcStatement s = c.createStatement()) {
            s.setSqlQuery("select id, region from sales.orders where id = ?");
            s.prepare();
            say("parameters", s.getParameterSchema());
            for (long id = 3; id < 5; id++) {
                Schema schema = new Schema(List.of(Field.nullable("p", new ArrowType.Int(64, true))));
                try (VectorSchemaRoot root = VectorSchemaRoot.create(schema, allocator)) {
                    ((BigIntVector) root.getVector(0)).setSafe(0, id);
                    root.setRowCount(1);
                    s.bind(root);
                    sayAll("prepared", s.executeQuery().getReader());
                }
            }
        }
    }

    static void partitions(AdbcConnection c) throws Exception {
        try (AdbcStatement s = c.createStatement()) {
            s.setSqlQuery("select id from sales.orders where id <= 3 order by id");
            AdbcStatement.PartitionResult result = s.executePartitioned();
            say("partition count", result.getPartitionDescriptors().size());
            for (PartitionDescriptor p : result.getPartitionDescriptors()) sayAll("partition", c.readPartition(p.getDescriptor()));
        }
    }

    public static void main(String[] a) throws Exception {
        Map<String, Object> parameters = new HashMap<>();
        AdbcDriver.PARAM_URI.set(parameters, a[0]);
        AdbcDriver.PARAM_USERNAME.set(parameters, a[1]);
        AdbcDriver.PARAM_PASSWORD.set(parameters, a[2]);
        if (Arrays.asList(a).contains("cookies")) FlightSqlConnectionProperties.WITH_COOKIE_MIDDLEWARE.set(parameters, true);
        for (String argument : a)
            if (argument.startsWith("roots=")) FlightSqlConnectionProperties.TLS_ROOT_CERTS.set(parameters, new java.io.FileInputStream(argument.substring(6)));
        try (BufferAllocator allocator = new RootAllocator(); AdbcDatabase d = new FlightSqlDriver(allocator).open(parameters); AdbcConnection c = d.connect()) {
            attempt("query", () -> query(c, "query", "select region, count(*) as n from sales.orders group by region order by region"));
            attempt("info", () -> sayAll("info", c.getInfo()));
            for (AdbcConnection.GetObjectsDepth depth : AdbcConnection.GetObjectsDepth.values())
                attempt("objects " + depth, () -> sayAll("objects " + depth, c.getObjects(depth, null, null, null, null, null)));
            attempt("objects filtered", () -> sayAll("objects filtered", c.getObjects(AdbcConnection.GetObjectsDepth.ALL, "demo", "sal%", "ord%", new String[] {"TABLE"}, "am%")));
            attempt("table", () -> say("table", c.getTableSchema("demo", "sales", "orders").getFields().size()));
            attempt("no table", () -> say("no table", c.getTableSchema("demo", "sales", "nothing")));
            attempt("types", () -> sayAll("types", c.getTableTypes()));
            attempt("autocommit", () -> say("autocommit", c.getAutoCommit()));
            attempt("readonly", () -> say("readonly", c.getReadOnly()));
            attempt("prepared", () -> prepared(c, allocator));
            attempt("partitions", () -> partitions(c));
            attempt("schema", () -> {
                try (AdbcStatement s = c.createStatement()) {
                    s.setSqlQuery("select id, amount from sales.orders");
                    say("schema", s.executeSchema().getFields().stream().map(Field::toString).toList());
                }
            });
            attempt("update", () -> {
                try (AdbcStatement s = c.createStatement()) {
                    s.setSqlQuery("delete from sales.orders");
                    say("update", s.executeUpdate().getAffectedRows());
                }
            });
            attempt("mistake", () -> query(c, "mistake", "select no_such_column from sales.orders"));
            attempt("after", () -> query(c, "after", "select 1 as x"));
        } catch (AdbcException e) {
            say("failed", e.getStatus() + " " + e.getMessage());
        }
        say("closed", true);
        System.exit(0);
    }
}
