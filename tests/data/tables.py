"""What the generators of test data share: Iceberg tables by PyIceberg, contracts for them, and when to do nothing."""
import hashlib
import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "demo"))
from generate import scram_verifier  # noqa: E402


def tpch_extension():
    """The engine's own TPC-H extension, from the package beside this Python: the published answers are for its data."""
    import duckdb
    folder = pathlib.Path(importlib.util.find_spec("duckdb_extension_tpch").submodule_search_locations[0])
    con = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    con.execute(f"load '{folder}/extensions/v{duckdb.__version__}/tpch.duckdb_extension'")
    return con


def dbgen(scale, out):
    """All eight tables as plain Parquet."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    con = tpch_extension()
    con.execute(f"call dbgen(sf={scale})")
    for (name,) in con.execute("show tables").fetchall():
        con.execute(f"copy {name} to '{out}/{name}.parquet'")


def tpchgen(scale, out, table):
    """One table as plain Parquet by the faster generator; its free text differs from what the published answers say."""
    tool = pathlib.Path(sys.executable).parent / "tpchgen-cli"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    subprocess.run([tool, "parquet", "-s", str(scale), "--tables", table, "--output-dir", str(out)], check=True, stdout=subprocess.DEVNULL)


def plain(schema):
    """TPC-H has no NULL, so every column is required; and PyIceberg 0.12 does not know views of strings."""
    import pyarrow as pa
    return pa.schema([pa.field(f.name, pa.string() if f.type == pa.string_view() else f.type, nullable=False) for f in schema])


class Warehouse:
    def __init__(self, mesh, catalog_file):
        from pyiceberg.catalog.sql import SqlCatalog
        catalog_file.unlink(missing_ok=True)
        self.path = mesh / "warehouse"
        self.catalog = SqlCatalog("tests", uri=f"sqlite:///{catalog_file}", warehouse=self.path.as_uri())

    def write(self, domain, name, parquet, files=1, row_group_rows=None):
        """One Parquet file into an Iceberg table of about `files` data files, each its own append and so a snapshot."""
        import pyarrow as pa
        import pyarrow.parquet as pq
        source = pq.ParquetFile(parquet)
        schema = plain(source.schema_arrow)
        properties = {"format-version": "2"}
        if row_group_rows:
            properties["write.parquet.row-group-limit"] = str(row_group_rows)
        self.catalog.create_namespace_if_not_exists(domain)
        table = self.catalog.create_table(f"{domain}.{name}", schema, location=(self.path / domain / name).as_uri(), properties=properties)
        wanted = -(-source.metadata.num_rows // files)
        held, rows = [], 0
        for batch in source.iter_batches(batch_size=min(wanted, 131072)):
            held.append(batch)
            rows += batch.num_rows
            if rows >= wanted:
                table.append(pa.Table.from_batches(held).cast(schema))
                held, rows = [], 0
        if held:
            table.append(pa.Table.from_batches(held).cast(schema))
        return table


def contract(domain, name, schema, tags):
    """A contract for a flat table. tags: {column: [tag]}."""
    from pyiceberg.types import DateType, DecimalType, IntegerType, LongType, StringType
    kinds = {LongType: "integer", IntegerType: "integer", DecimalType: "number", StringType: "string", DateType: "date"}
    lines = [
        "apiVersion: v3.1.0", "kind: DataContract", f"id: {domain}.{name}", "version: 1.0.0", "status: active", f"domain: {domain}",
        "schema:", f"- name: {name}", "  customProperties:",
        f'  - {{property: hailstorm.location, value: "warehouse/{domain}/{name}"}}', "  properties:",
    ]
    for field in schema.fields:
        tagged = f", tags: [{', '.join(tags[field.name])}]" if field.name in tags else ""
        lines.append(f"  - {{name: {field.name}, logicalType: {kinds[type(field.field_type)]}{tagged}, "
                     f"customProperties: [{{property: hailstorm.fieldId, value: {field.field_id}}}]}}")
    return "\n".join(lines) + "\n"


def with_verifiers(text, suffix):
    """principals.yaml with a verifier for NAME + suffix at each user's line."""
    return re.sub(r"^(- \{name: (\w+), .*)\}$", lambda found: f'{found[1]}, scram: "{scram_verifier(found[2] + suffix)}"}}', text, flags=re.M)


class Once:
    """Says whether OUT holds just what these inputs make; metadata holds absolute paths, so the place is one of them."""

    def __init__(self, out, *inputs):
        self.stamp = out / "generated.stamp"
        seen = hashlib.sha256(str(out).encode())
        for item in inputs:
            files = sorted(p for p in item.rglob("*") if p.is_file()) if isinstance(item, pathlib.Path) and item.is_dir() else [item]
            for file in files:
                seen.update(file.read_bytes() if isinstance(file, pathlib.Path) else str(file).encode())
                seen.update(b"\0")
        self.digest = seen.hexdigest()

    def done(self):
        return self.stamp.exists() and self.stamp.read_text() == self.digest

    def begin(self):
        self.stamp.unlink(missing_ok=True)

    def end(self):
        self.stamp.write_text(self.digest)
