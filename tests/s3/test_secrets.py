"""A worker has no key of the store, no way to it, and no name of an object."""
import os
import pathlib
import re
import threading

import pytest
import stores
from answers import rows
from server import Server

SECRETS = [stores.KEY.encode(), stores.SECRET.encode(), b"AWS4" + stores.SECRET.encode()]


def memory(pid):
    """All that can be read of a process, piece by piece."""
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if not found or line.endswith(("[vvar]", "[vsyscall]")):
                continue
            start, end = int(found[1], 16), int(found[2], 16)
            while start < end:
                size = min(end - start, 8 << 20)
                try:
                    mem.seek(start)
                    yield mem.read(size)
                except (OSError, ValueError, OverflowError):
                    pass
                start += size


def holds(pid, words):
    return {word for piece in memory(pid) for word in words if word in piece}


@pytest.mark.skipif(os.geteuid() != 0, reason="reading another process's memory takes root")
def test_no_key_and_no_name_in_a_worker(serve):
    server = serve(workers=2)
    stop, failed = threading.Event(), []

    def ask():
        while not stop.is_set():
            try:
                rows(server, "select o.region, count(*), sum(length(c.name)) from sales.orders o join sales.customers c on c.id = o.customer_id group by 1")
            except Exception as error:
                failed.append(error)
                return

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(2):
            workers = server.workers()
            assert workers
            for pid in workers:
                try:
                    environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
                    found = holds(pid, [*SECRETS, b"s3://lake", server.settings["s3-endpoint"].encode()])
                    open_files = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
                except (FileNotFoundError, ProcessLookupError):
                    continue  # it has ended
                assert b"AWS" not in environment and stores.SECRET.encode() not in environment
                assert not found, (pid, found)
                cached = [name for name in open_files if "/cache/" in name]
                assert all(name.removesuffix(" (deleted)").endswith(".data") for name in cached)
    finally:
        stop.set()
        asking.join(60)
    assert not failed, failed
    assert holds(server.pid, SECRETS), "the search finds nothing even where the keys are"
    assert stores.SECRET not in server.words() and stores.KEY not in server.words()
    assert stores.SECRET not in "\n".join(server.audit_lines())


def test_paths_of_objects_are_no_names(serve):
    server = serve()
    for sql in ("select * from '/hailstorm-objects/00000000000000000000000000000000/0.parquet'",
                "select * from read_parquet('s3://lake/warehouse/sales/orders/data/*.parquet')",
                "select * from 's3://lake/warehouse/sales/orders'"):
        with pytest.raises(Exception):
            rows(server, sql, "ana")
    assert server.alive()


def test_a_wrong_secret_opens_nothing(serve, store):
    if store.name == "moto":
        pytest.skip("moto looks at no signature")
    server = serve(env={"AWS_SECRET_ACCESS_KEY": "not-the-secret"})
    with pytest.raises(Exception) as error:
        rows(server, "select count(*) from sales.orders")
    assert "not-the-secret" not in str(error.value) + server.words() and "403" in server.words()
    assert server.alive()


def test_a_certificate_must_be_believed(disk, tmp_path):
    made = tmp_path / "mesh"
    with stores.moto_tls(tmp_path, lambda store: stores.mesh_in(store, disk, made)) as store:
        with Server(made, settings={**store.settings, "s3-patience": "2s"}, env=store.env) as server:
            with pytest.raises(Exception):
                rows(server, "select count(*) from sales.orders")
            assert "certificate" in server.words()
        with Server(made, settings={**store.settings, "s3-ca": store.verify}, env=store.env) as server:
            assert rows(server, "select count(*) from sales.orders")
        elsewhere = store.endpoint.replace("127.0.0.1", "localhost")
        with Server(made, settings={**store.settings, "s3-endpoint": elsewhere, "s3-ca": store.verify, "s3-patience": "2s"}, env=store.env) as server:
            with pytest.raises(Exception):
                rows(server, "select count(*) from sales.orders")
