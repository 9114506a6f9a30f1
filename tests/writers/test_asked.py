"""What a statement asks leaves out files: the same answers with and without, fewer files, and where rows are hidden no further than by partition.

reader sees all rows, eve those of one region and some cells behind a mask. The second server never leaves out a file by what is asked."""
import datetime as dt
import decimal
import json
import os
import shutil
import subprocess
import uuid

import pyarrow as pa
import pytest
from others import ROOT, Written, contracts, multiset
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import BooleanType, DateType, DecimalType, DoubleType, FloatType, IntegerType, LongType, NestedField, StringType, TimestampType, TimestamptzType, UUIDType
from server import BINARY, Server
from truth import Truth

OUT = ROOT / "build" / "asked"
DAYS, FIRST = 24, dt.date(2025, 12, 20)
COLUMNS = Schema(
    NestedField(1, "id", LongType()), NestedField(2, "day", DateType()), NestedField(3, "moment", TimestamptzType()), NestedField(4, "local", TimestampType()),
    NestedField(5, "word", StringType()), NestedField(6, "amount", DecimalType(9, 2)), NestedField(7, "d", DoubleType()), NestedField(8, "f", FloatType()),
    NestedField(9, "small", IntegerType()), NestedField(10, "flag", BooleanType()), NestedField(11, "ident", UUIDType()), NestedField(12, "region", StringType()),
    NestedField(13, "secret", StringType()), NestedField(14, "sparse", LongType()))
LAYOUTS = {
    "daily": [(2, IdentityTransform())], "moments": [(3, DayTransform())], "words": [(5, TruncateTransform(2)), (12, IdentityTransform())],
    "buckets": [(1, BucketTransform(5))], "sorted": [], "older": [(2, IdentityTransform())]}
POLICIES = """
---
kind: Grant
name: eve-{name}
to: {{roles: [some]}}
actions: [read]
on: {{product: fixtures.{name}}}
---
kind: RowRule
name: region-{name}
on: {{table: fixtures.{name}}}
to: {{roles: [some]}}
where: region = 'EU'
---
kind: Mask
name: secret-{name}
on: {{column: "fixtures.{name}.secret"}}
to: {{roles: [some]}}
with: redact
"""
PEOPLE = {"reader": "role:reader", "eve": "role:some"}


def row(i, day):
    at = dt.datetime.combine(day, dt.time(i * 7 % 24, i % 60))
    return {
        "id": i, "day": day, "moment": at.replace(tzinfo=dt.timezone.utc), "local": at, "word": f"{'abcdef'[i % 6]}{i % 10}_{i}" if i % 11 else None,
        "amount": decimal.Decimal(i * 37 % 10000) / 100, "d": [i / 8, float("nan"), -0.0][0 if i % 9 else i % 2 + 1], "f": i / 4, "small": i % 40, "flag": [True, False, None][i // 20 % 3],
        "ident": uuid.UUID(int=i << 100).bytes, "region": ["EU", "US", "EU", None][i % 4] if i % 20 < 10 else ["US", "APAC"][i % 2], "secret": f"s{i}", "sparse": i if i > 150 else None}


def rows_of_day(n):
    return [row(i, FIRST + dt.timedelta(days=n)) for i in range(n * 10, n * 10 + 10)]


def write(catalog, name):
    spec = PartitionSpec(*(PartitionField(source, 1000 + i, t, f"p{i}") for i, (source, t) in enumerate(LAYOUTS[name])))
    table = catalog.create_table(f"db.{name}", COLUMNS, partition_spec=spec, properties={"format-version": "2"})
    for n in range(0, DAYS, 6 if name in ("words", "buckets") else 1):
        if name == "older" and n == DAYS // 2:
            with table.update_spec() as update:
                update.remove_field("p0")
            with table.update_schema() as update:
                update.rename_column("word", "term")
        rows = rows_of_day(n)
        if "term" in table.schema().column_names:
            rows = [{("term" if k == "word" else k): v for k, v in r.items()} for r in rows]
        table.append(pa.Table.from_pylist(rows, schema=table.schema().as_arrow()))
    return table


QUESTIONS = [
    "day = '2026-01-01'", "day = date '2026-01-01'", "'2026-01-01' = day", "day in ('2025-12-24', date '2026-01-02')", "day between '2025-12-30' and '2026-01-02'",
    "day <> '2026-01-01'", "not day = '2026-01-01'", "day > '2026-01-08' or day < '2025-12-22'", "day >= date '2026-01-01' - interval 3 day and day < '2026-01-01'",
    "moment >= '2026-01-01' and moment < '2026-01-02'", "moment < timestamptz '2025-12-22 00:00:00+00'", "moment = timestamptz '2026-01-01 01:00:00+01'", "moment > timestamp '2026-01-10 10:00:00'",
    "moment >= date '2026-01-10'", "moment::date = '2026-01-01'", "local < '2025-12-22 05:00:00'", "local >= timestamp '2026-01-11'", "local = day",
    "id = 17", "id in (3, 99, 12345)", "id > 230", "id >= 9.5 and id < 10.5", "id < 3.0", "-id = -17", "id = '17'", "id between 100 and 50", "id not in (1, 2)", "small = 39 and id < 60", "small > 1000000",
    "word = 'b3_13'", "word like 'b3%'", "word like 'b3_1%'", "word like '%13'", "not word like 'b%'", "word not like 'a%'", "not word like 'b%3'", "starts_with(word, 'c')", "word ^@ 'd5'", "prefix(word, 'zz')",
    "word > 'f'", "upper(word) = 'B3_13'", "word collate nocase = 'B3_13'", "word is null", "word is not null and id < 25", "word ilike 'B3%'", "word like 'b3\\_1%'",
    "amount = 3.7", "amount > 84.5", "amount = 3.701", "amount < 1", "d = 1.25", "d > 29", "d = 'nan'::double", "d = 0", "d <= 0.0", "f > 58.5", "f = 1.1", "flag", "not flag", "flag is null", "flag = true",
    "ident = '00000000-1000-0000-0000-000000000000'::uuid", "ident > '0000000e-0000-0000-0000-000000000000'::uuid", "region = 'EU'", "region is null", "sparse is null", "sparse is not null", "sparse > 160", "sparse is distinct from 170",
    "sparse in (170, null)", "sparse not in (170, null)", "secret = 's17'", "secret = '[redacted]'", "secret >= 's2'", "null", "id = null", "false", "1 = 0 or id = 3",
    "(day = '2026-01-01' and length(word) > 2) or (id = 3 and d < 100)", "day = '2026-01-01' and id in (select small from {t})", "day = '2026-01-01' and exists (select 1 from {t} x where x.id = t.id and x.day = '2026-01-01')",
    "coalesce(day = '2026-01-01', false)", "case when day = '2026-01-01' then id > 3 else false end", "(day = '2026-01-01') is not true", "day = (select max(day) from {t} where day < '2025-12-25')"]
STATEMENTS = [
    "select a.id, b.id from {t} a join {t} b on a.small = b.small and b.day = '2026-01-01' where a.day = '2025-12-21'",
    "select a.id, b.id from {t} a left join {t} b on a.id = b.id and b.day = '2026-01-01'", "select a.id, b.id from {t} a left join {t} b on a.id = b.id where b.day = '2026-01-01'",
    "select a.id, b.id from {t} a left join {t} b on a.id = b.id and a.day = '2026-01-01' where b.id is null", "select a.id, b.id from {t} a right join {t} b on a.id = b.id where a.day = '2026-01-01'",
    "select a.id, b.id from {t} a full join {t} b on a.id = b.id + 5 where a.id > 220 or a.id is null", "select id, small from {t} a join {t} b using (id, small) where id = 17",
    "select id from {t} a natural join {t} b where day = '2026-01-01'", "select a.id from {t} a semi join {t} b on a.small = b.small and b.day = '2026-01-01'", "select a.id from {t} a anti join {t} b on a.small = b.small and b.day = '2026-01-01'",
    "select a.id from {t} a, {t} b where (a.day = '2026-01-01' and b.id = 3) or (a.day = '2026-01-02' and b.id = 17)", "select count(*) from (select * from {t} where day = '2026-01-01') q where id > 3",
    "with w as (select * from {t} where day >= '2026-01-01') select a.id from w a join w b using (id) where b.day = '2026-01-03'", "select id from {t} where day = '2026-01-01' union all select id from {t} where id = 3",
    "select id, count(*) over () from {t} where day = '2026-01-01' qualify row_number() over (order by id) < 4", "select day, sum(amount) from {t} where day > '2026-01-05' group by all having sum(id) > 1000 order by day",
    "select day as id from {t} where id = 17", "select id % 3 as day2, count(*) from {t} where day2 = 1 and day = '2026-01-01' group by 1", "select max(day), min(id), count(word) from {t}", "select count(*) from {t} where day = '2030-01-01'",
    "select id from (values (1), (170)) v(id) where id = 170", "select t.id, r.x from {t} t, lateral (select max(u.id) x from {t} u where u.day = t.day and u.id > 230) r where t.day = '2026-01-12'",
    "select * from {t} as t(a, id) where id = '2026-01-01'", "select count(*) from {t} at (version => {snap}) where day = '2026-01-01'", "select count(*) from {t} at (version => {snap}) where day = '2025-12-20'"]
BOUND = [("day = ?", dt.date(2026, 1, 1)), ("id = ?", 17), ("id > ? ", 10**12), ("word = ?", "b3_13"), ("word like ?", "b3%"), ("local < ?", dt.datetime(2025, 12, 22)), ("moment < ?", dt.datetime(2025, 12, 22, tzinfo=dt.timezone.utc)),
         ("d > ?", 29.0), ("small in (?, 3)", 5), ("id = ?", None), ("amount = ?", decimal.Decimal("3.70")), ("day = ?", "2026-01-01"), ("not word like ?", "b%3"), ("flag = ?", True)]


class Asked:
    """Two servers over one model, each with a connection for each person."""

    def __init__(self, folder):
        import adbc_driver_flightsql.dbapi as dbapi
        self.servers = {"with": Server(folder, settings={"log-level": "debug"}), "without": Server(folder, faults=["no-pruning"])}
        self.connections = {}
        for which, server in self.servers.items():
            server.__enter__()
            for person in PEOPLE:
                self.connections[which, person] = dbapi.connect(server.uri, db_kwargs={"username": person, "password": f"{person}-asks"}, autocommit=True)

    def ask(self, which, person, sql, params=None):
        """Rows in any order, or the words of the error."""
        with self.connections[which, person].cursor() as cursor:
            try:
                cursor.execute(sql, params)
                return [tuple(repr(v) for v in r) for r in cursor.fetchall()]
            except Exception as error:
                return [("error", " ".join(str(error).split()))]

    def files(self, person, sql, params=None):
        """How many files were planned, and how many of those looked at were left out."""
        got = self.ask("with", person, sql, params)
        assert not got or got[0][0] != "error", got
        said = [json.loads(line) for line in self.servers["with"].words().splitlines() if "statement ready" in line][-1]
        return int(said["files"]), int(said["left_out"])

    def close(self):
        for connection in self.connections.values():
            connection.close()
        for server in self.servers.values():
            server.__exit__()


@pytest.fixture(scope="module")
def asked():
    from pyiceberg.catalog.sql import SqlCatalog
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    catalog = SqlCatalog("asked", uri=f"sqlite:///{OUT}/catalog.db", warehouse=(OUT / "warehouse").as_uri())
    catalog.create_namespace("db")
    tables = {name: write(catalog, name) for name in LAYOUTS}
    folder = OUT / "mesh"
    contracts.write_model(folder, [Written(n, t.metadata_location.removeprefix("file://"), Truth(), n) for n, t in tables.items()])
    with open(folder / "domains" / "fixtures" / "policies" / "grants.yaml", "a") as out:
        out.write("".join(POLICIES.format(name=n) for n in tables))
    for person, role in PEOPLE.items():
        subprocess.run([str(BINARY), "user", "add", person, role, "--model", str(folder)], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "HAILSTORM_PASSWORD": f"{person}-asks"})
    served = Asked(folder)
    served.tables = tables
    yield served
    served.close()


def same(asked, person, sql, params=None):
    left, right = asked.ask("with", person, sql, params), asked.ask("without", person, sql, params)
    wrong = multiset(right, left)
    return f"{person}: {sql} {params or ''}\n   {wrong}" if wrong else None


def renamed(name, text):
    return text.replace("word", "term") if name == "older" else text


def bound(asked, name, person):
    return [same(asked, person, f"select id from fixtures.{name} where {renamed(name, q)}", [value]) for q, value in BOUND]


@pytest.mark.parametrize("name", LAYOUTS)
def test_answers_are_the_same(asked, name):
    """Several questions a statement, each over a mention of its own."""
    table, snapshot = f"fixtures.{name}", asked.tables[name].metadata.snapshots[3].snapshot_id
    arms = [f"select {i}, id, day, secret, sparse from {table} t where {renamed(name, q).format(t=table)}" for i, q in enumerate(QUESTIONS)]
    statements = [" union all ".join(arms[i:i + 8]) for i in range(0, len(arms), 8)]
    statements += [s.format(t=table, snap=snapshot) for s in STATEMENTS if name in ("daily", "buckets") or (name == "older" and "word" not in s)]
    wrong = [w for w in [same(asked, "reader", s) for s in statements] + bound(asked, name, "reader") if w]
    assert not wrong, "\n".join(wrong)[:4000]
    assert not [s for s in statements if "error" in str(asked.ask("with", "reader", s)[:1]) and "union" in s]


@pytest.mark.parametrize("name", ["daily", "words"])
def test_answers_are_the_same_where_rows_are_hidden(asked, name):
    statements = [f"select id, day, secret, sparse from fixtures.{name} t where {q.format(t='fixtures.' + name)}" for q in QUESTIONS]
    statements += [s.format(t="fixtures." + name, snap=asked.tables[name].metadata.snapshots[3].snapshot_id) for s in STATEMENTS if name == "daily"]
    wrong = [w for w in [same(asked, "eve", s) for s in statements] + bound(asked, name, "eve") if w]
    assert not wrong, "\n".join(wrong)[:4000]


@pytest.mark.parametrize("name", ["daily", "sorted"])
def test_what_is_not_a_number_is_the_greatest(asked, name):
    """Bounds of files leave it out, and the engine believes bounds."""
    every = [r for n in range(DAYS) for r in rows_of_day(n)]
    for question, fits in [("d > 29", lambda d: not d <= 29), ("not d < 29", lambda d: not d < 29), ("d >= 1000", lambda d: not d < 1000), ("d <> 1.25", lambda d: d != 1.25), ("29 < d", lambda d: not d <= 29),
                           ("d between 1 and 2", lambda d: 1 <= d <= 2), ("d not in (1, 2)", lambda d: d not in (1, 2)), ("d < 1", lambda d: d < 1), ("id < 10 and d > 1000", lambda d: False)]:
        wanted = sum(fits(r["d"]) for r in every) if "id" not in question else sum(not r["d"] <= 1000 for r in every if r["id"] < 10)
        assert asked.ask("with", "reader", f"select count(*) from fixtures.{name} where {question}") == [(str(wanted),)], question


def test_some_questions_are_answered(asked):
    """That most of the questions above are no errors, and find something: else they would show nothing."""
    got = [asked.ask("with", "reader", f"select id from fixtures.daily t where {q.format(t='fixtures.daily')}") for q in QUESTIONS]
    assert sum(bool(rows) and rows[0][0] != "error" for rows in got) > len(QUESTIONS) * 2 // 3
    errors = [(q, rows[0][1][:90]) for q, rows in zip(QUESTIONS, got) if rows and rows[0][0] == "error"]
    assert len(errors) <= 3, errors


@pytest.mark.parametrize("name,question,files", [
    ("daily", "day = '2026-01-01'", 1), ("daily", "day in ('2025-12-24', date '2026-01-02')", 2), ("daily", "day >= '2026-01-10'", 3), ("daily", "not day >= '2025-12-22'", 2),
    ("daily", "(day = '2026-01-01' and length(word) > 2) or (day = '2026-01-02' and id + 1 > 3)", 2), ("daily", "id = 17", 1), ("daily", "length(word) = 1", DAYS), ("daily", "moment >= '2026-01-01' and moment < '2026-01-02'", 1),
    ("daily", "amount = 12345.678", DAYS), ("daily", "sparse is not null", 9), ("daily", "1 = 0 and day = '2026-01-01'", 1), ("moments", "moment >= '2026-01-01' and moment < '2026-01-02'", 1),
    ("moments", "moment < timestamptz '2025-12-22 00:00:00+00'", 2), ("sorted", "id between 15 and 25", 2), ("sorted", "local < '2025-12-21'", 1), ("sorted", "id = 12345", 0), ("older", "day = '2025-12-21'", 1), ("older", "day = '2026-01-10'", 1)])
def test_files_are_left_out(asked, name, question, files):
    statement = f"select count(*) from fixtures.{name} where {question}"
    assert asked.files("reader", statement)[0] == files
    assert asked.files("reader", f"select a.id from fixtures.{name} a join (select 1 as one) on true where {question}")[0] == files


def test_parameters_leave_files_out(asked):
    assert asked.files("reader", "select id from fixtures.daily where day = ?", [dt.date(2026, 1, 1)])[0] == 1
    assert asked.files("reader", "select id from fixtures.daily where id = ?", [17])[0] == 1
    assert asked.files("reader", "select id from fixtures.daily where moment < ?", [dt.datetime(2025, 12, 21, tzinfo=dt.timezone.utc)])[0] == 1


def test_each_mention_has_its_own_files(asked):
    assert asked.files("reader", "select a.id from fixtures.daily a join fixtures.daily b on a.small = b.small where a.day = '2026-01-01'")[0] == 1 + DAYS
    assert asked.files("reader", "select a.id from fixtures.daily a left join fixtures.daily b on a.small = b.small and b.day = '2026-01-01'")[0] == 2 * DAYS
    assert asked.files("reader", "select a.id from fixtures.daily a, fixtures.daily b where (a.day = '2026-01-01' and b.day = '2026-01-02') or (a.day = '2026-01-02' and b.day = '2026-01-01')")[0] == 4


@pytest.mark.parametrize("statement", ["select id from {t} tablesample 50% where day = '2026-01-01'", "select id from {t} where day = '2026-01-01' using sample 3", "select id from (select * from {t}) where day = '2026-01-01'"])
def test_samples_are_taken_of_all_rows(asked, statement):
    assert asked.files("reader", statement.format(t="fixtures.daily"))[0] == DAYS


def test_where_rows_are_hidden_files_go_by_their_partition_alone(asked):
    """The row rule leaves out whole files of other regions by bounds, as ever; what is asked only by what a partition says, in plain statements."""
    all_files = asked.files("eve", "select count(*) from fixtures.daily")[0]
    assert asked.files("eve", "select count(*) from fixtures.daily where day = '2026-01-01'")[0] == 1
    assert asked.files("eve", "select count(*) from (select id from fixtures.daily where day > '2026-01-01' and length(word) > 1)")[0] < all_files
    assert asked.files("eve", "select count(*) from fixtures.daily where id = 17")[0] == all_files
    assert asked.files("eve", "select count(*) from fixtures.daily where secret = 's17'")[0] == all_files
    assert asked.files("eve", "select count(*) from fixtures.daily a join (select 1) on true where day = '2026-01-01'")[0] == all_files
    assert asked.files("eve", "select (select count(*) from fixtures.daily where day = '2026-01-01')")[0] == all_files
    assert asked.files("eve", "select 1 from fixtures.daily where day = '2026-01-01' union all select 2")[0] == all_files
    whole = asked.files("eve", "select count(*) from fixtures.sorted")[0]
    assert asked.files("eve", "select count(*) from fixtures.sorted where id = 17")[0] == whole > 1


def test_files_left_out_are_not_opened(asked):
    folder = OUT / "warehouse" / "db" / "daily" / "data"
    aside = OUT / "aside"
    wanted = folder / "p0=2026-01-01"
    shutil.move(folder, aside)
    try:
        shutil.copytree(aside / wanted.name, wanted)
        question = "select count(*) from fixtures.daily where day = '2026-01-01'"
        assert asked.ask("with", "reader", question) == [("10",)]
        assert asked.ask("with", "eve", question) == asked.ask("with", "eve", question + " and id >= 0") != [("0",)]
        assert asked.ask("without", "reader", question)[0][0] == "error"
        assert asked.ask("with", "reader", "select count(*) from fixtures.daily where day > '2026-01-01'")[0][0] == "error"
    finally:
        shutil.rmtree(folder)
        shutil.move(aside, folder)
