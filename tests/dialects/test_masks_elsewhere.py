"""The masks' own examples, and the ends of every type, as each engine's form of the mask has them; and the pages that are
written from what the program says: which masks have such a form, and the reference."""
import functools
import subprocess
from decimal import Decimal

import pytest

import dialect_engines as engines
import dialect_page
import dialect_rows as rows
from natives import natives

EXAMPLES = engines.BUILD / "policy_examples_test"
KINDS = {"VARCHAR": "string", "BIGINT": "long", "INTEGER": "int", "DOUBLE": "double", "FLOAT": "float", "DATE": "date",
         "TIME": "time", "TIMESTAMP": "timestamp", "TIMESTAMPTZ": "timestamptz", "BOOLEAN": "boolean", "UUID": "uuid"}
MORE = {"string": ["", "a", "ab", "@", "@@@", "a@b@c", "\u00e9\U0001F600@\u00c9", "A\u030a", "a\\'b", "x" * 50, "a\nb@c\n"],
        "date": ["0001-01-01", "9999-12-31", "2000-02-29"],
        "timestamp": ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"],
        "timestamptz": ["2026-03-29 01:30:00.000001+00", "1969-12-31 23:59:59.999999+00", "2026-10-25 02:30:00+00"],
        "double": ["nan", "-0.0", "1e308"], "long": ["-9223372036854775808"], "time": ["23:59:59.999999"]}


def examples(engine):
    out = subprocess.run([str(EXAMPLES), "--examples"], check=True, capture_output=True, text=True).stdout
    for e in map(rows.json.loads, out.splitlines()):
        if engine in e and kind_of(e["type"]):
            yield e


def kind_of(name):
    """As dialect_rows has it; a decimal of any size is told by its value, a list by its element."""
    if name.endswith("[]"):
        return [kind_of(name[:-2])] if kind_of(name[:-2]) else None
    return "decimal" if name.startswith("DECIMAL") else KINDS.get(name)


@functools.cache
def ours():
    con = engines.duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    natives().register(con)
    return con


def wanted(e, value):
    """What the mask makes of a value in our own engine."""
    text = "NULL" if value is None else rows.quoted(value, "duckdb")
    return ours().execute(f'SELECT {e["sql"]} FROM (SELECT CAST({text} AS {e["type"]}) AS "f1")').fetchone()[0]


def ends(kind, name):
    """The least and the greatest decimal, one digit less, and halves."""
    if kind != "decimal":
        return MORE.get(kind, []) if isinstance(kind, str) else []
    size, scale = map(int, name[8:-1].split(", "))
    most = "9" * (size - scale) + ("." + "9" * scale if scale else "")
    half = ["0." + "0" * k + "5" for k in range(scale)] + ["5" + "0" * k for k in range(size - scale)]
    return [sign + t for t in (most, most[:-1] or "0", most.replace("9", "4"), *half) for sign in ("", "-")]


def cases(engine):
    for e in examples(engine):
        more = ends(kind_of(e["type"]), e["type"])
        for value in [e["input"], *more]:
            if value is not None and ("BC" in value or "infinity" in value):
                continue  # our Python cannot hold them; test_far_moments has them
            yield e, value


def raw(e, engine, value):
    if value is None:
        return f"CAST(NULL AS {e[engine]['type']})"
    if e["type"].endswith("[]"):  # the text is read by our own engine, as all examples are
        held = ours().execute(f"SELECT CAST({rows.quoted(value, '')} AS VARCHAR[])").fetchone()[0]
        element = e[engine]["type"][:-2] if engine == "postgres" else e[engine]["type"][6:-1]
        parts = ", ".join(f"CAST({'NULL' if v is None else rows.quoted(v, engine)} AS {element})" for v in held)
        return f"CAST(ARRAY[{parts}] AS {e[engine]['type']})"
    if engine == "trino" and e["type"] == "TIMESTAMPTZ":
        whole = value if value[-3] == ":" else value + ":00"
        return f"from_iso8601_timestamp_nanos('{whole.replace(' ', 'T')}')"
    value = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(value, value)
    return f"CAST({rows.quoted(value, engine)} AS {e[engine]['type']})"


def canonical(engine, e, value):
    return None if value is None else in_one_form(engine, kind_of(e["type"]), value)


def in_one_form(engine, kind, value):
    if isinstance(kind, list):
        return [None if v is None else in_one_form(engine, kind[0], v) for v in value]
    return Decimal(str(value)) if kind == "decimal" else rows.plain(engine, kind, value)


@pytest.fixture(scope="module")
def postgres():
    if not (engines.POSTGRES / "postgres").exists():
        pytest.skip("PostgreSQL 15 is not installed (tools/setup test)")
    server = engines.Postgres()
    yield server
    server.close()


def test_postgres(postgres):
    tried = list(cases("postgres"))
    script = "".join(f'SELECT row_to_json(q) FROM (SELECT {e["postgres"]["sql"]} AS a, pg_typeof({e["postgres"]["sql"]}) = '
                     f'\'{e["postgres"]["type"]}\'::regtype AS t FROM (SELECT {raw(e, "postgres", v)} AS "f1") r) q;\n'
                     for e, v in tried)
    for (e, value), line in zip(tried, postgres.run(script), strict=True):
        got = rows.loads(line)
        assert got["t"] and canonical("postgres", e, got["a"]) == canonical("duckdb", e, wanted(e, value)), (e, value)
    assert len(tried) > 100


def test_far_moments(postgres):
    """Dates that Python has no word for, compared as texts."""
    count = 0
    for e in examples("postgres"):
        if e["input"] and ("BC" in e["input"] or "infinity" in e["input"]) and "infinity" in e["input"]:
            sql = f'SELECT {e["postgres"]["sql"]} = CAST(\'{e["expected"]}\' AS {e["postgres"]["type"]}) FROM ' \
                  f'(SELECT {raw(e, "postgres", e["input"])} AS "f1") r;'
            assert postgres.run(sql) == ["t"], e
            count += 1
    assert count > 2


def test_trino(trino):
    by_mask = {}
    for e, value in cases("trino"):
        by_mask.setdefault((e["function"], e["arg"], e["type"]), []).append((e, value))
    for tried in by_mask.values():
        e = tried[0][0]
        source = ", ".join(f'({n}, {raw(e, "trino", v)})' for n, (_, v) in enumerate(tried))
        answer, _ = trino.run(f'SELECT n, CAST({e["trino"]["sql"]} AS {e["trino"]["type"]}) FROM (SELECT n, CAST("f1" AS '
                              f'{e["trino"]["type"]}) AS "f1" FROM (VALUES {source}) AS v (n, "f1"))')
        assert len(answer) == len(tried)
        for n, got in answer:
            assert canonical("trino", e, got) == canonical("duckdb", e, wanted(*tried[n])), tried[n]


@pytest.mark.parametrize("page, title", [("masks", "Mask functions"), ("settings", "Settings")])
def test_the_reference_is_what_the_program_says(page, title):
    written = f"# {title}\n\n{engines.program('docs', page)}"
    assert (engines.ROOT / "doc" / "reference" / f"{page}.md").read_text() == written, "make docs writes it"


def test_the_page_is_true():
    """doc/dialects.md has exactly the masks that there are, and says of each what its record says."""
    assert dialect_page.PAGE.read_text() == dialect_page.written(), "make docs writes it"
