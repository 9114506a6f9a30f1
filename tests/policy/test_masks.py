"""Runs what the policy room prints in a real DuckDB: the mask functions' examples, and decisions made at random, each
compared cell by cell with an oracle below that shares no code with the server. The expressions come from
policy_examples_test (HS_BUILD_DIR says where it was built)."""
import hmac
import json
import math
import os
import pathlib
import subprocess
import sys
from datetime import date, datetime, timezone
from decimal import Decimal

import duckdb
import pytest

from policy_rule_oracle import Asker, Scope, truth

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
from natives import natives

BUILD = pathlib.Path(os.environ.get("HS_BUILD_DIR", ROOT / "build"))
PROGRAM = pathlib.Path(os.environ.get("HS_POLICY_EXAMPLES", BUILD / "policy_examples_test"))


def lines(*args):
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM.name} is not built")
    out = subprocess.run([str(PROGRAM), *map(str, args)], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def connect():
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    natives().register(con)
    return con


def test_hmac_token_is_hmac():
    for text in ("", "ana@example.org", "\u00e9" * 5000):
        assert natives().call("hs_mask_hmac_token", "5:sales,0:,", text) == hmac.new(b"key", text.encode(), "sha256").hexdigest()[:32]


# ---- examples ----

def sql_text(text):
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def run_example(con, e, source):
    row = con.execute(
        f"SELECT typeof({e['sql']}), CAST({e['sql']} AS VARCHAR), CAST(CAST({sql_text(e['expected'])} AS {e['type']}) AS VARCHAR),"
        f" typeof(CAST(NULL AS {e['type']})) FROM {source}").fetchone()
    assert row[1] == row[2], e
    assert row[0] == row[3], e  # a mask keeps the column's type


def test_examples(tmp_path):
    examples = lines("--examples")
    assert len(examples) > 50
    con = connect()
    for i, e in enumerate(examples):
        value = f"CAST({sql_text(e['input'])} AS {e['type']})"
        run_example(con, e, f'(SELECT {value} AS "f1")')
        # From a file the engine knows the column's minimum and maximum and computes with them while it plans.
        path = tmp_path / f"{i}.parquet"
        con.execute(f"COPY (SELECT {value} AS \"f1\") TO '{path}'")
        if "infinity" not in (e["input"] or "") and e["type"] != "TIMESTAMP_NS":
            run_example(con, e, f"'{path}'")


EXTREMES = {
    "VARCHAR": ["''", "chr(0)", "'@'", "repeat('@', 1000)", "chr(128512)", "chr(769) || 'e'", "repeat('\u00e9', 100000)",
                "'a' || chr(10) || '@b'", "chr(1114111)", "'\\'"],
    "DATE": ["'5877642-06-25 (BC)'::DATE", "'5881580-07-10'::DATE", "'infinity'::DATE", "'-infinity'::DATE",
             "'0001-01-01'::DATE", "'9999-12-31'::DATE", "'0000-02-29'::DATE", "'10000-01-01'::DATE"],
    "TIME": ["'00:00:00'::TIME", "'24:00:00'::TIME", "'23:59:59.999999'::TIME"],
    "INTEGER": ["2147483647", "-2147483648", "0", "-1"],
    "DECIMAL(10, 2)": ["99999999.99", "-99999999.99", "0"],
    "DECIMAL(38, 10)": ["9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999"],
    "DECIMAL(38, 2)": ["999999999999999999999999999999999999.99", "-999999999999999999999999999999999999.99"],
    "DECIMAL(38, 0)": ["99999999999999999999999999999999999999", "-99999999999999999999999999999999999999"],
    "TIMESTAMP_NS": ["'1677-09-22 00:00:00'::TIMESTAMP_NS", "'2262-04-11 23:47:16.854775806'::TIMESTAMP_NS"],
    "TIMESTAMP": ["'290309-12-22 (BC) 00:00:00'::TIMESTAMP", "'294247-01-10 04:00:54.775806'::TIMESTAMP",
                  "'infinity'::TIMESTAMP", "'-infinity'::TIMESTAMP"],
    "TIMESTAMPTZ": ["'290309-12-22 (BC) 00:00:00+00'::TIMESTAMPTZ", "'294247-01-10 04:00:54.775806+00'::TIMESTAMPTZ",
                    "'infinity'::TIMESTAMPTZ", "'-infinity'::TIMESTAMPTZ"],
    "DOUBLE": ["'nan'::DOUBLE", "'inf'::DOUBLE", "'-inf'::DOUBLE", "1.7976931348623157e308", "-1.7976931348623157e308", "5e-324"],
    "FLOAT": ["'nan'::FLOAT", "'inf'::FLOAT", "3.4028234e38", "-3.4028234e38", "1e-45"],
    "BIGINT": ["9223372036854775807", "-9223372036854775808"],
    "BLOB": ["'\\xFF\\x00'::BLOB"],
}


def test_masks_are_total(tmp_path):
    """No input raises, neither when it is computed nor when the engine plans with a file's statistics."""
    con = connect()
    tried = 0
    for e in {(e["function"], e["arg"], e["type"]): e for e in lines("--examples")}.values():
        for i, value in enumerate(EXTREMES.get(e["type"], [])):
            path = tmp_path / "extreme.parquet"
            con.execute(f"COPY (SELECT unnest([CAST({value} AS {e['type']}), NULL]) AS \"f1\") TO '{path}'")
            con.execute(f"CREATE OR REPLACE TABLE t AS SELECT unnest([CAST({value} AS {e['type']}), NULL]) AS \"f1\"")
            for source in (f"'{path}'", "t"):
                rows = con.execute(f"SELECT CAST({e['sql']} AS VARCHAR) FROM {source}").fetchall()
                assert rows[1][0] is None
                tried += 1
    assert tried > 60


def test_masked_values_hide(tmp_path):
    """show-first-n and show-last-n never show a value whole, keep-domain nothing before the last '@'."""
    con = connect()
    for e in lines("--examples"):
        if e["function"] not in ("show-first-n", "show-last-n", "keep-domain"):
            continue
        for text in ("a", "ab", "abc", "abcd", "abcde", "ab@c", "@@@", "\u00e9\U0001F600", "e\u0301"):
            shown = con.execute(f'SELECT {e["sql"]} FROM (SELECT {sql_text(text)} AS "f1")').fetchone()[0]
            if e["function"] == "keep-domain":
                assert shown == ("***@" + text.rsplit("@", 1)[1] if "@" in text else "***")
                continue
            n = int(e["arg"])
            kept = len(text) > n
            first = text[:n] + "*" * (len(text) - n) if kept else "*" * len(text)
            last = "*" * (len(text) - n) + text[len(text) - n:] if kept else "*" * len(text)
            assert shown == (first if e["function"] == "show-first-n" else last)


# ---- decisions ----

TYPES = ['"f1" BIGINT', '"f2" VARCHAR', '"f3" VARCHAR', '"f4" DECIMAL(10, 2)',
         '"f5" STRUCT(street VARCHAR, city VARCHAR, geo STRUCT(lat DOUBLE, lon DOUBLE))',
         '"f6" STRUCT(sku VARCHAR, price DECIMAL(10, 2))[]',
         '"f7" MAP(VARCHAR, STRUCT("text" VARCHAR, "by" VARCHAR))',
         '"f8" DATE', '"f9" TIMESTAMPTZ', '"f10" DOUBLE', '"f11" BOOLEAN']
NAMES = ["id", "email", "region", "amount", "customer", "items", "notes", "born", "seen", "score", "active"]
TREE = {"customer": {"street": {}, "city": {}, "geo": {"lat": {}, "lon": {}}}, "items": {"[]": {"sku": {}, "price": {}}},
        "notes": {"value": {"text": {}, "by": {}}}}
ANA = Asker({"region": "EU", "level": 3, "regions": ["EU", "US"], "none": [], "name": "ana", "roles": []})


def raw_rows():
    utc = timezone.utc
    geo = [{"lat": 47.07, "lon": 15.4}, {"lat": None, "lon": 1.0}, None, {"lat": 46.0, "lon": 2.0}]
    rows = []
    for i in range(1, 25):
        customer = None if i % 7 == 0 else {"street": f"s{i}", "city": ["Graz", "Wien", None][i % 3], "geo": geo[i % 4]}
        items = None if i % 11 == 0 else [None if k == 2 else {"sku": f"k{i}{k}", "price": Decimal("1.50")}
                                          for k in range(i % 4)]
        notes = None if i % 9 == 0 else {f"n{k}": None if k == 1 else {"text": f"t{i}", "by": f"b{i}"}
                                         for k in range(i % 3)}
        rows.append((i if i < 24 else 2**63 - 1, [f"a{i}@x.org", "b@y.com", None, "plain"][i % 4],
                     ["EU", "US", None, ""][i % 4 if i % 5 else 2], [Decimal(i), Decimal("12.50"), None][i % 3],
                     customer, items, notes, [date(1980, 1, i), date(2001, 2, 3), None][i % 3],
                     [datetime(2026, 1, 1, tzinfo=utc), datetime(2025, 12, 31, 23, 59, tzinfo=utc), None][i % 3],
                     [0.25, 1e6, 3.5, None][i % 4], [True, False, None][i % 3]))
    return rows


def steps(path):
    return path.replace("[]", ".[]").split(".")


class Oracle:
    """What a person may see, straight from the words of the policies."""

    def __init__(self, policies):
        self.grants = [p for p in policies if p["kind"] == "grant"]
        self.rules = [p for p in policies if p["kind"] == "rule"]
        self.masks = [(steps(p["path"]), p) for p in policies if p["kind"] == "mask"]

    def row_visible(self, row):
        return any(self.opens(g, row) for g in self.grants) and all(truth(r["rule"], Scope(row, ANA)) is True for r in self.rules)

    @staticmethod
    def opens(grant, row):
        return grant["rule"] is None or truth(grant["rule"], Scope(row, ANA)) is True

    @staticmethod
    def covers(grant, path):
        if not grant["columns"]:
            return True
        for column in map(steps, grant["columns"]):
            n = min(len(column), len(path))
            if column[:n] == path[:n]:
                return True
        return False

    def covered(self, path):
        return [g for g in self.grants if self.covers(g, path)]

    def show(self, path, tree, value, row):
        """The value at `path`, as far as this row shows it."""
        if not any(self.opens(g, row) for g in self.covered(path)):
            return None
        for mask_path, mask in self.masks:
            if mask_path == path and (mask["rule"] is None or truth(mask["rule"], Scope(row, ANA)) is not False):
                if mask["with"].endswith("-elements"):
                    return self.without_elements(mask, path, tree, value, row)
                return masked(mask["with"], path[-1], value)
        if value is None or not tree:
            return value
        if "[]" in tree:
            return [self.show(path + ["[]"], tree["[]"], v, row) for v in value]
        if "value" in tree:
            return {k: self.show(path + ["value"], tree["value"], v, row) for k, v in value.items()}
        return {k: self.show(path + [k], t, value[k], row) for k, t in tree.items() if self.covered(path + [k])}

    def without_elements(self, mask, path, tree, value, row):
        """An element stays where it is there and the condition is FALSE; without a condition none does."""
        def stays(element):
            return element is not None and mask["elements"] is not None and \
                truth(mask["elements"], Scope(row, ANA).within(element)) is False

        drop = mask["with"] == "drop-elements"
        if value is None:
            return None
        if "[]" in tree:
            return [self.show(path + ["[]"], tree["[]"], v, row) if stays(v) else None for v in value if stays(v) or not drop]
        return {k: self.show(path + ["value"], tree["value"], v, row) if stays({"key": k, "value": v}) else None
                for k, v in value.items() if stays({"key": k, "value": v}) or not drop}


def masked(function, name, value):
    if value is None or function == "nullify":
        return None
    if function == "redact":
        return {"lat": 0.0, "score": 0.0, "id": 0}.get(name, "[redacted]")
    if function == "keep-domain":
        return "***@" + value.rsplit("@", 1)[1] if "@" in value else "***"
    if function == "show-first-n":
        return value[:2] + "*" * (len(value) - 2) if len(value) > 2 else "*" * len(value)
    assert function == "constant"
    return Decimal("1.25")


def plain(value):
    """NaN equals itself here."""
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


def table(con):
    con.execute(f"CREATE TABLE raw ({', '.join(TYPES)})")
    for row in raw_rows():
        con.execute(f"INSERT INTO raw VALUES ({', '.join('?' * 11)})",
                    [duckdb_map(v) if i == 6 else v for i, v in enumerate(row)])
    # The client writes NaN as NULL, so NaN comes in by SQL; the oracle reads what is then there.
    con.execute("UPDATE raw SET f10 = 'nan' WHERE f1 % 4 = 2")
    con.execute("UPDATE raw SET f5 = {'street': f5.street, 'city': f5.city, 'geo': {'lat': 'nan'::DOUBLE, 'lon': 2.0}} "
                "WHERE f1 % 4 = 3 AND f5 IS NOT NULL")
    rows = [dict(zip(NAMES, row)) for row in con.execute("SELECT * FROM raw ORDER BY rowid").fetchall()]
    assert sum(isinstance(r["score"], float) and math.isnan(r["score"]) for r in rows) == 6
    return rows


def duckdb_map(value):
    return None if value is None else {"key": list(value), "value": list(value.values())}


@pytest.mark.parametrize("seed", range(0, int(os.environ.get("HS_POLICY_DECISIONS", 1000)), 500))
def test_decisions(seed):
    """Every cell of every row that the printed SQL answers is the oracle's."""
    con = connect()
    rows = table(con)
    decisions = lines("--decisions", seed, 500)
    assert len(decisions) > 200
    for d in decisions:
        oracle = Oracle(d["policies"])
        if d["rows"] is None:
            assert not any(oracle.covered([n]) for n in NAMES), d["seed"]
            continue
        names = [c["name"] for c in d["columns"]]
        assert names == [n for n in NAMES if oracle.covered([n])], d["seed"]
        select = ", ".join(c["sql"] for c in d["columns"])
        types = ", ".join(f"typeof({c['sql']}) = typeof(CAST(NULL AS {c['type']}))" for c in d["columns"])
        where = f" WHERE {d['rows']}" if d["rows"] else ""
        answer = con.execute(f'SELECT {select} FROM raw{where} ORDER BY rowid').fetchall()
        assert all(all(t) for t in con.execute(f"SELECT {types} FROM raw").fetchall()), d["seed"]
        expected = [tuple(oracle.show([n], TREE.get(n, {}), row[n], row) for n in names)
                    for row in rows if oracle.row_visible(row)]
        assert plain([list(r) for r in answer]) == plain([list(r) for r in expected]), d["seed"]
