"""The guard and the printer against the engine itself: what is printed is the same statement and has the same answer; what is not
on the list is refused."""
import glob
import importlib.util
import os

import duckdb
import pytest

from guard_tool import Refused, Tool
from shop import answer

HERE = os.path.dirname(__file__)


def lines(name):
    with open(os.path.join(HERE, "corpus", name), encoding="utf-8") as f:
        return [line.rstrip("\n") for line in f if line.strip()]


def extension(name):
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    if not spec:
        pytest.skip(f"duckdb-extension-{name} is not installed")
    con = duckdb.connect()
    con.load_extension(glob.glob(f"{spec.submodule_search_locations[0]}/extensions/v{duckdb.__version__}/*.duckdb_extension")[0])
    return con


def plain_name(name):
    return name.replace('"', "").replace("shop.hr.", "").lower()


@pytest.mark.parametrize("sql", lines("queries.sql"))
def test_answers_are_the_same(tool, shop, sql):
    expected = answer(shop.con, sql)
    printed, _ = shop.printed(tool, sql)
    got = answer(shop.con, printed)
    assert got[1] == expected[1], printed
    if "hs_" not in "".join(got[0]) and ".lower()" not in sql and "replace('E'" not in sql:
        # a sub-query without an alias is named by its text, a.f() by f(a); quotes around type names come and go
        assert list(map(plain_name, got[0])) == list(map(plain_name, expected[0])), printed


@pytest.mark.parametrize("sql", lines("refused.sql"))
def test_refused(tool, sql):
    with pytest.raises(Refused) as refused:
        tool.guard(sql)
    assert refused.value.kind.lower() in ("unsupported", "invalid") and refused.value.shown


@pytest.mark.parametrize("compatibility", ["latest", "v0.10.2"])
@pytest.mark.parametrize("suite", ["tpch", "tpcds"])
def test_known_queries_come_back_node_for_node(suite, compatibility):
    queries = extension(suite).execute(f"select query_nr, query from {suite}_queries()").fetchall()
    with Tool(compatibility=compatibility) as tool:
        for _, query in queries:
            tool.guard(query)


def test_tpch_answers(tool, tmp_path):
    con = extension("tpch")
    con.execute("call dbgen(sf = 0.01); set TimeZone = 'UTC'")
    from shop import json_refs, plain_scan
    scans = {}
    for (table,) in con.execute("select table_name from duckdb_tables()").fetchall():
        path = str(tmp_path / f"{table}.parquet")
        con.execute(f"copy {table} to '{path}'")
        columns = [{"id": i + 1, "name": r[0], "type": engine_type(r[1])} for i, r in enumerate(con.execute(f"describe {table}").fetchall())]
        scans[table] = plain_scan(columns, [path])
    copied = 0
    for number, query in con.execute("select query_nr, query from tpch_queries()").fetchall():
        used = [scans[ref[2]] for ref in json_refs(tool, query)]
        printed, _, _, inside = tool.guard(query, used)
        for i, scan in enumerate(used):
            con.execute(f"create or replace view hs_scan_{i} as {tool.scan(scan, inside[i])}")
        copied += sum(map(bool, inside))
        assert answer(con, query) == answer(con, printed), number
    assert copied >= 25  # the predicates that prune


def engine_type(name):
    known = {"INTEGER": "int", "BIGINT": "long", "VARCHAR": "string", "DATE": "date"}
    if name in known:
        return known[name]
    precision, scale = name[len("DECIMAL("):-1].split(",")
    return {"type": "decimal", "precision": int(precision), "scale": int(scale)}


def test_every_table_function_but_three_is_refused(tool):
    names = duckdb.execute("select distinct function_name from duckdb_functions() where function_type in ('table', 'table_macro')").fetchall()
    passed = set()
    for (name,) in names:
        for call in (f'"{name}"()', f"\"{name}\"('/etc/hostname')", f'main."{name}"(1)'):
            try:
                tool.guard(f"select * from {call}")
                passed.add(name)
            except Refused:
                pass
    assert passed == {"range", "generate_series", "unnest"}


def test_functions_are_those_of_the_list(tool):
    with open(os.path.join(HERE, "..", "..", "src", "engine", "guard_functions.def"), encoding="utf-8") as f:
        listed = {line.split('"')[1] for line in f if line.startswith(("ALLOW(", "HONEST("))}
    names = {r[0] for r in duckdb.execute("select distinct function_name from duckdb_functions()").fetchall()}
    passed = set()
    for name in names:
        for call in (f'"{name}"(x)', f'"{name.upper()}"(x)', f'"{name}"(x) over ()', f'list_transform([1], lambda x: "{name}"(x))'):
            try:
                tool.guard(f"select {call} from (select 1) t(x)")
                passed.add(name)
            except Refused:
                pass
    assert passed <= listed | {"if", "try"}
    for bad in ("stats", "bitstring_agg", "getenv", "current_setting", "query", "read_text", "nextval", "hs_mask_hmac", "error", "write_log"):
        assert bad not in listed


def test_quoted_star(tool, shop, tmp_path):
    """The engine's own printer leaves the relation of a qualified star unquoted; its text would read the file."""
    (tmp_path / "secret").write_text("ZQX-SECRET")
    name = f"z.* from read_text('{tmp_path}/secret') z --"
    sql = f'select "{name}".* from hr.orders as "{name}"'
    printed, _ = shop.printed(tool, sql)
    assert answer(shop.con, printed) == answer(shop.con, sql)
    with Tool(faults="no-printer") as weak:  # seen to succeed without the defence
        printed, _ = shop.printed(weak, sql)
        assert "ZQX-SECRET" in str(answer(shop.con, printed))


def test_function_list_can_be_switched_off():
    with Tool(faults="no-function-list") as weak:
        weak.guard("select * from read_text('/etc/hostname')")
        weak.guard("select stats(id) from sales.orders")


def test_references(tool):
    sql = ("with o as (select * from a.x) select * from o, A.b.C, c at (version => 3), \"d\" at (timestamp => '2020-01-01'), "
           "(select * from o, e.f at (version => 'main')) where exists (select 1 from g)")
    refs = tool.guard(sql)[1]
    assert [r[:5] for r in refs] == [["", "a", "x", "", 0], ["A", "b", "C", "", 0], ["", "", "c", "3", 1], ["", "", "d", "2020-01-01", 2],
                                     ["", "e", "f", "main", 1], ["", "", "g", "", 0]]
    assert [sql[r[5]:r[5] + 1].lower() for r in refs] == ["a", "a", "c", '"', "e", "g"]


def test_parameters(tool):
    assert tool.guard("select ?, ?, ?")[2] == 3
    assert tool.guard("select $2, $1, $2")[2] == 2
    assert tool.guard("select id from t where x = ? limit ?")[2] == 2
    assert tool.guard("select 1")[2] == 0


def test_names_of_ours_mean_nothing(tool):
    """A person's hs_scan_7 is a table like any other, and a WITH query's name is never looked up."""
    printed, refs, _, _ = tool.guard("with hs_scan_5 as (select 1 as x) select * from hs_scan_5, hs_scan_7, hs_cte_0")
    assert [r[2] for r in refs] == ["hs_scan_7", "hs_cte_0"]
    assert '"hs_scan_7"' not in printed.replace(' AS "hs_scan_7"', "")


def test_a_with_name_that_is_a_file(tool):
    printed, refs, _, _ = tool.guard("with \"x.parquet\" as (select 1 as x) select * from \"x.parquet\"")
    assert not refs and 'FROM "hs_cte_0" AS "x.parquet"' in printed
    with pytest.raises(Refused):  # not yet in reach inside itself
        tool.guard("with \"x.parquet\" as (select * from \"x.parquet\") select 1")


@pytest.mark.parametrize("depth", [10, 100, 250, 5000])
def test_deep_statements_end_in_words(tool, depth):
    for sql in ("select " + "(" * depth + "1" + ")" * depth, "select " + "not " * depth + "true", "select " + "1 + " * depth + "1",
                "select * from " + "(select * from " * min(depth, 400) + "t" + ")" * min(depth, 400)):
        try:
            tool.guard(sql)
        except Refused as refused:
            assert refused.kind.lower() in ("limit", "invalid", "unsupported"), refused


def test_wide_statements(tool):
    tool.guard("select * from t where x in (" + ",".join(map(str, range(20000))) + ")")
    tool.guard("select " + ", ".join(f"x{i} as y{i}" for i in range(3000)) + " from t")


def test_refusals_never_quote_what_was_not_written(tool):
    """A worker that has lost its mind cannot speak through refusals."""
    tree = tool.parse("select f(1)").replace('"function_name":"f"', '"function_name":"ZQX-SECRET"')
    with pytest.raises(Refused) as refused:
        tool.ask("guard", "select f(1)", tree)
    assert "ZQX" not in refused.value.shown
