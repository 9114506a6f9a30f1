"""The server as hostile peers and the good client beside them see it."""
import statistics
import time

import psutil

from fixtures import client
from server import pss, wait_until

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
