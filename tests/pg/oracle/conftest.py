"""One PostgreSQL and one server for the whole suite, with the same rows."""
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(HERE.parent), str(ROOT / "tests" / "lib")]
psycopg = pytest.importorskip("psycopg")

import rows  # noqa: E402
import sides  # noqa: E402
from server import Server  # noqa: E402
from values_oracle import POSTGRES, Postgres  # noqa: E402

OUT = pathlib.Path(os.environ.get("HAILSTORM_ORACLE_OUT", rows.OUT))


@pytest.fixture(scope="session")
def postgres():
    if not (POSTGRES / "postgres").exists():
        pytest.skip("PostgreSQL 15 is not installed (tools/setup test)")
    rows.write(OUT.resolve())
    cluster = Postgres()
    where = f"host={cluster.dir} user=tester dbname=oracle"
    cluster.run("CREATE DATABASE oracle;")  # the mesh's name
    with psycopg.connect(where) as connection:
        rows.fill(connection, OUT.resolve())
    side = sides.Side(where)
    side.connection.execute("SET TimeZone = 'UTC'")
    side.connection.execute("SET statement_timeout = '60s'")  # a plan without its indexes takes minutes: say so
    yield side
    side.close()
    cluster.close()


@pytest.fixture(scope="session")
def door(postgres):
    with Server(OUT.resolve() / "mesh", settings={"workers": 2}) as server:
        side = sides.Side(f"host=127.0.0.1 port={server.pg_port} user={rows.PERSON} password={rows.PASSWORD} dbname=oracle")
        yield side
        side.close()
