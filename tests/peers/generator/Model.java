import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.PartitionData;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.types.Comparators;
import org.apache.iceberg.types.Type;

/** What a branch holds, kept in memory and never read back from the table: data files, their rows in order, and which are gone. */
final class Model {
    /** A row is written once under one number; an update is a row that goes and another that comes. */
    static final class Row {
        final int number;
        final Values.Members values;

        Row(int number, Values.Members values) {
            this.number = number;
            this.values = values;
        }
    }

    static final class File {
        final DataFile file;
        final PartitionSpec spec;
        final List<Row> rows;
        final BitSet gone; // for whatever reason
        final BitSet goneByPosition; // what a deletion vector of this file has to repeat
        DeleteFile vector;

        File(DataFile file, PartitionSpec spec, List<Row> rows) {
            this(file, spec, rows, new BitSet(), new BitSet(), null);
        }

        private File(DataFile file, PartitionSpec spec, List<Row> rows, BitSet gone, BitSet goneByPosition, DeleteFile vector) {
            this.file = file;
            this.spec = spec;
            this.rows = rows;
            this.gone = gone;
            this.goneByPosition = goneByPosition;
            this.vector = vector;
        }

        File copy() {
            return new File(file, spec, rows, (BitSet) gone.clone(), (BitSet) goneByPosition.clone(), vector);
        }

        String path() {
            return file.location();
        }

        /** A spec of the first version whose fields are all void: the library writes such files, but does not find them to take them away. */
        boolean findable() {
            return spec.isPartitioned() || spec.fields().isEmpty();
        }

        List<Row> live() {
            List<Row> out = new ArrayList<>();
            for (int i = 0; i < rows.size(); i++) {
                if (!gone.get(i)) {
                    out.add(rows.get(i));
                }
            }
            return out;
        }

        /** The rule of partitioned deletes: the same spec, and equal values. */
        boolean within(PartitionSpec other, StructLike partition) {
            return spec.specId() == other.specId()
                && (other.isUnpartitioned() || Comparators.forType(other.partitionType()).compare(partition(other), partition) == 0);
        }

        /** The partition as the spec spells it now: its source may have become wider since. */
        StructLike partition(PartitionSpec now) {
            if (now.isUnpartitioned()) {
                return file.partition();
            }
            PartitionData out = new PartitionData(now.partitionType());
            for (int i = 0; i < out.size(); i++) {
                Object value = file.partition().get(i, Object.class);
                Type.TypeID type = now.partitionType().fields().get(i).type().typeId();
                boolean wider = value instanceof Integer && type == Type.TypeID.LONG || value instanceof Float && type == Type.TypeID.DOUBLE;
                out.set(i, !wider ? value : value instanceof Integer ? (Object) ((Integer) value).longValue() : (Object) ((Float) value).doubleValue());
            }
            return out;
        }
    }

    final Map<String, File> files = new LinkedHashMap<>();

    Model copy() {
        Model out = new Model();
        files.forEach((path, file) -> out.files.put(path, file.copy()));
        return out;
    }

    void add(File file) {
        files.put(file.path(), file);
    }

    void remove(File file) {
        files.remove(file.path());
    }

    void deletePositions(File file, BitSet positions) {
        File mine = files.get(file.path());
        mine.gone.or(positions);
        mine.goneByPosition.or(positions);
    }

    /** An equality delete: all rows of the files in scope that are equal. */
    void deleteWhere(Predicate<File> scope, Predicate<Row> equal) {
        for (File file : files.values()) {
            if (scope.test(file)) {
                for (int i = 0; i < file.rows.size(); i++) {
                    if (equal.test(file.rows.get(i))) {
                        file.gone.set(i);
                    }
                }
            }
        }
    }

    List<Row> live() {
        List<Row> out = new ArrayList<>();
        files.values().forEach(file -> out.addAll(file.live()));
        return out;
    }

    List<File> list() {
        return new ArrayList<>(files.values());
    }
}
