"""For pytest: paths, the meshes, and how to ask."""
import importlib.util
import os
import pathlib
import sys

import pyarrow as pa
import pyarrow.flight as flight

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "lib")]

from flightsql import Client  # noqa: E402
from server import LONG, Server  # noqa: E402

ERRORS = (flight.FlightError, pa.ArrowException, OSError)
SCALE = float(os.environ.get("HAILSTORM_SLOW_SCALE", 1 if LONG else 0.1))


def attack_model():
    """The model of tests/attacks, made when it is not there."""
    if str(ROOT / "tests" / "attacks") not in sys.path:  # it has a part beside it
        sys.path.append(str(ROOT / "tests" / "attacks"))
    spec = importlib.util.spec_from_file_location("attack_mesh", ROOT / "tests" / "attacks" / "mesh.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make()


def client(server, name, suffix, **more):
    return Client(server.host, server.port, name, f"{name}-{suffix}", **more)


def refusal(call, *arguments, **more):
    """The words of a refusal, or None when it answered."""
    try:
        call(*arguments, **more)
    except ERRORS as error:
        return str(error)
    return None


__all__ = ["Client", "ERRORS", "LONG", "ROOT", "SCALE", "Server", "attack_model", "client", "refusal"]
