"""doc/rules.md in a real DuckDB: each line of each example says what the rule makes of a row; the printed rule and an
oracle that shares no code with the server must say the same. Then the ends of every type, from memory and from files
with statistics: nothing may raise an error, and nothing may differ from the oracle."""
import json
import os
import pathlib
import random
import subprocess
from datetime import date, datetime

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


def examples(rules=None):
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM.name} is not built")
    run = subprocess.run([str(PROGRAM), "--examples" if rules is None else "--rules"], check=True, capture_output=True,
                         text=True, cwd=ROOT, input="\n".join(rules or []))
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


# ---- the ends of every type ----

ENDS = {
    "id": [2**63 - 1, -2**63, -2**63 + 1, 0, 1, -1, 7, None],
    "quantity": [2**31 - 1, -2**31, 0, 1, -1, 3, None],
    "amount": ["99999999.99", "-99999999.99", "0.01", "-0.01", 0, "12.50", None],
    "discount": ["99999999.99", "-99999999.99", 0, 1, "-7.77", None],
    "score": ["nan", "inf", "-inf", "1.7976931348623157e308", "-1e308", "5e-324", "1e-150", "-1e150", "1.1e150", 0,
              "-0.0", 1.5, "0.1", None],
    "born": ["0001-01-01", "9999-12-31", "2024-02-29", "2023-12-31", "1970-01-01", None],
    "opened": ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "2024-02-29 12:00:00", None],
    "seen": ["0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00", "2024-01-31 23:59:00+00", None],
}
# what Python has no name for: never an error, and NULL to arithmetic
BEYOND = {
    "born": ["5877642-06-25 (BC)", "5881580-07-10", "infinity", "-infinity", "0000-12-31", "10000-01-01"],
    "opened": ["290309-12-22 (BC) 00:00:00", "294247-01-10 04:00:54.775806", "infinity", "-infinity",
               "10000-01-01 00:00:00"],
    "seen": ["290309-12-22 (BC) 00:00:00+00", "294247-01-10 04:00:54.775806+00", "infinity", "-infinity"],
}
SPANS = ["days(1)", "days(30)", "days(-1)", "days(3652058)", "days(3652500)", "months(1)", "months(-13)", "years(4)",
         "years(-9998)", "years(9998)", "months(119987)", "years(10000)", "days(principal.days)"]
TIMES = ["hours(1)", "minutes(-90)", "minutes(2000000000)", "hours(30000000)", "minutes(-2000000000)"]


def number(pick, depth):
    if depth == 0 or pick.random() < 0.25:
        return pick.choice(["id", "quantity", "amount", "discount", "score", "1", "0", "-3", "0.5", "2.25", "1000000"])
    op = pick.choice("++--**/%")
    left, right = number(pick, depth - 1), number(pick, depth - 1)
    return f"-({left})" if pick.random() < 0.1 else f"({left} {op} {right})"


def moment(pick, column, depth):
    if depth == 0:
        return column
    span = pick.choice(SPANS if column == "born" else SPANS + TIMES)
    return f"({moment(pick, column, depth - 1)} {pick.choice('+-')} {span})"


def asked(pick, depth):
    """The condition of a lookup: unknown for some rows, or for all."""
    if depth and pick.random() < 0.6:
        op = pick.choice([" and ", " or ", " and not "])
        return f"({asked(pick, depth - 1)}){op}({asked(pick, depth - 1)})"
    return pick.choice(["user = principal.name", "user = 'bob'", "user <> principal.nothing", "user = principal.nothing",
                        "level = 1", "level * 2 > 3", "until >= request.today", "until = date '2026-06-30'",
                        "until is not null", "level in (1, principal.level)"])


def random_rule(pick):
    kind = pick.random()
    if pick.random() < 0.1:
        left, column = pick.choice([("quantity", "level"), ("id", "level"), ("born", "until")])
        return f"{left} {pick.choice(['in', 'not in'])} entitlements.{column} where {asked(pick, 2)}"
    cmp = pick.choice(["=", "<>", "<", "<=", ">", ">="])
    if kind < 0.6:
        return f"{number(pick, 2)} {cmp} {number(pick, pick.randrange(2))}"
    column = pick.choice(["born", "opened", "seen"])
    left = moment(pick, column, pick.randrange(1, 4))
    if kind < 0.65:
        return f"{left} is null"
    if kind < 0.75 and column == "born":
        return f"({left} - born) {cmp} {pick.choice(['0', '30', 'quantity', '-400'])}"
    return f"{left} {cmp} {moment(pick, column, pick.randrange(2))}"


def ends(pick, beyond):
    """Rows that hold every end of every column at least once, mixed at random."""
    kinds = {**ENDS, **(BEYOND if beyond else {})}
    for n in range(40):
        yield {name: values[n] if n < len(values) else pick.choice(values) for name, values in kinds.items()}


def fill_table(con, tmp_path, columns, name, rows):
    con.execute(f"CREATE OR REPLACE TABLE {name} AS " + " UNION ALL ".join(f"({row_sql(columns, r)})" for r in rows))
    con.execute(f"COPY {name} TO '{tmp_path / name}.parquet'")
    for i in range(0, len(rows), 4):
        con.execute(f"COPY ({row_sql(columns, rows[i])}) TO '{tmp_path / name}-{i}.parquet'")


@pytest.mark.parametrize("seed", range(int(os.environ.get("HS_POLICY_RULES", 1))))
def test_ends(tmp_path, seed):
    pick, con = random.Random(seed), connect()
    made = [e for e in examples([random_rule(pick) for _ in range(300)]) if "refused" not in e]
    assert len(made) > 150
    columns = made[0]["columns"]
    near, far = list(ends(pick, False)), list(ends(pick, True))
    fill_table(con, tmp_path, columns, "near", near)
    fill_table(con, tmp_path, columns, "far", far)
    rows = [dict(zip([c[0] for c in columns], r)) for r in con.execute("SELECT * FROM near ORDER BY rowid").fetchall()]
    single = [f"'{tmp_path / t}-{i}.parquet'" for t in ("near", "far") for i in range(0, len(near), 4)]
    for n, e in enumerate(made):
        expected = [truth(e["tree"], Scope(row, ANA)) for row in rows]
        for place in ("near", f"'{tmp_path}/near.parquet'"):
            got = [r[0] for r in con.execute(f"SELECT {e['sql']} FROM {place}").fetchall()]
            assert got == expected, (e["rule"], e["sql"],
                                     [(r, x, y) for r, x, y in zip(near, got, expected) if x is not y][:2])
        for place in ("far", f"'{tmp_path}/far.parquet'", single[n % len(single)], single[(n * 7 + 3) % len(single)]):
            con.execute(f"SELECT {e['sql']} FROM {place}").fetchall()
            con.execute(f"SELECT count(*) FROM {place} WHERE {e['sql']}").fetchall()


# ---- lists in lists, guards inside them ----

NESTED = [
    "any(lists, any(element, (element * row.score) / 2 + row.score > 1))",
    "any(lists, all(element, row.born + days(1) + months(1) > date '2024-03-01' and element > 0))",
    "any(items, (price * row.score) / (row.score - 1) > 1 and any(row.lists, any(element, element = row.quantity)))",
    "any(tags, any(row.items, sku = 'a') and element in ('x', row.region))",
    "any(items, sku in entitlements.region where user = principal.name)",
    "all(labels, value.text contains key and row.seen - days(1) - hours(1) < request.now)",
    "not all(lists, any(element, -element % 3 = 0 or element is null))",
    "all(items, price / row.quantity between 0.333333 and 2) or any(tags, element = '')",
    "any(lists, element is null) or all(lists, all(element, element <= row.id))",
]
LISTS = {
    "lists": [None, [], [[]], [None], [[1, 3], [2]], [[1, None], None], [[-3, 2**63 - 1], [-2**63]]],
    "items": [None, [], [None], [{"sku": "a", "price": "5"}], [{"sku": "EU"}, None, {"price": "-1.5"}],
              [{"sku": "US", "price": "99999999.99"}]],
    "tags": [None, [], ["x"], [None, "EU"], ["", "y"]],
    "labels": [None, {}, {"k": {"text": "ok"}}, {"k": None}, {"": {"text": ""}, "z": {"text": "zz"}}],
    "score": [None, "nan", 1, 1.5, "inf", -2], "quantity": [None, 0, 2, -3], "id": [None, 0, 2**63 - 1],
    "region": [None, "EU", ""], "born": [None, "2024-01-31", "9999-12-31"], "seen": [None, "2026-01-01 00:00:00+00"],
}


def test_nested(tmp_path):
    pick, con = random.Random(3), connect()
    made = examples(NESTED)
    columns = made[0]["columns"]
    rows = [{name: pick.choice(values) for name, values in LISTS.items()} for _ in range(150)]
    fill_table(con, tmp_path, columns, "lists", rows)
    got_rows = [dict(zip([c[0] for c in columns], r)) for r in con.execute("SELECT * FROM lists ORDER BY rowid").fetchall()]
    for e in made:
        expected = [truth(e["tree"], Scope(row, ANA)) for row in got_rows]
        assert len(set(expected)) > 1, e["rule"]
        for place in ("lists", f"'{tmp_path}/lists.parquet'"):
            got = [r[0] for r in con.execute(f"SELECT {e['sql']} FROM {place}").fetchall()]
            assert got == expected, (e["rule"], [(r, x, y) for r, x, y in zip(rows, got, expected) if x is not y][:2])
