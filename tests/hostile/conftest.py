"""One server for all hostile peers of this folder, and a good client that looks in after each of them. What the server held before the
first of them is noted: test_afterwards.py asks for it again at the end."""
import pathlib
import resource
import statistics
import sys
import time

import psutil
import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / "lib"), str(pathlib.Path(__file__).resolve().parent)]

import people  # noqa: E402
from fixtures import SCALE, Server, client  # noqa: E402
from server import pss, wait_until  # noqa: E402

PATIENT = 60


class Door:
    """The server as the tests see it: who may come in, and how it was before."""

    def __init__(self, server, token):
        self.server, self.token = server, token
        self.host, self.port, self.stopped = server.host, server.port, False
        self.usual = self.latency(40)
        self.memory, self.descriptors = pss(server.pid), self.open_descriptors()

    def open_descriptors(self):
        return psutil.Process(self.server.pid).num_fds()

    def processor_seconds(self):
        used = psutil.Process(self.server.pid).cpu_times()
        return used.user + used.system

    def latency(self, count):
        """The median of a small statement, in seconds; a client of its own, so that connecting works, too."""
        took = []
        with client(self, "fay", "bench", timeout=PATIENT) as fay:
            for _ in range(count):
                begun = time.monotonic()
                assert fay.query("select 1").num_rows == 1
                took.append(time.monotonic() - begun)
        return statistics.median(took)

    def settled(self, descriptors=4, seconds=15):
        """All connections of the peers are gone from the server."""
        good = wait_until(lambda: self.open_descriptors() <= self.descriptors + descriptors, seconds)
        assert good, f"{self.open_descriptors()} descriptors, {self.descriptors} before"


@pytest.fixture(scope="session")
def door():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Server(people.lineitem(SCALE) / "mesh", settings={"workers": 2, "slow-reader": "2s", "statements-per-person": 1000, "queue": 1000,
                                                           "queue-wait": "60s"}) as server:
        with client(server, "lea", "bench") as lea:
            lea.query("select * from bench.lineitem limit 200000")
            yield Door(server, "Bearer " + lea.token)


@pytest.fixture(autouse=True)
def still_served(request):
    """After every test a stranger to it is served."""
    yield
    if "door" in request.fixturenames:
        seen = request.getfixturevalue("door")
        if seen.stopped:
            return
        assert seen.server.alive(), seen.server.words()[-3000:]
        begun = time.monotonic()
        with client(seen, "fay", "bench", timeout=PATIENT) as fay:
            assert fay.query("select 1").num_rows == 1
        assert time.monotonic() - begun < 10
