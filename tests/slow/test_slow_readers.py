"""100 clients read one batch and sleep. The 101st is served at once, and the server's memory stays bounded."""
import time

import people
import pyarrow
import pytest

from fixtures import LONG, SCALE, Server, client
from server import pss

pytestmark = pytest.mark.timeout(900 if LONG else 170)
CLIENTS = 100
WIDE = "select * from bench.lineitem"
SETTINGS = {"workers": 4, "slow-reader": "1s", "spool": "8GiB" if LONG else "3GiB", "statements-per-person": 200, "queue-wait": "120s", "batch-memory": "352MiB", "endpoints": 1}


def test_the_101st(tmp_path):
    data = people.lineitem(SCALE)
    with Server(data / "mesh", settings=SETTINGS) as server:
        with client(server, "fay", "bench") as fay:
            count = fay.query("select count(*) from bench.lineitem").column(0)[0].as_py()
        held = []
        try:
            begun = time.monotonic()
            for i in range(CLIENTS):
                name = ("root", "lea", "fay")[i % 3]
                asker = client(server, name, "bench", timeout=600)
                reader = asker.stream(WIDE, timeout=600)
                chunk = reader.read_chunk()
                assert chunk.data.num_rows > 0
                held.append((asker, reader, chunk.data.num_rows))
            took = time.monotonic() - begun
            begun = time.monotonic()
            with client(server, "fay", "bench") as last:
                assert last.query("select count(*) from bench.lineitem", timeout=30).column(0)[0].as_py() == count
            prompt = time.monotonic() - begun
            memory = pss(server.pid)
            everything = server.pss()
            print(f"\n{CLIENTS} sleepers in {took:.1f} s; the next answer after {prompt * 1e3:.0f} ms; server {memory >> 20} MiB, with workers {everything >> 20} MiB")
            assert prompt < 5, f"the 101st waited {prompt:.1f} s"
            # batches 352 MiB at most (100 whole slots would not fit: a sleeper holds its batch and no more), and HTTP/2 windows of 100 streams
            assert memory < (700 << 20), f"server holds {memory >> 20} MiB"
            # One of them wakes up: its answer is whole.
            asker, reader, seen = held[0]
            try:
                seen += sum(chunk.data.num_rows for chunk in reader)
                assert seen == count
            except pyarrow.ArrowInvalid as error:  # a hundred times SF1 is more than the spool: then it ends in those words, never short
                assert LONG and "read too slowly" in str(error), error
        finally:
            for asker, reader, _ in held:
                try:
                    reader.cancel()
                except Exception:  # a stream that has ended cannot be cancelled
                    pass
                asker.close()
        with client(server, "root", "bench") as root:
            assert root.query("select 1").num_rows == 1
        assert server.alive()
        spool = server.state / "scratch"
        assert not [p for p in spool.rglob("*") if p.is_file() and p.stat().st_size > 0], "spooled answers have names on disk"


def test_many_idle_connections():
    data = people.lineitem(SCALE)
    number = 1000 if LONG else 150
    with Server(data / "mesh", settings={"workers": 2}) as server:
        held = [client(server, "lea", "bench") for _ in range(number)]
        begun = time.monotonic()
        with client(server, "fay", "bench") as fay:
            assert fay.query("select 1").num_rows == 1
        assert time.monotonic() - begun < 5
        for one in held:
            one.close()
        assert server.alive()
