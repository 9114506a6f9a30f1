"""What each person of the TPC-H mesh should see, in plain DuckDB: tables that hold only the permitted, masked cells.

This is the oracle of the parity suite. It knows nothing of the policy files or of the program under test: the rules
are written here once more, by hand, as SQL over the plain Parquet files.

    con = tpch_expected.database("build/tpch/sf0.01", "ellen")     # tables tpch.*, found without the schema, too
    python tests/data/tpch_expected.py build/tpch/sf0.01 ellen     # prints rows and columns a table
"""
import pathlib
import sys

TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")
PRINCIPALS = ("root", "ellen", "mira", "hugo", "nina")
EVERYTHING = "select * from {}"


def first(column, n):
    """The first n characters stay when there are more than n; every other character is a star."""
    return (f"case when length({column}) > {n} then substr({column}, 1, {n}) || repeat('*', length({column}) - {n}) "
            f"else repeat('*', length({column})) end")


def last(column, n):
    return (f"case when length({column}) > {n} then repeat('*', length({column}) - {n}) || substr({column}, length({column}) - {n} + 1) "
            f"else repeat('*', length({column})) end")


COMMENT = {table: prefix + "_comment" for table, prefix in zip(TABLES, ("c", "l", "n", "o", "p", "ps", "r", "s"))}


def _mira(table):
    replaced = {COMMENT[table]: first(COMMENT[table], 4)}
    rows = "true"
    if table == "customer":
        replaced.update(c_name=last("c_name", 4), c_address="'[redacted]'", c_mktsegment="'BUILDING'")
        rows = "c_mktsegment <> 'MACHINERY'"
    elif table == "supplier":
        replaced.update(s_address="'[redacted]'", s_phone="'***'")
    elif table == "orders":
        replaced.update(o_orderdate="make_date(year(o_orderdate), month(o_orderdate), 1)")
    elif table == "lineitem":
        replaced.update(l_receiptdate="make_date(year(l_receiptdate), 1, 1)", l_tax="cast(null as decimal(15, 2))")
    masks = ", ".join(f"{expression} as {column}" for column, expression in replaced.items())
    # The rule reads raw values, so it is applied before the masks.
    return f"select * replace ({masks}) from (select * from {{}} where {rows})"


SEEN = {
    "root": {},
    "ellen": {
        "customer": "select * from {} where c_nationkey = 6 or c_nationkey = 7 or c_nationkey = 19 or c_nationkey = 22 or c_nationkey = 23",
        "supplier": "select * from {} where s_nationkey = 6 or s_nationkey = 7 or s_nationkey = 19 or s_nationkey = 22 or s_nationkey = 23",
        "region": "select * from {} where r_name = 'EUROPE'",
        "orders": "select * from {} where o_orderstatus <> 'P' and year(o_orderdate) in (1993, 1994, 1995, 1996, 1997)",
        "lineitem": "select * from {} where l_shipmode not in ('MAIL', 'FOB') and not (l_quantity > 45 and l_discount <= 0.02)",
    },
    "mira": {table: _mira(table) for table in TABLES},
    "hugo": {
        "customer": "select * exclude (c_acctbal) from {}",
        "lineitem": "select * exclude (l_shipinstruct, l_comment) from {}",
        "orders": "select * exclude (o_clerk, o_comment) from {}",
        "partsupp": "select * exclude (ps_comment) from {}",
        "supplier": "select * from {} where s_acctbal > 4000 or s_nationkey < 4",
        "part": "select * from {} where substr(p_type, 1, 5) <> 'SMALL' or right(p_type, 5) = 'BRASS'",
    },
    "nina": {
        "lineitem": """select * replace (case when l_quantity <= 30 then l_extendedprice end as l_extendedprice,
            cast(case when l_shipmode <> 'AIR' then l_discount else 0.05 end as decimal(15, 2)) as l_discount) from {}""",
        "orders": """select * replace (case when o_orderpriority <> '1-URGENT' then o_totalprice end as o_totalprice,
            case when o_totalprice < 200000 then o_clerk else '[redacted]' end as o_clerk) from {}""",
        "partsupp": "select * replace (cast(null as decimal(15, 2)) as ps_supplycost) from {}",
        "customer": f"""select * replace (case when c_acctbal > 0 then c_phone else {first('c_phone', 3)} end as c_phone,
            case when substr(c_phone, 1, 1) <> '1' then c_acctbal end as c_acctbal) from {{}}""",
    },
}


def database(data, principal, threads=2):
    """A connection to a database in memory whose tables tpch.* hold what `principal` should see of `data`."""
    import duckdb
    con = duckdb.connect(config={"threads": threads})
    con.execute("create schema tpch")
    for table in TABLES:
        file = str(pathlib.Path(data).resolve() / "parquet" / f"{table}.parquet").replace("'", "''")
        query = SEEN[principal].get(table, EVERYTHING).format(f"read_parquet('{file}')")
        con.execute(f"create table tpch.{table} as {query}")
    con.execute("set schema = 'tpch'")
    return con


def statements():
    """The 22 queries, {1: text}: from the engine's own extension, installed as a package."""
    from tables import tpch_extension
    return dict(tpch_extension().execute("select query_nr, query from tpch_queries()").fetchall())


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in PRINCIPALS:
        sys.exit(__doc__)
    connection = database(sys.argv[1], sys.argv[2])
    for name in TABLES:
        columns = len(connection.execute(f"describe {name}").fetchall())
        print(f"{name}: {connection.execute(f'select count(*) from {name}').fetchone()[0]} rows, {columns} columns")
