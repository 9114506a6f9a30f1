"""The rows that both sides hold: TPC-H at scale 0.01 and six small tables with NULLs and the ends of types, as Arrow; written as an
Iceberg mesh with one person who may see all of it, and copied into PostgreSQL.

    build/venv/bin/python tests/pg/oracle/rows.py --out build/pg-oracle
"""
import argparse
import datetime as dt
import decimal
import pathlib
import random
import shutil
import sys
import uuid

import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests" / "data"))
from tables import Once, Warehouse, dbgen, with_verifiers  # noqa: E402

OUT = ROOT / "build" / "pg-oracle"
TPCH = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]
PERSON, PASSWORD = "root", "root-oracle"
D = decimal.Decimal
NAN, INF = float("nan"), float("inf")


def emp():
    names = ["Ann", "bob", "Cid", "Dee", "Élan", "Fay", "Gus", "Hal", "Ida", "Jon", "Kim", "Lou"]
    rows = []
    for i, name in enumerate(names):
        rows.append((i + 1, name, None if i == 10 else i % 4 + 1, None if i == 7 else D(i * 1375 + 2000) / 4, dt.date(2015 + i % 6, i % 12 + 1, 28 - i),
                     None if i == 0 else i // 3 + 1, None if i % 3 == 0 else i * 0.75, None if i == 5 else i % 2 == 0))
    kinds = {"id": pa.int32(), "name": pa.string(), "dept_id": pa.int32(), "salary": pa.decimal128(10, 2), "hired": pa.date32(),
             "boss": pa.int32(), "bonus": pa.float64(), "active": pa.bool_()}
    return kinds, [tuple(v.quantize(D("0.01")) if isinstance(v, D) else v for v in r) for r in rows]


def dept():
    return {"id": pa.int32(), "name": pa.string(), "city": pa.string()}, [
        (1, "sales", "Bonn"), (2, "ops", "Lyon"), (3, "dev", "Bonn"), (5, "law", None)]


def nums():
    kinds = {"id": pa.int32(), "i4": pa.int32(), "i8": pa.int64(), "f4": pa.float32(), "f8": pa.float64(), "n": pa.decimal128(12, 3),
             "m": pa.decimal128(30, 10), "b": pa.bool_()}
    rows = [
        (1, 0, 0, 0.0, 0.0, D("0.000"), D("0"), False),
        (2, 1, 1, 1.0, 1.0, D("1.000"), D("1"), True),
        (3, -1, -1, -1.0, -1.0, D("-1.000"), D("-1"), True),
        (4, 7, 70, 0.5, 2.5, D("2.500"), D("2.5"), False),
        (5, -7, -70, 1.5, -2.5, D("-2.500"), D("-0.0000000001"), None),
        (6, 2147483647, 9223372036854775807, 3.25, 1e15, D("123456789.125"), D("12345678901234567890.0123456789"), True),
        (7, -2147483648, -9223372036854775808, -3.25, 1e-7, D("-99999.999"), D("-12345678901234567890.5"), False),
        (8, None, None, None, None, None, None, None),
        (9, 42, 4200000000, 1234567.0, 123456789.123, D("0.005"), D("3.1415926535"), True),
        (10, 100, 100, 1e-5, 1e22, D("99.995"), D("1000000"), False),
        (11, 3, 3, 0.1, 0.1, D("0.100"), D("0.1"), True),
        (12, 12, 12, INF, NAN, D("12.345"), D("12.345"), None),
    ]
    return kinds, rows


def times():
    kinds = {"id": pa.int32(), "d": pa.date32(), "t": pa.time64("us"), "ts": pa.timestamp("us"), "tz": pa.timestamp("us", "UTC")}
    at, utc = dt.datetime, dt.timezone.utc
    rows = [
        (1, dt.date(2024, 1, 31), dt.time(0, 0), at(2024, 1, 31), at(2024, 1, 31, tzinfo=utc)),
        (2, dt.date(2024, 2, 29), dt.time(10, 20, 30), at(2024, 2, 29, 10, 20, 30), at(2024, 2, 29, 10, 20, 30, tzinfo=utc)),
        (3, dt.date(2000, 12, 31), dt.time(23, 59, 59, 999999), at(2000, 12, 31, 23, 59, 59, 999999), at(2000, 12, 31, 23, 59, 59, 999999, utc)),
        (4, dt.date(1970, 1, 1), dt.time(12, 0, 0, 500000), at(1970, 1, 1), at(1970, 1, 1, tzinfo=utc)),
        (5, dt.date(1969, 7, 20), dt.time(20, 17, 40), at(1969, 7, 20, 20, 17, 40, 123000), at(1969, 7, 20, 20, 17, 40, tzinfo=utc)),
        (6, None, None, None, None),
        (7, dt.date(1, 1, 1), dt.time(1, 2, 3, 4), at(1, 1, 1, 0, 0, 1), at(1582, 10, 4, tzinfo=utc)),
        (8, dt.date(9999, 12, 31), dt.time(23, 0), at(9999, 12, 31, 23, 59, 59), at(9999, 12, 31, tzinfo=utc)),
        (9, dt.date(2024, 12, 30), dt.time(6, 7, 8), at(2024, 12, 30, 6, 7, 8), at(2024, 7, 1, 22, 30, tzinfo=utc)),
    ]
    return kinds, rows


def texts():
    kinds = {"id": pa.int32(), "s": pa.string(), "u": pa.string(), "raw": pa.binary(), "k": pa.string()}
    rows = [
        (1, "", "", b"", "12"), (2, "a", "ä", b"\x00", "-7"), (3, "Hello World", "hällo wörld", b"abc", " 8 "), (4, "  pad ", "日本語テキスト", b"\xff\xfe", "x"),
        (5, "a,b,,c", "€uro", b"\\x41", "1.5"), (6, "it's", "quo\"te", b"'", "0x1f"), (7, "back\\slash", "100%_x", b"\x01\x02\x03\x80", "99999999999"),
        (8, None, None, None, None), (9, "line\nbreak\ttab", "😀 smile", b"\n", "1e3"), (10, "ABC", "abc", b"ABC", "t"), (11, "abcabc", "cab", b"bc", "2024-03-15"),
        (12, "Zebra", "zebra", b"z", "infinity"),
    ]
    return kinds, rows


def ids():
    kinds = {"id": pa.int32(), "u": pa.string(), "j": pa.string()}
    return kinds, [(i, str(uuid.UUID(int=i * 0x1234567890abcdef1234567)), j) for i, j in enumerate(
        ['{"a": 1, "b": [1, 2, {"c": "x"}], "d": null}', '[1, 2.5, "three", null, true]', '"text"', None, '{"k y": {"n": -1e3}}'], 1)]


def sales():
    rng = random.Random(7)
    kinds = {"id": pa.int64(), "day": pa.date32(), "region": pa.string(), "product": pa.string(), "qty": pa.int32(), "price": pa.decimal128(8, 2)}
    rows = [(i, dt.date(2024, 1, 1) + dt.timedelta(days=rng.randrange(120)), rng.choice(["EU", "US", "APAC", None]),
             rng.choice(["pen", "ink", "pad", "cap"]), None if rng.random() < 0.05 else rng.randrange(-3, 40),
             None if rng.random() < 0.05 else D(rng.randrange(1, 99999)).scaleb(-2)) for i in range(240)]
    return kinds, rows


SMALL = {f.__name__: f for f in (emp, dept, nums, times, texts, ids, sales)}
POSTGRES = {"int32": "int", "int64": "bigint", "float": "real", "double": "float8", "string": "text", "bool": "boolean", "binary": "bytea",
            "date32[day]": "date", "time64[us]": "time", "timestamp[us]": "timestamp", "timestamp[us, tz=UTC]": "timestamptz"}
LOGICAL = {"int32": "integer", "int64": "integer", "float": "number", "double": "number", "string": "string", "bool": "boolean",
           "date32[day]": "date", "time64[us]": "time", "timestamp[us]": "timestamp", "timestamp[us, tz=UTC]": "timestamp"}

# Without them some of the 22 queries take a minute each.
INDEXES = [("lineitem", "l_orderkey"), ("lineitem", "l_partkey, l_suppkey"), ("orders", "o_orderkey"), ("orders", "o_custkey"), ("part", "p_partkey"),
           ("partsupp", "ps_partkey, ps_suppkey"), ("customer", "c_custkey"), ("supplier", "s_suppkey")]


def small(name):
    kinds, rows = SMALL[name]()
    return pa.table([pa.array([r[i] for r in rows], t) for i, t in enumerate(kinds.values())], schema=pa.schema(list(kinds.items())))


def table_of(out, name):
    return small(name) if name in SMALL else pq.read_table(out / "parquet" / f"{name}.parquet")


def contract(name, table):
    lines = ["apiVersion: v3.1.0", "kind: DataContract", f"id: shop.{name}", "version: 1.0.0", "status: active", "domain: shop", "schema:",
             f"- name: {name}", "  customProperties:", f'  - {{property: hailstorm.location, value: "warehouse/shop/{name}"}}', "  properties:"]
    for f in table.schema:
        kind = "number" if pa.types.is_decimal(f.type) else LOGICAL.get(str(f.type), "string")
        physical = ", physicalType: binary" if pa.types.is_binary(f.type) else ""
        lines.append(f"  - {{name: {f.name}, logicalType: {kind}{physical}}}")
    return "\n".join(lines) + "\n"


def grants():
    return "---\n".join(f"kind: Grant\nname: read-{n}\nto: {{roles: [all]}}\nactions: [read]\non: {{product: shop.{n}}}\n" for n in [*SMALL, *TPCH])


def write(out):
    once = Once(out, HERE / "rows.py", ROOT / "tests" / "data" / "tables.py")
    if once.done():
        return out / "mesh"
    once.begin()
    mesh = out / "mesh"
    shutil.rmtree(mesh, ignore_errors=True)
    dbgen(0.01, out / "parquet")
    domain = mesh / "domains" / "shop"
    (domain / "policies").mkdir(parents=True)
    (mesh / "mesh.yaml").write_text("kind: Mesh\nname: oracle\n")
    (domain / "policies" / "policies.yaml").write_text(grants())
    (mesh / "principals.yaml").write_text(with_verifiers(f"kind: Principals\nusers:\n- {{name: {PERSON}, roles: [all]}}\n", "-oracle"))
    (mesh / "principals.yaml").chmod(0o600)
    warehouse = Warehouse(mesh, out / "catalog.db")
    for name in TPCH:
        warehouse.write("shop", name, out / "parquet" / f"{name}.parquet", 2 if name == "lineitem" else 1)
        (domain / f"{name}.odcs.yaml").write_text(contract(name, table_of(out, name)))
    for name in SMALL:
        table = small(name)
        place = (warehouse.path / "shop" / name).as_uri()
        warehouse.catalog.create_table(f"shop.{name}", table.schema, location=place, properties={"format-version": "2"}).append(table)
        (domain / f"{name}.odcs.yaml").write_text(contract(name, table))
    once.end()
    return mesh


def postgres_type(kind):
    return f"numeric({kind.precision},{kind.scale})" if pa.types.is_decimal(kind) else POSTGRES[str(kind).replace("string_view", "string")]


def fill(connection, out):
    """The same rows into PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA shop")
        cursor.execute("SET search_path = shop")
        for name in [*SMALL, *TPCH]:
            table = table_of(out, name)
            columns = ", ".join(f'"{f.name}" {postgres_type(f.type)}' for f in table.schema)
            cursor.execute(f"CREATE TABLE {name} ({columns})")
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                for batch in table.to_batches():
                    for row in zip(*(c.to_pylist() for c in batch.columns)):
                        copy.write_row(row)
        for name, columns in INDEXES:
            cursor.execute(f"CREATE INDEX ON {name} ({columns})")
        cursor.execute("ANALYZE")
    connection.commit()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=OUT)
    write(parser.parse_args().out.resolve())
