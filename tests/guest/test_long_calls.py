"""One call of the engine that runs on and on, and hears no interrupt: whoever cancels it, or its time limit, ends its worker. The server asks, waits half a
second (CANCEL_MS) and kills; the next statement has another worker, and the memory of the call was bounded all the while."""
import pathlib
import threading
import time

import people
import psutil
import pytest

from fixtures import ERRORS, SCALE, Server, client
from server import wait_until

pytestmark = pytest.mark.timeout(170)
GRACE = 2.0  # seconds after a cancel or the time limit until the worker is gone: half a second by the server, the rest for a busy machine
MEMORY = 512 << 20
PRIVATE = MEMORY + MEMORY // 4 + (768 << 20) + 2 * (16 << 20)  # RLIMIT_DATA of src/engine/sandbox.c, two threads
# Each is one call over one row or one vector; what the engine can interrupt between two vectors does not help here.
CALLS = {
    "lpad": "select length(lpad('x', 2000000000, 'y'))",
    "repeat": "select length(repeat(repeat('x', 60000), 60000))",
    "printf": "select length(printf('%1900000000d', 1))",
    "format": "select length(format('{:1900000000}', 1))",
    "range": "select len(range(1000000000000))",
    "regexp": "select count(*) from range(2000) t(i) where regexp_matches(repeat('ab', 4000000) || i, '(a|b|ab)*(.*)(.*)(.*)(.*)c{1,900}x')",
    "string_agg": "select length(string_agg(repeat('x', 100000000), '')) from range(1000)",
    "list_sort": "select list_sort(list_transform(range(200000000), lambda x: hash(x)))[1]",
    "like": "select count(*) from range(2) t(i) where (repeat('a', 3000) || i) like '%a%a%a%a%a%a_%b'",
    "like-while-planned": "select repeat('a', 3000) like '%a%a%a%a%a%a_%b'",
    "ranges-while-planned": "select len(list_transform(range(3000000), lambda x: list_sum(range(x))))",
}
COUNT = "select count(*) from bench.lineitem"


@pytest.fixture(scope="module")
def mesh():
    return people.lineitem(SCALE) / "mesh"


@pytest.fixture(scope="module")
def server(mesh):
    with Server(mesh, settings={"workers": 3, "memory": "512MiB", "statement-time": "5s", "spill": "64MiB"}) as running:
        yield running


class Watch(threading.Thread):
    """The most private memory that any worker has had, and how long `lea` waited for answers meanwhile."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.over, self.most, self.waits = server, False, 0, []
        self.start()

    def run(self):
        with client(self.server, "lea", "bench") as lea:
            while not self.over:
                begun = time.monotonic()
                lea.query("select 1", timeout=60)
                self.waits.append(time.monotonic() - begun)
                for pid in self.server.workers():
                    try:
                        said = pathlib.Path(f"/proc/{pid}/status").read_text()
                        self.most = max(self.most, int(said.split("RssAnon:")[1].split()[0]) << 10)
                    except (OSError, IndexError):
                        continue
                time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over = True
        self.join(60)


def busy(server):
    """Workers that are at work now."""
    found = []
    for pid in server.workers():
        try:
            if psutil.Process(pid).cpu_percent(0.3) > 5:
                found.append(pid)
        except psutil.NoSuchProcess:
            continue
    return found


def idle_within(server, seconds, known):
    """No worker that was at work is still there, or it is at rest; the seconds it took, None: too long."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds + 5:
        if not set(busy(server)) & set(known):
            return time.monotonic() - begun
    return None


@pytest.mark.parametrize("name", CALLS)
def test_the_time_limit_ends_it(server, name):
    with Watch(server) as watch, client(server, "root", "bench") as root:
        begun = time.monotonic()
        words = None
        try:
            root.query(CALLS[name], timeout=60)
        except ERRORS as error:
            words = str(error)
        took = time.monotonic() - begun
        assert took < 5 + GRACE + 1, f"{took:.1f} s, {words}"
        if took > 5:
            assert words and "longer than its limit" in words, words
        assert server.alive()
        assert root.query(COUNT).num_rows == 1, "whose it was has another worker"
    print(f"\n{name}: {took:.1f} s, {(words or 'answered')[:90]!r}; workers' private memory {watch.most >> 20} MiB at most; lea waited {max(watch.waits):.2f} s at most")
    assert watch.most < PRIVATE
    assert max(watch.waits) < 5


def at_work(server):
    assert wait_until(lambda: busy(server), 20), "no worker is at work"
    return busy(server)


def test_a_cancel_ends_it(mesh):
    """In a call that hears no interrupt, where nothing else would end it for ten minutes."""
    with Server(mesh, settings={"workers": 3}) as server, client(server, "root", "bench") as root:
        words = []
        reader = root.stream(CALLS["like"], timeout=60)

        def read():
            try:
                for _ in reader:  # read_all would raise KeyboardInterrupt in the main thread
                    pass
                words.append("answered")
            except ERRORS as error:
                words.append(str(error))
        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        known = at_work(server)
        reader.cancel()
        took = idle_within(server, GRACE, known)
        thread.join(10)
        assert took is not None and took < GRACE, f"the worker runs on {took} s after the cancel"
        assert words and "ancel" in words[0], words
        print(f"\nat rest {took:.2f} s after the cancel; {words[0][:80]!r}")
        with client(server, "lea", "bench") as lea:
            assert lea.query(COUNT, timeout=30).num_rows == 1
        assert root.query("select 1", timeout=30).num_rows == 1
        assert wait_until(lambda: any("CANCELLED" in line.upper() for line in server.audit_lines()), 10), server.audit_lines()[-2:]


@pytest.mark.parametrize("name", ["like", "like-while-planned"])
def test_who_hangs_up_ends_it(mesh, name):
    """The client's own deadline, also while the engine still plans: constants are folded then, however long that takes."""
    with Server(mesh, settings={"workers": 3}) as server, client(server, "root", "bench") as root:
        words = []

        def ask():
            try:
                root.query(CALLS[name], timeout=4)
                words.append("answered")
            except ERRORS as error:
                words.append(str(error))
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        known = at_work(server)
        thread.join(30)
        took = idle_within(server, GRACE, known)
        assert words and ("eadline" in words[0] or "took too long" in words[0]), words  # whose clock was first
        assert took is not None and took < GRACE, f"the worker runs on {took} s after its client"
        print(f"\n{name}: at rest {took:.2f} s after the client hung up")
        assert root.query(COUNT, timeout=30).num_rows == 1


def test_memory_of_one_call_has_a_wall(mesh):
    """Two thousand million letters in a worker of 512 MiB: refused, or the worker is lost, but never two gigabytes."""
    with Server(mesh, settings={"workers": 2, "memory": "512MiB", "statement-time": "20s"}) as server, Watch(server) as watch:
        with client(server, "root", "bench") as root:
            for name in ("lpad", "repeat", "printf", "format"):
                try:
                    root.query(CALLS[name], timeout=60)
                    print(f"\n{name}: answered")
                except ERRORS as error:
                    print(f"\n{name}: {str(error)[:120]}")
            assert root.query("select 1").num_rows == 1
    assert watch.most < PRIVATE, f"{watch.most >> 20} MiB"
