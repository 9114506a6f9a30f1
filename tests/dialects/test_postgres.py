"""The same decision in our own engine and in PostgreSQL 15, cell by cell; and PostgreSQL's own row security, written by
hand, as the judge of how grants and row rules come together. A case is one policy over one row."""
import os

import pytest

import dialect_engines as engines
import dialect_rows as rows

COUNT = int(os.environ.get("HS_DIALECT_POLICIES", 150))


@pytest.fixture(scope="module")
def duck():
    return engines.Duck()


@pytest.fixture(scope="module")
def postgres():
    if not (engines.POSTGRES / "postgres").exists():
        pytest.skip("PostgreSQL 15 is not installed (tools/setup test)")
    server = engines.Postgres()
    server.run("CREATE ROLE reader;")
    yield server
    server.close()


def compare(d, dialect, got, want):
    """The same rows and cells where the fit is exact; elsewhere fewer, and nothing that the decision does not show."""
    fits = {c["name"]: c["fit"] for c in d[dialect]["columns"]}
    if d[dialect]["fit"] == "exact":
        assert set(got) == set(want), (d["seed"], dialect)
    assert set(got) <= set(want), (d["seed"], dialect)
    cells = 0
    for n, row in got.items():
        for name, value in row.items():
            cells += 1
            if fits[name] == "exact":
                assert value == want[n][name], (d["seed"], dialect, n, name)
            assert rows.shows_no_more(value, want[n][name]), (d["seed"], dialect, n, name)
    return cells


def test_decisions(duck, postgres):
    decisions = engines.lines("--decisions", 1, COUNT)
    cells = sum(compare(d, "postgres", got, duck.answer(d["duckdb"]))
                for d, got in zip(decisions, postgres.answers(decisions)))
    exact = sum(d["postgres"]["fit"] == "exact" for d in decisions)
    assert len(decisions) > COUNT / 2 and cells > 2 * COUNT and exact > len(decisions) * 2 / 3
    print(f"{len(decisions) * rows.ROWS} cases, {cells} cells, {exact} of {len(decisions)} row predicates exact")
    print(engines.drawn(decisions, "postgres"))


def test_scripts(duck, postgres):
    """What a producer runs: the role reads the view, whole, and the table not at all."""
    decisions = [d for d in engines.lines("--decisions", 5000, COUNT) if "script" in d][:40]
    script = "".join(f"{postgres.new_types(d['types'])}BEGIN;\n{d['script']}SET ROLE reader;\nSELECT '#', "
                     "has_table_privilege('raw', 'SELECT');\nSELECT row_to_json(v) FROM shown v;\nROLLBACK;\n" for d in decisions)
    answers = "\n".join(postgres.run(script)).split("#|f")[1:]
    assert len(answers) == len(decisions) > 20
    for d, answer in zip(decisions, answers):
        got = [{k: rows.plain("postgres", rows.TYPES[k], v) for k, v in rows.loads(line).items()} for line in answer.strip().splitlines()]
        fits = {c["name"]: c["fit"] for c in d["postgres"]["columns"]}
        want = [{k: v if fits[k] == "exact" else None for k, v in r.items()} for r in duck.answer(d["duckdb"]).values()]
        if all(f == "exact" for f in fits.values()):
            assert sorted(map(repr, got)) == sorted(map(repr, want)), d["seed"]
        assert len(got) == len(want), d["seed"]


def composed(p, i):
    kind = p["kind"].upper()
    return f"CREATE POLICY p{i} ON raw AS {kind} FOR SELECT TO reader USING ({p['using']});\n"


def test_composition(duck, postgres):
    """Grants are permissive policies, row rules restrictive ones; the database decides what they mean together."""
    postgres.run("GRANT SELECT ON raw TO reader; ALTER TABLE raw ENABLE ROW LEVEL SECURITY;"
                 'ALTER TABLE raw ALTER COLUMN "email" TYPE text COLLATE "C";')
    cases = engines.lines("--composition", 1, COUNT)
    script = "".join("BEGIN;\n" + "".join(composed(p, i) for i, p in enumerate(c["policies"])) + "SET ROLE reader;\n"
                     "SELECT coalesce(string_agg(n::text, ','), '-') FROM raw;\nROLLBACK;\n" for c in cases)
    some = 0
    for c, line in zip(cases, postgres.run(script), strict=True):
        seen = set() if line == "-" else {int(n) for n in line.split(",")}
        assert seen == duck.visible(c["duckdb"]), c["seed"]
        some += 0 < len(seen) < rows.ROWS
    assert some > COUNT / 4
