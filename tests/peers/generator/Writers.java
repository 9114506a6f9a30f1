import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.GenericFileWriterFactory;
import org.apache.iceberg.data.InternalRecordWrapper;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.deletes.BaseDVFileWriter;
import org.apache.iceberg.deletes.EqualityDeleteWriter;
import org.apache.iceberg.deletes.PositionDelete;
import org.apache.iceberg.deletes.PositionDeleteWriter;
import org.apache.iceberg.io.DataWriter;
import org.apache.iceberg.io.OutputFileFactory;
import org.apache.iceberg.types.TypeUtil;

/** Data files and the three kinds of delete files, by the library's own writers. */
final class Writers {
    private static final int MOST_PARTITIONS = 8;

    private final Table table;
    private final Random random;
    private final boolean avro;
    private int task;

    Writers(Table table, Random random, boolean avro) {
        this.table = table;
        this.random = random;
        this.avro = avro;
    }

    private FileFormat format() {
        return avro && random.nextInt(3) == 0 ? FileFormat.AVRO : FileFormat.PARQUET;
    }

    PartitionSpec now(PartitionSpec spec) {
        return table.specs().get(spec.specId());
    }

    /** The file as the library looks for it: by its partition, as the spec spells that now. */
    DataFile known(Model.File file) {
        PartitionSpec spec = now(file.spec);
        return spec.isUnpartitioned() ? file.file : DataFiles.builder(spec).withPath(file.path()).withFormat(file.file.format())
            .withFileSizeInBytes(file.file.fileSizeInBytes()).withRecordCount(file.file.recordCount()).withPartition(file.partition(spec)).build();
    }

    private OutputFileFactory files(PartitionSpec spec, FileFormat format) {
        return OutputFileFactory.builderFor(table, 1, ++task).defaultSpec(spec).format(format).build();
    }

    /** The rows as one data file a partition; rows of a ninth and further partition are left out. */
    List<Model.File> data(PartitionSpec spec, List<Model.Row> rows) throws IOException {
        Schema schema = table.schema();
        InternalRecordWrapper wrapper = new InternalRecordWrapper(schema.asStruct());
        PartitionKey key = new PartitionKey(spec, schema);
        Map<PartitionKey, List<Model.Row>> groups = new LinkedHashMap<>();
        for (Model.Row row : rows) {
            key.partition(wrapper.wrap(Values.record(schema.asStruct(), row.values)));
            if (groups.containsKey(key) || groups.size() < MOST_PARTITIONS) {
                groups.computeIfAbsent(groups.containsKey(key) ? key : key.copy(), any -> new ArrayList<>()).add(row);
            }
        }
        List<Model.File> out = new ArrayList<>();
        for (Map.Entry<PartitionKey, List<Model.Row>> group : groups.entrySet()) {
            out.add(one(spec, group.getKey(), group.getValue()));
        }
        return out;
    }

    Model.File one(PartitionSpec spec, StructLike partition, List<Model.Row> rows) throws IOException {
        FileFormat format = format();
        DataWriter<Record> writer = new GenericFileWriterFactory.Builder(table).dataFileFormat(format).dataSchema(table.schema()).build()
            .newDataWriter(files(spec, format).newOutputFile(spec, partition), spec, partition);
        try (writer) {
            for (Model.Row row : rows) {
                writer.write(Values.record(table.schema().asStruct(), row.values));
            }
        }
        DataFile file = writer.toDataFile();
        return new Model.File(file, spec, rows);
    }

    /** One position delete file for positions in files of one spec and partition. */
    DeleteFile positions(PartitionSpec spec, StructLike partition, TreeMap<String, BitSet> positions) throws IOException {
        FileFormat format = format();
        PositionDeleteWriter<Record> writer = new GenericFileWriterFactory.Builder(table).deleteFileFormat(format).build()
            .newPositionDeleteWriter(files(spec, format).newOutputFile(spec, partition), spec, partition);
        try (writer) {
            PositionDelete<Record> one = PositionDelete.create();
            for (Map.Entry<String, BitSet> file : positions.entrySet()) {
                for (int at = file.getValue().nextSetBit(0); at >= 0; at = file.getValue().nextSetBit(at + 1)) {
                    writer.write(one.set(file.getKey(), at));
                }
            }
        }
        return writer.toDeleteFile();
    }

    /** One puffin file with a vector for each data file: what was deleted before, and now. */
    List<DeleteFile> vectors(Map<Model.File, BitSet> positions) throws IOException {
        BaseDVFileWriter writer = new BaseDVFileWriter(files(table.spec(), FileFormat.PUFFIN), path -> null);
        try (writer) {
            positions.forEach((file, more) -> {
                BitSet all = (BitSet) file.goneByPosition.clone();
                all.or(more);
                all.stream().forEach(at -> writer.delete(file.path(), at, now(file.spec), file.partition(now(file.spec))));
            });
        }
        return writer.result().deleteFiles();
    }

    /** Sometimes whole rows are written, of which the ids name the columns that count. */
    DeleteFile equality(PartitionSpec spec, StructLike partition, List<Integer> ids, List<Values.Members> keys) throws IOException {
        FileFormat format = format();
        Schema schema = TypeUtil.select(table.schema(), new java.util.HashSet<>(ids));
        int[] numbers = ids.stream().mapToInt(Integer::intValue).toArray();
        EqualityDeleteWriter<Record> writer = new GenericFileWriterFactory.Builder(table).deleteFileFormat(format).equalityFieldIds(numbers)
            .equalityDeleteRowSchema(schema).build().newEqualityDeleteWriter(files(spec, format).newOutputFile(spec, partition), spec, partition);
        try (writer) {
            for (Values.Members one : keys) {
                writer.write(Values.record(schema.asStruct(), one));
            }
        }
        return writer.toDeleteFile();
    }
}
