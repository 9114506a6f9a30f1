import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.iceberg.PartitionField;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.UpdatePartitionSpec;
import org.apache.iceberg.UpdateSchema;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.expressions.Literal;
import org.apache.iceberg.expressions.Term;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.types.Types.NestedField;

/** Random schemas and partition specs, and the steps by which they change. */
final class Shapes {
    private static final String[] NAMES = {"c", "Größe ", "a-b ", "1x", "with space ", "quote\"", "_", "select "};

    private final Random random;
    private final boolean large;
    private final boolean zoned; // with nanoseconds that have a time zone, which the server refuses
    private final List<String> dropped = new ArrayList<>();
    private int named;
    private int nested = 1000; // ids have to be unique before fresh ones can be assigned
    private Type literalType;

    Shapes(Random random, boolean large, boolean zoned) {
        this.random = random;
        this.large = large;
        this.zoned = zoned;
    }

    Schema schema(int version) {
        List<NestedField> fields = new ArrayList<>();
        fields.add(NestedField.required(1, "id", Types.IntegerType.get()));
        fields.add(NestedField.optional(2, "word", Types.StringType.get()));
        fields.add(NestedField.optional(3, "day", Types.DateType.get()));
        int more = large ? 1 : 2 + random.nextInt(6);
        for (int i = 0; i < more; i++) {
            Type type = large ? primitive(version) : type(version, 0);
            fields.add(NestedField.of(4 + i, random.nextInt(4) > 0, name(), type));
        }
        int[] next = {0};
        return TypeUtil.assignFreshIds(new Schema(fields), () -> ++next[0]);
    }

    private Type type(int version, int depth) {
        int kind = depth < 3 ? random.nextInt(8) : 7;
        if (kind == 0) {
            List<NestedField> fields = new ArrayList<>();
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                fields.add(NestedField.of(++nested, random.nextInt(4) > 0, name(), type(version, depth + 1)));
            }
            return Types.StructType.of(fields);
        } else if (kind == 1) {
            Type element = type(version, depth + 1);
            return random.nextInt(4) > 0 ? Types.ListType.ofOptional(++nested, element) : Types.ListType.ofRequired(++nested, element);
        } else if (kind == 2) {
            Type key = new Type[] {Types.StringType.get(), Types.IntegerType.get(), Types.DateType.get()}[random.nextInt(3)];
            Type value = type(version, depth + 1);
            return random.nextInt(4) > 0 ? Types.MapType.ofOptional(++nested, ++nested, key, value) : Types.MapType.ofRequired(++nested, ++nested, key, value);
        }
        return primitive(version);
    }

    private Type primitive(int version) {
        switch (random.nextInt(version < 3 ? 16 : zoned ? 18 : 17)) {
            case 0: return Types.BooleanType.get();
            case 1: case 2: return Types.IntegerType.get();
            case 3: return Types.LongType.get();
            case 4: return Types.FloatType.get();
            case 5: return Types.DoubleType.get();
            case 6: return Types.DecimalType.of(5 + random.nextInt(5), random.nextInt(3));
            case 7: return Types.DecimalType.of(12 + random.nextInt(20), random.nextInt(10));
            case 8: return Types.DateType.get();
            case 9: return Types.TimeType.get();
            case 10: return Types.TimestampType.withoutZone();
            case 11: return Types.TimestampType.withZone();
            case 12: return Types.UUIDType.get();
            case 13: return Types.FixedType.ofLength(1 + random.nextInt(9));
            case 14: return Types.BinaryType.get();
            case 16: return Types.TimestampNanoType.withoutZone();
            case 17: return Types.TimestampNanoType.withZone();
            default: return Types.StringType.get();
        }
    }

    /** Now and then a name that a dropped column had: it is another column all the same. */
    private String name() {
        if (!dropped.isEmpty() && random.nextInt(3) == 0) {
            return dropped.remove(random.nextInt(dropped.size()));
        }
        return NAMES[random.nextInt(random.nextInt(3) == 0 ? NAMES.length : 1)] + ++named;
    }

    // ---- steps of a schema ----

    private static void members(Types.StructType struct, List<NestedField> out) {
        for (NestedField field : struct.fields()) {
            out.add(field);
            below(field.type(), out);
        }
    }

    private static void below(Type type, List<NestedField> out) {
        if (type.isStructType()) {
            members(type.asStructType(), out);
        } else if (type.isListType()) {
            below(type.asListType().elementType(), out);
        } else if (type.isMapType()) {
            below(type.asMapType().valueType(), out);
        }
    }

    private NestedField pick(Schema schema, Predicate<NestedField> fit) {
        List<NestedField> all = new ArrayList<>();
        members(schema.asStruct(), all);
        all.removeIf(field -> !fit.test(field));
        return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
    }

    private static Set<Integer> sources(Table table) {
        Set<Integer> out = new HashSet<>();
        for (PartitionSpec spec : table.specs().values()) {
            for (PartitionField field : spec.fields()) {
                out.add(field.sourceId());
                Integer parent = TypeUtil.indexParents(table.schema().asStruct()).get(field.sourceId());
                while (parent != null) {
                    out.add(parent);
                    parent = TypeUtil.indexParents(table.schema().asStruct()).get(parent);
                }
            }
        }
        return out;
    }

    /** One to three changes in one commit; what they were, or null. */
    String evolve(Table table, int version) {
        StringBuilder out = new StringBuilder();
        UpdateSchema update = table.updateSchema();
        Set<Integer> touched = new HashSet<>();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            String done = change(table, update, version, touched);
            if (done != null) {
                out.append(out.length() > 0 ? ", " : "").append(done);
            }
        }
        if (out.length() == 0) {
            return null;
        }
        update.commit();
        return out.toString();
    }

    private String change(Table table, UpdateSchema update, int version, Set<Integer> touched) {
        Schema schema = table.schema();
        switch (random.nextInt(7)) {
            case 0: case 1:
                return add(schema, update, version);
            case 2: {
                NestedField field = pick(schema, one -> one.fieldId() > 1 && touched.add(one.fieldId()));
                if (field == null) {
                    return null;
                }
                update.renameColumn(schema.findColumnName(field.fieldId()), name());
                return "rename " + field.name();
            }
            case 3:
                return drop(table, update, touched);
            case 4:
                return widen(schema, update, touched);
            case 5: {
                NestedField field = pick(schema, one -> touched.add(one.fieldId()));
                if (field == null) {
                    return null;
                }
                update.moveFirst(schema.findColumnName(field.fieldId()));
                return "move " + field.name();
            }
            default: {
                NestedField field = pick(schema, one -> one.isRequired() && one.fieldId() > 1 && touched.add(one.fieldId()));
                if (field == null) {
                    return null;
                }
                update.makeColumnOptional(schema.findColumnName(field.fieldId()));
                return "optional " + field.name();
            }
        }
    }

    private String add(Schema schema, UpdateSchema update, int version) {
        NestedField parent = random.nextBoolean() ? pick(schema, field -> field.type().isStructType()) : null;
        String name = name();
        Literal<?> literal = version >= 3 && random.nextInt(3) > 0 ? literal() : null;
        Type type = literal == null ? type(version, 1) : literalType;
        if (parent == null && literal == null) {
            update.addColumn(name, type);
        } else if (parent == null && random.nextBoolean()) {
            update.addRequiredColumn(name, type, literal);
        } else if (parent == null) {
            update.addColumn(name, type, literal);
        } else if (literal == null) {
            update.addColumn(schema.findColumnName(parent.fieldId()), name, type);
        } else {
            update.addColumn(schema.findColumnName(parent.fieldId()), name, type, literal);
        }
        return "add " + (parent == null ? "" : parent.name() + "/") + name + (literal == null ? "" : " default");
    }

    private Literal<?> literal() {
        switch (random.nextInt(7)) {
            case 0: literalType = Types.IntegerType.get(); return Literal.of(random.nextInt(5));
            case 1: literalType = Types.StringType.get(); return Literal.of(random.nextBoolean() ? "a" : "default ü");
            case 2: literalType = Types.DateType.get(); return Literal.of("2021-02-03").to(literalType);
            case 3: literalType = Types.DoubleType.get(); return Literal.of(2.5);
            case 4: literalType = Types.BooleanType.get(); return Literal.of(true);
            case 5: literalType = Types.DecimalType.of(9, 2); return Literal.of("12.30").to(literalType);
            default: literalType = Types.TimestampType.withZone(); return Literal.of("2021-02-03T04:05:06.000007+00:00").to(literalType);
        }
    }

    /** Never a column that a spec leads to, nor the last one of a struct. */
    private String drop(Table table, UpdateSchema update, Set<Integer> touched) {
        Set<Integer> sources = sources(table);
        NestedField field = pick(table.schema(), one -> one.fieldId() > 1 && !sources.contains(one.fieldId()) && alone(table.schema(), one) && touched.add(one.fieldId()));
        if (field == null || field.type().isNestedType() && !touched.addAll(TypeUtil.getProjectedIds(field.type()))) {
            return null;
        }
        update.deleteColumn(table.schema().findColumnName(field.fieldId()));
        dropped.add(field.name());
        return "drop " + field.name();
    }

    private static boolean alone(Schema schema, NestedField field) {
        Integer parent = TypeUtil.indexParents(schema.asStruct()).get(field.fieldId());
        return parent == null || schema.findType(parent).isStructType() && schema.findType(parent).asStructType().fields().size() > 2;
    }

    private String widen(Schema schema, UpdateSchema update, Set<Integer> touched) {
        NestedField field = pick(schema, one -> wider(one.type()) != null && touched.add(one.fieldId()));
        if (field == null) {
            return null;
        }
        update.updateColumn(schema.findColumnName(field.fieldId()), wider(field.type()));
        return "widen " + field.name();
    }

    private static Type.PrimitiveType wider(Type type) {
        switch (type.typeId()) {
            case INTEGER:
                return Types.LongType.get();
            case FLOAT:
                return Types.DoubleType.get();
            case DECIMAL: {
                Types.DecimalType decimal = (Types.DecimalType) type;
                return decimal.precision() > 34 ? null : Types.DecimalType.of(decimal.precision() + 4, decimal.scale());
            }
            default:
                return null;
        }
    }

    // ---- steps of a partition spec ----

    String repartition(Table table) {
        UpdatePartitionSpec update = table.updateSpec();
        List<PartitionField> fields = new ArrayList<>(table.spec().fields());
        fields.removeIf(field -> field.transform().isVoid());
        if (!fields.isEmpty() && random.nextInt(3) > 0) {
            PartitionField field = fields.get(random.nextInt(fields.size()));
            if (random.nextInt(4) == 0) {
                update.renameField(field.name(), "p" + ++named).commit();
                return "rename of partition " + field.name();
            }
            update.removeField(field.name()).commit();
            return "partition removed " + field.name();
        }
        NestedField field = pick(table.schema(), one -> one.type().isPrimitiveType() && reachable(table.schema(), one.fieldId()));
        Term term = term(table.schema().findColumnName(field.fieldId()), field.type());
        update.addField("p" + ++named, term).commit();
        return "partition added " + field.name();
    }

    /** A source may stand in a struct, but not in a list or map. */
    private static boolean reachable(Schema schema, int id) {
        Map<Integer, Integer> parents = TypeUtil.indexParents(schema.asStruct());
        for (Integer parent = parents.get(id); parent != null; parent = parents.get(parent)) {
            if (!schema.findType(parent).isStructType()) {
                return false;
            }
        }
        return true;
    }

    private Term term(String name, Type type) {
        List<Term> fit = new ArrayList<>();
        boolean moment = type.typeId() == Type.TypeID.TIMESTAMP || type.typeId() == Type.TypeID.TIMESTAMP_NANO;
        fit.add(Expressions.ref(name));
        if (type.typeId() != Type.TypeID.BOOLEAN && type.typeId() != Type.TypeID.FLOAT && type.typeId() != Type.TypeID.DOUBLE) {
            fit.add(Expressions.bucket(name, 2 + random.nextInt(3)));
        }
        switch (type.typeId()) {
            case INTEGER: case LONG:
                fit.add(Expressions.truncate(name, 3));
                break;
            case DECIMAL:
                fit.add(Expressions.truncate(name, 50));
                break;
            case STRING: case BINARY:
                fit.add(Expressions.truncate(name, 1));
                break;
            default:
        }
        if (moment || type.typeId() == Type.TypeID.DATE) {
            fit.add(Expressions.year(name));
            fit.add(Expressions.month(name));
            fit.add(Expressions.day(name));
        }
        if (moment) {
            fit.add(Expressions.hour(name));
        }
        return fit.get(random.nextInt(fit.size()));
    }
}
