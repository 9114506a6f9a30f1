import java.io.BufferedWriter;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.DeleteFiles;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.OverwriteFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.ReplacePartitions;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.RowDelta;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.hadoop.HadoopTables;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/**
 * Seeded random tables by the format's own Java library, and beside each the truth: what every snapshot holds by a model that never reads the
 * table, written as JSON lines (tests/lib/truth.py). After each commit the library's own reader is asked as a second witness.
 *
 * Generator FOLDER FIRST-SEED SEEDS [COMMITS]: tables of every fifth seed are large, and have half as many commits.
 */
public final class Generator {
    private static final String MAIN = "main";

    private final int seed;
    private final Random random;
    private final boolean large;
    private final Values values;
    private final Shapes shapes;
    private final Table table;
    private final Writers writers;
    private final BufferedWriter truth;

    private final Map<String, Model> heads = new LinkedHashMap<>(); // a model is never changed once it stands here
    private final Map<Long, Model> states = new HashMap<>();
    private final Set<Integer> equalityIds = new HashSet<>();
    private int version;
    private int rows;
    private int named;
    private int unwitnessed;
    private String lastEquality;

    private Generator(File folder, int seed) throws Exception {
        this.seed = seed;
        this.random = new Random(seed * 1000003L);
        this.large = seed % 5 == 4;
        this.values = new Values(random);
        this.shapes = new Shapes(random, large, seed % 20 == 1);
        this.version = new int[] {2, 3, 1, 2}[seed % 4];
        Map<String, String> properties = new HashMap<>();
        properties.put("format-version", Integer.toString(version));
        properties.put("write.parquet.row-group-size-bytes", large ? "16384" : "4194304");
        properties.put("write.parquet.row-group-check-min-record-count", "100");
        properties.put("write.parquet.row-group-check-max-record-count", "100");
        properties.put("write.parquet.page-row-limit", large ? "500" : "20000");
        properties.put("write.parquet.compression-codec", pick("zstd", "snappy", "gzip", "uncompressed"));
        properties.put("write.metadata.compression-codec", pick("none", "gzip"));
        properties.put("write.metadata.metrics.default", pick("none", "counts", "truncate(2)", "full"));
        properties.put("commit.manifest.min-count-to-merge", pick("2", "100"));
        properties.put("commit.retry.num-retries", "0");
        File place = new File(folder, "seed-" + seed);
        this.table = new HadoopTables(new Configuration()).create(shapes.schema(version), PartitionSpec.unpartitioned(), properties, place.getPath());
        this.writers = new Writers(table, random, seed % 10 == 9);
        this.truth = Files.newBufferedWriter(new File(folder, "seed-" + seed + ".jsonl").toPath(), StandardCharsets.UTF_8);
        heads.put(MAIN, new Model());
    }

    private String pick(String... words) {
        return words[random.nextInt(words.length)];
    }

    private <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    private interface Step {
        /** What was done, or null when it does not fit now. */
        String run(String branch, Model model) throws Exception;
    }

    private void run(int commits) throws Exception {
        if (random.nextInt(3) > 0) {
            note("partition", shapes.repartition(table));
        }
        data(MAIN, this::append);
        List<Step> steps = List.of(this::append, this::append, this::deletePositions, this::deletePositions, this::deletePositions, this::deleteEqual,
            this::deleteEqual, this::deleteEqual, this::delta, this::delta, this::overwrite, this::replacePartitions, this::rewrite, this::rewrite,
            this::lateRewrite, this::dropFile);
        for (int done = 1; done < commits;) {
            int kind = random.nextInt(10);
            if (kind < 6) {
                String branch = random.nextInt(4) == 0 ? pick(new ArrayList<>(heads.keySet())) : MAIN;
                done += data(branch, pick(steps)) ? 1 : 0;
            } else if (kind < 8) {
                done += evolve() ? 1 : 0;
            } else {
                done += manage() ? 1 : 0;
            }
        }
        finish();
    }

    private boolean data(String branch, Step step) throws Exception {
        Model model = heads.get(branch).copy();
        String what = step.run(branch, model);
        if (what == null) {
            return false;
        }
        stands(branch, model, what);
        return true;
    }

    private void stands(String branch, Model model, String what) throws Exception {
        table.refresh();
        heads.put(branch, model);
        Snapshot snapshot = table.snapshot(branch);
        states.put(snapshot.snapshotId(), model);
        state(snapshot.snapshotId(), model, branch + ": " + what);
        witness(snapshot.snapshotId(), model, what);
    }

    // ---- the truth ----

    private void line(String text) throws Exception {
        truth.write(text);
        truth.write('\n');
    }

    private void state(long snapshot, Model model, String what) throws Exception {
        StringBuilder out = new StringBuilder("{\"snapshot\":" + snapshot + ",\"step\":");
        Values.text(out, what);
        out.append(",\"metadata\":");
        Values.text(out, metadata());
        out.append(",\"rows\":").append(model.live().stream().map(row -> row.number).sorted().collect(java.util.stream.Collectors.toList()));
        line(out.append('}').toString());
    }

    private void note(String kind, String what) throws Exception {
        StringBuilder out = new StringBuilder("{\"step\":");
        Values.text(out, kind + ": " + what);
        out.append(",\"metadata\":");
        Values.text(out, metadata());
        line(out.append('}').toString());
    }

    private String metadata() {
        TableOperations operations = ((HasTableOperations) table).operations();
        return new File(operations.current().metadataFileLocation()).getName();
    }

    /**
     * The library cannot read through an equality delete of a column that was dropped since; it reads all keys of a fixed column into one
     * buffer, so that only the last is deleted; it compares bounds of a uuid with a sign; and it makes a struct that is NULL one of NULLs when a member of it is an identity
     * partition. Then the model stands alone.
     */
    private void witness(long id, Model model, String what) throws Exception {
        Types.StructType type = table.schemas().get(table.snapshot(id).schemaId()).asStruct();
        boolean keys = equalityIds.stream().anyMatch(one -> type.field(one) == null || type.field(one).type().typeId() == Type.TypeID.FIXED
            || type.field(one).type().typeId() == Type.TypeID.UUID);
        boolean constants = table.specs().values().stream().flatMap(spec -> spec.fields().stream())
            .anyMatch(field -> field.transform().isIdentity() && type.field(field.sourceId()) == null);
        if (keys || constants) {
            unwitnessed++;
            return;
        }
        List<String> expected = new ArrayList<>();
        model.live().forEach(row -> expected.add(Values.json(type, Values.record(type, row.values))));
        List<String> got = new ArrayList<>();
        try (CloseableIterable<Record> records = IcebergGenerics.read(table).useSnapshot(id).build()) {
            records.forEach(record -> got.add(Values.json(type, record)));
        }
        Collections.sort(expected);
        Collections.sort(got);
        if (!expected.equals(got)) {
            int at = 0;
            while (at < expected.size() && at < got.size() && expected.get(at).equals(got.get(at))) {
                at++;
            }
            throw new IllegalStateException("seed " + seed + ", " + what + ": the library reads " + got.size() + " rows, the model has " + expected.size()
                + "\n model   " + (at < expected.size() ? expected.get(at) : "-") + "\n library " + (at < got.size() ? got.get(at) : "-"));
        }
    }

    private void finish() throws Exception {
        StringBuilder out = new StringBuilder("{\"retained\":[");
        String comma = "";
        for (Snapshot snapshot : table.snapshots()) {
            out.append(comma).append(snapshot.snapshotId());
            comma = ",";
        }
        out.append("],\"refs\":{");
        comma = "";
        for (String name : table.refs().keySet()) {
            Values.text(out.append(comma), name);
            out.append(':').append(table.refs().get(name).snapshotId());
            comma = ",";
        }
        line(out.append("},\"unwitnessed\":" + unwitnessed + "}").toString());
        truth.close();
    }

    // ---- rows that come ----

    private List<Model.Row> newRows() throws Exception {
        int count = large ? 500 + random.nextInt(3500) : 1 + random.nextInt(40);
        List<Model.Row> out = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            out.add(newRow(values.members(table.schema().asStruct())));
        }
        return out;
    }

    private Model.Row newRow(Values.Members members) throws Exception {
        Model.Row row = new Model.Row(++rows, members);
        line("{\"row\":" + row.number + ",\"values\":" + Values.json(members) + "}");
        return row;
    }

    private List<Model.File> newFiles() throws Exception {
        return writers.data(table.spec(), newRows());
    }

    private String append(String branch, Model model) throws Exception {
        AppendFiles update = random.nextBoolean() ? table.newAppend() : table.newFastAppend();
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            for (Model.File file : newFiles()) {
                update.appendFile(file.file);
                model.add(file);
            }
        }
        update.toBranch(branch).commit();
        return "append";
    }

    // ---- rows that go ----

    private List<Model.File> some(List<Model.File> from, int most) {
        List<Model.File> out = new ArrayList<>(from);
        Collections.shuffle(out, random);
        return out.subList(0, Math.min(out.size(), 1 + random.nextInt(most)));
    }

    /** Positions of a file: a few, a run, or nearly all; some may be gone already. */
    private BitSet positions(Model.File file) {
        BitSet out = new BitSet();
        int size = file.rows.size();
        if (random.nextInt(4) == 0) {
            int from = random.nextInt(size);
            out.set(from, from + 1 + random.nextInt(size - from));
        } else {
            for (int i = 1 + random.nextInt(Math.max(1, size / 4)); i > 0; i--) {
                out.set(random.nextInt(size));
            }
        }
        return out;
    }

    private String deletePositions(String branch, Model model) throws Exception {
        if (version < 2 || model.files.isEmpty()) {
            return null;
        }
        RowDelta update = table.newRowDelta().validateFromSnapshot(table.snapshot(branch).snapshotId());
        addPositions(update, model, some(model.list(), 4));
        update.toBranch(branch).commit();
        return "positions";
    }

    private void addPositions(RowDelta update, Model model, List<Model.File> files) throws Exception {
        if (version >= 3) {
            addVectors(update, model, files);
            return;
        }
        List<Model.File> left = new ArrayList<>(files);
        while (!left.isEmpty()) { // one delete file for all files of one spec and partition
            Model.File first = left.get(0);
            PartitionSpec spec = writers.now(first.spec);
            StructLike partition = first.partition(spec);
            TreeMap<String, BitSet> positions = new TreeMap<>();
            for (Model.File file : files) {
                if (file.within(spec, partition)) {
                    positions.put(file.path(), positions(file));
                    model.deletePositions(file, positions.get(file.path()));
                    left.remove(file);
                }
            }
            update.addDeletes(writers.positions(spec, partition, positions));
        }
    }

    private void addVectors(RowDelta update, Model model, List<Model.File> files) throws Exception {
        Map<Model.File, BitSet> positions = new LinkedHashMap<>();
        files.forEach(file -> positions.put(file, positions(file)));
        for (DeleteFile vector : writers.vectors(positions)) {
            Model.File file = model.files.get(vector.referencedDataFile());
            if (file.vector != null) {
                update.removeDeletes(file.vector);
            }
            update.addDeletes(vector);
            model.deletePositions(file, positions.get(file));
            file.vector = vector;
        }
    }

    private String deleteEqual(String branch, Model model) throws Exception {
        if (version < 2 || model.files.isEmpty()) {
            return null;
        }
        RowDelta update = table.newRowDelta().validateFromSnapshot(table.snapshot(branch).snapshotId());
        if (!addEqual(update, model)) {
            return null;
        }
        update.toBranch(branch).commit();
        return "equality on " + lastEquality;
    }

    private static boolean comparable(Types.NestedField field) {
        Type.TypeID type = field.type().typeId();
        return field.type().isPrimitiveType() && type != Type.TypeID.FLOAT && type != Type.TypeID.DOUBLE;
    }

    /** Keys of rows that are there, keys of none, NULLs; in one partition of any spec, or everywhere when some spec has no partitions. */
    private boolean addEqual(RowDelta update, Model model) throws Exception {
        List<Types.NestedField> fit = new ArrayList<>(table.schema().columns());
        fit.removeIf(field -> !comparable(field));
        Collections.shuffle(fit, random);
        List<Types.NestedField> columns = fit.subList(0, Math.min(fit.size(), 1 + random.nextInt(2)));
        List<Model.File> files = model.list();
        files.removeIf(file -> file.rows.isEmpty());
        List<PartitionSpec> everywhere = new ArrayList<>(table.specs().values());
        everywhere.removeIf(spec -> spec.isPartitioned());
        if (columns.isEmpty() || files.isEmpty()) {
            return false;
        }
        Model.File one = pick(files);
        boolean global = one.spec.isUnpartitioned() || !everywhere.isEmpty() && random.nextInt(3) == 0;
        PartitionSpec spec = writers.now(!global || one.spec.isUnpartitioned() ? one.spec : pick(everywhere));
        StructLike partition = !global || spec.specId() == one.spec.specId() ? one.partition(spec) : new org.apache.iceberg.PartitionKey(spec, table.schema());
        List<Values.Members> keys = new ArrayList<>();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            keys.add(key(columns, pick(one.rows)));
        }
        List<Integer> ids = new ArrayList<>();
        columns.forEach(column -> ids.add(column.fieldId()));
        equalityIds.addAll(ids);
        lastEquality = ids + (global ? " everywhere" : " in a partition") + " of spec " + spec.specId();
        update.addDeletes(writers.equality(spec, partition, ids, keys));
        Set<List<Object>> wanted = new HashSet<>();
        keys.forEach(key -> wanted.add(cells(columns, key)));
        model.deleteWhere(file -> global || file.within(spec, partition), row -> wanted.contains(cells(columns, row.values)));
        return true;
    }

    private Values.Members key(List<Types.NestedField> columns, Model.Row row) {
        Values.Members out = new Values.Members();
        for (Types.NestedField column : columns) {
            boolean empty = column.isOptional() && random.nextInt(5) == 0;
            out.put(column.fieldId(), empty ? null : random.nextInt(4) == 0 ? values.value(column.type()) : Values.known(column, row.values));
        }
        return out;
    }

    /** What is compared: as the columns' types are now, so that 1 of an int column equals 1 of the long one that it became. */
    private static List<Object> cells(List<Types.NestedField> columns, Values.Members row) {
        List<Object> out = new ArrayList<>();
        for (Types.NestedField column : columns) {
            Object value = Values.known(column, row);
            out.add(value instanceof byte[] ? java.nio.ByteBuffer.wrap((byte[]) value) : value);
        }
        return out;
    }

    /** New rows, deletes by value that must spare them, and positions in old files and in the new ones. */
    private String delta(String branch, Model model) throws Exception {
        if (version < 2 || model.files.isEmpty()) {
            return null;
        }
        RowDelta update = table.newRowDelta().validateFromSnapshot(table.snapshot(branch).snapshotId());
        boolean equal = random.nextBoolean() && addEqual(update, model);
        if (random.nextBoolean()) {
            addPositions(update, model, some(model.list(), 2));
        }
        List<Model.File> added = newFiles();
        added.forEach(file -> update.addRows(file.file));
        added.forEach(model::add);
        if (random.nextBoolean()) {
            addPositions(update, model, some(added, 2));
        }
        update.toBranch(branch).commit();
        return equal ? "delta with equality on " + lastEquality : "delta";
    }

    // ---- files that are replaced ----

    private List<Model.Row> changed(List<Model.Row> live) throws Exception {
        List<Model.Row> out = new ArrayList<>();
        for (Model.Row row : live) {
            int fate = random.nextInt(4);
            if (fate > 1) {
                out.add(row);
            } else if (fate == 1) {
                Values.Members members = values.members(table.schema().asStruct());
                members.put(1, row.values.get(1));
                out.add(newRow(members));
            }
        }
        return out;
    }

    private static List<Model.File> findable(Model model) {
        List<Model.File> out = model.list();
        out.removeIf(file -> !file.findable());
        return out;
    }

    private String overwrite(String branch, Model model) throws Exception {
        if (findable(model).isEmpty()) {
            return null;
        }
        OverwriteFiles update = table.newOverwrite();
        for (Model.File old : some(findable(model), 2)) {
            List<Model.Row> kept = changed(model.files.get(old.path()).live());
            update.deleteFile(writers.known(old));
            model.remove(old);
            for (Model.File file : kept.isEmpty() ? List.<Model.File>of() : writers.data(table.spec(), kept)) {
                update.addFile(file.file);
                model.add(file);
            }
        }
        update.toBranch(branch).commit();
        return "overwrite";
    }

    /** All files of the partitions that come; everything when the spec has none. */
    private String replacePartitions(String branch, Model model) throws Exception {
        if (model.list().stream().anyMatch(file -> !file.findable()) || table.spec().isUnpartitioned() && !table.spec().fields().isEmpty()) {
            return null;
        }
        ReplacePartitions update = table.newReplacePartitions();
        List<Model.File> added = newFiles();
        boolean all = table.spec().isUnpartitioned();
        Predicate<Model.File> replaced = file -> all || added.stream().anyMatch(one -> file.within(table.spec(), one.partition(table.spec())));
        model.files.values().removeIf(replaced);
        added.forEach(file -> update.addFile(file.file));
        added.forEach(model::add);
        update.toBranch(branch).commit();
        return "replace partitions";
    }

    private String rewrite(String branch, Model model) throws Exception {
        if (findable(model).isEmpty()) {
            return null;
        }
        RewriteFiles update = table.newRewrite().validateFromSnapshot(table.snapshot(branch).snapshotId());
        List<Model.Row> live = new ArrayList<>();
        List<Model.File> fit = findable(model);
        int spec = pick(fit).spec.specId(); // the library does not find files of two specs in one rewrite
        fit.removeIf(file -> file.spec.specId() != spec);
        for (Model.File old : some(fit, 3)) {
            live.addAll(old.live());
            update.deleteFile(writers.known(old));
            if (old.vector != null) {
                update.deleteFile(old.vector);
            }
            model.remove(old);
        }
        for (Model.File file : live.isEmpty() ? List.<Model.File>of() : writers.data(table.spec(), live)) {
            update.addFile(file.file);
            model.add(file);
        }
        if (version > 1 && random.nextBoolean()) {
            update.dataSequenceNumber(table.snapshot(branch).sequenceNumber());
        }
        update.toBranch(branch).commit();
        return "rewrite";
    }

    /** A rewrite that began before an equality delete and is committed after it: the new file is as old as its rows, so it loses them too. */
    private String lateRewrite(String branch, Model model) throws Exception {
        List<Model.File> fit = model.list();
        fit.removeIf(file -> file.live().isEmpty() || !file.findable());
        if (version < 2 || fit.isEmpty()) {
            return null;
        }
        Snapshot start = table.snapshot(branch);
        Model.File old = pick(fit);
        Model.File fresh = writers.one(writers.now(old.spec), old.partition(writers.now(old.spec)), old.live());
        if (!data(branch, this::deleteEqual)) {
            return null;
        }
        Model now = heads.get(branch).copy();
        Set<Model.Row> left = new HashSet<>(now.files.get(old.path()).live());
        for (int i = 0; i < fresh.rows.size(); i++) {
            fresh.gone.set(i, !left.contains(fresh.rows.get(i)));
        }
        now.remove(old);
        now.add(fresh);
        RewriteFiles update = table.newRewrite().validateFromSnapshot(start.snapshotId());
        update.deleteFile(writers.known(old)).addFile(fresh.file).dataSequenceNumber(start.sequenceNumber());
        if (old.vector != null) {
            update.deleteFile(old.vector);
        }
        update.toBranch(branch).commit();
        model.files.clear();
        model.files.putAll(now.files);
        return "late rewrite";
    }

    private String dropFile(String branch, Model model) throws Exception {
        if (findable(model).isEmpty()) {
            return null;
        }
        DeleteFiles update = table.newDelete();
        for (Model.File file : some(findable(model), 2)) {
            update.deleteFile(writers.known(file));
            model.remove(file);
        }
        update.toBranch(branch).commit();
        return "drop file";
    }

    // ---- what changes no rows ----

    private boolean evolve() throws Exception {
        try {
            String what = random.nextInt(3) > 0 ? shapes.evolve(table, version) : shapes.repartition(table);
            if (what == null) {
                return false;
            }
            note("evolve", what);
            return true;
        } catch (RuntimeException declined) { // the library has rules of its own: two changes of one column, a partition twice
            table.refresh();
            return false;
        }
    }

    private boolean manage() throws Exception {
        Snapshot head = table.currentSnapshot();
        switch (random.nextInt(9)) {
            case 0:
                return upgrade();
            case 1: {
                String name = pick("b", "feature/x", "Zweig ") + ++named;
                table.manageSnapshots().createBranch(name, head.snapshotId()).commit();
                heads.put(name, heads.get(MAIN));
                note("branch", name);
                return true;
            }
            case 2: {
                Long id = pick(retained());
                table.manageSnapshots().createTag("t" + ++named, id).commit();
                note("tag", "t" + named + " at " + id);
                return true;
            }
            case 3:
                return rollback();
            case 4:
                return cherrypick();
            case 5:
                return expire();
            case 6:
                if (head.allManifests(table.io()).size() < 2) {
                    return false;
                }
                table.rewriteManifests().clusterBy(file -> "").rewriteIf(manifest -> true).commit();
                stands(MAIN, heads.get(MAIN), "rewrite manifests");
                return true;
            case 7:
                return forward();
            default:
                table.updateProperties().set("write.metadata.metrics.default", pick("none", "counts", "truncate(2)", "full"))
                    .set("write.avro.compression-codec", pick("gzip", "zstd", "snappy", "uncompressed"))
                    .set("write.parquet.dict-size-bytes", pick("1024", "2097152")).commit();
                note("properties", "changed");
                return true;
        }
    }

    private List<Long> retained() {
        List<Long> out = new ArrayList<>();
        table.snapshots().forEach(snapshot -> out.add(snapshot.snapshotId()));
        return out;
    }

    private boolean upgrade() throws Exception {
        boolean may = version == 1 || version == 2 && seed % 4 == 3;
        if (!may) {
            return false;
        }
        version++;
        table.updateProperties().set("format-version", Integer.toString(version)).commit();
        note("upgrade", "to " + version);
        return true;
    }

    private boolean rollback() throws Exception {
        Long parent = table.currentSnapshot().parentId();
        if (parent == null || table.snapshot(parent) == null || random.nextBoolean()) {
            return false;
        }
        table.manageSnapshots().rollbackTo(parent).commit();
        heads.put(MAIN, states.get(parent));
        note("rollback", "to " + parent);
        return true;
    }

    /** An append that is staged, perhaps overtaken by another commit, and then picked. */
    private boolean cherrypick() throws Exception {
        Model staged = heads.get(MAIN).copy();
        List<Model.File> added = newFiles();
        AppendFiles update = table.newAppend();
        added.forEach(file -> update.appendFile(file.file));
        added.forEach(staged::add);
        Set<Long> before = new HashSet<>(retained());
        update.stageOnly().commit();
        table.refresh();
        long id = retained().stream().filter(one -> !before.contains(one)).findFirst().orElseThrow();
        states.put(id, staged);
        state(id, staged, "staged");
        witness(id, staged, "staged");
        boolean overtaken = random.nextBoolean() && data(MAIN, version > 1 ? this::deleteEqual : this::append);
        table.manageSnapshots().cherrypick(id).commit();
        Model picked = heads.get(MAIN).copy();
        added.forEach(file -> picked.add(file.copy()));
        stands(MAIN, picked, overtaken ? "pick, overtaken" : "pick");
        return true;
    }

    private boolean expire() throws Exception {
        Set<Long> held = new HashSet<>();
        table.refs().values().forEach(ref -> held.add(ref.snapshotId()));
        List<Long> free = retained();
        free.removeAll(held);
        if (free.size() < 4) {
            return false;
        }
        Long id = pick(free);
        boolean clean = random.nextBoolean();
        table.expireSnapshots().expireSnapshotId(id).cleanExpiredFiles(clean).commit();
        line("{\"expired\":" + id + ",\"cleaned\":" + clean + "}");
        note("expire", Objects.toString(id));
        return true;
    }

    private boolean forward() throws Exception {
        List<String> branches = new ArrayList<>(heads.keySet());
        branches.remove(MAIN);
        if (branches.isEmpty()) {
            return false;
        }
        String branch = pick(branches);
        try {
            table.manageSnapshots().fastForwardBranch(MAIN, branch).commit();
        } catch (IllegalArgumentException declined) { // main has gone on by itself
            return false;
        }
        heads.put(MAIN, heads.get(branch));
        note("forward", "main to " + branch);
        return true;
    }

    public static void main(String[] arguments) throws InterruptedException {
        File folder = new File(arguments[0]);
        int first = Integer.parseInt(arguments[1]);
        int count = Integer.parseInt(arguments[2]);
        int commits = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 24;
        folder.mkdirs();
        List<String> wrong = Collections.synchronizedList(new ArrayList<>());
        // Threads of our own: the library's file system works through the common pool of forks, and would wait for it in it.
        ExecutorService workers = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        IntStream.range(first, first + count).forEach(seed -> workers.execute(() -> {
            try {
                long begin = System.nanoTime();
                Generator generator = new Generator(folder, seed);
                generator.run(generator.large ? commits / 2 : commits);
                System.out.printf("seed %d: %.1f s%n", seed, (System.nanoTime() - begin) / 1e9);
            } catch (Throwable failure) {
                java.io.StringWriter words = new java.io.StringWriter();
                failure.printStackTrace(new java.io.PrintWriter(words));
                wrong.add("seed " + seed + ": " + words);
            }
        }));
        workers.shutdown();
        if (!workers.awaitTermination(2, TimeUnit.HOURS))
            wrong.add("not done in two hours");
        wrong.forEach(System.err::println);
        System.out.println(count + " tables, " + wrong.size() + " failed");
        System.exit(wrong.isEmpty() ? 0 : 1);
    }
}
