"""Mixed clients for a long while: drivers of both wires, people of several rights, answers read to the end, given up, read slowly or
cancelled, connections cut, bytes that mean nothing, and the policy written anew all the while. Now and then everybody rests, and what
the server holds then must not grow: memory, descriptors, threads, files in its state. Half an hour in `make soak`, less than a minute
in `make test`; HAILSTORM_SOAK_SECONDS says otherwise."""
import os
import pathlib
import random
import shutil
import socket
import sys
import threading
import time

import psutil
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))

import people  # noqa: E402
from fixtures import ERRORS, client  # noqa: E402
from server import LONG, Server, pss, run, wait_until  # noqa: E402

import adbc_driver_flightsql.dbapi as adbc  # noqa: E402
import adbc_driver_manager  # noqa: E402
import psycopg  # noqa: E402

SECONDS = int(os.environ.get("HAILSTORM_SOAK_SECONDS", 1800 if LONG else 40))
CLIENTS, RESTS = 6, 6 if LONG else 3
REWRITE_S = 5  # between one policy and the next
MOST_GROWTH = 12 << 20  # bytes from the second rest to the last
NAMES = ("ana", "fred", "sue", "otto")
STATEMENTS = (
    "select 1",
    "select * from sales.orders",
    "select region, count(*), sum(amount) from sales.orders group by region order by region",
    "select o.id, c.* from sales.orders o join sales.orders c on o.id = c.id order by o.id limit 50",
    "select * from nowhere.at_all",
    "select this is no statement",
)
REFUSED = (*ERRORS, adbc_driver_manager.Error, psycopg.Error, TimeoutError, BrokenPipeError, ConnectionError)
pytestmark = pytest.mark.timeout(SECONDS + 300)


def flight_uri(server):
    return f"grpc+tcp://{server.host}:{server.port}"


def by_adbc(server, name, dice):
    with adbc.connect(flight_uri(server), db_kwargs={"username": name, "password": f"{name}-demo"}) as connection, connection.cursor() as cursor:
        for _ in range(dice.randint(1, 4)):
            cursor.execute(dice.choice(STATEMENTS[:4]))
            cursor.fetch_arrow_table()
        if dice.random() < 0.3:
            connection.adbc_get_objects(depth="all").read_all()


def by_flight(server, name, dice):
    with client(server, name, "demo") as one:
        one.query(dice.choice(STATEMENTS))


def by_postgresql(server, name, dice):
    with psycopg.connect(host="127.0.0.1", port=server.pg_port, user=name, password=f"{name}-demo", dbname="demo", sslmode="disable", autocommit=dice.random() < 0.5) as one:
        cursor = one.cursor(binary=dice.random() < 0.5)
        cursor.execute(dice.choice(STATEMENTS))
        cursor.fetchall()
        cursor.execute("select relname from pg_catalog.pg_class where relkind = %s", ("r",))
        cursor.fetchall()
        with cursor.copy("COPY (select * from sales.orders) TO STDOUT") as copy:
            for _ in copy:
                pass


def given_up(server, name, dice):
    """A cursor that is left open, then a connection that ends without a word."""
    one = psycopg.connect(host="127.0.0.1", port=server.pg_port, user=name, password=f"{name}-demo", dbname="demo", sslmode="disable")
    try:
        cursor = one.cursor(name="left")
        cursor.execute("select * from sales.orders a cross join sales.orders b")
        cursor.fetchmany(dice.randint(1, 100))
        if dice.random() < 0.5:
            one.cancel()
    finally:
        one.close()


def slowly(server, name, dice):
    with psycopg.connect(host="127.0.0.1", port=server.pg_port, user=name, password=f"{name}-demo", dbname="demo", sslmode="disable") as one:
        with one.cursor().copy("COPY (select a.* from sales.orders a cross join sales.orders b limit 20000) TO STDOUT") as copy:
            for n, _ in enumerate(copy):
                if n % 5000 == 0:
                    time.sleep(0.2)


def stranger(server, name, dice):
    """Bytes that no protocol knows, or the beginning of one and no more; and a wrong password."""
    for port in (server.port, server.pg_port):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
            s.sendall(dice.choice((b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x08\x04\xd2\x16\x2f", dice.randbytes(dice.randint(1, 4000)))))
            s.settimeout(0.2)
            try:
                s.recv(4096)
            except TimeoutError:
                pass
    if dice.random() < 0.05:
        psycopg.connect(host="127.0.0.1", port=server.pg_port, user=name, password="guess", dbname="demo", sslmode="disable", connect_timeout=10)


KINDS = (by_adbc, by_flight, by_postgresql, given_up, slowly, stranger)


class Crowd:
    """Threads that each do one thing after the other, and rest together when told."""

    def __init__(self, server):
        self.server, self.over, self.gate = server, False, threading.Event()
        self.gate.set()
        self.resting, self.lock = 0, threading.Lock()
        self.done = dict.fromkeys((kind.__name__ for kind in KINDS), 0)
        self.refused = dict.fromkeys(self.done, 0)
        self.wrong = []
        self.threads = [threading.Thread(target=self.work, args=(n,), daemon=True) for n in range(CLIENTS)]

    def work(self, number):
        dice = random.Random(number)
        while not self.over:
            if not self.gate.is_set():
                with self.lock:
                    self.resting += 1
                self.gate.wait()
                with self.lock:
                    self.resting -= 1
            kind = dice.choice(KINDS)
            try:
                kind(self.server, dice.choice(NAMES), dice)
                self.done[kind.__name__] += 1
            except REFUSED:
                self.refused[kind.__name__] += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told at the end
                self.wrong.append(f"{kind.__name__}: {error!r}")

    def rest(self):
        self.gate.clear()
        assert wait_until(lambda: self.resting == CLIENTS, 60), "somebody was not answered within a minute"


def held(server):
    """What the server holds when nobody asks for anything: memory, descriptors, threads, and files that are no audit."""
    process = psutil.Process(server.pid)
    files = [f for f in server.state.rglob("*") if f.is_file() and "audit" not in f.parts]
    return {"memory": pss(server.pid), "descriptors": process.num_fds(), "threads": process.num_threads(), "workers": len(server.workers()), "files": len(files)}


@pytest.fixture
def mesh(tmp_path):
    shutil.copytree(people.demo() / "mesh", tmp_path / "mesh", symlinks=True)
    return tmp_path / "mesh"


def rewrite(mesh, number):
    """The policy anew, and the same: whoever holds something of the old one lets it go."""
    file = sorted(mesh.glob("domains/*/policies/*.yaml"))[0]
    text = file.read_text().split("\n# round ")[0].rstrip("\n")
    file.write_text(f"{text}\n# round {number}\n")


def test_mixed_clients(mesh):
    with Server(mesh, settings={"workers": 2, "slow-reader": "1s", "statements-per-person": 50}) as server:
        crowd = Crowd(server)
        for thread in crowd.threads:
            thread.start()
        seen, until, rounds = [], time.monotonic() + SECONDS, 0
        for rest in range(RESTS):
            pause = time.monotonic() + (until - time.monotonic()) / (RESTS - rest)
            while time.monotonic() < pause:
                time.sleep(max(0.1, min(REWRITE_S, pause - time.monotonic())))
                rewrite(mesh, rounds := rounds + 1)
            crowd.rest()
            time.sleep(8 if LONG else 6)  # what a crowd took is given back every five seconds
            seen.append(held(server))
            print(f"\nrest {rest}: {seen[-1]} done {crowd.done} refused {crowd.refused}")
            crowd.over = rest == RESTS - 1
            crowd.gate.set()
        for thread in crowd.threads:
            thread.join(60)
        assert not crowd.wrong, crowd.wrong[:5]
        assert all(crowd.done[kind.__name__] for kind in KINDS if kind is not stranger), crowd.done
        first, last = seen[1], seen[-1]
        assert last["memory"] < first["memory"] + MOST_GROWTH, seen
        assert last["descriptors"] <= first["descriptors"] + 4 and last["threads"] <= first["threads"] + 1, seen
        assert last["workers"] <= 2 * 2 + 2 and last["files"] <= first["files"] + 2, seen
        assert server.stop() == 0
        status, out, err = run("audit", "verify", "--state", server.state)
        assert status == 0, out + err
