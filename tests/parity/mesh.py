"""The second mesh of the parity suite: the demo's tables (their snapshots, struct, list and added column) and one of nested and odd
types, for five people. `database(person)` is the oracle: plain DuckDB tables that hold what that person may see, read by PyIceberg and
restricted by SQL written here by hand, apart from the policy files. Tables of older snapshots are named "orders@0", "orders@1"...
"""
import datetime as dt
import decimal
import pathlib
import shutil
import sys
import uuid

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "demo"), str(ROOT / "tests" / "data"), str(ROOT / "tests" / "lib")]

PEOPLE = ("otto", "ana", "fred", "sue", "pia")
PASSWORD = "{}-demo"
OUT = ROOT / "build" / "parity"
TABLES = {"sales": ["customers", "orders"], "support": ["tickets"], "lab": ["readings"]}

MORE_PEOPLE = "- {name: pia, roles: [pseudonyms], attributes: {region: APAC, floor: 2, since: 2026-02-01}}\n"

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: lab.readings
version: 1.0.0
status: active
domain: lab
schema:
- name: readings
  customProperties:
  - {property: hailstorm.location, value: "warehouse/lab/readings"}
  properties:
  - {name: id, logicalType: integer, required: true}
  - {name: ok, logicalType: boolean}
  - {name: level, logicalType: integer}
  - {name: weight, logicalType: number}
  - {name: ratio, logicalType: number}
  - {name: price, logicalType: number}
  - {name: day, logicalType: date}
  - {name: at_time, logicalType: time}
  - {name: seen, logicalType: timestamp}
  - {name: seen_utc, logicalType: timestamp}
  - {name: device, logicalType: string}
  - {name: code, logicalType: string, tags: [lab.code]}
  - {name: raw, logicalType: string, physicalType: binary}
  - name: place
    logicalType: object
    properties:
    - {name: site, logicalType: string}
    - {name: room, logicalType: string, tags: [lab.code]}
    - name: grid
      logicalType: object
      properties:
      - {name: x, logicalType: integer}
      - {name: y, logicalType: integer}
  - name: parts
    logicalType: array
    items:
      logicalType: object
      properties:
      - {name: serial, logicalType: string, tags: [lab.code]}
      - {name: count, logicalType: integer}
  - name: labels
    logicalType: object
    physicalType: map
    properties:
    - {name: key, logicalType: string}
    - {name: value, logicalType: string}
"""

POLICIES = {
    "lab": """\
kind: Grant
name: all-of-readings
to: {roles: [auditor, fraud, analyst]}
actions: [read]
on: {product: lab.readings}
---
# Support sees little of it: two members of a struct of three, one member of a list's items.
kind: Grant
name: some-of-readings
to: {roles: [support]}
actions: [read]
on: {product: lab.readings}
columns: [id, ok, level, day, place.site, place.grid.x, "parts[].count"]
---
# Two grants, each with its rows; either gives a row.
kind: Grant
name: low-levels
to: {roles: [pseudonyms]}
actions: [read]
on: {product: lab.readings}
where: level < principal.floor
---
kind: Grant
name: good-ones
to: {roles: [pseudonyms]}
actions: [read]
on: {product: lab.readings}
where: ok and level > 6
---
kind: Mask
name: codes-for-fraud
on: {tag: lab.code}
to: {roles: [fraud]}
with: show-last-n
args: {n: 3}
---
kind: Mask
name: codes-for-analysts
on: {tag: lab.code}
to: {roles: [analyst]}
when: level >= 5
with: redact
---
kind: Mask
name: grid-of-the-lab
on: {column: lab.readings.place.grid}
to: {roles: [analyst]}
with: nullify
---
kind: Mask
name: prices-for-fraud
on: {column: lab.readings.price}
to: {roles: [fraud]}
when: ratio > 0.5 or ratio is null
with: constant
args: {value: 9.99}
---
kind: Mask
name: seen-by-month
on: {column: lab.readings.seen}
to: {roles: [fraud]}
with: truncate-date
args: {unit: month}
---
kind: RowRule
name: no-negative-levels
on: {table: lab.readings}
to: {roles: [analyst]}
where: level is null or level >= 0
""",
    "sales": """\
kind: Grant
name: pia-reads-customers
to: {roles: [pseudonyms]}
actions: [read]
on: {product: sales.customers}
---
kind: Grant
name: pia-reads-orders
to: {roles: [pseudonyms]}
actions: [read]
on: {product: sales.orders}
---
kind: RowRule
name: recent-orders-that-count
on: {table: sales.orders}
to: {roles: [pseudonyms]}
where: placed_at >= timestamp '2026-02-01 00:00:00Z' and not (status = 'cancelled')
---
kind: Mask
name: amounts-are-rounded-away
on: {column: sales.orders.amount}
to: {roles: [pseudonyms]}
with: redact
---
kind: Mask
name: names-for-pia
on: {tag: pii.name}
to: {roles: [pseudonyms]}
with: redact
""",
    "support": """\
kind: Grant
name: pia-reads-tickets
to: {roles: [pseudonyms]}
actions: [read]
on: {product: support.tickets}
where: priority in (1, 2) and not (subject ends with 'late')
---
kind: Mask
name: bodies-for-pia
on: {tag: free.text}
to: {roles: [pseudonyms]}
with: nullify
""",
}


def readings():
    """400 rows of every kind of oddness that has a name: NULLs at each level, empty lists and texts, ends of ranges, quotes, wide text."""
    texts = ["A-100", "B-2", "", None, "Zürich-7", "it's", 'say "x"', "€99", "日本-42", "x" * 40, "tab\there", "*", "***"]
    for i in range(400):
        def some(value, every):
            return None if i % every == every - 1 else value
        yield {
            "id": i,
            "ok": some(i % 3 == 0, 17),
            "level": some(i % 11 - 1, 23),
            "weight": some([0.1, -0.0, 1.5e300, float("nan"), float("inf"), 3.25][i % 6], 29),
            "ratio": some((i % 40) / 32, 13),
            "price": some(decimal.Decimal(i * 7919 % 100000) / 100, 19),
            "day": some(dt.date(2020, 1, 31) + dt.timedelta(days=37 * i), 31),
            "at_time": some(dt.time(i % 24, i % 60, (7 * i) % 60, 1000 * i), 37),
            "seen": some(dt.datetime(1969, 12, 31, 23, 59, 59) + dt.timedelta(hours=1013 * i, microseconds=i), 41),
            "seen_utc": some(dt.datetime(2026, 3, 28, tzinfo=dt.timezone.utc) + dt.timedelta(minutes=613 * i), 43),
            "device": some(str(uuid.UUID(int=i * 0x1234567890abcdef1234567)), 47),
            "code": texts[i % len(texts)],
            "raw": some(bytes([i % 256, 0, 255]) * (i % 4), 53),
            "place": None if i % 7 == 6 else {"site": ["north", "south", None][i % 3], "room": texts[(i * 5) % len(texts)],
                                              "grid": None if i % 10 == 9 else {"x": i % 100, "y": some(-i, 12)}},
            "parts": None if i % 9 == 8 else [None if (i + k) % 14 == 13 else {"serial": texts[(i + k) % len(texts)], "count": some(k, 11)} for k in range(i % 4)],
            "labels": None if i % 8 == 7 else [(f"k{k}", texts[(i + 3 * k) % len(texts)]) for k in range(i % 3)],
        }


def write_readings(warehouse, catalog_file):
    import pyarrow as pa
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.schema import Schema
    from pyiceberg.types import (BinaryType, BooleanType, DateType, DecimalType, DoubleType, FloatType, IntegerType, ListType, LongType, MapType,
                                 NestedField, StringType, StructType, TimestampType, TimestamptzType, TimeType)
    catalog = SqlCatalog("parity", uri=f"sqlite:///{catalog_file}", warehouse=warehouse.as_uri())
    catalog.create_namespace_if_not_exists("lab")

    def f(number, name, kind, required=False):
        return NestedField(number, name, kind, required=required)
    schema = Schema(
        f(1, "id", LongType(), True), f(2, "ok", BooleanType()), f(3, "level", IntegerType()), f(4, "weight", DoubleType()), f(5, "ratio", FloatType()),
        f(6, "price", DecimalType(9, 2)), f(7, "day", DateType()), f(8, "at_time", TimeType()), f(9, "seen", TimestampType()),
        f(10, "seen_utc", TimestamptzType()), f(11, "device", StringType()), f(12, "code", StringType()), f(13, "raw", BinaryType()),
        f(14, "place", StructType(f(17, "site", StringType()), f(18, "room", StringType()),
                                  f(19, "grid", StructType(f(20, "x", IntegerType()), f(21, "y", IntegerType()))))),
        f(15, "parts", ListType(22, StructType(f(23, "serial", StringType()), f(24, "count", IntegerType())), element_required=False)),
        f(16, "labels", MapType(25, StringType(), 26, StringType(), value_required=False)))
    table = catalog.create_table("lab.readings", schema, location=(warehouse / "lab" / "readings").as_uri(), properties={"format-version": "2"})
    rows = list(readings())
    for part in (rows[:150], rows[150:160], rows[160:]):
        table.append(pa.Table.from_pylist(part, schema=table.schema().as_arrow()))


def make():
    """Writes build/parity once: the demo's own generator, a fifth person and the lab."""
    import generate
    from tables import Once
    once = Once(OUT, HERE / "mesh.py", ROOT / "demo" / "generate.py", ROOT / "demo" / "mesh")
    if once.done():
        return OUT / "mesh"
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    mesh = OUT / "mesh"
    shutil.copytree(ROOT / "demo" / "mesh", mesh)
    people = (mesh / "principals.yaml").read_text() + MORE_PEOPLE
    people = people.replace("\n  ", "\n")
    from tables import with_verifiers
    (mesh / "principals.yaml").write_text(with_verifiers(people, "-demo"))
    (mesh / "principals.yaml").chmod(0o600)
    with (mesh / "mesh.yaml").open("a") as file:
        file.write("  lab: {roots: [warehouse/lab]}\n")  # beside those that the demo's domains have
    (mesh / "domains" / "lab" / "policies").mkdir(parents=True)
    (mesh / "domains" / "lab" / "readings.odcs.yaml").write_text(CONTRACT)
    for domain, text in POLICIES.items():
        (mesh / "domains" / domain / "policies" / "parity.yaml").write_text(text)
    generate.write_tables(mesh / "warehouse", OUT / "catalog.db")
    write_readings(mesh / "warehouse", OUT / "lab.db")
    once.end()
    return mesh


# ---- the oracle ----
def show_first(x, n):
    return f"case when length({x}) > {n} then left({x}, {n}) || repeat('*', length({x}) - {n}) else repeat('*', length({x})) end"


def show_last(x, n):
    return f"case when length({x}) > {n} then repeat('*', length({x}) - {n}) || right({x}, {n}) else repeat('*', length({x})) end"


def redacted(x):
    return f"case when {x} is not null then '[redacted]' end"


DOMAIN = "case when email like '%@%' then '***@' || regexp_extract(email, '[^@]*$') when email is not null then '***' end"
PHONE = show_last("phone", 2)
BIRTH = "make_date(year(birth_date), 1, 1)"


def address(street, postcode):
    return ("case when address is not null then {'street': " + street + ", 'city': address.city, 'postcode': " + postcode
            + ", 'country': address.country} end")


HIDDEN_STREET = redacted("address.street")
AREA = show_first("address.postcode", 2)
ROOMS = {"fred": lambda x: show_last(x, 3), "ana": lambda x: f"case when level < 5 then {x} else {redacted(x)} end"}


def place(room, grid="place.grid"):
    return "case when place is not null then {'site': place.site, 'room': " + room + ", 'grid': " + grid + "} end"


def parts(serial):
    return ("list_transform(parts, lambda p: case when p is not null then {'serial': " + serial + ", 'count': p.count} end)")


NO_GRID = "case when false then place.grid end"
SEEN = {
    "otto": {},
    "ana": {
        "customers": f"select * replace ({DOMAIN} as email, {PHONE} as phone, {BIRTH} as birth_date, {address(HIDDEN_STREET, AREA)} as address) from {{}} where region = 'EU'",
        "orders": f"select * replace (case when amount < 500 then amount end as amount, {redacted('note')} as note) from {{}} where region = 'EU'",
        "tickets": "select id, customer_id, region, opened_at, priority from {} where region = 'EU'",
        "readings": f"""select * replace ({ROOMS['ana']('code')} as code, {place(ROOMS['ana']('place.room'), NO_GRID)} as place,
            {parts(ROOMS['ana']('p.serial'))} as parts) from {{}} where level is null or level >= 0""",
    },
    "fred": {
        "customers": f"select * replace ({BIRTH} as birth_date, {address(HIDDEN_STREET, 'address.postcode')} as address) from {{}}",
        "tickets": f"select * replace ({redacted('body')} as body) from {{}}",
        "readings": f"""select * replace ({ROOMS['fred']('code')} as code, {place(ROOMS['fred']('place.room'))} as place,
            {parts(ROOMS['fred']('p.serial'))} as parts, date_trunc('month', seen)::timestamp as seen,
            case when ratio <= 0.5 then price else cast(case when price is not null then 9.99 end as decimal(9, 2)) end as price) from {{}}""",
    },
    "sue": {
        "customers": f"""select * replace ({show_first('name', 1)} as name, {DOMAIN} as email, {PHONE} as phone, {BIRTH} as birth_date,
            {address(HIDDEN_STREET, AREA)} as address) from {{}} where region = 'US'""",
        "orders": "select id, customer_id, region, placed_at, status from {} where region = 'US'",
        "tickets": "select * from {} where region = 'US'",
        "readings": """select id, ok, level, day,
            case when place is not null then {'site': place.site, 'grid': case when place.grid is not null then {'x': place.grid.x} end} end as place,
            list_transform(parts, lambda p: case when p is not null then {'count': p.count} end) as parts from {}""",
    },
    "pia": {
        "customers": f"""select * replace ({redacted('name')} as name, {DOMAIN} as email, {PHONE} as phone, {BIRTH} as birth_date,
            {address(HIDDEN_STREET, AREA)} as address) from {{}}""",
        "orders": f"""select * replace (case when amount is not null then cast(0 as decimal(12, 2)) end as amount, {redacted('note')} as note)
            from {{}} where placed_at >= timestamptz '2026-02-01 00:00:00+00' and status <> 'cancelled'""",
        "tickets": "select * replace (case when false then body end as body) from {} where priority in (1, 2) and subject not like '%late'",
        "readings": "select * from {} where level < 2 or (ok and level > 6)",
    },
}


def as_now(table, snapshot):
    """A snapshot's rows under the table's current schema, by field id: what was added since is NULL, and today's names hold."""
    import pyarrow as pa
    data, then, now = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow(), table.schemas()[snapshot.schema_id], table.schema()
    known, target = {f.field_id: f.name for f in then.fields}, now.as_arrow()
    return pa.table([data[known[f.field_id]].cast(target.field(f.name).type) if f.field_id in known else pa.nulls(len(data), target.field(f.name).type)
                     for f in now.fields], names=[f.name for f in now.fields])


def arrow_tables():
    """{(domain, name): (arrow of the current snapshot, [arrow of each snapshot], [snapshot ids], [times in ms])}, by PyIceberg."""
    from pyiceberg.table import StaticTable
    out = {}
    for domain, names in TABLES.items():
        for name in names:
            folder = OUT / "mesh" / "warehouse" / domain / name / "metadata"
            table = StaticTable.from_metadata(str(max(folder.glob("*.metadata.json"), key=lambda p: p.name)))
            history = sorted(table.metadata.snapshots, key=lambda s: s.sequence_number)
            out[domain, name] = (table.scan().to_arrow(), [as_now(table, s) for s in history],
                                 [s.snapshot_id for s in history], [s.timestamp_ms for s in history])
    return out


def database(person, tables, threads=2):
    import duckdb
    con = duckdb.connect(config={"threads": threads})
    con.execute("set TimeZone = 'UTC'")
    for (domain, name), (current, older, _, _) in tables.items():
        con.execute(f"create schema if not exists {domain}")
        query = SEEN[person].get(name, "select * from {}")
        for suffix, data in [("", current), *((f"@{i}", data) for i, data in enumerate(older))]:
            con.register("raw_table", data)
            con.execute(f'create table {domain}."{name}{suffix}" as {query.replace("{}", "raw_table")}')
            con.unregister("raw_table")
    con.execute("set search_path = 'sales,support,lab'")
    return con
