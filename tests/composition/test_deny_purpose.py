"""Deny, and what a person states: purpose and workspace arrive as headers of a call and count only where his own entry lists them."""
import pathlib
import shutil
import sys

import adbc_driver_flightsql.dbapi as flightsql
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from lib.server import Server  # noqa: E402

MESH = ROOT / "build" / "demo" / "mesh"
DENY = """kind: Deny
name: mail-for-billing-only
on: {column: sales.customers.email}
unless: {purposes: [billing]}
---
kind: Deny
name: no-orders-in-the-lab
on: {product: sales.orders}
to: {workspaces: [lab]}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    mesh = tmp_path_factory.mktemp("deny") / "mesh"
    shutil.copytree(MESH, mesh, symlinks=True)
    (mesh / "policies").mkdir(exist_ok=True)
    (mesh / "policies" / "deny.yaml").write_text(DENY)
    people = mesh / "principals.yaml"
    text = people.read_text()
    assert '- name: "fred"' in text or "- name: fred" in text or "{name: fred" in text, text[:800]
    people.write_text(with_attributes(text, "fred", 'purposes: [billing, audit], workspaces: [lab]'))
    with Server(mesh) as running:
        yield running


def with_attributes(text, who, more):
    """Adds attributes to one user's entry, whichever way it is written."""
    import yaml
    documents = list(yaml.safe_load_all(text))
    for user in documents[0]["users"]:
        if user["name"] == who:
            user.setdefault("attributes", {}).update(yaml.safe_load("{" + more + "}"))
    return yaml.safe_dump_all(documents, sort_keys=False)


def connect(server, **stated):
    headers = {f"adbc.flight.sql.rpc.call_header.x-hailstorm-{k}": v for k, v in stated.items()}
    return flightsql.connect(server.uri, db_kwargs={"username": "fred", "password": "fred-demo", **headers})


def ask(server, sql, **stated):
    with connect(server, **stated) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return [d[0] for d in cursor.description], cursor.fetchall()


def test_a_denied_column_is_not_there(server):
    names, rows = ask(server, "select * from sales.customers limit 1")
    assert "email" not in names and rows
    with pytest.raises(Exception, match="email"):
        ask(server, "select email from sales.customers")


def test_a_purpose_opens_it(server):
    names, _ = ask(server, "select * from sales.customers limit 1", purpose="billing")
    assert "email" in names
    names, _ = ask(server, "select * from sales.customers limit 1", purpose="audit")
    assert "email" not in names


def test_only_what_his_entry_lists(server):
    with pytest.raises(Exception, match="'marketing' is not among your purposes"):
        ask(server, "select 1", purpose="marketing")


def test_a_workspace_takes_a_table_away(server):
    assert ask(server, "select count(*) from sales.orders")[1]
    with pytest.raises(Exception, match="there is no table"):
        ask(server, "select count(*) from sales.orders", workspace="lab")
    with connect(server, workspace="lab") as connection:
        assert "orders" not in str(connection.adbc_get_objects(depth="tables").read_all())


def test_a_prepared_statement_does_not_outlive_its_purpose(server):
    from lib.flightsql import Client
    with Client(server.host, server.port, "fred", "fred-demo", headers=[("x-hailstorm-purpose", "billing")]) as client:
        prepared = client.prepare("select email from sales.customers")
        ticket = client.plan("select email from sales.customers").endpoints[0].ticket
        assert client.get(ticket).read_all().num_rows
        client.headers = [h for h in client.headers if h[0] != b"x-hailstorm-purpose"]
        for attempt in (lambda: client.execute(prepared), lambda: client.get(ticket).read_all()):
            with pytest.raises(Exception):
                attempt()
