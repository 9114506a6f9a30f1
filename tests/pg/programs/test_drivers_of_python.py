"""asyncpg, pg8000 and SQLAlchemy over three drivers: values of every type both ways, cursors, COPY, reflection."""
import asyncio
import datetime as dt
import io

import mesh
import pytest
import sqlalchemy as sa

asyncpg = pytest.importorskip("asyncpg")
pg8000 = pytest.importorskip("pg8000.dbapi")


# ---- asyncpg ----

def test_asyncpg(uri, who):
    names, rows = mesh.everything(who)
    held = [tuple(r.values()) for r in mesh.orders(who)]

    async def run():
        c = await asyncpg.connect(uri)
        found = await c.fetch("SELECT * FROM kinds.everything ORDER BY id")
        assert [tuple(r.values()) for r in found] == rows and list(found[0].keys()) == names
        # Its parameters' types are what Describe says of them. The first and the last day that Python knows are infinities to it.
        for row in rows:
            row = [None if isinstance(v, dt.date) and v.year in (1, 9999) else v for v in row]
            same = " AND ".join(f"({n} IS NOT DISTINCT FROM ${i + 1} OR extract(year FROM {n}) IN (1, 9999))" if n in ("day", "ts", "tz") else f"{n} IS NOT DISTINCT FROM ${i + 1}"
                                 for i, n in enumerate(names))
            assert await c.fetchval(f"SELECT count(*) FROM kinds.everything WHERE {same}", *row) == 1
        statement = await c.prepare("SELECT * FROM sales.orders WHERE region = $1 AND placed_at >= $2 ORDER BY id")
        assert [p.name for p in statement.get_parameters()] == ["text", "timestamptz"]
        since = dt.datetime(2026, 3, 1, tzinfo=dt.timezone.utc)
        want = [r for r in held if r[2] == "US" and dict(zip(mesh.orders(who)[0], r))["placed_at"] >= since]
        assert [tuple(r) for r in await statement.fetch("US", since)] == want
        async with c.transaction(readonly=True, isolation="repeatable_read"):
            assert [tuple(r) async for r in c.cursor("SELECT * FROM sales.orders ORDER BY id", prefetch=333)] == held
            cursor = await c.cursor("SELECT id FROM sales.orders ORDER BY id")
            assert await cursor.forward(100) == 100 and (await cursor.fetchrow())[0] == held[100][0]
        out = io.BytesIO()
        assert await c.copy_from_query("SELECT id FROM sales.orders WHERE id <= $1 ORDER BY id", 50, output=out) == f"COPY {sum(r[0] <= 50 for r in held)}"
        assert [int(x) for x in out.getvalue().split()] == [r[0] for r in held if r[0] <= 50]
        out = io.BytesIO()
        await c.copy_from_table("orders", schema_name="sales", columns=["id", "region"], output=out, format="csv")
        assert sorted(out.getvalue().decode().split()) == sorted(f"{r[0]},{r[2]}" for r in held)
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await c.copy_records_to_table("orders", schema_name="sales", records=[(1,)], columns=["id"])
        with pytest.raises(asyncpg.UndefinedTableError):
            await c.fetch("SELECT * FROM sales.nothing")
        with pytest.raises(asyncio.TimeoutError):
            await c.fetch("SELECT count(*) FROM sales.orders a, sales.orders b, sales.orders c WHERE a.id + b.id + c.id = 7", timeout=0.5)
        row = await c.fetchrow("SELECT address, tags FROM sales.customers WHERE id = (SELECT min(id) FROM sales.customers)")
        stored = next(r for r in mesh.stored("sales.customers") if r["id"] == mesh.customers(who)[0]["id"])
        assert row["address"]["city"] == stored["address"]["city"] and row["tags"] == stored["tags"]
        await c.reset()
        await c.close()

    asyncio.run(run())


def test_asyncpg_pool_and_tls(server, who, certificate):
    import ssl

    async def run():
        context = ssl.create_default_context(cafile=certificate[0])
        async with asyncpg.create_pool(mesh.uri(server, who, host="localhost"), min_size=1, max_size=4, ssl=context) as pool:
            got = await asyncio.gather(*(pool.fetchval("SELECT count(*) FROM sales.orders WHERE id % $1 = 0", n) for n in range(1, 9)))
            assert got == [sum(r["id"] % n == 0 for r in mesh.orders(who)) for n in range(1, 9)]
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(host="127.0.0.1", port=server.pg_port, user=who, password="wrong", database="demo", ssl=False)

    asyncio.run(run())


# ---- pg8000 ----

def test_pg8000(server, who):
    names, rows = mesh.everything(who)
    c = pg8000.connect(who, host="127.0.0.1", port=server.pg_port, database="demo", password=f"{who}-demo")
    cursor = c.cursor()
    cursor.execute("SELECT * FROM kinds.everything ORDER BY id")
    assert [d[0] for d in cursor.description] == names
    assert [tuple(r) for r in cursor.fetchall()] == rows
    cursor.execute("SELECT id, status FROM sales.orders WHERE region = %s AND id <= %s ORDER BY id", ("US", 40))
    assert [tuple(r) for r in cursor.fetchall()] == [(r["id"], r["status"]) for r in mesh.orders(who) if r["region"] == "US" and r["id"] <= 40]
    out = io.BytesIO()
    cursor.execute("COPY (SELECT id FROM sales.orders ORDER BY id) TO STDOUT", stream=out)
    assert [int(x) for x in out.getvalue().split()] == [r["id"] for r in mesh.orders(who)]
    with pytest.raises(pg8000.DatabaseError) as wrong:
        cursor.execute("SELECT nothing_like_it FROM sales.orders")
    assert wrong.value.args[0]["C"] == "42703"
    c.rollback()
    cursor.execute("SELECT 1")
    c.close()


# ---- SQLAlchemy ----

@pytest.mark.parametrize("driver", ["psycopg", "psycopg2", "pg8000"])
def test_sqlalchemy(server, who, driver):
    engine = sa.create_engine(mesh.uri(server, who, f"postgresql+{driver}"))
    with engine.connect() as c:
        core(c, who)
    if driver.startswith("psycopg"):
        import pandas
        frame = pandas.read_sql("SELECT * FROM sales.orders ORDER BY id", engine)
        assert list(frame["id"]) == [r["id"] for r in mesh.orders(who)] and list(frame.columns) == list(mesh.orders(who)[0])
        with engine.connect().execution_options(stream_results=True, max_row_buffer=700) as c:
            assert [r.id for r in c.execute(sa.text("SELECT id FROM sales.orders ORDER BY id"))] == list(frame["id"])
    engine.dispose()


def core(connection, who):
    """Reflected tables, read with expressions of SQLAlchemy's own."""
    meta = sa.MetaData()
    orders = sa.Table("orders", meta, autoload_with=connection, schema="sales")
    customers = sa.Table("customers", meta, autoload_with=connection, schema="sales")
    kinds = sa.Table("everything", meta, autoload_with=connection, schema="kinds")
    held = mesh.orders(who)
    assert list(orders.c.keys()) == list(held[0]) and [c.name for c in orders.primary_key] == ["id"]
    assert [(f.parent.name, f.target_fullname) for f in orders.foreign_keys] == [("customer_id", "sales.customers.id")]
    names, rows = mesh.everything(who)
    got = [tuple(r) for r in connection.execute(sa.select(kinds).order_by(kinds.c.id))]
    assert list(kinds.c.keys()) == names and got == rows
    region = {}
    for r in held:
        region[r["region"]] = region.get(r["region"], 0) + 1
    by = sa.select(orders.c.region, sa.func.count()).group_by(orders.c.region)
    assert {tuple(r) for r in connection.execute(by)} == set(region.items())
    late = sa.select(orders.c.id, customers.c.name).join(customers, orders.c.customer_id == customers.c.id).where(
        orders.c.status.in_(["paid", "disputed"]), orders.c.placed_at.between(dt.datetime(2026, 2, 1, tzinfo=dt.timezone.utc), dt.datetime(2026, 5, 1, tzinfo=dt.timezone.utc)),
        customers.c.name.ilike("a%")).order_by(orders.c.id.desc()).limit(20).offset(1)
    name = {r["id"]: r["name"] for r in mesh.customers(who)}
    want = [(r["id"], name[r["customer_id"]]) for r in held if r["status"] in ("paid", "disputed") and "2026-02-01" <= r["placed_at"].isoformat() < "2026-05-01"
            and name[r["customer_id"]].lower().startswith("a")]
    assert [tuple(r) for r in connection.execute(late)] == want[::-1][1:21] and want
    kind = {r[0]: r for r in mesh.everything(who)[1]}
    assert connection.scalar(sa.select(kinds.c.id).where(kinds.c.w == sa.cast(["a", "b c"], sa.ARRAY(sa.Text)))) == 1 and kind[1][-1] == ["a", "b c"]
    assert connection.scalar(sa.select(sa.func.max(kinds.c.day)).where(kinds.c.u.is_not(None), kinds.c.id < 3)) == dt.date(2024, 2, 29)
    assert connection.dialect.server_version_info == (15, 0) and connection.get_isolation_level() == "REPEATABLE READ"
