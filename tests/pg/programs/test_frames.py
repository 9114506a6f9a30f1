"""Clients that fill columns: ADBC, connectorx, polars, and DuckDB's own extension as a client. All read the binary forms by themselves."""
import datetime as dt
import importlib.util
import pathlib

import duckdb
import mesh
import pyarrow as pa
import pytest

adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")


def plain(value):
    return value.isoformat() if isinstance(value, (dt.datetime, dt.date, dt.time)) else value


# ---- ADBC ----

@pytest.fixture
def arrow(uri):
    with adbc.connect(uri) as c:
        yield c


def test_adbc_every_type(arrow, who):
    names, rows = mesh.everything(who)
    with arrow.cursor() as cursor:
        cursor.execute("SELECT * FROM kinds.everything ORDER BY id")
        table = cursor.fetch_arrow_table()
    assert table.column_names == names
    kinds = {f.name: str(f.type) for f in table.schema}
    assert {n: kinds[n] for n in ("id", "i", "b", "f", "d", "day", "t", "ts", "tz", "l", "w")} == {
        "id": "int64", "i": "int32", "b": "bool", "f": "float", "d": "double", "day": "date32[day]", "t": "time64[us]", "ts": "timestamp[us]",
        "tz": "timestamp[us, tz=UTC]", "l": "list<item: int32>", "w": "list<item: string>"}
    for name, want in zip(names, zip(*rows)):
        got = table[name].to_pylist()
        if name in ("n", "m"):  # it has numerics as text, at the scale of the column
            assert [v and mesh.D(v) for v in got] == list(want), name
        elif name == "u":
            assert [getattr(v, "bytes", v) for v in got] == [v and v.bytes for v in want]
        else:
            assert got == list(want), name


def test_adbc_rows_parameters_pandas(arrow, who):
    held = mesh.orders(who)
    with arrow.cursor() as cursor:
        cursor.execute("SELECT * FROM sales.orders ORDER BY id")
        frame = cursor.fetch_df()
        assert list(frame["id"]) == [r["id"] for r in held] and list(frame["status"]) == [r["status"] for r in held] and list(frame.columns) == list(held[0])
        cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": "16384"})
        cursor.execute("SELECT id, placed_at FROM sales.orders ORDER BY id")
        batches = list(cursor.fetch_record_batch())
        assert len(batches) > 1 and pa.Table.from_batches(batches)["placed_at"].to_pylist() == [r["placed_at"] for r in held]
        cursor.execute("SELECT count(*) FROM sales.orders WHERE region = $1 AND id > $2", ("US", 100))
        assert cursor.fetchone() == (sum(r["region"] == "US" and r["id"] > 100 for r in held),)
        cursor.execute("SELECT status FROM sales.orders WHERE id = $1", pa.record_batch({"1": pa.array([3, 4, 5], pa.int64())}))
        held_status = {r["id"]: r["status"] for r in held}
        assert [r[0] for r in cursor.fetchall()] == [held_status[i] for i in (3, 4, 5) if i in held_status]
        with pytest.raises(Exception, match="read-only"):
            cursor.adbc_ingest("mine", pa.table({"x": [1]}), mode="create")
    arrow.rollback()


def test_adbc_metadata(arrow, who):
    schema = arrow.adbc_get_table_schema("orders", db_schema_filter="sales")
    assert schema.names == list(mesh.orders(who)[0])
    found = arrow.adbc_get_objects(depth="all").read_all().to_pylist()[0]
    tables = {(s["db_schema_name"], t["table_name"]): t for s in found["catalog_db_schemas"] for t in s["db_schema_tables"] if s["db_schema_name"] in ("sales", "support", "kinds", "pgbench")}
    assert set(tables) == {("sales", "customers"), ("sales", "orders"), ("support", "tickets"), ("kinds", "everything"), *(("pgbench", f"pgbench_{t}") for t in ("accounts", "branches", "tellers"))}
    columns = sorted(tables["kinds", "everything"]["table_columns"], key=lambda c: c["ordinal_position"])  # it asks for no order
    assert [c["column_name"] for c in columns] == mesh.everything(who)[0]
    key = [c for c in tables["sales", "orders"]["table_constraints"] if c["constraint_type"] == "PRIMARY KEY"]
    assert key[0]["constraint_column_names"] == ["id"]
    assert arrow.adbc_get_info()["vendor_name"] == "PostgreSQL" and "table" in arrow.adbc_get_table_types()


# ---- connectorx and polars ----

@pytest.mark.parametrize("protocol", ["binary", "csv", "cursor", "simple"])
def test_connectorx(uri, who, protocol):
    cx = pytest.importorskip("connectorx")
    names, rows = mesh.everything(who)
    columns = [n for n in names if n not in ("m", "w", "ts", "tz", "day")]  # years and digits that it cannot hold, and lists of text
    table = cx.read_sql(uri, f"SELECT {', '.join(columns)} FROM kinds.everything ORDER BY id", return_type="arrow", protocol=protocol)
    assert table.num_rows == len(rows) and table.column_names == columns
    held = [dict(zip(names, r)) for r in rows]
    for name in ("id", "i", "b", "f", "d", "s"):
        want = [r[name] for r in held]
        if (name, protocol) == ("s", "csv"):
            want = [v or None for v in want]  # it reads "" as NULL
        assert table[name].to_pylist() == want, name


def test_connectorx_in_parts(uri, who):
    cx = pytest.importorskip("connectorx")
    held = mesh.orders(who)
    frame = cx.read_sql(uri, "SELECT id, region, status, placed_at FROM sales.orders", partition_on="id", partition_num=3)
    assert sorted(zip(frame["id"], frame["region"], frame["status"])) == [(r["id"], r["region"], r["status"]) for r in held]
    assert len(cx.read_sql(uri, ["SELECT id FROM sales.orders WHERE id <= 10", "SELECT id FROM sales.orders WHERE id > 5890"], return_type="arrow")) == sum(
        r["id"] <= 10 or r["id"] > 5890 for r in held)


@pytest.mark.parametrize("engine", ["connectorx", "adbc"])
def test_polars(uri, who, engine):
    polars = pytest.importorskip("polars")
    frame = polars.read_database_uri("SELECT id, region, status FROM sales.orders ORDER BY id", uri, engine=engine)
    assert frame.rows() == [(r["id"], r["region"], r["status"]) for r in mesh.orders(who)]


# ---- DuckDB ----

def attach(server, who, how):
    folder = pathlib.Path(importlib.util.find_spec("duckdb_extension_postgres_scanner").submodule_search_locations[0])
    con = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False, "threads": 2})
    con.execute(f"LOAD '{folder}/extensions/v{duckdb.__version__}/postgres_scanner.duckdb_extension'")
    con.execute(f"ATTACH 'host=127.0.0.1 port={server.pg_port} user={who} password={who}-demo dbname=demo' AS hail (TYPE postgres{how})")
    return con


@pytest.fixture
def attached(server, who):
    con = attach(server, who, ", READ_ONLY")
    con.execute("SET TimeZone = 'UTC'")
    yield con
    con.close()


@pytest.mark.parametrize("form", ["binary COPY", "text"])
def test_duckdb_every_type(attached, who, form):
    names, rows = mesh.everything(who)
    attached.execute(f"SET pg_use_text_protocol = {str(form == 'text').lower()}")
    got = attached.execute("SELECT * FROM hail.kinds.everything ORDER BY id")
    assert [d[0] for d in got.description] == names
    got = got.fetchall()
    for i, name in enumerate(names):
        assert [plain(r[i]) for r in got] == [plain(r[i]) for r in rows], name


def test_duckdb_reads_and_joins(attached, who):
    held = mesh.orders(who)
    found = {r[0] for r in attached.execute("SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_catalog = 'hail'").fetchall()}
    assert {"sales.orders", "sales.customers", "kinds.everything", "support.tickets"} <= found
    assert [r[0] for r in attached.execute("DESCRIBE hail.sales.orders").fetchall()] == list(held[0])
    got = attached.execute("SELECT * FROM hail.sales.orders ORDER BY id").fetchall()
    assert [tuple(map(plain, r)) for r in got] == [tuple(map(plain, r.values())) for r in held]
    for pushed in ("true", "false"):
        attached.execute(f"SET pg_experimental_filter_pushdown = {pushed}")
        got = attached.execute("SELECT id FROM hail.sales.orders WHERE region = 'US' AND id BETWEEN 100 AND 200 AND placed_at > TIMESTAMPTZ '2026-01-01' AND status IN ('paid', 'shipped') ORDER BY id LIMIT 30").fetchall()
        assert [r[0] for r in got] == [r["id"] for r in held if r["region"] == "US" and 100 <= r["id"] <= 200 and r["status"] in ("paid", "shipped")][:30]
    name = {r["id"]: r["name"] for r in mesh.customers(who)}
    got = attached.execute("SELECT o.id, c.name, c.address.city FROM hail.sales.orders o JOIN hail.sales.customers c ON o.customer_id = c.id WHERE o.id < 60 ORDER BY 1").fetchall()
    city = {r["id"]: r["address"]["city"] for r in mesh.stored("sales.customers")}
    assert got == [(r["id"], name[r["customer_id"]], city[r["customer_id"]]) for r in held if r["id"] < 60]
    assert attached.execute("SELECT * FROM postgres_query('hail', 'SELECT count(*)::int AS n FROM sales.orders')").fetchall() == [(len(held),)]
    assert attached.execute("CREATE TABLE mine AS FROM hail.pgbench.pgbench_accounts; SELECT count(*), sum(abalance) FROM mine").fetchone() == (
        (mesh.ACCOUNTS, sum(map(mesh.balance, range(1, mesh.ACCOUNTS + 1)))) if who == "otto" else (mesh.ACCOUNTS // 2, sum(map(mesh.balance, range(2, mesh.ACCOUNTS + 1, 2)))))


def test_duckdb_may_not_write(server):
    con = attach(server, "otto", "")
    assert con.execute("SELECT count(*) FROM hail.sales.orders").fetchone() == (len(mesh.orders("otto")),)
    for wrong in ("INSERT INTO hail.sales.orders (id) VALUES (1)", "DELETE FROM hail.sales.orders", "CREATE TABLE hail.sales.mine (x int)"):
        with pytest.raises(duckdb.Error):
            con.execute(wrong)
    con.close()
