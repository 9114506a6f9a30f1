"""The engine is a guest: whatever becomes of a worker, one statement ends with a clear error and nobody else notices."""
import json
import os
import pathlib
import shutil
import signal
import tempfile
import threading
import time

import people
import psutil
import pytest

from fixtures import ERRORS, LONG, SCALE, Server, client, refusal
from server import pss, wait_until

pytestmark = pytest.mark.timeout(600 if LONG else 120)
# Long enough to be killed in: a self join that counts billions of pairs.
LONG_STATEMENT = "select count(*) from bench.lineitem a, bench.lineitem b where a.l_comment < b.l_comment"
COUNT = "select count(*) from bench.lineitem"


@pytest.fixture(scope="module")
def data():
    return people.lineitem(SCALE)


@pytest.fixture(scope="module")
def server(data):
    with Server(data / "mesh", settings={"workers": 4, "queue-wait": "20s", "endpoints": 1}) as running:
        yield running


@pytest.fixture(scope="module")
def rows(server):
    with client(server, "root", "bench") as root:
        return root.query(COUNT).column(0)[0].as_py()


class Asking(threading.Thread):
    """A statement on a connection of its own; .words is None when it answered."""

    def __init__(self, server, name, sql, timeout=100):
        super().__init__(daemon=True)
        self.server, self.name_, self.sql, self.timeout_s = server, name, sql, timeout
        self.words, self.table, self.took = "not ended", None, None
        self.start()

    def run(self):
        begun = time.monotonic()
        try:
            with client(self.server, self.name_, "bench") as asker:
                self.table = asker.query(self.sql, timeout=self.timeout_s)
            self.words = None
        except ERRORS as error:
            self.words = str(error)
        self.took = time.monotonic() - begun


def busy(server, known=(), seconds=30):
    """The worker that burns time, once there is one that was not known."""
    found = []

    def look():
        for pid in server.workers():
            if pid in known:
                continue
            try:
                if psutil.Process(pid).cpu_percent(0.2) > 15:
                    found.append(pid)
                    return True
            except psutil.NoSuchProcess:
                continue
        return False
    assert wait_until(look, seconds), "no worker is busy"
    return found[0]


def test_kill_in_mid_scan(server, rows):
    victim = Asking(server, "root", LONG_STATEMENT)
    pid = busy(server)
    others = [Asking(server, name, COUNT) for name in ("lea", "fay", "lea")]
    os.kill(pid, signal.SIGKILL)
    victim.join(30)
    assert victim.words and victim.words != "not ended", f"the killed statement said {victim.words}"
    assert "kill" in victim.words.lower() or "worker" in victim.words.lower() or "ended" in victim.words.lower() or "engine" in victim.words.lower(), victim.words
    for other in others:
        other.join(60)
        assert other.words is None and other.table.column(0)[0].as_py() == rows, other.words
    with client(server, "root", "bench") as root:
        assert root.query(COUNT).column(0)[0].as_py() == rows
    assert server.alive() and pid not in server.workers()


def test_kill_while_rows_are_read(server, rows):
    with client(server, "root", "bench") as root:
        reader = root.stream("select * from bench.lineitem")
        reader.read_chunk()
        pids = server.workers()
        assert pids
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

        def drain():
            for _ in reader:
                pass
        words = refusal(drain)
        # All of a small answer may already be in the ring; then it is whole. Otherwise it must not look whole.
        if words is None:
            pytest.skip("the answer was whole before the kill")
        assert root.query(COUNT).column(0)[0].as_py() == rows, "the same connection goes on"


def test_kill_idle_workers(server, rows):
    with client(server, "lea", "bench") as lea:
        for _ in range(5 if not LONG else 50):
            lea.query("select 1")
            for pid in server.workers():
                os.kill(pid, signal.SIGKILL)
            assert lea.query(COUNT).column(0)[0].as_py() == rows
    assert server.alive()


def test_next_person_never_in_the_same_process(data, rows):
    """One worker at most: so whoever comes next must get a new process, and the one before must be gone."""
    with Server(data / "mesh", settings={"workers": 1, "warm": 0}) as server:
        seen = {}
        for turn in range(6 if not LONG else 60):
            name = ("root", "bea", "lea", "fay")[turn % 4]
            with client(server, name, "bench") as asker:
                for _ in range(2):
                    assert asker.query("select min(l_orderkey) from bench.lineitem").num_rows == 1
                pids = server.workers()
                assert len(pids) == 1, f"{pids} where one is allowed"
                for pid in pids:
                    # a process is its pid and the moment it began: pids come again
                    who = seen.setdefault((pid, psutil.Process(pid).create_time()), name)
                    assert who == name, f"worker {pid} served {who}, and now {name}"


def test_without_the_owner_rule_people_meet_in_one_process(data):
    """What the test above is worth: with one-owner switched off the next person gets the process of the one before."""
    with Server(data / "mesh", settings={"workers": 1, "warm": 0}, faults=["no-one-owner"]) as server:
        seen = {}
        for name in ("root", "bea", "lea", "fay"):
            with client(server, name, "bench") as asker:
                assert asker.query("select min(l_orderkey) from bench.lineitem").num_rows == 1
                for pid in server.workers():
                    seen.setdefault((pid, psutil.Process(pid).create_time()), set()).add(name)
        assert any(len(names) > 1 for names in seen.values()), f"each had a process alone: {seen}"


def test_same_person_keeps_a_worker(data):
    with Server(data / "mesh", settings={"workers": 2, "warm": 0}) as server, client(server, "bea", "bench") as bea:
        bea.query("select 1")
        first = set(server.workers())
        for _ in range(5):
            bea.query("select 1")
        assert first & set(server.workers()), "a worker was thrown away between one person's statements"


def test_memory_overrun(data, rows):
    with Server(data / "mesh", settings={"workers": 2, "memory": "128MiB", "spill": "16MiB"}) as server:
        hog = "select count(*), max(length(x)) from (select string_agg(repeat(l_comment, 40), '' order by l_comment) as x from bench.lineitem group by l_linenumber)"
        for sql in (hog, "select list(l_comment || repeat('x', 3000)) from bench.lineitem", "select repeat('x', 1000000000) || 'y'", "select count(*) from (select unnest(range(1000000000)) as a order by hash(a))"):
            with client(server, "root", "bench") as root:
                words = refusal(root.query, sql)
            assert words, f"answered within 128 MiB: {sql}"
            assert "memory" in words.lower() or "limit" in words.lower() or "disk" in words.lower() or "ended" in words.lower() or "temporary" in words.lower(), words
            with client(server, "lea", "bench") as lea:
                assert lea.query(COUNT).column(0)[0].as_py() == rows
        assert server.alive()


def test_spill_limit(data, rows):
    with Server(data / "mesh", settings={"workers": 2, "memory": "128MiB", "spill": "8MiB"}) as server, client(server, "root", "bench") as root:
        words = refusal(root.query, "select count(*) from (select l_comment, l_orderkey, row_number() over (order by l_comment, l_orderkey, l_shipinstruct) as n from (select * from bench.lineitem union all select * from bench.lineitem))")
        if words is None:
            pytest.skip("fits into memory at this scale")
        left = [p for p in (server.state / "scratch").rglob("*") if p.is_file()]
        root.query("select 1")
        assert wait_until(lambda: not sum(p.stat().st_size for p in (server.state / "scratch").rglob("*") if p.is_file()), 10), f"spilled files stay: {left}"
        assert root.query(COUNT).column(0)[0].as_py() == rows


@pytest.fixture
def own_copy(data):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hailstorm-guest-"))
    shutil.copytree(data / "mesh", folder / "mesh", ignore=shutil.ignore_patterns("warehouse"))
    table = folder / "mesh" / "warehouse" / "bench" / "lineitem"
    shutil.copytree(data / "mesh" / "warehouse" / "bench" / "lineitem", table)
    old = (data / "mesh" / "warehouse").as_uri()
    contract = folder / "mesh" / "domains" / "bench" / "lineitem.odcs.yaml"
    text = contract.read_text()
    contract.write_text(text.replace('  - {property: hailstorm.location', f'  - {{property: hailstorm.prefixMap, value: {{"{old}/": "warehouse/"}}}}\n  - {{property: hailstorm.location', 1))
    yield folder / "mesh", sorted((table / "data").rglob("*.parquet"))
    shutil.rmtree(folder, ignore_errors=True)


DAMAGES = {
    "cut in half": lambda b: b[:len(b) // 2],
    "empty": lambda b: b"",
    "zeros in the middle": lambda b: b[:len(b) // 3] + bytes(len(b) // 3) + b[2 * (len(b) // 3):],
    "another footer": lambda b: b[:-200] + bytes((x * 7 + 3) % 256 for x in range(192)) + b[-8:],
    "footer length absurd": lambda b: b[:-8] + b"\xff\xff\xff\x7f" + b[-4:],
    "noise in the pages": lambda b: bytes(b[:4]) + bytes((x ^ 0x5a) if i % 97 == 0 else x for i, x in enumerate(b[4:200000])) + b[200000:],
    "gone": None,
}


@pytest.mark.parametrize("what", DAMAGES)
def test_damaged_file(own_copy, what, rows):
    model, files = own_copy
    with Server(model, settings={"workers": 2}) as server, client(server, "root", "bench") as root:
        assert root.query(COUNT).column(0)[0].as_py() == rows
        good = files[0].read_bytes()
        damage = DAMAGES[what]
        files[0].unlink()
        if damage:
            files[0].write_bytes(damage(good))
        words = refusal(root.query, "select sum(l_extendedprice), max(l_comment), count(*), max(l_shipdate), min(l_partkey) from bench.lineitem")
        if what != "noise in the pages":
            assert words, f"a file that is {what} was read without a word"
        assert str(files[0]) not in (words or "") and "parquet" not in (words or ""), f"the error names the file: {words}"
        assert root.query("select 1").num_rows == 1
        files[0].write_bytes(good)
        assert wait_until(lambda: refusal(root.query, COUNT) is None, 5), "does not heal when the file is back"
        assert server.alive()


def test_many_statements_at_once(server, rows):
    number = 24 if not LONG else 200
    askings = [Asking(server, ("root", "lea", "fay")[i % 3], COUNT, 110) for i in range(number)]
    for asking in askings:
        asking.join(110)
    wrong = [a.words or a.table for a in askings if a.words is not None or a.table.column(0)[0].as_py() != rows]
    assert not wrong, f"{len(wrong)} of {number}: {wrong[:3]}"
    assert len(server.workers()) <= 5


def test_queue_full(data):
    with Server(data / "mesh", settings={"workers": 1, "queue": 2, "queue-wait": "10s", "warm": 0}) as server:
        first = Asking(server, "root", LONG_STATEMENT, 60)
        busy(server)
        more = [Asking(server, name, COUNT, 30) for name in ("lea", "fay", "bea")]  # one person alone stands in a line of his own
        for asking in more:
            asking.join(30)
        words = [a.words for a in more]
        assert all(words), f"answered although the only worker is taken: {words}"
        full = [w for w in words if "queue" in w.lower() or "busy" in w.lower() or "full" in w.lower() or "wait" in w.lower() or "worker" in w.lower() or "time" in w.lower()]
        assert len(full) == len(words), words
        assert min(a.took for a in more) < 7, "a full queue should refuse at once"
        os.kill(busy(server), signal.SIGKILL)
        first.join(20)
        with client(server, "lea", "bench") as lea:
            assert lea.query("select 1").num_rows == 1


def test_cancel_frees_the_worker(data):
    with Server(data / "mesh", settings={"workers": 1, "warm": 0}) as server:
        with client(server, "root", "bench") as root:
            reader = root.stream("select a.* from bench.lineitem a, range(1000) r")
            reader.read_chunk()
            reader.cancel()
        begun = time.monotonic()
        with client(server, "lea", "bench") as lea:
            assert lea.query("select 1").num_rows == 1
        assert time.monotonic() - begun < 8
        with client(server, "root", "bench") as root:
            assert refusal(root.query, LONG_STATEMENT, timeout=1.5), "a deadline of the client's"
        with client(server, "lea", "bench") as lea:
            begun = time.monotonic()
            assert lea.query("select 1").num_rows == 1
            assert time.monotonic() - begun < 8, "the worker still runs for a client that went away"


def test_memory_returns(data):
    with Server(data / "mesh", settings={"workers": 3, "warm": 1, "endpoints": 1}) as server:
        with client(server, "root", "bench") as root:
            root.query("select 1")
        time.sleep(1)
        baseline = pss(server.pid)
        for turn in range(3 if not LONG else 30):
            with client(server, "root", "bench") as root:
                root.query("select * from bench.lineitem limit 200000")
                refusal(root.query, "select nosuch from bench.lineitem")
                reader = root.stream("select * from bench.lineitem")
                reader.read_chunk()
                reader.cancel()
        assert wait_until(lambda: pss(server.pid) < baseline + (48 << 20), 15), f"server: {baseline >> 20} MiB before, {pss(server.pid) >> 20} MiB after"
        assert wait_until(lambda: len(server.workers()) <= 4, 10)


def test_no_worker_outlives_its_server(data):
    for how in (signal.SIGTERM, signal.SIGKILL):
        server = Server(data / "mesh", settings={"workers": 2, "drain": "1s"}).start()
        asking = Asking(server, "root", LONG_STATEMENT, 30)
        busy(server)
        workers = server.workers()
        server.process.send_signal(how)
        server.process.wait(20)
        gone = wait_until(lambda: not any(psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE for p in workers), 5)
        server.stop(kill=True)
        server._forget()
        asking.join(10)
        assert gone, f"workers live on after {how.name}"


def test_worker_environment(server):
    """A worker has neither a credential in its environment nor an open file that a statement could be after."""
    asking = Asking(server, "root", LONG_STATEMENT, 60)
    pid = None
    try:
        pid = busy(server)
        for pid in (pid,):
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
            assert not [e for e in environment if "KEY" in e.upper() or "TOKEN" in e.upper() or "PASSWORD" in e.upper() or "SECRET" in e.upper()], environment
            targets = []
            for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
                try:
                    targets.append(os.readlink(fd))
                except OSError:
                    continue
            bad = [t for t in targets if t.endswith(("/keys", ".sqlite", ".jsonl"))]
            assert not bad, bad
            status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
            assert status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2", json.dumps(status)
            assert int(status["CapEff"], 16) == 0 or os.geteuid() == 0, status["CapEff"]
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)
        asking.join(20)
