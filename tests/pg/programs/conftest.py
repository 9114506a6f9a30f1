import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "lib"), str(HERE)]

import mesh  # noqa: E402
from server import Server  # noqa: E402


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """(certificate, key), for localhost"""
    where = tmp_path_factory.mktemp("tls")
    files = where / "cert.pem", where / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(files[1]), "-out", str(files[0])], check=True, capture_output=True)
    return files


@pytest.fixture(scope="session")
def server(certificate):
    settings = {"tls-certificate": certificate[0], "tls-key": certificate[1], "workers": 2}
    with Server(mesh.make(), settings=settings) as running:
        yield running


@pytest.fixture(params=mesh.PEOPLE)
def who(request):
    return request.param


@pytest.fixture
def uri(server, who):
    return mesh.uri(server, who)
