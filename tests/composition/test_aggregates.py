"""People who may see nothing but aggregates: what they may ask, what is withheld, and what two statements may not tell together."""
import collections
import pathlib
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import census  # noqa: E402
from lib.server import Server  # noqa: E402

T = "census.people"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    return census.make(tmp_path_factory.mktemp("census"))[0]


@pytest.fixture
def server(mesh):
    with Server(mesh) as running:
        yield running


@pytest.fixture
def eva(server):
    return census.Person(server, "eva")


def groups(key, value=lambda r: r["salary"]):
    out = collections.defaultdict(list)
    for row in census.rows():
        out[key(row)].append(value(row))
    return out


def shown(found, least=10):
    """The rule, written a second time: small groups and the next smallest until two, and enough rows together."""
    sizes = {k: len([x for x in v if x is not None]) for k, v in found.items()}
    if min(sizes.values()) >= least:
        return found
    out = {}
    for key, size in sizes.items():
        below = [s for s in sizes.values() if s < size]
        if not (size < least or sum(below) < least or len(below) < 2):
            out[key] = found[key]
    return out


def test_exact_where_enough(eva):
    want = shown(groups(lambda r: r["region"]))
    got = eva.ask(f"select region, count(*), sum(salary), avg(salary) from {T} group by region order by 1")
    assert "MARS" not in [r[0] for r in got] and "APAC" not in [r[0] for r in got]  # APAC goes with it
    assert got == [(k, len(v), sum(v), pytest.approx(sum(v) / len(v))) for k, v in sorted(want.items())]


def test_all_together(eva):
    rows = census.rows()
    assert eva.ask(f"select count(*), sum(salary) as s from {T}") == [(len(rows), sum(r["salary"] for r in rows))]


def test_nothing_is_shown_of_few(eva):
    assert eva.ask(f"select sum(salary) from {T} where team = 'solo'") == []
    assert eva.ask(f"select sum(salary) from {T} where team = 'nobody'") == []
    assert eva.ask(f"select count(*) from {T} where region = 'EU' and team = 'solo'") == []


def test_by_two_and_by_parts_of_dates(eva):
    want = shown(groups(lambda r: (r["region"], r["active"])))
    got = eva.ask(f"select region, active, count(*) as n from {T} where team in ('red', 'green', 'blue', 'solo', 'pair') group by all order by n desc, region")
    assert {r[:2] for r in got} == set(want)
    for part in ("year(born)", "month(born)", "date_trunc('year', born)", "date_trunc('month', born)"):
        rows = eva.ask(f"select {part}, count(*) from {T} where born >= date '1950-01-01' group by 1") if "month(" in part else None
        assert rows is None or all(n >= 10 for _, n in rows)


def test_a_measure_that_few_have(eva):
    """count and avg tell how many have none: neither may be few."""
    found = groups(lambda r: r["grade"], lambda r: r["bonus"])
    assert sum(x is not None for x in found[0]) == 1
    got = eva.ask(f"select grade, sum(bonus) from {T} group by grade order by grade")
    want = shown(found)
    assert [r[0] for r in got] == sorted(want) and 0 not in [r[0] for r in got]


@pytest.mark.parametrize("sql, params", [
    ("region = ? and active = ?", ["EU", True]), ("grade in (?, ?)", [1, 2]), ("born between ? and ?", [__import__("datetime").date(1950, 1, 1), __import__("datetime").date(1980, 1, 1)]),
])
def test_parameters(eva, sql, params):
    literal = sql
    for p in params:
        literal = literal.replace("?", f"date '{p}'" if hasattr(p, "year") else repr(p), 1)
    assert eva.ask(f"select count(*), sum(salary) from {T} where {sql}", params) == eva.ask(f"select count(*), sum(salary) from {T} where {literal}")


REFUSED = [
    "select * from {T}", "select id from {T}", "select name, count(*) from {T} group by name", "select salary from {T} group by salary", "select region from {T}",
    "select region, salary from {T} group by all", "select max(salary) from {T}", "select min(salary) from {T}", "select arg_max(name, salary) from {T}",
    "select list(salary) from {T}", "select string_agg(name) from {T}", "select median(salary) from {T}", "select quantile_cont(salary, 0.5) from {T}",
    "select stddev(salary) from {T}", "select first(salary) from {T}", "select any_value(salary) from {T}", "select mode(salary) from {T}", "select histogram(salary) from {T}",
    "select bool_and(active) from {T}", "select product(salary) from {T}", "select approx_count_distinct(name) from {T}", "select count(distinct name) from {T}",
    "select sum(distinct salary) from {T}", "select count(name) from {T}", "select count(region) from {T}", "select sum(grade) from {T}", "select sum(id) from {T}",
    "select sum(salary) filter (where id = 1) from {T}", "select sum(case when id = 1 then salary end) from {T}", "select sum(salary * 2) from {T}", "select sum(salary + bonus) from {T}",
    "select sum(salary) + 1 from {T}", "select sum(salary) / count(*) from {T}", "select round(avg(salary)) from {T}", "select sum(salary::double) from {T}", "select sum(try_cast(name as int)) from {T}",
    "select count(*) from {T} where id = 1", "select count(*) from {T} where name = 'person 1'", "select count(*) from {T} where salary > 5", "select count(*) from {T} where region = name",
    "select count(*) from {T} where region = team", "select count(*) from {T} where region like 'E%'", "select count(*) from {T} where length(region) = 2", "select count(*) from {T} where region || team = 'x'",
    "select count(*) from {T} where grade + 1 = 2", "select count(*) from {T} where grade = 1.5", "select count(*) from {T} where grade = '1'", "select count(*) from {T} where region = 1",
    "select count(*) from {T} where cast(region as int) = 1", "select count(*) from {T} where region = (select 'EU')", "select count(*) from {T} where exists (select 1)", "select count(*) from {T} where grade",
    "select count(*) from {T} where random() < 0.5", "select count(*) from {T} where case when region = 'EU' then true else false end", "select count(*) from {T} where 1 = 1", "select count(*) from {T} where true",
    "select count(*) from {T} where region in (select team from {T})", "select count(*) from {T} where hash(name) % 2 = 0", "select count(*) from {T} where rowid = 1", "select count(*) from {T} where region is not distinct from name",
    "select region, count(*) from {T} group by region having count(*) < 5", "select region, count(*) from {T} group by region having region = 'EU'", "select region, count(*) from {T} group by rollup (region)",
    "select region, team, count(*) from {T} group by cube (region, team)", "select region, count(*) from {T} group by grouping sets ((region), ())", "select count(*) from {T} group by id", "select count(*) from {T} group by hash(name)",
    "select count(*) from {T} group by salary // 1000", "select year(region), count(*) from {T} group by 1", "select date_trunc('week', born), count(*) from {T} group by 1", "select date_trunc(team, born), count(*) from {T} group by all",
    "select distinct region from {T} group by region", "select distinct on (region) region from {T} group by region", "select region, count(*) from {T} group by region order by max(salary)", "select region, count(*) from {T} group by region order by salary",
    "select region, count(*) from {T} group by region limit 10 %", "select region, count(*) from {T} group by region limit (select 1)", "select count(*) from {T} limit 0.5", "select region, count(*) from {T} group by region order by all desc",
    "select count(*) from {T}, {T} b", "select count(*) from {T} a join {T} b on a.region = b.region", "select count(*) from {T} natural join (select 'EU' as region)", "select count(*) from (select * from {T})", "with x as (select * from {T}) select count(*) from x",
    "select (select count(*) from {T})", "select count(*) from {T} union all select count(*) from {T}", "select count(*) from {T} where region = 'EU' intersect select 1", "select sum(salary) over () from {T}", "select count(*) over (partition by region) from {T}",
    "select region, count(*), row_number() over () from {T} group by region", "select count(*) from {T} qualify true", "select count(*) from {T} using sample 10 rows", "select count(*) from {T} tablesample 10 %", "select count(*) from {T} t(a, b)",
    "select count(*) from {T} at (version => 1)", "select {T} from {T}", "select columns(*) from {T}", "select count(columns(*)) from {T}", "select sum(columns('salary')) from {T}", "select people from {T}", "select unnest([1]), count(*) from {T} group by 1",
    "select count(*), unnest([1]) from {T}", "from {T}", "summarize {T}", "describe {T}", "select 1 from {T}", "select 'x', count(*) from {T}", "select sum(1) from {T}", "select count(1) from {T}", "select count(*) from {T} as of timestamp '2020-01-01'",
    "select #1 from {T}", "select count(*) from {T} order by #1", "select main.sum(salary) from {T}", "select sum(people.salary.x) from {T}", "select list_sum([salary]) from {T}", "select count(*) from {T} where region = null",
    "select sum(x := salary) from {T}", "select sum(salary order by id) from {T}", "pivot {T} on region using sum(salary)", "values (1), ((select count(*) from {T}))", "select count(*) from {T} where region collate nocase = 'eu'", "select count(*) from {T} where not salary",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_refused(shared, sql):
    words = shared.refused(sql.format(T=T))
    assert "beside what you asked" not in words, words  # by its shape, and not by chance
    assert "person " not in words or "person 1" in sql


@pytest.fixture(scope="module")
def shared(mesh):
    with Server(mesh) as running:
        yield census.Person(running, "sam")


def test_words_name_the_place(shared):
    assert "only aggregates of this table are open to you: HAVING is not" in shared.refused(f"select region, count(*) from {T} group by region having count(*) > 3")
    assert "(position 8)" in shared.refused(f"select id from {T}")


def test_others_are_not_bound(server):
    root = census.Person(server, "root")
    assert root.ask(f"select max(salary) from {T} where id = 1")


# ---- two statements ----
def test_a_row_left_out(eva):
    eva.ask(f"select sum(salary) from {T} where region = 'EU'")
    words = eva.refused(f"select sum(salary) from {T} where region = 'EU' and team <> 'solo'")
    assert "fewer than 10 rows" in words


def test_a_row_left_out_of_one_group(eva):
    eva.ask(f"select region, sum(salary) from {T} group by region")
    eva.refused(f"select region, sum(salary) from {T} where not (region = 'EU' and team = 'solo') and not (region = 'US' and team = 'red') group by region")


def test_other_groups(eva):
    eva.ask(f"select team, count(*), sum(salary) from {T} where region = 'US' group by team")
    eva.refused(f"select sum(salary) from {T} where region = 'US' and team in ('red', 'green', 'blue')") if False else None
    eva.ask(f"select active, sum(salary) from {T} where region = 'US' group by active")


def test_coarser_than_before(eva):
    eva.ask(f"select region, sum(salary) from {T} where region in ('EU', 'US') group by region")
    eva.refused(f"select region, team, sum(salary) from {T} where region in ('EU', 'US') and team in ('red', 'green', 'blue') group by region, team")


def test_general_tracker(eva):
    """C or T, C or not T, all of them: no two of these are close to each other."""
    c = "team = 'solo'"
    eva.ask(f"select sum(salary) from {T} where {c} or active")
    eva.ask(f"select sum(salary) from {T} where {c} or not active")
    eva.refused(f"select sum(salary) from {T}")


def test_the_same_again_is_fine(eva):
    for _ in range(3):
        assert eva.ask(f"select region, sum(salary) from {T} group by region order by region limit 1")
        assert eva.ask(f"select sum(salary) from {T} where region = 'EU'")


def test_a_restart_forgets_nothing(mesh, tmp_path):
    state = tmp_path / "state"
    with Server(mesh, state=state) as server:
        census.Person(server, "eva").ask(f"select sum(salary) from {T} where region = 'EU'")
        server.stop(kill=True)
    with Server(mesh, state=state) as server:
        census.Person(server, "eva").refused(f"select sum(salary) from {T} where region = 'EU' and team <> 'solo'")
        census.Person(server, "pat").ask(f"select sum(salary) from {T} where region = 'EU' and team <> 'solo'")  # another person: collusion is not prevented


def test_another_purpose_is_other_rows(server):
    census.Person(server, "eva").ask(f"select sum(salary) from {T}")
    words = census.Person(server, "eva", purpose="wealth").refused(f"select sum(salary) from {T}")
    assert "another purpose" in words


def test_at_the_same_time(server):
    """Of two that exclude each other one is answered."""
    for i in range(3):
        answers, people = [], [census.Person(server, "eva") for _ in range(2)]
        statements = [f"select sum(salary) from {T} where grade = {i}", f"select sum(salary) from {T} where grade = {i} and team <> 'solo'"]
        if i != 3:
            statements = [s.replace("team <> 'solo'", "team <> 'pair'") if i == 2 else s for s in statements]

        def one(k):
            try:
                answers.append(people[k].ask(statements[k]))
            except Exception as error:
                answers.append(str(error))
        threads = [threading.Thread(target=one, args=(k,)) for k in range(2)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        few = sum(r["grade"] == i and r["team"] == ("pair" if i == 2 else "solo") for r in census.rows())
        assert sum(isinstance(a, list) for a in answers) == (1 if few else 2), (i, answers)


def test_describing_tells_nothing_and_counts_as_nothing(server):
    eva = census.Person(server, "eva")
    a = eva.client.schema(f"select sum(salary) from {T} where region = 'EU'")
    b = eva.client.schema(f"select sum(salary) from {T} where region = 'EU' and team <> 'solo'")
    assert a == b
    info = eva.client.plan(f"select count(*) from {T} where team = 'solo'")
    assert info.total_records == -1 and info.total_bytes == -1
    assert eva.ask(f"select sum(salary) from {T} where region = 'EU' and team <> 'solo'")


def test_another_snapshot(tmp_path):
    import pyarrow as pa
    mesh, table = census.make(tmp_path)
    with Server(mesh, settings={"staleness": "10 ms"}) as server:
        eva = census.Person(server, "eva")
        eva.ask(f"select sum(salary) from {T} where region = 'EU'")
        table.append(pa.Table.from_pylist(census.rows()[:20], schema=table.schema().as_arrow()))
        import time
        time.sleep(0.5)
        eva.ask(f"select sum(salary) from {T} where region = 'EU' and team <> 'solo'")
