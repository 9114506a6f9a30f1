#!/usr/bin/env python3
"""`make bench`: ratios against named rivals in the same run, medians of interleaved runs, never a test.

    build/venv/bin/python bench/run.py [--quick] [--runs N] [--only NAME ...]

Prints a table and writes build/bench.json: a list of {name, ours, rival, rival_name, unit, ratio, goal, met, runs}; ratio > 1 means
that we are better. Rivals: Python DuckDB 1.5.5 in process, ROAPI 0.12.7 over Flight SQL, ourselves without policy. `masks` is bench/masks.py, `pg` is bench/pg.py (PostgreSQL 15). Answers are compared
(row counts) before anything is timed.
"""
import argparse
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "data"), str(ROOT / "bench")]

import adbc_driver_flightsql.dbapi as flightsql  # noqa: E402
import answers  # noqa: E402
import duckdb  # noqa: E402
import lineitem  # noqa: E402
import transport  # noqa: E402
import pyarrow.flight as flight  # noqa: E402
from lib.flightsql import any_of  # noqa: E402
from lib.server import Server, pss  # noqa: E402

warnings.filterwarnings("ignore")
ALL = f"select {', '.join(lineitem.COLUMNS)} from lineitem"
SMALL = "select count(*) from lineitem where l_orderkey = 7"
SUM = "select sum(l_extendedprice), count(*), max(l_comment) from lineitem"


class Person:
    """One person's pyarrow client: a statement is GetFlightInfo and DoGet, drained batch by batch."""

    def __init__(self, uri, name=None):
        self.client = flight.FlightClient(uri)
        headers = [self.client.authenticate_basic_token(name, f"{name}-bench")] if name else []
        self.options = flight.FlightCallOptions(headers=headers)

    def drain(self, sql):
        descriptor = flight.FlightDescriptor.for_command(any_of("CommandStatementQuery", sql))
        info = self.client.get_flight_info(descriptor, self.options)
        rows = 0
        for endpoint in info.endpoints:
            reader = self.client.do_get(endpoint.ticket, self.options)
            while True:
                try:
                    rows += reader.read_chunk().data.num_rows
                except StopIteration:
                    break
        return rows


class Python:
    """The same statement as plain SQL over the same files, in this process."""

    def __init__(self, files, masked, threads):
        self.connection = duckdb.connect(config={"threads": threads})
        self.sql = lineitem.python_sql(files, masked)

    def drain(self, _=None):
        return sum(batch.num_rows for batch in self.connection.sql(self.sql).to_arrow_reader(65536))


class Roapi:
    """ROAPI over the same data as one Parquet file, its Flight SQL door; ended by its process."""

    def __init__(self, parquet):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            ports = [s.getsockname()[1]]
        ports += [ports[0] + 1, ports[0] + 2]
        self.log = tempfile.NamedTemporaryFile(suffix=".log")
        self.process = subprocess.Popen(
            [ROOT / "build/venv/bin/roapi", "-a", f"127.0.0.1:{ports[0]}", "-p", f"127.0.0.1:{ports[1]}", "--addr-flight-sql",
             f"127.0.0.1:{ports[2]}", "-t", f"lineitem={parquet}"], stdout=self.log, stderr=self.log)
        self.uri = f"grpc+tcp://127.0.0.1:{ports[2]}"
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", ports[2]), 0.2).close()
                return
            except OSError:
                time.sleep(0.1)
        self.stop()
        raise SystemExit("ROAPI did not come up: " + open(self.log.name).read()[-2000:])

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def seconds(fn, *args):
    begin = time.perf_counter()
    fn(*args)
    return time.perf_counter() - begin


def interleaved(runs, *fns):
    """Medians of each, run in turn after one warm-up each, so that a busy moment hits all alike."""
    for fn in fns:
        fn()
    took = [[] for _ in fns]
    for _ in range(runs):
        for times, fn in zip(took, fns):
            times.append(seconds(fn))
    return [statistics.median(t) for t in took]


class Report:
    def __init__(self):
        self.rows = []

    def add(self, name, ours, rival, rival_name, unit, goal, runs, better_is_less=True):
        """goal: the least ratio (rival/ours) that meets the issue's words; None: told, not judged."""
        ratio = (rival / ours if better_is_less else ours / rival) if rival else None
        met = None if goal is None else (ratio >= goal if rival else ours <= goal)
        self.rows.append(dict(name=name, ours=round(ours, 4), rival=rival and round(rival, 4), rival_name=rival_name, unit=unit,
                              ratio=ratio and round(ratio, 3), goal=goal, met=met, runs=runs))
        row = self.rows[-1]
        print(f"{name:44} {row['ours']:>10} {str(row['rival'] or '-'):>10} {unit:5} {str(row['ratio'] or '-'):>7} "
              f"goal {str(goal):>6} {'met' if met else 'SHORT' if met is False else ''}  ({rival_name})", flush=True)


def scans(report, out, runs, threads, server):
    files, people = lineitem.data_files(out), {n: Person(server.uri, n) for n in ("root", "bea", "lea", "fay")}
    masked, plain = Python(files, True, threads), Python(files, False, threads)
    counts = {people["bea"].drain(ALL), masked.drain()}
    assert len(counts) == 1, f"answers differ: {counts}"
    ours, rival = interleaved(runs, lambda: people["bea"].drain(ALL), masked.drain)
    report.add("full scan, row rule and two masks", ours, rival, "Python DuckDB 1.5.5 in process", "s", 1.0, runs)
    ours, rival = interleaved(runs, lambda: people["root"].drain(ALL), plain.drain)
    report.add("full scan, no policy", ours, rival, "Python DuckDB 1.5.5 in process", "s", None, runs)
    on, fenced, off = interleaved(runs, *(lambda n=n: people[n].drain(ALL) for n in ("lea", "fay", "root")))
    report.add("policy on, leakproof rule: full scan", on, off, "hailstorm, no policy", "s", round(1 / 1.05, 3), runs)
    report.add("policy on, fenced rule: full scan", fenced, off, "hailstorm, no policy", "s", round(1 / 1.15, 3), runs)
    on, fenced, off = interleaved(runs, *(lambda n=n: people[n].drain(SUM) for n in ("lea", "fay", "root")))
    report.add("policy on, leakproof rule: aggregate", on, off, "hailstorm, no policy", "s", None, runs)
    report.add("policy on, fenced rule: aggregate", fenced, off, "hailstorm, no policy", "s", None, runs)


def deletes(report, out, runs, threads, server):
    """The same files with one row of a hundred deleted by position; the rival deletes nothing."""
    root, plain = Person(server.uri, "root"), Python(lineitem.data_files(out), False, threads)
    one, names = "select sum(l_extendedprice) from lineitem", ", ".join(f"'{f}'" for f in lineitem.data_files(out))
    python_one = one.replace("from lineitem", f"from read_parquet([{names}])")
    left, whole = (lambda sql: root.drain(sql.replace("from lineitem", "from lineitem_deleted"))), root.drain
    share = 1 - left(ALL) / whole(ALL)
    assert 0.0099 < share < 0.0101, f"{share} of the rows are deleted"
    for name, sql, rival in (("full scan", ALL, plain.drain), ("sum of one column", one, lambda: plain.connection.sql(python_one).fetchall())):
        gone, ours, theirs = interleaved(runs, lambda: left(sql), lambda: whole(sql), rival)
        report.add(f"{name}, 1 % deleted by position", gone, theirs, "Python DuckDB 1.5.5, nothing deleted", "s", round(1 / 1.2, 3), runs)
        report.add(f"{name}, 1 % deleted by position", gone, ours, "hailstorm, nothing deleted", "s", None, runs)
        report.add(f"{name}, nothing deleted", ours, theirs, "Python DuckDB 1.5.5 in process", "s", round(1 / 1.03, 3), runs)


def against_roapi(report, out, runs, server):
    roapi = Roapi(out / "parquet" / "lineitem.parquet")
    try:
        theirs, ours_person = flightsql.connect(roapi.uri), Person(server.uri, "bea")
        connection = flightsql.connect(server.uri, db_kwargs={"username": "bea", "password": "bea-bench"})

        def drain(c, sql):
            with c.cursor() as cursor:
                cursor.execute(sql)
                return sum(batch.num_rows for batch in cursor.fetch_record_batch())
        assert drain(connection, ALL) == ours_person.drain(ALL)
        ours, rival = interleaved(runs, lambda: drain(connection, ALL), lambda: drain(theirs, ALL))
        report.add("full scan with policy, ADBC client", ours, rival, "ROAPI 0.12.7, no policy", "s", 2.0, runs)
        small(report, connection, theirs, drain, server)
    finally:
        roapi.stop()


def small(report, connection, theirs, drain, server, count=100):
    mine, other = [], []
    for i in range(count + 5):
        a, b = seconds(drain, connection, SMALL), seconds(drain, theirs, SMALL)
        if i >= 5:
            mine.append(a * 1000)
            other.append(b * 1000)
    for name, at in (("p50", 0.5), ("p99", 0.99)):
        report.add(f"small statement, round trip {name}", sorted(mine)[int(at * count)], sorted(other)[int(at * count)],
                   "ROAPI 0.12.7, no policy", "ms", None, count)
    parts = {}
    for line in server.words().splitlines():
        if "statement ready" in line:
            for key, value in re.findall(r'"(lease|parse|decide|plan|intent|run)": ?"?(\d+)', line):
                parts.setdefault(key, []).append(int(value) / 1000)
    for key in ("lease", "parse", "decide", "plan", "intent", "run"):
        if key in parts:
            report.add(f"small statement, part: {key}", statistics.median(parts[key]), None, "p50, server's own clock", "ms", None,
                       len(parts[key]))


def whole_answers(report, out, runs, threads):
    """bench/answers.py: one endpoint and several, and forms of answers over a narrow link."""
    with Server(out / "mesh", threads=threads) as server:
        roapi = Roapi(out / "parquet" / "lineitem.parquet")
        try:
            answers.by_endpoints(report, server, roapi, ALL, lineitem.masked_sql(lineitem.data_files(out)), runs, threads)
        finally:
            roapi.stop()
        answers.by_form(report, server, ALL, max(3, runs // 2))


def over_the_wire(report, out, runs, quick):
    """bench/transport.py: transport alone, many small statements, memory under slow readers. Servers of its own: memory is looked at."""
    transport.all_ready_batches(report, runs, quick)
    with Server(out / "mesh", settings={"workers": 4}) as server:
        roapi = Roapi(out / "parquet" / "lineitem.parquet")
        try:
            transport.small_statements(report, server, roapi, SMALL, 1 if quick else 5)
        finally:
            roapi.stop()
    for clients, goal in ((1, 256), (5 if quick else 100, None)):
        with Server(out / "mesh", settings={"statements-per-person": 200, "queue-wait": "120s"}) as server:
            Person(server.uri, "bea").drain(SMALL)
            transport.memory_of(report, server, lambda: Person(server.uri, "bea"), ALL, clients, 5 if quick else 20, goal)


def thread_scaling(report, out, runs):
    mesh, files = out / "mesh", lineitem.data_files(out)
    with Server(mesh, threads=1) as one, Server(mesh, threads=2) as two:
        a, b = Person(one.uri, "fay"), Person(two.uri, "fay")
        sql = SUM
        plain = [duckdb.connect(config={"threads": n}) for n in (1, 2)]
        names = ", ".join(f"'{f}'" for f in files)
        text = SUM.replace("from lineitem", f"from read_parquet([{names}]) where not starts_with(l_comment, '~')")
        t1, t2, p1, p2 = interleaved(runs, lambda: a.drain(sql), lambda: b.drain(sql),
                                     *(lambda c=c: c.sql(text).fetchall() for c in plain))
    report.add("fenced aggregate, 1 thread -> 2: speed-up", t1 / t2, p1 / p2, "plain DuckDB's speed-up", "x", 0.85, runs,
               better_is_less=False)


def starting(report, out, runs):
    first, idle = [], []
    for _ in range(runs):
        begin = time.perf_counter()
        with Server(out / "mesh") as server:
            connection = flightsql.connect(server.uri, db_kwargs={"username": "root", "password": "root-bench"})
            with connection.cursor() as cursor:
                cursor.execute("select 1")
                cursor.fetchall()
            first.append((time.perf_counter() - begin) * 1000)
            connection.close()
    for _ in range(max(1, runs // 2)):
        with Server(out / "mesh") as server:
            time.sleep(1.0)
            idle.append(server.pss() / 1e6)
    report.add("start to first answer", statistics.median(first), None, "goal 100 ms", "ms", 100, runs)
    report.add("idle memory, one warm worker (PSS)", statistics.median(idle), None, "goal 150 MB", "MB", 150, len(idle))


def decisions(report):
    program = ROOT / "build" / "bench_decide"
    if not program.exists():
        print("bench_decide is not built: decision not timed")
        return
    text = subprocess.run([program, ROOT / "build/demo/mesh"], capture_output=True, text=True, check=True).stdout
    for kind, goal in (("cold", 200), ("cached", 10)):
        report.add(f"decision, {kind}", float(re.search(rf"{kind} ([\d.]+)", text).group(1)), None, f"goal {goal} us", "us", goal, 1000)
    bank(report, program)


def bank(report, program):
    """A policy the size of a bank, a quarter and a sixteenth of it: loading should grow with it, deciding should not."""
    table = ROOT / "build/demo/mesh/warehouse/sales/orders"
    for size in (1 / 16, 1 / 4, 1):
        with tempfile.TemporaryDirectory(prefix="hailstorm-bank-") as folder:
            what = subprocess.run([sys.executable, ROOT / "bench/bank.py", folder, str(size)], capture_output=True, text=True, check=True).stdout.strip()
            runs = [subprocess.run([program, folder, table], capture_output=True, text=True, check=True).stdout for _ in range(3)]
        print(f"bank x {size:g}: {what}")

        def middle(pattern):
            return statistics.median(sum(map(float, re.search(pattern, text).groups())) for text in runs)
        report.add(f"bank x {size:g}: load and check (processor)", middle(r"load ([\d.]+) s.*check ([\d.]+) s"), None, f"goal {2 * size:g} s", "s", 2 * size, 3)
        report.add(f"bank x {size:g}: memory of the model", middle(r"memory ([\d.]+) MB"), None, "said", "MB", 150, 3)
        report.add(f"bank x {size:g}: decision, cold", middle(r"cold ([\d.]+) us"), None, "goal 200 us", "us", 200, 3000)
        report.add(f"bank x {size:g}: decision, cached", middle(r"cached ([\d.]+) us"), None, "goal 10 us", "us", 10, 2000)


def mask_costs(report, out_scale, runs):
    """bench/masks.py: rows of its own kind, by processor time."""
    import masks
    report.rows += masks.run_all(out_scale, max(3, runs // 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="scale 0.01, three runs: does it still work?")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--only", nargs="*", choices=["scans", "deletes", "roapi", "answers", "transport", "threads", "start", "decide", "masks", "pg"])
    options = parser.parse_args()
    scale, runs = (0.01, options.runs or 3) if options.quick else (1, options.runs or 7)
    subprocess.run([sys.executable, ROOT / "demo/generate.py"], check=True, stdout=subprocess.DEVNULL)
    out = ROOT / "build" / "tpch" / f"lineitem-sf{scale:g}"
    subprocess.run([sys.executable, ROOT / "tests/data/lineitem.py", "--scale", str(scale), "--out", out], check=True)
    wanted, threads, report = options.only or ["scans", "deletes", "roapi", "answers", "transport", "threads", "start", "decide", "masks", "pg"], os.cpu_count(), Report()
    print(f"scale {scale:g}, {runs} runs each, medians, {threads} cores; ratio > 1: we are better\n")
    with Server(out / "mesh", settings={"log-level": "debug"}, threads=threads) as server:
        if "scans" in wanted:
            scans(report, out, runs, threads, server)
        if "deletes" in wanted:
            deletes(report, out, runs, threads, server)
        if "roapi" in wanted:
            against_roapi(report, out, runs, server)
    if "answers" in wanted:
        whole_answers(report, out, runs, threads)
    if "transport" in wanted:
        over_the_wire(report, out, runs, options.quick)
    if "threads" in wanted:
        thread_scaling(report, out, runs)
    if "start" in wanted:
        starting(report, out, runs)
    if "decide" in wanted:
        decisions(report)
    if "pg" in wanted:
        import pg
        pg.run_all(report, scale, max(3, runs // 2))
    if "masks" in wanted:
        mask_costs(report, scale, runs)
    (ROOT / "build" / "bench.json").write_text(json.dumps(report.rows, indent=1) + "\n")
    short = [r["name"] for r in report.rows if r["met"] is False]
    print(f"\n{len(report.rows)} figures, {sum(1 for r in report.rows if r['met'])} goals met, {len(short)} short: {', '.join(short) or 'none'}")


if __name__ == "__main__":
    main()
