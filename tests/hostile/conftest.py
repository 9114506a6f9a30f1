"""One server for all hostile peers of this folder, and a good client that looks in after each of them. What the server held before the
first of them is noted: test_zz_afterwards.py asks for it again at the end."""
import pathlib
import resource
import sys
import time

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / "lib"), str(pathlib.Path(__file__).resolve().parent)]

import people  # noqa: E402
from fixtures import SCALE, Server, client  # noqa: E402
from peerdoor import PATIENT, Door  # noqa: E402


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
