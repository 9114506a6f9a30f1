"""The demo's tables in a store, and a server over them."""
import contextlib
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "lib"))

import people  # noqa: E402
import stores  # noqa: E402
from hostile import Proxy  # noqa: E402
from server import Server  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "ignore:Cannot disable autocommit")


def kinds():
    """moto in every run; with HAILSTORM_S3_PEERS the stores that check signatures instead."""
    if not os.environ.get("HAILSTORM_S3_PEERS"):
        return ["moto"]
    return [pytest.param(name, marks=() if stores.peer_binary(name) else pytest.mark.skip(f"no {name}: tools/setup peers"))
            for name in ("versitygw", "minio")]


@pytest.fixture(scope="session", params=kinds())
def store(request, tmp_path_factory):
    where = stores.moto() if request.param == "moto" else getattr(stores, request.param)(tmp_path_factory.mktemp("gw"))
    with where as running:
        yield running


@pytest.fixture(scope="session")
def disk():
    return people.demo() / "mesh"


@pytest.fixture(scope="session")
def mesh(store, disk, tmp_path_factory):
    return stores.mesh_in(store, disk, tmp_path_factory.mktemp("mesh") / "mesh")


@pytest.fixture
def proxy(store):
    if store.name != "moto":
        pytest.skip("a proxy changes the host, which a signature covers; moto looks at none")
    running = Proxy(store)
    yield running
    running.close()


@pytest.fixture
def serve(mesh, store):
    """serve(settings..., env=...): a server over the mesh in the store; all end with the test."""
    with contextlib.ExitStack() as stack:
        def start(model=mesh, env=None, **settings):
            settings = {**store.settings, **{name.replace("_", "-"): value for name, value in settings.items()}}
            return stack.enter_context(Server(model, settings=settings, env={**store.env, **(env or {})}))

        yield start
