#!/usr/bin/env python3
"""The PostgreSQL door against PostgreSQL 15 on the same machine: the same rows, the same stock client, the same form on both sides. Part of
`make bench`; alone:

    build/venv/bin/python bench/pg.py [--scale 1] [--runs 3] [--only read points small]

Both sides listen on loopback without TLS and sign in by SCRAM. PostgreSQL holds ordinary tables, vacuumed and with the primary keys of
TPC-H; hailstorm reads Iceberg tables. `drain` rows are the server alone: what comes is counted, not parsed.
"""
import argparse
import contextlib
import json
import os
import pathlib
import pwd
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "data"), str(ROOT / "bench")]

import duckdb  # noqa: E402
import lineitem  # noqa: E402
import psutil  # noqa: E402
import psycopg  # noqa: E402
from lib.server import Server  # noqa: E402

POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
READ = ROOT / "build" / "bench_pg_read"
COLUMNS = ", ".join(lineitem.COLUMNS)
TYPES = {"BIGINT": "bigint", "INTEGER": "integer", "VARCHAR": "text", "DATE": "date", "DOUBLE": "double precision"}


def as_postgres():
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Postgres:
    """Debian's 15 with a data directory of its own; what it is given beyond the defaults makes it faster."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hs-bench-pg-"))
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.dir, user.pw_uid, user.pw_gid)
        (self.dir / "password").write_text("bench\n")
        (self.dir / "password").chmod(0o644)
        log = open(self.dir / "log", "w")
        subprocess.run([*as_postgres(), POSTGRES / "initdb", "-D", self.dir / "data", "-U", "bench", "-A", "scram-sha-256", "--pwfile",
                        self.dir / "password", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], check=True, stdout=log, stderr=log, cwd=self.dir)
        self.port = free_port()
        self.process = subprocess.Popen(
            [*as_postgres(), POSTGRES / "postgres", "-D", self.dir / "data", "-k", self.dir, "-p", str(self.port), "-c",
             "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=1GB", "-c", "work_mem=64MB", "-c", "max_wal_size=8GB",
             "-c", "wal_level=minimal", "-c", "max_wal_senders=0"], stdout=log, stderr=log, cwd=self.dir)
        self.info = f"host=127.0.0.1 port={self.port} user=bench password=bench dbname=postgres sslmode=disable"
        for _ in range(300):
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.info).close()
                return
            time.sleep(0.1)
        raise SystemExit((self.dir / "log").read_text()[-2000:])

    def load(self, name, parquet, keys=()):
        """A table as the Parquet file has it."""
        source = duckdb.connect()
        described = source.sql(f"describe select * from read_parquet('{parquet}')").fetchall()
        columns = ", ".join(f"{c} {TYPES.get(t, t.lower().replace('decimal', 'numeric'))} not null" for c, t, *_ in described)
        with psycopg.connect(self.info, autocommit=True) as c, tempfile.NamedTemporaryFile(suffix=".csv") as file:
            source.sql(f"copy (select * from read_parquet('{parquet}')) to '{file.name}' (format csv, header false)")
            c.execute(f"create table {name} ({columns})")
            with c.cursor().copy(f"copy {name} from stdin (format csv)") as copy, open(file.name, "rb") as rows:
                while data := rows.read(1 << 20):
                    copy.write(data)
            if keys:
                c.execute(f"alter table {name} add primary key ({', '.join(keys)})")
            c.execute(f"vacuum analyze {name}")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.dir, ignore_errors=True)


def read(info, form, sql, runs=1):
    """[(seconds, rows, bytes)] of the client's own clock."""
    out = subprocess.run([READ, info, form, sql, str(runs)], capture_output=True, text=True)
    if out.returncode:
        raise SystemExit(out.stderr)
    return [(float(s), int(r), int(b)) for s, r, b in map(str.split, out.stdout.splitlines())]


FORMS = (("SELECT text", "text", "{}", 3.0), ("SELECT binary", "binary", "{}", None), ("COPY text", "copy", "copy ({}) to stdout", 2.5),
         ("COPY binary", "copy", "copy ({}) to stdout (format binary)", 3.0), ("SELECT text, server alone", "drain", "{}", None),
         ("COPY text, server alone", "drain", "copy ({}) to stdout", None), ("COPY binary, server alone", "drain", "copy ({}) to stdout (format binary)", None))


def reading(report, ours, theirs, runs):
    sql = f"select {COLUMNS} from lineitem"
    for name, form, text, goal in FORMS:
        want, got = (read(i, form, text.format(sql))[0] for i in (theirs, ours))
        assert want[1] == got[1], (name, want, got)
        took = [[], []]
        for _ in range(runs):
            for side, info in zip(took, (ours, theirs)):
                side.append(read(info, form, text.format(sql))[0][0])
        report.add(f"lineitem, {name}", *map(statistics.median, took), "PostgreSQL 15", "s", goal, runs)
    adbc(report, ours, theirs, runs, sql)


def uri(info):
    part = dict(p.split("=", 1) for p in info.split())
    return f"postgresql://{part['user']}:{part['password']}@{part['host']}:{part['port']}/{part['dbname']}?sslmode=disable"


def adbc(report, ours, theirs, runs, sql):
    import adbc_driver_postgresql.dbapi as driver
    took = [[], []]
    for i in range(runs + 1):
        rows = set()
        for side, info in zip(took, (ours, theirs)):
            with driver.connect(uri(info)) as connection, connection.cursor() as cursor:
                begun = time.perf_counter()
                cursor.execute(sql)
                rows.add(len(cursor.fetch_df()))
                if i:
                    side.append(time.perf_counter() - begun)
        assert len(rows) == 1, rows
    report.add("lineitem, into pandas by ADBC", *map(statistics.median, took), "PostgreSQL 15", "s", 3.0, runs)


POINT = "select l_orderkey, l_partkey, l_extendedprice, l_comment from lineitem where l_orderkey = %s"


def at_once(info, clients, seconds, keys):
    """Answers a second, and their p50 and p99 in ms: prepared point reads by psycopg, each client on a connection of its own."""
    took, stop, ready = [], time.monotonic() + 3600, threading.Barrier(clients + 1)

    def ask(which):
        mine = []
        with psycopg.connect(info, autocommit=True) as c:
            ready.wait()
            end = time.monotonic() + seconds
            n = which
            while time.monotonic() < min(end, stop):
                begun = time.perf_counter()
                c.execute(POINT, (keys[n % len(keys)],), prepare=True).fetchall()
                mine.append((time.perf_counter() - begun) * 1e3)
                n += clients
        took.extend(mine)
    threads = [threading.Thread(target=ask, args=(i,)) for i in range(clients)]
    for t in threads:
        t.start()
    ready.wait()
    for t in threads:
        t.join()
    took.sort()
    return len(took) / seconds, took[len(took) // 2], took[min(len(took) - 1, len(took) * 99 // 100)]


def points(report, ours, theirs, runs):
    keys = [32 * i + 1 for i in range(1, 2000)]
    for clients in (1, 8, 64):
        got, want = [], []
        for _ in range(runs):
            for side, info in ((got, ours), (want, theirs)):
                side.append(at_once(info, clients, 4, keys))
        for i, (what, unit, less) in enumerate((("a second", "/s", False), ("p50", "ms", True), ("p99", "ms", True))):
            mine, other = (statistics.median(r[i] for r in side) for side in (got, want))
            report.add(f"point reads by key, {clients} at once: {what}", mine, other, "PostgreSQL 15, by index", unit, None, runs, better_is_less=less)
        if clients == 1:
            report.add("point reads by key, 1 at once: p50 against the goal", statistics.median(r[1] for r in got), None, "goal 5 ms", "ms", 5, runs)


def used(pid):
    """Seconds of processor time: of the process itself, and of its children, ended ones too."""
    process = psutil.Process(pid)
    mine, children = process.cpu_times(), 0.0
    for child in process.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            children += times.user + times.system
    return mine.user + mine.system, children + mine.children_user + mine.children_system


def small(report, server, last_key, count=200):
    """Processor time of one small statement, server and workers apart: what a loaded machine does not change much. Keys lie in the first of
    the table's files, and then in all of them."""
    draw = random.Random(1)
    first, anywhere = [32 * i + 1 for i in range(1, 2000)], [32 * draw.randrange(1, last_key // 32) + 1 for _ in range(2000)]
    plain = POINT.replace("%s", "{}")

    def prepared(keys):
        return lambda c, i: c.execute(POINT, (keys[i % len(keys)],), prepare=True)

    statements = {"SELECT 1": ("root", lambda c, i: c.execute("select 1")),
                  "point read": ("root", lambda c, i: c.execute(plain.format(first[i % len(first)]))),
                  "point read, prepared": ("root", prepared(first)),
                  "point read, prepared, any file": ("root", prepared(anywhere)),
                  "point read, prepared, row rule and masks": ("bea", prepared(first)),
                  "LIMIT 1": ("root", lambda c, i: c.execute("select * from lineitem limit 1")),
                  "a catalog's query": ("root", lambda c, i: c.execute("select relname from pg_catalog.pg_class limit 1"))}
    for name, (user, ask) in statements.items():
        with psycopg.connect(info_of(server, user), autocommit=True) as c:
            for i in range(10):
                ask(c, i).fetchall()
            before, took = used(server.pid), []
            for i in range(count):
                begun = time.perf_counter()
                ask(c, i).fetchall()
                took.append((time.perf_counter() - begun) * 1e3)
            after = used(server.pid)
        report.add(f"{name}: p50", statistics.median(took), None, "", "ms", None, count)
        for part, then, now in zip(("server", "workers"), before, after):
            report.add(f"{name}: processor time, {part}", (now - then) / count * 1e3, None, "", "ms", None, count)


def info_of(server, user):
    return f"host=127.0.0.1 port={server.pg_port} user={user} password={user}-bench dbname=bench sslmode=disable"


def run_all(report, scale, runs, only=("read", "points", "small")):
    out = ROOT / "build" / "tpch" / f"lineitem-sf{scale:g}"
    subprocess.run([sys.executable, ROOT / "tests/data/lineitem.py", "--scale", str(scale), "--out", out], check=True)
    postgres = Postgres()
    try:
        postgres.load("lineitem", out / "parquet" / "lineitem.parquet", ("l_orderkey", "l_linenumber"))
        with Server(out / "mesh", settings={"statements-per-person": 1000}, threads=os.cpu_count()) as server:
            ours = info_of(server, "root")
            for name, part in (("read", reading), ("points", points)):
                if name in only:
                    part(report, ours, postgres.info, runs)
            if "small" in only:
                small(report, server, int(6_000_000 * scale))
    finally:
        postgres.stop()


def main():
    from run import Report
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=["read", "points", "small"])
    options = parser.parse_args()
    report = Report()
    run_all(report, options.scale, options.runs, options.only)
    print(json.dumps(report.rows))


if __name__ == "__main__":
    main()
