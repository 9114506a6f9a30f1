"""A grant that ends: what was begun under it (a session, a ticket, a handle, an answer half read) shows nothing of it
afterwards, and what another grant opens stays."""
import datetime as dt
import importlib.util
import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import census  # noqa: E402
from lib.server import Server  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "attacks"), str(ROOT / "tests" / "lib")]
spec = importlib.util.spec_from_file_location("door_flight", ROOT / "tests" / "attacks" / "doors" / "flight.py")
flight = importlib.util.module_from_spec(spec)
spec.loader.exec_module(flight)

GRANT = "kind: Grant\nname: all\nto: {{roles: [admin]}}\non: {{product: census.people}}\nexpires: {:%Y-%m-%dT%H:%M:%SZ}\n"
STAYS = "---\nkind: Grant\nname: ids\nto: {roles: [admin]}\non: {product: census.people}\ncolumns: [id]\nwhere: id < 7\n"
NAMES = "select count(name), max(name) from census.people"
COUNT = "select count(*), max(id) from census.people"
MUCH = "select p.name, repeat('x', 3000) as x from census.people p, range(100)"  # 72 MB


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    made, _ = census.make(tmp_path_factory.mktemp("expiry"))
    return made


def drain(reader):
    """How many rows came, and with which words it ended."""
    rows = 0
    try:
        while True:
            rows += reader.read_chunk().data.num_rows
    except StopIteration:
        return rows, ""
    except flight.ERRORS as error:
        return rows, str(error)


@pytest.mark.parametrize("more", ["", STAYS])
def test_what_was_begun_before(mesh, more):
    ends = (dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=7)).replace(microsecond=0)
    (mesh / "domains/census/policies/people.yaml").write_text(GRANT.format(ends) + more)
    with Server(mesh, settings={"slow-reader": 300, "workers": 3}) as server:
        door = flight.Door(server)
        root = door.connect("root", "root-demo")
        assert root.ask(NAMES).rows == [(241, "person 99")] and root.ask(COUNT).rows == [(241, 240)]
        tickets, handles = ([make(root, sql) for sql in (NAMES, COUNT)] for make in (door.ticket, door.prepare))
        _, spooled = door.begin(root, MUCH)
        assert len(root.columns()[0][2].split(";")) > 8
        left = (ends - dt.datetime.now(dt.timezone.utc)).total_seconds()
        assert left > 1, "the server was too slow to come up"
        time.sleep(left + 0.3)
        count = [(7, 6)] if more else None
        for got in (root.ask(NAMES), door.redeem(root, tickets[0]), door.execute(root, handles[0]), root.ask(NAMES.replace("name", '"name"'))):
            assert not got.ok and "person" not in got.words(), got.words()
        for got in (root.ask(COUNT), door.execute(root, handles[1])):
            assert (got.ok and got.rows == count) if more else not got.ok, got.words()
        got = door.redeem(root, tickets[1])
        assert not got.ok or got.rows == count, got.words()
        rows, words = drain(spooled)
        assert words and rows < 24100, (rows, words)
        assert "changed" in words or "limit" in words, words
        columns = root.columns()
        assert [c[2].split(";")[0].split()[0] for c in columns] == (["id"] if more else [])
        assert all(";" not in c[2] for c in columns)
