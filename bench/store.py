"""A table in a store against DuckDB's own httpfs on the same bucket: lineitem, one column and all of them, cold and warm.

Usage: bench/store.py [SCALE] [RUNS]; wants versitygw (tools/setup peers) and duckdb-extension-httpfs (tools/setup bench). Wall time and
processor time of all processes that take part, the store's too: on a busy machine only the second one can be compared."""
import contextlib
import glob
import pathlib
import shutil
import sys
import tempfile
import time

import psutil

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "s3"), str(ROOT / "tests" / "lib")]

import people  # noqa: E402
import stores  # noqa: E402
from server import Server  # noqa: E402

STRINGS = "l_returnflag l_linestatus l_shipinstruct l_shipmode l_comment"
OTHERS = "l_orderkey l_partkey l_suppkey l_linenumber l_quantity l_extendedprice l_discount l_tax l_shipdate l_commitdate l_receiptdate"
STATEMENTS = {"one column": "select sum(l_quantity) from {}",
              "all columns": "select count(*), " + ", ".join(f"max({c})" for c in (OTHERS + " " + STRINGS).split()) + " from {}"}


def processor_seconds(processes):
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def measure(results, key, processes, run):
    wall, used = time.monotonic(), processor_seconds(processes())
    run()
    results.setdefault(key, []).append((time.monotonic() - wall, processor_seconds(processes()) - used))


def httpfs(store, files):
    import duckdb
    found = glob.glob(str(pathlib.Path(duckdb.__file__).parents[1] / "duckdb_extension_httpfs" / "extensions" / "*" / "httpfs.duckdb_extension"))
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(f"LOAD '{found[0]}'")
    connection.execute(f"CREATE SECRET (TYPE s3, KEY_ID '{stores.KEY}', SECRET '{stores.SECRET}', REGION 'us-east-1', ENDPOINT "
                       f"'{store.endpoint.removeprefix('http://')}', URL_STYLE 'path', USE_SSL false)")
    return connection, f"read_parquet({files!r})"


def main(scale="1", runs="3"):
    import adbc_driver_flightsql.dbapi as flightsql
    source = people.lineitem(float(scale)) / "mesh"
    work = pathlib.Path(tempfile.mkdtemp(prefix="store-", dir=ROOT / "build"))
    results = {}
    try:
        with stores.versitygw(work / "store") as store:
            gateway = [p for p in psutil.Process().children() if "versitygw" in p.name()]
            mesh = stores.mesh_in(store, source, work / "mesh")
            files = [f"s3://{stores.BUCKET}/{o['Key']}" for o in store.client.list_objects_v2(Bucket=stores.BUCKET, Prefix="warehouse/bench/lineitem/data/")[
                "Contents"] if o["Key"].endswith(".parquet")]
            for _ in range(int(runs)):
                for name, sql in STATEMENTS.items():
                    connection, table = httpfs(store, files)
                    for state in ("cold", "warm"):
                        measure(results, (name, state, "httpfs"), lambda: [*gateway, psutil.Process()],
                                lambda: connection.execute(sql.format(table)).fetchall())
                    connection.close()
                    with Server(mesh, settings=store.settings, env=store.env) as server, flightsql.connect(
                            server.uri, db_kwargs={"username": "root", "password": "root-bench"}) as client, client.cursor() as cursor:
                        cursor.execute("select 1")
                        cursor.fetchall()
                        for state in ("cold", "warm"):
                            measure(results, (name, state, "hailstorm"),
                                    lambda: [*gateway, psutil.Process(server.pid), *psutil.Process(server.pid).children()],
                                    lambda: (cursor.execute(sql.format("bench.lineitem")), cursor.fetchall()))
    finally:
        shutil.rmtree(work)
    print(f"{'lineitem SF' + scale:24} {'httpfs s':>10} {'ours s':>8} {'ratio':>6}   {'httpfs cpu':>10} {'ours cpu':>8} {'ratio':>6}")
    for name in STATEMENTS:
        for state in ("cold", "warm"):
            (their_wall, their_cpu), (wall, cpu) = ([min(one[i] for one in results[name, state, who]) for i in (0, 1)]
                                                    for who in ("httpfs", "hailstorm"))
            print(f"{name + ', ' + state:24} {their_wall:10.3f} {wall:8.3f} {their_wall / wall:6.2f}   {their_cpu:10.2f} {cpu:8.2f} {their_cpu / cpu:6.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
