import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.IdentityPartitionConverters;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** Random values, and the two forms they take: the library's records for writing, JSON by field id for the truth (tests/lib/truth.py). */
final class Values {
    /** A struct by field id: what a row knows about itself. An id that is absent reads as that field's initial default. */
    static final class Members extends TreeMap<Integer, Object> {
    }

    private static final String[] WORDS = {"", "a", "b", "ä", "EU", "eu", "null", "a long word, longer than any bound", "ünïcödé", "x y", "\u0000", "𝄞"};
    private static final LocalDate EPOCH = LocalDate.of(1970, 1, 1);

    private final Random random;

    Values(Random random) {
        this.random = random;
    }

    Members members(Types.StructType type) {
        Members out = new Members();
        for (Types.NestedField field : type.fields()) {
            out.put(field.fieldId(), field.isOptional() && random.nextInt(5) == 0 ? null : value(field.type()));
        }
        return out;
    }

    Object value(Type type) {
        switch (type.typeId()) {
            case STRUCT:
                return members(type.asStructType());
            case LIST: {
                List<Object> out = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    out.add(type.asListType().isElementOptional() && random.nextInt(4) == 0 ? null : value(type.asListType().elementType()));
                }
                return out;
            }
            case MAP: {
                Map<Object, Object> out = new LinkedHashMap<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    out.put(value(type.asMapType().keyType()),
                            type.asMapType().isValueOptional() && random.nextInt(4) == 0 ? null : value(type.asMapType().valueType()));
                }
                return out;
            }
            default:
                return primitive(type);
        }
    }

    /** From a small domain mostly, so that equality deletes meet something, with the ends of each type among it. */
    Object primitive(Type type) {
        boolean edge = random.nextInt(12) == 0;
        int small = random.nextInt(9);
        switch (type.typeId()) {
            case BOOLEAN:
                return random.nextBoolean();
            case INTEGER:
                return edge ? (random.nextBoolean() ? Integer.MIN_VALUE : Integer.MAX_VALUE) : small - 2;
            case LONG:
                return edge ? (random.nextBoolean() ? Long.MIN_VALUE : Long.MAX_VALUE) : (long) small * 1000 - 2000;
            case FLOAT:
                return edge ? new float[] {Float.NaN, Float.POSITIVE_INFINITY, -0.0f, Float.MIN_VALUE}[random.nextInt(4)] : small / 3.0f;
            case DOUBLE:
                return edge ? new double[] {Double.NaN, Double.NEGATIVE_INFINITY, -0.0, Double.MAX_VALUE}[random.nextInt(4)] : small / 7.0;
            case DECIMAL: {
                Types.DecimalType decimal = (Types.DecimalType) type;
                BigInteger most = BigInteger.TEN.pow(decimal.precision()).subtract(BigInteger.ONE);
                return new BigDecimal(edge ? (random.nextBoolean() ? most : most.divide(BigInteger.TEN).negate()) : BigInteger.valueOf(small - 3), decimal.scale());
            }
            case DATE:
                return EPOCH.plusDays(edge ? random.nextInt(60000) - 30000 : small * 20 - 60);
            case TIME:
                return edge ? LocalTime.MAX.truncatedTo(ChronoUnit.MICROS) : LocalTime.of(small, 30).plusNanos(small * 1000L);
            case TIMESTAMP:
                return ((Types.TimestampType) type).shouldAdjustToUTC() ? moment(edge, small, 1000).atOffset(ZoneOffset.UTC) : moment(edge, small, 1000);
            case TIMESTAMP_NANO:
                return ((Types.TimestampNanoType) type).shouldAdjustToUTC() ? moment(edge, small, 1).atOffset(ZoneOffset.UTC) : moment(edge, small, 1);
            case STRING:
                return WORDS[random.nextInt(WORDS.length)];
            case UUID:
                return new UUID(small == 8 ? -1L : small, small * 77L);
            case FIXED: {
                byte[] out = new byte[((Types.FixedType) type).length()];
                out[0] = (byte) (edge ? 255 : small);
                return out;
            }
            case BINARY:
                return ByteBuffer.wrap(new byte[] {(byte) small, (byte) (edge ? 255 : 0)}, 0, random.nextInt(3));
            default:
                throw new IllegalArgumentException("no values of " + type);
        }
    }

    private LocalDateTime moment(boolean edge, int small, int unit) {
        LocalDateTime start = LocalDateTime.of(1969, 12, 31, 22, 59, 59);
        return edge ? start.minusYears(60).plusNanos(987654321L / unit * unit) : start.plusHours(small * 7L).plusNanos(123456789L * small / unit * unit);
    }

    // ---- a row as the library's record under a schema ----

    static Record record(Types.StructType type, Members row) {
        GenericRecord out = GenericRecord.create(type);
        for (Types.NestedField field : type.fields()) {
            out.setField(field.name(), known(field, row));
        }
        return out;
    }

    static Object known(Types.NestedField field, Members row) {
        if (row.containsKey(field.fieldId())) {
            return generic(field.type(), row.get(field.fieldId()));
        }
        return field.initialDefault() == null ? null : IdentityPartitionConverters.convertConstant(field.type(), field.initialDefault());
    }

    private static Object generic(Type type, Object value) {
        if (value == null) {
            return null;
        }
        switch (type.typeId()) {
            case STRUCT:
                return record(type.asStructType(), (Members) value);
            case LIST: {
                List<Object> out = new ArrayList<>();
                for (Object one : (List<?>) value) {
                    out.add(generic(type.asListType().elementType(), one));
                }
                return out;
            }
            case MAP: {
                Map<Object, Object> out = new LinkedHashMap<>();
                for (Map.Entry<?, ?> one : ((Map<?, ?>) value).entrySet()) {
                    out.put(generic(type.asMapType().keyType(), one.getKey()), generic(type.asMapType().valueType(), one.getValue()));
                }
                return out;
            }
            case LONG:
                return ((Number) value).longValue();
            case DOUBLE:
                return ((Number) value).doubleValue();
            case BINARY:
                return ((ByteBuffer) value).duplicate();
            default:
                return value;
        }
    }

    // ---- JSON, members by field id ----

    static String json(Types.StructType type, Record record) {
        StringBuilder out = new StringBuilder();
        record(out, type, record);
        return out.toString();
    }

    static String json(Members row) {
        StringBuilder out = new StringBuilder();
        put(out, null, row);
        return out.toString();
    }

    private static void record(StringBuilder out, Types.StructType type, Record record) {
        TreeMap<Integer, Types.NestedField> fields = new TreeMap<>();
        type.fields().forEach(field -> fields.put(field.fieldId(), field));
        String comma = "{";
        for (Types.NestedField field : fields.values()) {
            out.append(comma).append('"').append(field.fieldId()).append("\":");
            put(out, field.type(), record.getField(field.name()));
            comma = ",";
        }
        out.append(fields.isEmpty() ? "{}" : "}");
    }

    /** The type is needed only to find ids of a record's members; a model's value carries them. */
    private static void put(StringBuilder out, Type type, Object value) {
        if (value == null || value instanceof Boolean || value instanceof Integer || value instanceof Long) {
            out.append(value);
        } else if (value instanceof Members) {
            String comma = "{";
            for (Map.Entry<Integer, Object> one : ((Members) value).entrySet()) {
                out.append(comma).append('"').append(one.getKey()).append("\":");
                put(out, null, one.getValue());
                comma = ",";
            }
            out.append(((Members) value).isEmpty() ? "{}" : "}");
        } else if (value instanceof Record) {
            record(out, type.asStructType(), (Record) value);
        } else if (value instanceof List) {
            String comma = "[";
            for (Object one : (List<?>) value) {
                out.append(comma);
                put(out, type == null ? null : type.asListType().elementType(), one);
                comma = ",";
            }
            out.append(((List<?>) value).isEmpty() ? "[]" : "]");
        } else if (value instanceof Map) {
            out.append(pairs(type, (Map<?, ?>) value));
        } else {
            text(out, scalar(value));
        }
    }

    private static String pairs(Type type, Map<?, ?> value) {
        List<String> out = new ArrayList<>();
        for (Map.Entry<?, ?> one : value.entrySet()) {
            StringBuilder pair = new StringBuilder("[");
            put(pair, type == null ? null : type.asMapType().keyType(), one.getKey());
            pair.append(',');
            put(pair, type == null ? null : type.asMapType().valueType(), one.getValue());
            out.add(pair.append(']').toString());
        }
        out.sort(null);
        return "[" + String.join(",", out) + "]";
    }

    private static String scalar(Object value) {
        if (value instanceof Float || value instanceof Double) {
            return Double.toString(((Number) value).doubleValue());
        } else if (value instanceof BigDecimal) {
            return ((BigDecimal) value).toPlainString();
        } else if (value instanceof LocalDate) {
            return "d" + ((LocalDate) value).toEpochDay();
        } else if (value instanceof LocalTime) {
            return "t" + ((LocalTime) value).toNanoOfDay();
        } else if (value instanceof LocalDateTime) {
            return "n" + nanos((LocalDateTime) value);
        } else if (value instanceof OffsetDateTime) {
            return "z" + nanos(((OffsetDateTime) value).withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime());
        } else if (value instanceof ByteBuffer) {
            ByteBuffer copy = ((ByteBuffer) value).duplicate();
            byte[] bytes = new byte[copy.remaining()];
            copy.get(bytes);
            return hex(bytes);
        } else if (value instanceof byte[]) {
            return hex((byte[]) value);
        }
        return value.toString();
    }

    private static long nanos(LocalDateTime value) {
        return value.toEpochSecond(ZoneOffset.UTC) * 1_000_000_000L + value.getNano();
    }

    private static String hex(byte[] bytes) {
        StringBuilder out = new StringBuilder("x");
        for (byte one : bytes) {
            out.append(String.format("%02x", one));
        }
        return out.toString();
    }

    static void text(StringBuilder out, String value) {
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
