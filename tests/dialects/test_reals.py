"""bucket and round over doubles and floats: the same bits in every engine, for numbers of every size, and at the places where
rounding goes wrong first (halves, multiples of the width, their neighbours, the ends of the type)."""
import math
import random
import struct

import pytest

import dialect_engines as engines
import dialect_rows as rows
from natives import natives

WIDTHS = [0.1, 0.3, 0.5, 1, 2.5, 7, 1000, 123456789.125, 9.876543210987655e37, 1.2345e-37]


def forms():
    out = engines.subprocess.run([str(engines.BUILD / "policy_reals_test"), "--forms"], check=True, capture_output=True, text=True)
    return list(map(rows.json.loads, out.stdout.splitlines()))


def single(x):
    try:
        return struct.unpack("f", struct.pack("f", x))[0]
    except OverflowError:
        return math.copysign(3.4028234663852886e38, x)


def numbers(kind, count, seed):
    pick = random.Random(seed)
    out = [0.0, 5e-324, 0.49999999999999994, 0.5, 1.5, 2.5, 4503599627370495.5, 4503599627370496.0, 9007199254740993.0, 1e22,
           1.7976931348623157e308, 3.4028234663852886e38, 1.1754943508222875e-38, 1.401298464324817e-45, math.inf, math.nan]
    while len(out) < count:
        width, k = pick.choice(WIDTHS), pick.choice([pick.randrange(100), pick.randrange(10**15)])
        near = pick.choice([k * width, (k + 0.5) * width, (k + 0.5) / 10.0**pick.randrange(19), k * 10.0**pick.randrange(19),
                            struct.unpack("d", struct.pack("q", pick.randrange(0x7FF0000000000000)))[0]])
        out += [near, math.nextafter(near, 0), math.nextafter(near, math.inf)]
    out = [single(x) for x in out] if kind == "float" else out
    return list(dict.fromkeys(repr(s * x) for x in out for s in (1, -1)))


def wanted(form, values):
    con = engines.duckdb.connect()
    natives().register(con)
    name = form["type"].upper()
    con.execute(f"CREATE TABLE v (n INTEGER, f1 {name})")
    con.execute("INSERT INTO v VALUES " + ", ".join(f"({n}, CAST('{v}' AS {name}))" for n, v in enumerate(values)))
    return [rows.plain("duckdb", form["type"], x) for x, in con.execute(f"SELECT {form['duckdb']} FROM v ORDER BY n").fetchall()]


def check(form, values, got, engine):
    want = wanted(form, values)
    assert len(want) == len(got) == len(values)
    for value, a, b in zip(values, want, got):
        assert a == rows.plain(engine, form["type"], b), (form, value)


def test_postgres():
    if not (engines.POSTGRES / "postgres").exists():
        pytest.skip("PostgreSQL 15 is not installed (tools/setup test)")
    server = engines.Postgres()
    try:
        for n, form in enumerate(forms()):
            values = numbers(form["type"], 150, n)
            name = "real" if form["type"] == "float" else "float8"
            source = ", ".join(f"({k}, CAST('{v}' AS {name}))" for k, v in enumerate(values))
            got = server.run(f'SELECT {form["postgres"]} FROM (VALUES {source}) AS v (n, "f1") ORDER BY n;')
            check(form, values, got, "postgres")
    finally:
        server.close()


def test_trino(trino):
    spelt = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    for n, form in enumerate(forms()):
        values = numbers(form["type"], 150, n)
        name = "REAL" if form["type"] == "float" else "DOUBLE"
        source = ", ".join(f"({k}, CAST('{spelt.get(v, v)}' AS {name}))" for k, v in enumerate(values))
        got, _ = trino.run(f'SELECT n, CAST({form["trino"]} AS {name}) FROM (VALUES {source}) AS v (n, "f1")')
        check(form, values, [x for _, x in sorted(got)], "trino")
