"""The small tables that are damaged, copied so that the fixtures stay whole, and the model that serves the copies."""
import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "fixtures"), str(HERE.parent / "lib"), str(HERE)]

import oracle  # noqa: E402
import tables as fixtures  # noqa: E402

OUT = pathlib.Path(os.environ.get("HAILSTORM_CORRUPT_DIR") or fixtures.ROOT / "build" / "corrupt")  # two runs want two
ROOT = OUT / "tables"
MODEL = OUT / "model"

# Each for what it has: see `covers` in tables.tsv. A "+gz" makes the copy's metadata packed.
NAMES = (
    "iceberg_v1_deprecated/default/legacy_v1", "name_mapping/warehouse_1/mydb/t1", "equality_deletes/warehouse/mydb/mytable",
    "equality_deletes/warehouse/mydb/mytable_partitioned", "add_columns_with_defaults", "hive_partitioned_table",
    "iceberg-cxx/tests/tables/deletion_vectors", "iceberg-cxx/tests/tables/partition_evolution+gz", "types/all_spark_types",
    "types/unsupported_types", "identity_partitioning", "iceberg_v2_delete_equality_nulls", "iceberg_v2_delete_equality_partitioned",
    "iceberg_v2_partitioned_position_deletes", "iceberg_v2_positional_not_all_data_files_have_delete_files+gz", "iceberg_migrated_alter_test",
    "iceberg_resolution_test", "iceberg_v3_default_value_avro", "iceberg_v3_deletion_vectors", "iceberg_v3_row_lineage", "trino_variant",
    "spark_generated_iceberg_test")


class Subject:
    def __init__(self, number, row, packed):
        self.number, self.row = number, row
        self.table = self.read()
        if packed:
            self._pack()
            self.table = self.read()
        self.name = self.table.name
        self.fields = self.table.schema()["fields"]
        self.expected = oracle.rows(self.table)
        self.files = self._files()
        self.whole = {path: path.read_bytes() for _, path in self.files}

    def read(self):
        return fixtures.Table(self.number, self.row, ROOT)

    def _pack(self):
        import gzip
        path = self.table.metadata_path()
        path.with_name(path.name.replace(".metadata.json", ".gz.metadata.json")).write_bytes(gzip.compress(path.read_bytes(), 1, mtime=0))
        path.unlink()
        for hint in path.parent.glob("version-hint.*"):
            hint.unlink()

    def _files(self):
        """[(kind of file, role), path]: what an answer is read from now."""
        table, found = self.table, {}
        found[table.metadata_path()] = ("metadata", "metadata")
        snapshot = oracle.snapshots(table)[oracle.current_id(table)]
        if snapshot.get("manifest-list"):
            found[table.local(snapshot["manifest-list"])] = ("list", "manifest list")
        for path, *_ in oracle.manifests(table, snapshot):
            found[table.local(path)] = ("manifest", "manifest")
        for file in oracle.entries(table, snapshot):
            kind = {"PUFFIN": "vector", "PARQUET": "parquet", "AVRO": "avro"}[file.form]
            found[table.local(file.path)] = (kind, "deletes" if file.content else "data")
        return [(what, path) for path, what in sorted(found.items())]

    def put(self, path, data):
        """As a writer would: a new file takes the name."""
        fresh = path.with_name(path.name + ".new")
        fresh.write_bytes(data)
        fresh.rename(path)


def make():
    """Copies, model and person: [Subject]"""
    from run import add_person
    shutil.rmtree(OUT, ignore_errors=True)
    out = []
    every = list(enumerate(_rows()))
    for name in NAMES:
        plain = name.removesuffix("+gz")
        number, row = next((i, r) for i, r in every if r["table"].endswith("/" + plain) or r["table"] == plain)
        shutil.copytree(fixtures.FIXTURES / row["table"], ROOT / row["table"])
        out.append(Subject(number, row, name.endswith("+gz")))
    for prefix in {to for s in out for to in s.table.prefixes.values()}:
        pathlib.Path(prefix).mkdir(parents=True, exist_ok=True)
    fixtures.write_model(MODEL, [s.table for s in out])
    add_person(MODEL)
    return out


def _rows():
    import csv
    with open(fixtures.FIXTURES / "tables.tsv", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t"))


# ---- what a damaged table says, by the oracle ----

def bind(contract, real):
    """The damaged schema's fields as the contract names them: the server binds by name, at every depth."""
    by_name = {f["name"]: f for f in real}
    return [{**by_name[f["name"]], "type": bind_type(f["type"], by_name[f["name"]]["type"])} for f in contract]


def bind_type(contract, real):
    if isinstance(contract, str) or isinstance(real, str):
        if isinstance(contract, dict) or isinstance(real, dict):
            raise oracle.Unfit("another type")
        return real
    out = dict(real)
    if contract["type"] == "struct":
        out["fields"] = bind(contract["fields"], real["fields"])
    for key in ("element", "key", "value"):
        if key in contract:
            out[key] = bind_type(contract[key], real[key])
    return out


def read_again(number, row, contract):
    """(fields, rows) of the files as they are now; runs in a process of its own, for a library may fall over damage."""
    table = fixtures.Table(number, row, ROOT)
    fields = bind(contract, table.schema()["fields"])
    return fields, oracle.rows(table, None, fields)
