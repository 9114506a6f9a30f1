"""doc/rules.md in a real DuckDB: each line of each example says what the rule makes of a row; the printed rule and an
oracle that shares no code with the server must say the same. Then the ends of every type, from memory and from files
with statistics: nothing may raise an error, and nothing may differ from the oracle."""
import json
import os
import pathlib
import subprocess
from datetime import date, datetime, time, timezone
from decimal import Decimal

import duckdb
import pytest

from policy_rule_oracle import Asker, Scope, truth

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("HS_BUILD_DIR", ROOT / "build")) / "policy_rules_page_test"
OUTCOMES = {"true": True, "false": False, "unknown": None}
LOOKUPS = {"entitlements": [{"user": "ana", "region": "EU", "level": 1, "until": date(2026, 12, 31)},
                            {"user": "ana", "region": "US", "level": 2, "until": date(2026, 6, 30)},
                            {"user": "bob", "region": "UK", "level": 1, "until": None}]}
ANA = Asker({"region": "EU", "level": 3, "regions": ["EU", "US"], "days": 30, "name": "ana", "roles": ["analyst"]},
            datetime(2026, 11, 21, 10, 55), "fraud", None, LOOKUPS)


def examples(*args):
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM.name} is not built")
    run = subprocess.run([str(PROGRAM), *(args or ["--examples"])], check=True, capture_output=True, text=True, cwd=ROOT)
    return [json.loads(line) for line in run.stdout.splitlines()]


def connect():
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    return con


SHAPES = {"customer": {"city": None, "geo": {"lat": None, "lon": None}}, "items": [{"sku": None, "price": None}],
          "tags": [None], "lists": [[None]], "labels": {"*": {"text": None, "by": None}}}


def complete(shape, value):
    """With every member that the line left out."""
    if value is None or shape is None:
        return value
    if isinstance(shape, list):
        return [complete(shape[0], v) for v in value]
    return {k: complete(shape["*"], v) for k, v in value.items()} if "*" in shape else \
        {k: complete(s, value.get(k)) for k, s in shape.items()}


def row_sql(columns, values):
    parts = []
    for name, number, kind in columns:
        value = complete(SHAPES.get(name), values.get(name))
        if isinstance(value, (dict, list)):
            source = "'" + json.dumps(value).replace("'", "''") + "'::JSON"
        else:
            source = "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"
        parts.append(f'CAST({source} AS {kind}) AS "f{number}"')
    return "SELECT " + ", ".join(parts)


def as_row(con, columns, sql):
    """The row as Python has it; times of day without the zone that nobody gave them."""
    got = con.execute(sql).fetchone()
    return {name: value for (name, _, _), value in zip(columns, got)}


def test_page(tmp_path):
    con, lines = connect(), 0
    for n, example in enumerate(examples()):
        for k, line in enumerate(example["rows"]):
            values, _, outcome = line.rpartition(" -> ")
            expected = OUTCOMES[outcome]
            source = row_sql(example["columns"], json.loads(values))
            row = as_row(con, example["columns"], source)
            assert truth(example["tree"], Scope(row, ANA)) is expected, (example["rule"], line)
            path = tmp_path / f"{n}-{k}.parquet"
            con.execute(f"COPY ({source}) TO '{path}'")
            for place in (f"({source})", f"'{path}'"):
                got = con.execute(f"SELECT {example['sql']} FROM {place}").fetchone()[0]
                assert got is expected, (example["rule"], line, example["sql"])
            kept = con.execute(f"SELECT count(*) FROM '{path}' WHERE {example['sql']}").fetchone()[0]
            assert kept == (expected is True), (example["rule"], line)
            lines += 1
    assert lines > 80
