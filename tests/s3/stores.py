"""S3 servers for the tests: moto (in every run), versitygw and MinIO (make test-peers); and a mesh whose tables lie in one of them."""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

import boto3
import botocore.config

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY, SECRET = "AKIAHAILSTORMTEST", "a-secret-that-must-stay-in-the-server"
BUCKET = "lake"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Store:
    """A running server: endpoint, environment and settings for hailstorm, and a client to fill it."""

    def __init__(self, endpoint, name):
        self.endpoint, self.name, self.verify = endpoint, name, None

    @property
    def env(self):
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": ""}

    @property
    def settings(self):
        return {"s3-endpoint": self.endpoint, "s3-path-style": True, "s3-patience": "15s", "s3-timeout": "10s"}

    @property
    def client(self):
        config = botocore.config.Config(s3={"addressing_style": "path"}, signature_version="s3v4", retries={"max_attempts": 2},
                                        request_checksum_calculation="when_required", proxies={})
        return boto3.client("s3", endpoint_url=self.endpoint, verify=self.verify, region_name="us-east-1", aws_access_key_id=KEY,
                            aws_secret_access_key=SECRET, config=config)

    def upload(self, folder, prefix, bucket=BUCKET):
        client = self.client
        for file in sorted(pathlib.Path(folder).rglob("*")):
            if file.is_file():
                client.put_object(Bucket=bucket, Key=f"{prefix}/{file.relative_to(folder)}", Body=file.read_bytes())


@contextlib.contextmanager
def running(command, port, name, env=None):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               env={**os.environ, **(env or {})})
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None and time.monotonic() < deadline, f"{name} does not start"
            time.sleep(0.1)
        store = Store(f"http://127.0.0.1:{port}", name)
        store.client.create_bucket(Bucket=BUCKET)
        yield store
    finally:
        process.terminate()
        process.wait(20)


def moto():
    port = free_port()
    return running([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port, "moto")


@contextlib.contextmanager
def moto_tls(folder, upload):
    """The same behind TLS, its certificate for 127.0.0.1 signed by itself; filled before, for boto3 does not believe it either."""
    certificate, key = folder / "store.pem", folder / "store.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out",
                    certificate, "-days", "2", "-subj", "/CN=store", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port), "-c", str(certificate), "-k", str(key)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        store = Store(f"https://127.0.0.1:{port}", "moto")
        store.verify = str(certificate)
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None and time.monotonic() < deadline, "moto does not start"
            time.sleep(0.1)
        store.client.create_bucket(Bucket=BUCKET)
        upload(store)
        yield store
    finally:
        process.terminate()
        process.wait(20)


def peer_binary(name):
    """What HAILSTORM_<NAME> names, or is on the path, or was put into build/peers by tools/setup peers."""
    for found in (os.environ.get(f"HAILSTORM_{name.upper()}"), shutil.which(name), ROOT / "build" / "peers" / "bin" / name):
        if found and pathlib.Path(found).exists():
            return str(found)
    return None


def versitygw(folder):
    port = free_port()
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    return running([peer_binary("versitygw"), "--port", f"127.0.0.1:{port}", "posix", str(folder)], port, "versitygw",
                   {"ROOT_ACCESS_KEY": KEY, "ROOT_SECRET_KEY": SECRET})


def minio(folder):
    port = free_port()
    folder = pathlib.Path(folder)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    return running([peer_binary("minio"), "server", "--quiet", "--address", f"127.0.0.1:{port}", "--certs-dir", str(folder / "certs"),
                    str(folder / "data")], port, "minio",
                   {"MINIO_ROOT_USER": KEY, "MINIO_ROOT_PASSWORD": SECRET, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off"})


def mesh_in(store, mesh, to, prefix="warehouse"):
    """A copy of a mesh without its tables, which are uploaded; its contracts name them there."""
    shutil.copytree(mesh, to, ignore=shutil.ignore_patterns("warehouse", "*.db", "*.sqlite*"))
    store.upload(pathlib.Path(mesh) / "warehouse", prefix)
    for contract in pathlib.Path(to).rglob("*.odcs.yaml"):
        text = contract.read_text()
        contract.write_text(re.sub(r'(hailstorm\.location, value: ")warehouse/', rf"\1s3://{BUCKET}/{prefix}/", text))
    roots = pathlib.Path(to) / "mesh.yaml"
    roots.write_text(re.sub(r"\bwarehouse/", f"s3://{BUCKET}/{prefix}/", roots.read_text()))
    return to
