"""Tables in S3 answer as those on disk do, to everybody; and nobody reaches out of his prefix."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest
from answers import rows
from flightsql import Client
from server import Server

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "build" / "hailstorm"
STATEMENTS = [
    "select * from sales.orders order by id",
    "select * from sales.customers order by id",
    "select region, count(*), sum(amount), min(placed_at) from sales.orders group by region order by region",
    "select c.name, count(*) n from sales.orders o join sales.customers c on c.id = o.customer_id group by c.name order by n desc, c.name limit 20",
    "select count(*) from sales.orders where amount > 300 and region = 'EU'",
]


def answer(server, sql, name):
    try:
        return rows(server, sql, name)
    except Exception as error:  # what one may not see is refused in the same words
        return re.sub(r"\d{4}-\d\d-\d\dT\S+|[0-9a-f-]{36}", "", str(error))


@pytest.fixture(scope="module")
def from_disk(disk):
    with Server(disk) as server:
        yield server


def test_same_answers_as_from_disk(serve, from_disk, disk):
    people = re.findall(r"name: (\w+)", (disk / "principals.yaml").read_text())
    assert len(people) >= 4
    server = serve()
    for name in people:
        for sql in STATEMENTS:
            assert answer(server, sql, name) == answer(from_disk, sql, name), (name, sql)
    for sql in STATEMENTS:  # and again from the cache
        assert answer(server, sql, "otto") == answer(from_disk, sql, "otto"), sql


def test_time_travel(serve, from_disk):
    text = subprocess.run([PROGRAM, "table", from_disk.model / "warehouse/sales/orders"], capture_output=True, text=True, check=True).stdout
    snapshots = re.findall(r"^  (\d+) sequence", text, re.M)
    server = serve()
    assert len(snapshots) > 1
    for snapshot in snapshots:
        sql = f"select count(*), sum(amount) from sales.orders at (version => {snapshot})"
        assert rows(server, sql) == rows(from_disk, sql)


def test_check_and_table(mesh, store, tmp_path):
    copy = tmp_path / "mesh"
    shutil.copytree(mesh, copy)
    settings = [f"--{name}" if value is True else f"--{name}={value}" for name, value in store.settings.items()]
    env = {**os.environ, **store.env}

    def run(*args):
        return subprocess.run([PROGRAM, *map(str, args), *settings, "--state", tmp_path / "state"], capture_output=True, text=True, env=env, timeout=60)
    checked = run("check", copy, "--bind")
    assert checked.returncode == 0 and "0 errors" in checked.stdout, checked.stdout + checked.stderr
    assert "hailstorm.fieldId" in (copy / "domains/sales/orders.odcs.yaml").read_text()
    table = run("table", "s3://lake/warehouse/sales/orders")
    assert table.returncode == 0 and "snapshots: " in table.stdout
    absent = run("table", "s3://lake/warehouse/sales/nothing")
    assert absent.returncode == 1 and absent.stderr.startswith("hailstorm: ")


def publish(mesh, to, location, domain="evil", prefixes=None):
    """The mesh, and in it a table of another domain for everyone."""
    shutil.copytree(mesh, to)
    (to / "mesh.yaml").write_text("kind: Mesh\nname: demo\n")
    folder = to / "domains" / domain
    (folder / "policies").mkdir(parents=True)
    custom = f"  - {{property: hailstorm.location, value: {json.dumps(location)}}}\n"
    if prefixes:
        custom += f"  - {{property: hailstorm.prefixMap, value: {json.dumps(prefixes)}}}\n"
    (folder / "mine.odcs.yaml").write_text(
        f"apiVersion: v3.1.0\nkind: DataContract\nid: {domain}.mine\nversion: 1.0.0\nstatus: active\nschema:\n- name: mine\n  customProperties:\n"
        f"{custom}  properties:\n  - {{name: id, logicalType: integer}}\n")
    (folder / "policies" / "mine.yaml").write_text(f"kind: Grant\nname: all\nto: everyone\nactions: [read]\non: {{table: {domain}.mine}}\n")
    return to


@pytest.mark.parametrize("location, prefixes", [
    ("s3://lake/warehouse/sales/orders", None),
    ("s3a://lake/warehouse/sales/orders/", None),
    ("s3://lake/warehouse", None),
    ("s3://lake/warehouse/evil/mine", {"s3://x/": "s3n://lake/warehouse/sales/orders/data/"}),
])
def test_domains_share_no_objects(mesh, tmp_path, location, prefixes):
    copy = publish(mesh, tmp_path / "mesh", location, prefixes=prefixes)
    checked = subprocess.run([PROGRAM, "check", copy], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 1 and "no two domains may share files" in checked.stdout + checked.stderr


@pytest.mark.parametrize("location", ["s3://lake/a/../warehouse", "s3://", "s3:///x", "gs://lake/x", "https://lake/x"])
def test_places_that_are_none(mesh, tmp_path, location):
    copy = publish(mesh, tmp_path / "mesh", location)
    assert subprocess.run([PROGRAM, "check", copy], capture_output=True, timeout=60).returncode == 1


def test_metadata_that_names_anothers_objects_is_refused(store, mesh, serve, tmp_path):
    """The orders' metadata, put under another prefix: its manifests name files of the first, and are not followed."""
    client = store.client
    folder = "warehouse/sales/orders/metadata/"
    keys = [o["Key"] for o in client.list_objects_v2(Bucket="lake", Prefix=folder)["Contents"]]
    for key in keys:
        body = client.get_object(Bucket="lake", Key=key)["Body"].read()
        name = key.removeprefix(folder)
        body = re.sub(rb'"location":"[^"]*"', b'"location":"s3://lake/evil/mine"', body) if name.endswith(".json") else body
        body = re.sub(rb'"manifest-list":"[^"]*/', b'"manifest-list":"s3://lake/warehouse/sales/orders/metadata/', body)
        client.put_object(Bucket="lake", Key=f"evil/mine/metadata/{name}", Body=body)
    server = serve(publish(mesh, tmp_path / "mesh", "s3://lake/evil/mine"))
    with pytest.raises(Exception) as error:
        rows(server, "select count(*) from evil.mine", "ana")
    assert "lake" not in str(error.value) and "orders" not in str(error.value)
    assert "leaves the table's prefixes" in server.words()
    assert rows(server, "select count(*) from sales.orders")


def test_a_table_that_changes_is_seen(store, disk, serve, tmp_path):
    import stores
    mesh = stores.mesh_in(store, disk, tmp_path / "mesh", prefix="changing")
    server = serve(mesh)
    before = rows(server, "select count(*) from sales.orders")[0][0]
    client, folder = store.client, "changing/sales/orders/metadata/"
    names = sorted(o["Key"] for o in client.list_objects_v2(Bucket="lake", Prefix=folder)["Contents"] if o["Key"].endswith(".json"))
    client.delete_object(Bucket="lake", Key=names[-1])  # a rollback, as far as a reader can see
    after = rows(server, "select count(*) from sales.orders")[0][0]
    assert after != before


def test_what_was_pinned_is_looked_for_again(store, disk, serve, tmp_path):
    """A ticket's snapshot is believed to be there for a second. Whoever comes later is told that it is gone."""
    import stores
    mesh = stores.mesh_in(store, disk, tmp_path / "mesh", prefix="pinned")
    server = serve(mesh)
    client, folder = store.client, "pinned/sales/orders/metadata/"
    names = sorted(o["Key"] for o in client.list_objects_v2(Bucket="lake", Prefix=folder)["Contents"] if o["Key"].endswith(".json"))
    with Client(server.host, server.port, "otto", "otto-demo") as otto:
        ticket = otto.plan("select count(*) from sales.orders").endpoints[0].ticket
        before = otto.get(ticket).read_all()
        client.delete_object(Bucket="lake", Key=names[-1])
        now = otto.query("select count(*) from sales.orders")  # a statement of its own looks at once
        assert now != before
        time.sleep(1.1)
        with pytest.raises(Exception, match="snapshot"):
            otto.get(ticket).read_all()


def test_one_process_beside_another_shares_no_cache(serve, mesh, store):
    server = serve()
    sql = "select count(*) from sales.orders"
    expected = rows(server, sql)[0][0]
    settings = [f"--{name}" if value is True else f"--{name}={value}" for name, value in store.settings.items()]
    beside = subprocess.run([PROGRAM, "query", sql, "--as", "otto", "--model", mesh, "--format", "csv", *settings, "--cache-directory",
                             server.state / "cache", "--state", server.state.parent / (server.state.name + "-beside")],
                            capture_output=True, text=True, env={**os.environ, **store.env}, timeout=60)
    assert beside.returncode == 0 and str(expected) in beside.stdout, beside.stderr
    assert not list((server.state / "cache").glob("also-*"))
    shutil.rmtree(server.state.parent / (server.state.name + "-beside"))
