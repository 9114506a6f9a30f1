"""A table in a store against DuckDB's own httpfs on the same bucket: lineitem, one column and all of them, cold and warm.

Usage: bench/store.py [SCALE] [RUNS] [MINUTES] [versitygw|minio]; wants the store (tools/setup peers) and duckdb-extension-httpfs
(tools/setup bench). A round is all statements from both places by both; no round is begun after MINUTES, and whoever ends it earlier
(SIGTERM, ^C) is told what there is. A round of SF1 takes about 80 s on two cores that twenty processes want.
Medians of wall time, means of the processor time of all processes that take part, the store's too: on a busy machine only the second can
be compared. The last lines say what a statement costs before it reads anything, and what the same files cost on this disk."""
import contextlib
import glob
import itertools
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile
import time

import psutil

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "s3"), str(ROOT / "tests" / "lib")]

import people  # noqa: E402
import stores  # noqa: E402
from server import Server  # noqa: E402

WARM = 3
PATIENT = {"s3-timeout": "60s", "s3-patience": "120s"}  # what is slow is measured, not tried again
STRINGS = "l_returnflag l_linestatus l_shipinstruct l_shipmode l_comment"
OTHERS = "l_orderkey l_partkey l_suppkey l_linenumber l_quantity l_extendedprice l_discount l_tax l_shipdate l_commitdate l_receiptdate"
STATEMENTS = {"sum": "select sum(l_quantity) from {}",
              "full scan": "select count(*), " + ", ".join(f"max({c})" for c in (OTHERS + " " + STRINGS).split()) + " from {}"}


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


def ask(cursor, sql):
    cursor.execute(sql)
    return cursor.fetchall()


def measure_ours(results, key, model, gateway, sql, store=None):
    """Cold, then warm; at rest before: a server that was asked its first question starts a worker to have one in hand."""
    import adbc_driver_flightsql.dbapi as flightsql
    settings = {"settings": {**store.settings, **PATIENT}, "env": store.env} if store else {}
    with Server(model, **settings, start_s=120) as server, flightsql.connect(server.uri, db_kwargs={
            "username": "root", "password": "root-bench"}) as client, client.cursor() as cursor:
        ask(cursor, "select 1")
        time.sleep(1)

        def processes():
            return [*gateway, psutil.Process(server.pid), *psutil.Process(server.pid).children()]
        for state in ("cold", *["warm"] * WARM):
            measure(results, (*key, state), processes, lambda: ask(cursor, sql))
        for _ in range(WARM):
            measure(results, ("select 1",), processes, lambda: ask(cursor, "select 1"))


def measure_theirs(results, key, connection, processes, sql):
    for state in ("cold", *["warm"] * WARM):
        measure(results, (*key, state), processes, lambda: connection.execute(sql).fetchall())


def figures(results, *key):
    walls, used = zip(*results[key])
    return statistics.median(walls), statistics.mean(used)


def report(results, scale):
    rounds = min((len(results.get((name, place, who, "cold"), [])) for name in STATEMENTS for place in ("store", "disk")
                  for who in ("duckdb", "hailstorm")), default=0)
    print(f"{f'lineitem SF{scale}, rounds: {rounds}':28} {'theirs s':>10} {'ours s':>8} {'ratio':>6}   {'their cpu':>10} {'ours cpu':>8} {'ratio':>6}")
    for name, place, state in itertools.product(STATEMENTS, ("store", "disk"), ("cold", "warm")):
        keys = [(name, place, who, state) for who in ("duckdb", "hailstorm")]
        if not all(key in results for key in keys):
            continue
        (their_wall, their_cpu), (wall, cpu) = (figures(results, *key) for key in keys)
        print(f"{f'{name}, {place}, {state}':28} {their_wall:10.3f} {wall:8.3f} {their_wall / wall:6.2f}   "
              f"{their_cpu:10.3f} {cpu:8.3f} {their_cpu / cpu:6.2f}")
    if ("select 1",) in results:
        wall, cpu = figures(results, "select 1")
        print(f"{'select 1':28} {'':10} {wall:8.3f} {'':6}   {'':10} {cpu:8.3f}")


def round_of(results, store, gateway, source, mesh):
    here = sorted((source / "warehouse/bench/lineitem/data").glob("*.parquet"))
    files = {"disk": [str(path) for path in here],
             "store": [f"s3://{stores.BUCKET}/warehouse/bench/lineitem/data/{path.name}" for path in here]}
    for name, sql in STATEMENTS.items():
        for place in ("store", "disk"):
            connection, table = httpfs(store, files[place])
            measure_theirs(results, (name, place, "duckdb"), connection, lambda: [*gateway, psutil.Process()], sql.format(table))
            connection.close()
        measure_ours(results, (name, "store", "hailstorm"), mesh, gateway, sql.format("bench.lineitem"), store)
        measure_ours(results, (name, "disk", "hailstorm"), source, [], sql.format("bench.lineitem"))


def end_early(*_):
    raise KeyboardInterrupt


def main(scale="1", runs="3", minutes="10", kind="versitygw"):
    source = people.lineitem(float(scale)) / "mesh"
    work = pathlib.Path(tempfile.mkdtemp(prefix="store-", dir=ROOT / "build"))
    results, until = {}, time.monotonic() + 60 * float(minutes)
    signal.signal(signal.SIGTERM, end_early)
    try:
        with getattr(stores, kind)(work / "store") as store:
            gateway = [p for p in psutil.Process().children() if p.name() == kind]
            mesh = stores.mesh_in(store, source, work / "mesh")
            for done in range(int(runs)):
                if done == 0 or time.monotonic() < until:
                    round_of(results, store, gateway, source, mesh)
    except KeyboardInterrupt:
        print("ended early")
    finally:
        shutil.rmtree(work)
    report(results, scale)


if __name__ == "__main__":
    main(*sys.argv[1:])
