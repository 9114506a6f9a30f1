"""What clients ask of the catalog when they connect and when they fill their trees, to a real PostgreSQL 15 with the same tables and
to ours: both answer, with the same columns, and with the same rows where a request is marked so (clients/*.sql).

    -- name: what is asked      one request begins
    -- rows: same | some | none | any"""
import pathlib
import re
import subprocess
import sys

import psycopg2
import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[0] / "lib"), str(HERE)]

import people  # noqa: E402
from server import Server  # noqa: E402
from values_oracle import POSTGRES, Postgres  # noqa: E402

pytestmark = pytest.mark.skipif(not (POSTGRES / "postgres").exists(), reason="PostgreSQL 15 is not installed: tools/setup")

# where the answer is told as another type: TOLD of test_catalog_shape.py, and sums that are wider here
OTHER_TYPES = {(869, 25), (1186, 25), (2277, 1009), (3220, 25), (17, 25), (1033, 25),
               (1043, 25)}  # CASE and || of varchar


def requests():
    for path in sorted(HERE.glob("clients/*.sql")):
        for part in re.split(r"^-- name: ", path.read_text(), flags=re.M)[1:]:
            name, rows, sql = re.match(r"(.*)\n-- rows: (\w+)\n(.*?);?\s*\Z", part, re.S).groups()
            yield pytest.param(sql, rows, id=f"{path.stem}: {name}")


def connect_ours(server, user="otto", **options):
    c = psycopg2.connect(host="127.0.0.1", port=server.pg_port, user=user, password=f"{user}-demo", dbname="demo", **options)
    c.autocommit = True
    return c


def definitions(ours):
    """The tables of the demo mesh as CREATE statements: their types are the catalog's own words."""
    with ours.cursor() as c:
        c.execute("SELECT n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, c.relkind "
                  "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid WHERE "
                  "c.relkind IN ('r', 'c') AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2, a.attnum")
        columns = c.fetchall()
        c.execute("SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY contype DESC, 1, 2")
        keys = c.fetchall()
    made = {}
    for schema, name, column, kind, required, relation in columns:
        made.setdefault((relation, schema, name), []).append(f'"{column}" {kind}{" NOT NULL" if required else ""}')
    for schema in sorted({schema for _, schema, _ in made}):
        yield f"CREATE SCHEMA {schema}"
    for relation, schema, name in sorted(made, key=lambda m: (m[0], -m[2].count("."))):  # composites first, the inner ones before
        parts = ", ".join(made[relation, schema, name])
        yield f'CREATE TYPE {schema}."{name}" AS ({parts})' if relation == "c" else f"CREATE TABLE {schema}.{name} ({parts})"
    for table, name, text in sorted(keys, key=lambda k: k[2].startswith("FOREIGN")):
        yield f"ALTER TABLE {table} ADD CONSTRAINT {name} {text}"


@pytest.fixture(scope="module")
def server():
    with Server(people.demo() / "mesh") as running:
        yield running


@pytest.fixture(scope="module")
def ours(server):
    connection = connect_ours(server)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def real(ours):
    oracle = Postgres()
    connection = psycopg2.connect(host=str(oracle.dir), user="tester", dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as c:
        for statement in definitions(ours):
            c.execute(statement)
    connection.close()
    connection = psycopg2.connect(host=str(oracle.dir), user="tester", dbname="postgres")
    connection.autocommit = True
    yield connection
    connection.close()
    oracle.close()


def ask(connection, sql):
    with connection.cursor() as c:
        c.execute(sql)
        return c.description, c.fetchall()


@pytest.mark.parametrize("sql,rows", requests())
def test_request(real, ours, sql, rows):
    want_columns, want = ask(real, sql)
    got_columns, got = ask(ours, sql)
    assert [c.name for c in got_columns] == [c.name for c in want_columns]
    types = [(a.name, a.type_code, b.type_code) for a, b in zip(want_columns, got_columns)]
    assert [t for t in types if t[1] != t[2] and t[1:] not in OTHER_TYPES] == []
    if rows == "same":
        assert got == want and want
    elif rows == "none":
        assert got == want == []
    elif rows == "some":
        assert got


@pytest.mark.parametrize("command", ["\\d sales.orders", "\\d sales.customers", "\\d support.*", "\\d sales.orders_pkey", "\\dT sales.*",
                                     "\\dD", "\\dE *.*", "\\dm *.*", "\\ds *.*", "\\dRp", "\\dy", "\\des", "\\dew", "\\deu", "\\det",
                                     "\\dF x", "\\dX", "\\dP", "\\dAc btree int4", "\\dO default", "\\dL x", "\\dn x", "\\dp x"])
def test_psql(real, server, command):
    """Where no owner and no text of the server's own is among the columns, to the byte."""
    base = ["psql", "-X", "-c", command]
    want = subprocess.run([*base, "-h", real.info.host, "-U", "tester", "postgres"], capture_output=True, text=True)
    got = subprocess.run([*base, "-h", "127.0.0.1", "-p", str(server.pg_port), "-U", "otto", "demo"], capture_output=True, text=True,
                         env={"PGPASSWORD": "otto-demo", "PATH": "/usr/bin:/bin"})
    assert (got.returncode, got.stdout) == (want.returncode, want.stdout), got.stderr


def without_comments(value):
    if isinstance(value, dict):
        return {k: without_comments(v) for k, v in value.items() if k != "comment"}
    if isinstance(value, (list, tuple)):
        return [without_comments(v) for v in value]
    return repr(value)


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_sqlalchemy_reflects_the_same(real, server, driver):
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engines = [sqlalchemy.create_engine(f"postgresql+{driver}://tester@/postgres?host={real.info.host}"),
               sqlalchemy.create_engine(f"postgresql+{driver}://otto:otto-demo@127.0.0.1:{server.pg_port}/demo")]
    looks = [sqlalchemy.inspect(e) for e in engines]
    for name in ["get_table_names", "get_view_names", "get_materialized_view_names", "get_sequence_names", "get_enums", "get_domains",
                 "get_multi_columns", "get_multi_pk_constraint", "get_multi_foreign_keys", "get_multi_indexes",
                 "get_multi_unique_constraints", "get_multi_check_constraints", "get_multi_table_options"]:
        want, got = [without_comments(getattr(look, name)(schema="sales")) for look in looks]
        assert got == want, name
    assert set(looks[1].get_schema_names()) == {"information_schema", "sales", "support"}
    assert looks[1].get_table_comment("orders", schema="sales")["text"]
    for e in engines:
        e.dispose()


def test_adbc_finds_its_types(server):
    adbc = pytest.importorskip("adbc_driver_postgresql.dbapi")
    with adbc.connect(f"postgresql://otto:otto-demo@127.0.0.1:{server.pg_port}/demo") as c, c.cursor() as cursor:
        cursor.execute("SELECT * FROM sales.customers LIMIT 3")
        assert cursor.fetch_arrow_table().num_rows == 3
        found = c.adbc_get_objects(depth="all", db_schema_filter="sales").read_all().to_pylist()[0]
        tables = {t["table_name"]: t for t in found["catalog_db_schemas"][0]["db_schema_tables"]}
        assert {"customers", "orders"} == set(tables)
        kinds = {k["constraint_type"] for k in tables["orders"]["table_constraints"]}
        assert {"PRIMARY KEY", "FOREIGN KEY"} == kinds


def test_psycopg_and_asyncpg_find_composites(server):
    psycopg = pytest.importorskip("psycopg")
    asyncpg = pytest.importorskip("asyncpg")
    uri = f"postgresql://otto:otto-demo@127.0.0.1:{server.pg_port}/demo"
    with psycopg.connect(uri) as c:
        found = psycopg.types.composite.CompositeInfo.fetch(c, 'sales."customers.address"')
        psycopg.types.composite.register_composite(found, c)
        for binary in (False, True):
            address, = c.cursor(binary=binary).execute("SELECT address FROM sales.customers WHERE address IS NOT NULL LIMIT 1").fetchone()
            assert address.city

    async def one():
        connection = await asyncpg.connect(uri)
        row = await connection.fetchrow("SELECT * FROM sales.customers WHERE address IS NOT NULL LIMIT 1")
        await connection.close()
        return row

    import asyncio
    assert asyncio.run(one())["address"]["city"]
