"""A server over the demo mesh for all tests of this folder, and its people. The command line is in tests/lib/server.py."""
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "lib"))

import people  # noqa: E402
from flightsql import Client  # noqa: E402
from server import Server  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "ignore:Cannot disable autocommit")


@pytest.fixture(scope="session")
def mesh():
    return people.demo() / "mesh"


@pytest.fixture(scope="session")
def server(mesh):
    with Server(mesh) as running:
        yield running


@pytest.fixture
def connect(server):
    """adbc_driver_flightsql, unmodified, as one person."""
    import adbc_driver_flightsql.dbapi as flightsql
    opened = []

    def open_as(name="otto", password=None, **options):
        kwargs = {"username": name, "password": password or f"{name}-demo", **options}
        opened.append(flightsql.connect(server.uri, db_kwargs=kwargs))
        return opened[-1]

    yield open_as
    for connection in opened:
        connection.close()


@pytest.fixture
def raw(server):
    """The raw client of tests/lib: bytes that no driver sends."""
    opened = []

    def open_as(name="otto", **options):
        opened.append(Client(server.host, server.port, name, f"{name}-demo", **options))
        return opened[-1]

    yield open_as
    for client in opened:
        client.close()
