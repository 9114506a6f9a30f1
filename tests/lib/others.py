"""Tables that other programs wrote in the tests, served and compared with what they hold (truth.py), cell by cell.

`Written` is one table under one metadata file; `Mesh` serves many of them to one reader with everything granted; `differences` asks for
every snapshot, branch and tag, then with filters, so that what pruning leaves out is seen as well."""
import collections
import gzip
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "fixtures"), str(ROOT / "tests" / "lib")]

import tables as contracts  # noqa: E402
import truth as truths  # noqa: E402
from server import BINARY, LONG, Server  # noqa: E402

PERSON, PASSWORD = "reader", "reader-of-others"
# An error of these kinds is no refusal, whatever its words.
FAULTS = ("INTERNAL", "UNAVAILABLE", "Internal")
REFUSED = ("UNIMPLEMENTED", "NOT_IMPLEMENTED", "unimplemented", "not supported")


class Refused(Exception):
    """The server says that it cannot: its words."""


def read_metadata(path):
    data = pathlib.Path(path).read_bytes()
    return json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)


def version_of(path):
    found = re.match(r"v?(\d+)", path.name)
    return int(found[1]) if found else -1


class Written:
    """A table folder, or one of its metadata files, with the truth about it."""

    def __init__(self, name, location, truth, covers="", prefixes=None):
        self.name, self.location, self.truth = name, pathlib.Path(location), truth
        self.path = covers or name
        self.prefixes = prefixes or {}
        self.metadata = read_metadata(self.current())

    def current(self):
        if self.location.is_file():
            return self.location
        return max((p for p in (self.location / "metadata").iterdir() if p.name.endswith(".metadata.json")), key=version_of)

    def schema(self):
        return {"fields": truths.schema_of(self.metadata)}

    def fields(self):
        return self.schema()["fields"]

    def columns(self):
        return [p["name"] for p in contracts.properties(self.fields())]


class Mesh:
    """with Mesh(folder, [Written, ...]) as mesh: mesh.ask(sql)"""

    def __init__(self, folder, tables, settings=None):
        self.folder, self.tables = pathlib.Path(folder), tables
        shutil.rmtree(self.folder, ignore_errors=True)
        contracts.write_model(self.folder, tables)
        subprocess.run([str(BINARY), "user", "add", PERSON, "role:reader", "--model", str(self.folder)], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "HAILSTORM_PASSWORD": PASSWORD})
        self.server = Server(self.folder, settings=settings)

    def __enter__(self):
        import adbc_driver_flightsql.dbapi as dbapi
        self.server.__enter__()
        self.connection = dbapi.connect(self.server.uri, db_kwargs={"username": PERSON, "password": PASSWORD}, autocommit=True)
        return self

    def __exit__(self, *why):
        self.connection.close()
        self.server.__exit__(*why)

    def ask(self, sql):
        with self.connection.cursor() as cursor:
            try:
                cursor.execute(sql)
                return cursor.fetch_arrow_table()
            except Exception as error:  # the driver's classes differ by version; the words are the server's
                words = " ".join(str(error).split())
                if any(w in words for w in REFUSED) and not any(w in words for w in FAULTS):
                    raise Refused(words) from None
                raise


def answered(fields, answer):
    """The rows of an answer, by position."""
    columns = [[truths.project(f["type"], truths.to_json(f["type"], v)) for v in column.to_pylist()] for f, column in zip(fields, answer.columns, strict=True)]
    return list(zip(*columns)) if columns else [()] * answer.num_rows


def multiset(expected, got):
    """None, or in words what differs between two lists of rows in any order."""
    expected, got = collections.Counter(expected), collections.Counter(got)
    if expected == got:
        return None
    missing, more = expected - got, got - expected
    return (f"{sum(got.values())} rows, expected {sum(expected.values())}; {sum(missing.values())} missing, {sum(more.values())} too many\n"
            f"   missing  {sorted(missing, key=repr)[:2]}\n   too many {sorted(more, key=repr)[:2]}")[:1500]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


# ---- filters ----

def literal(kind, value):
    if kind in ("int", "long"):
        return str(value)
    if kind == "date":
        return f"(date '1970-01-01' + {int(value[1:])})"
    if kind == "boolean":
        return "true" if value else "false"
    if kind.startswith("decimal"):
        return f"{value}::{kind.replace(' ', '')}" if "E" not in value else None
    if kind == "string":
        return None if "\0" in value else "'" + value.replace("'", "''") + "'"
    if kind == "timestamp" and int(value[1:]) % 1000 == 0:
        return f"make_timestamp({int(value[1:]) // 1000}::bigint)"
    return None


def comparable(kind, value):
    if kind == "date" or kind.startswith("timestamp"):
        return int(value[1:])
    if kind.startswith("decimal"):
        import decimal
        return decimal.Decimal(value)
    return value.encode() if kind == "string" else value


TESTS = {"=": lambda a, b: a == b, "<": lambda a, b: a < b, ">=": lambda a, b: a >= b, "<>": lambda a, b: a != b}


def filters(table, expected, dice, count):
    """(condition, the rows that it keeps), for top-level columns whose values SQL can spell."""
    fit = [(i, f, name) for i, (f, name) in enumerate(zip(table.fields(), table.columns()))
           if isinstance(f["type"], str) and (f["type"] in ("int", "long", "date", "boolean", "string", "timestamp") or f["type"].startswith("decimal"))]
    for _ in range(count if fit and expected else 0):
        at, field, name = dice.choice(fit)
        value, sign = dice.choice(expected)[at], dice.choice(sorted(TESTS))
        text = None if value is None else literal(field["type"], value)
        if text is None:
            empty = dice.random() < 0.5
            yield f"{quoted(name)} is {'' if empty else 'not '}null", [r for r in expected if (r[at] is None) == empty]
        else:
            key = comparable(field["type"], value)
            yield f"{quoted(name)} {sign} {text}", [r for r in expected if r[at] is not None and TESTS[sign](comparable(field["type"], r[at]), key)]


# ---- a whole table ----

def places(table):
    """(suffix of the table's name, snapshot): the present state, every snapshot that is kept, every ref by its name."""
    current = table.metadata.get("current-snapshot-id")
    kept = {s["snapshot-id"] for s in table.metadata.get("snapshots") or []}
    if current in (None, -1):
        yield "", None
    elif current in table.truth.snapshots:
        yield "", current
    for snapshot in table.truth.snapshots:
        if snapshot in kept:
            yield f" at (version => {snapshot})", snapshot
    for name, ref in (table.metadata.get("refs") or {}).items():
        if ref["snapshot-id"] in table.truth.snapshots:
            yield " at (version => '" + name.replace("'", "''") + "')", ref["snapshot-id"]


def differences(mesh, table, dice=None, filtered=4 if LONG else 1, only_current=False):
    """[what differs, in words]; Refused passes through."""
    dice, out, fields = dice or random.Random(table.name), [], table.fields()
    for suffix, snapshot in list(places(table))[:1 if only_current else None]:
        where, expected = f"fixtures.{table.name}{suffix}", table.truth.expected(snapshot, fields)
        asked = [("", expected), *((f" where {text}", kept) for text, kept in filters(table, expected, dice, filtered))]
        for condition, rows in asked:
            sql = f"select * from {where}{condition}"
            try:
                wrong = multiset(rows, answered(fields, mesh.ask(sql)))
            except Refused:
                raise
            except Exception as error:
                wrong = f"{type(error).__name__}: {' '.join(str(error).split())[:600]}"
            if wrong:
                out.append(f"{sql}: {wrong}")
                break
        counted = mesh.ask(f"select count(*) from {where}").column(0)[0].as_py() if not out and (LONG or not suffix) else len(expected)
        if counted != len(expected):
            out.append(f"count(*) of {where}: {counted}, expected {len(expected)}")
    return out
