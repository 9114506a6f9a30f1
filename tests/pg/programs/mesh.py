"""What the client programs read: the demo mesh, a table of every type, and pgbench's own tables under pgbench's own names; and what each
person may see of them, worked out here from the rows themselves. The server has no part in that truth."""
import datetime as dt
import decimal
import functools
import importlib.util
import pathlib
import subprocess
import sys
import uuid

import pyarrow as pa

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "data"), str(ROOT / "tests" / "lib")]


def generators():
    """tests/data/tables.py, which is not the only file of that name."""
    spec = importlib.util.spec_from_file_location("data_tables", ROOT / "tests" / "data" / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Once = generators().Once

OUT = ROOT / "build" / "pg-programs"
PEOPLE = ("otto", "sue")  # an auditor who sees everything, and support: some rows, some columns, some masks
ACCOUNTS = 100000  # pgbench's own number at scale 1
D, UTC = decimal.Decimal, dt.timezone.utc

COLUMNS = [("id", "LongType", "integer"), ("i", "IntegerType", "integer"), ("b", "BooleanType", "boolean"), ("f", "FloatType", "number"),
           ("d", "DoubleType", "number"), ("n", "DecimalType(12, 2)", "number"), ("m", "DecimalType(38, 10)", "number"),
           ("s", "StringType", "string"), ("x", "BinaryType", "string/binary"), ("u", "UUIDType", "string/uuid"), ("day", "DateType", "date"),
           ("t", "TimeType", "time"), ("ts", "TimestampType", "timestamp"), ("tz", "TimestamptzType", "timestamp"),
           ("l", "list IntegerType", "array integer"), ("w", "list StringType", "array string")]
ROWS = [
    (1, 7, True, 1.5, 0.1, D("12.50"), D("1.0000000001"), "plain", b"\x00\x01\xff", uuid.UUID(int=1), dt.date(2024, 2, 29), dt.time(10, 20, 30, 5),
     dt.datetime(2024, 2, 29, 10, 20, 30, 123456), dt.datetime(2024, 2, 29, 10, 20, 30, 123456, UTC), [1, 2, 3], ["a", "b c"]),
    (2, -2147483648, False, -0.25, 1e300, D("-0.01"), D("-9999999999999999999999999999.9999999999"), "ä€😀 \"quoted\", 'too'\\ {x}\ttab\nline", b"",
     uuid.UUID("ffffffff-ffff-4fff-bfff-ffffffffffff"), dt.date(1, 1, 1), dt.time(0), dt.datetime(1, 1, 1), dt.datetime(1582, 10, 4, tzinfo=UTC), [], ["", "NULL", None, '"', "\\"]),
    (3, *[None] * 15),
    (4, 2147483647, True, 3.25, -1e-300, D("9999999999.99"), D("0"), "", b"abc\\", uuid.UUID(int=2 ** 64), dt.date(9999, 12, 31), dt.time(23, 59, 59, 999999),
     dt.datetime(9999, 12, 31, 23, 59, 59, 999999), dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), [None, -1], [None]),
    (9223372036854775807, 0, False, 0.0, 0.0, D("0.00"), D("123456789.5"), "last", b"\n", uuid.UUID(int=3), dt.date(1969, 12, 31), dt.time(12),
     dt.datetime(1969, 12, 31, 23, 59, 59, 1), dt.datetime(1969, 12, 31, 23, 59, 59, 1, UTC), [2147483647], ["x" * 3000]),
]
POLICIES = """\
kind: Grant
name: auditors-read-all
to: {roles: [auditor]}
actions: [read]
on: {domain: kinds}
---
kind: Grant
name: support-reads-some
to: {roles: [support]}
actions: [read]
on: {table: kinds.everything}
columns: [id, i, b, f, d, n, m, s, u, day, t, ts, tz, l, w]
---
kind: RowRule
name: small-ids
on: {table: kinds.everything}
to: {roles: [support]}
where: id < 4
---
kind: Mask
name: no-numbers
on: {column: kinds.everything.n}
to: {roles: [support]}
with: nullify
---
kind: Mask
name: first-letters
on: {column: kinds.everything.s}
to: {roles: [support]}
with: show-first-n
args: {n: 1}
"""
BENCH_POLICIES = """\
kind: Grant
name: all-accounts
to: {roles: [auditor]}
actions: [read]
on: {domain: pgbench}
---
kind: Grant
name: balances
to: {roles: [support]}
actions: [read]
on: {domain: pgbench}
columns: [aid, bid, abalance, bbalance]
---
kind: RowRule
name: even-accounts
on: {table: pgbench.pgbench_accounts}
to: {roles: [support]}
where: aid % 2 = 0
"""


def balance(aid):
    """As the scripts compute it, too."""
    return aid * 7919 % 10007 - 5000


def bench_tables():
    aids = list(range(1, ACCOUNTS + 1))
    int32 = pa.int32()
    yield "pgbench_branches", pa.table({"bid": pa.array([1], int32), "bbalance": pa.array([0], int32), "filler": [""]})
    yield "pgbench_tellers", pa.table({"tid": pa.array(range(1, 11), int32), "bid": pa.array([1] * 10, int32), "tbalance": pa.array([0] * 10, int32), "filler": [""] * 10})
    yield "pgbench_accounts", pa.table({"aid": pa.array(aids, int32), "bid": pa.array([1] * ACCOUNTS, int32),
                                        "abalance": pa.array([balance(a) for a in aids], int32), "filler": pa.array([""] * ACCOUNTS)})


def contract(domain, name, columns):
    lines = ["apiVersion: v3.1.0", "kind: DataContract", f"id: {domain}.{name}", "version: 1.0.0", "status: active", f"domain: {domain}", "schema:", f"- name: {name}",
             "  customProperties:", f'  - {{property: hailstorm.location, value: "warehouse/{domain}/{name}"}}', "  properties:"]
    for i, (column, logical) in enumerate(columns):
        kind, _, item = logical.partition(" ")
        kind, _, physical = kind.partition("/")
        key = ", primaryKey: true" if i == 0 else ""
        key += f", physicalType: {physical}" if physical else ""
        inner = f", items: {{logicalType: {item}}}" if item else ""
        lines.append(f"  - {{name: {column}, logicalType: {kind}{key}{inner}}}")
    return "\n".join(lines) + "\n"


def write_kinds(mesh, catalog):
    import pyiceberg.types as types
    fields, number = [], 100
    for i, (name, kind, _) in enumerate(COLUMNS):
        if kind.startswith("list "):
            number += 1
            made = types.ListType(number, getattr(types, kind[5:])(), element_required=False)
        else:
            made = eval(f"types.{kind}{'' if '(' in kind else '()'}", {"types": types})
        fields.append(types.NestedField(i + 1, name, made, required=False))
    from pyiceberg.schema import Schema
    location = (mesh / "warehouse" / "kinds" / "everything").as_uri()
    catalog.create_namespace_if_not_exists("kinds")
    table = catalog.create_table("kinds.everything", Schema(*fields), location=location, properties={"format-version": "2"})
    arrow = table.schema().as_arrow()

    def cell(name, value):
        return value.bytes if name == "u" and value is not None else value

    for part in (ROWS[:3], ROWS[3:]):
        rows = [{c[0]: cell(c[0], v) for c, v in zip(COLUMNS, row)} for row in part]
        table.append(pa.table([pa.array([r[f.name] for r in rows], f.type) for f in arrow], schema=arrow))
    folder = mesh / "domains" / "kinds"
    (folder / "policies").mkdir(parents=True)
    (folder / "everything.odcs.yaml").write_text(contract("kinds", "everything", [(c[0], c[2]) for c in COLUMNS]))
    (folder / "policies" / "kinds.yaml").write_text(POLICIES)


def write_bench(mesh, catalog):
    folder = mesh / "domains" / "pgbench"
    (folder / "policies").mkdir(parents=True)
    catalog.create_namespace_if_not_exists("pgbench")
    for name, rows in bench_tables():
        table = catalog.create_table(f"pgbench.{name}", rows.schema, location=(mesh / "warehouse" / "pgbench" / name).as_uri(), properties={"format-version": "2"})
        table.append(rows)
        (folder / f"{name}.odcs.yaml").write_text(contract("pgbench", name, [(f.name, "integer" if f.type == pa.int32() else "string") for f in rows.schema]))
    (folder / "policies" / "pgbench.yaml").write_text(BENCH_POLICIES)


def make():
    """The mesh's folder."""
    mesh, catalog_file = OUT / "mesh", OUT / "catalog.db"
    OUT.mkdir(parents=True, exist_ok=True)
    once = Once(OUT, ROOT / "demo", pathlib.Path(__file__))
    if not once.done():
        once.begin()
        subprocess.run([sys.executable, str(ROOT / "demo" / "generate.py"), "--out", str(OUT), "--force"], check=True, stdout=subprocess.DEVNULL)
        from pyiceberg.catalog.sql import SqlCatalog
        catalog = SqlCatalog("demo", uri=f"sqlite:///{catalog_file}", warehouse=(mesh / "warehouse").as_uri())
        with open(mesh / "mesh.yaml", "a") as said:
            said.write("  kinds: {roots: [warehouse/kinds]}\n  pgbench: {roots: [warehouse/pgbench]}\n")
        write_kinds(mesh, catalog)
        write_bench(mesh, catalog)
        once.end()
    return mesh


# ---- what each person may see ----

@functools.cache
def stored(name):
    """A demo table's rows by PyIceberg, as dicts in the order of their ids."""
    from pyiceberg.catalog.sql import SqlCatalog
    make()
    catalog = SqlCatalog("demo", uri=f"sqlite:///{OUT / 'catalog.db'}", warehouse=(OUT / "mesh" / "warehouse").as_uri())
    return sorted(catalog.load_table(name).scan().to_arrow().to_pylist(), key=lambda r: r["id"])


@functools.cache
def orders(who):
    rows = stored("sales.orders")
    if who == "otto":
        return rows
    assert who == "sue"
    seen = ("id", "customer_id", "region", "placed_at", "status")
    return [{c: r[c] for c in seen} for r in rows if r["region"] == "US"]


@functools.cache
def customers(who):
    """Of sue's masks only names; the others are the mask room's own tests."""
    rows = stored("sales.customers")
    if who == "otto":
        return rows
    assert who == "sue"
    return [{"id": r["id"], "name": r["name"][0] + "*" * (len(r["name"]) - 1), "region": r["region"], "loyalty": r["loyalty"]} for r in rows if r["region"] == "US"]


def everything(who):
    """Of kinds.everything: (names, rows)"""
    names = [c[0] for c in COLUMNS]
    if who == "otto":
        return names, list(ROWS)
    assert who == "sue"
    keep = [i for i, c in enumerate(names) if c != "x"]
    rows = []
    for row in ROWS[:3]:
        row = list(row)
        row[5] = None
        row[7] = row[7] and row[7][0] + "*" * (len(row[7]) - 1)
        rows.append(tuple(row[i] for i in keep))
    return [names[i] for i in keep], rows


def uri(server, who, scheme="postgresql", host="127.0.0.1"):
    return f"{scheme}://{who}:{who}-demo@{host}:{server.pg_port}/demo"


if __name__ == "__main__":
    print(make())
