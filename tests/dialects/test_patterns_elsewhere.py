"""replace-pattern in every engine: patterns made at random, of which those are printed that can go on in one way only, each
character that means something to a regular expression, and replacements that engines read something in."""
import json
import random
import string
import subprocess

import pytest

import dialect_engines as engines

REPLACEMENTS = ["", "x", "\\1", "$1", "$", "\\", "&", "\\&", "${a}", "it's", "#\\\\#"]
LETTERS = "aabbc@\u00e9\U0001F600\n-]"


def pattern(pick, depth=0):
    parts = []
    for _ in range(pick.randrange(1, 4)):
        kind = pick.randrange(9 if depth < 3 else 6)
        atom = pick.choice("abc\u00e9@") if kind < 3 else pick.choice(["[ab]", "[^a]", "[b-c@]", ".", "\\d", "[^\\n-]", "[\\]\\-]"]) \
            if kind < 6 else f"({pattern(pick, depth + 1)})" if kind < 8 else \
            f"(?:{pattern(pick, depth + 1)}|{pattern(pick, depth + 1)})"
        parts.append(atom + pick.choice(["", "", "", "+", "?", "*", "{2}", "{1,3}", "{2,}"]))
    return "".join(parts)


def forms(wanted, seed):
    """So many patterns with forms, and their forms; of each line of ours the program answers one of its own."""
    pick = random.Random(seed)
    marks = [p for c in string.punctuation for p in (f"\\{c}", f"[\\{c}a]", f"[^\\{c}]{{2}}") if c != "_"]
    asked = marks + [pick.choice(["", "", "^"]) + pattern(pick) + pick.choice(["", "", "$"]) for _ in range(wanted * 6)]
    given = "".join(f"{p}\t{pick.choice(REPLACEMENTS)}\n" for p in asked)
    out = subprocess.run([str(engines.BUILD / "mask_pattern_same_test"), "--forms"], input=given, check=True, capture_output=True,
                         text=True).stdout
    said = [(p, json.loads(line)) for p, line in zip(asked, out.splitlines(), strict=True)]
    assert all(f for _, f in said[:len(marks)]), [p for p, f in said[:len(marks)] if not f]
    return [(p, f) for p, f in said if f][:len(marks) + wanted]


def texts(seed):
    pick = random.Random(seed)
    out = ["", string.printable.replace("\t", " "), string.punctuation * 2]
    return out + ["".join(pick.choice(LETTERS) for _ in range(pick.randrange(12))) for _ in range(40)]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def select(some, engine):
    return "SELECT " + ", ".join(f"{f[engine]} AS c{i}" for i, (_, f) in enumerate(some))


def check(run, engine, wanted, text_of):
    con, values = engines.duckdb.connect(), texts(1)
    con.execute("CREATE TABLE v (n INTEGER, f1 VARCHAR)")
    con.executemany("INSERT INTO v VALUES (?, ?)", list(enumerate(values)))
    every = forms(wanted, 1)
    changed = 0
    source = ", ".join(f"({n}, {text_of(t)})" for n, t in enumerate(values))
    for at in range(0, len(every), 20):
        some = every[at:at + 20]
        want = con.execute(select(some, "duckdb") + " FROM v ORDER BY n").fetchall()
        got = run(some, select(some, engine) + f' FROM (VALUES {source}) AS v (n, "f1") ORDER BY n')
        for text, a, b in zip(values, want, got, strict=True):
            for (p, _), x, y in zip(some, a, b, strict=True):
                assert x == y, (p, text, x, y)
                changed += x != text
    print(f"{len(every)} patterns, {len(values)} texts, {changed} changed")
    assert len(every) > wanted and changed > len(every)


def test_postgres():
    if not (engines.POSTGRES / "postgres").exists():
        pytest.skip("PostgreSQL 15 is not installed (tools/setup test)")
    server = engines.Postgres()

    def run(some, sql):
        return [list(json.loads(line).values()) for line in server.run(f"SELECT row_to_json(q) FROM ({sql}) q;")]

    try:
        check(run, "postgres", 300, quoted)
    finally:
        server.close()


def test_trino(trino):
    check(lambda some, sql: trino.run(sql)[0], "trino", 300, lambda t: f"CAST({quoted(t)} AS VARCHAR)")
