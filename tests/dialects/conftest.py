"""Trino takes a minute to start on a busy machine: one for all that ask it."""
import os

import pytest

import dialect_engines as engines


@pytest.fixture(scope="session")
def trino():
    if not os.environ.get("HAILSTORM_DIALECT_PEERS"):
        pytest.skip("Trino runs in make test-peers")
    server = engines.Trino()
    yield server
    server.close()
