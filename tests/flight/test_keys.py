"""Keys of a mesh made for them: composite ones, several to one table, ends that are hidden, ends that are elsewhere."""
import sys

import pyarrow as pa
import pytest
from flightsql import Client, any_of
from server import ROOT, Server, run

sys.path.insert(0, str(ROOT / "demo"))
from generate import scram_verifier  # noqa: E402


PLACES = """apiVersion: v3.1.0
kind: DataContract
id: shop.places
version: 1.0.0
status: active
schema:
- name: places
  id: places_obj
  customProperties: [{property: hailstorm.location, value: warehouse/places}]
  properties:
  - {name: country, id: c, logicalType: string, primaryKey: true, primaryKeyPosition: 2}
  - {name: number, id: n, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
  - {name: secret, logicalType: string, unique: true}
- name: visits
  customProperties: [{property: hailstorm.location, value: warehouse/visits}]
  relationships:
  - {from: [visits.number, visits.country], to: [places.number, places.country]}
  - {from: [visits.other_number, visits.other_country], to: [schema/places_obj/properties/n, schema/places_obj/properties/c], id: other}
  - {from: [visits.number], to: [visits.visit], type: foreignKey}
  - {from: visits.secret, to: places.secret}
  - {from: visits.visit, to: "../far/far.odcs.yaml#far.id"}
  - {from: visits.visit, to: "https://example.org/a.yaml#b.c"}
  - {from: visits.visit, to: nowhere.at_all}
  - {from: visits.visit, to: places.number, type: sameAs}
  properties:
  - {name: visit, logicalType: integer, primaryKey: true}
  - {name: country, logicalType: string}
  - {name: number, logicalType: integer}
  - {name: other_country, logicalType: string}
  - {name: other_number, logicalType: integer}
  - {name: secret, logicalType: string, relationships: [{to: places.secret}]}
"""
FAR = """apiVersion: v3.1.0
kind: DataContract
id: far.far
version: 1.0.0
status: active
schema:
- name: far
  customProperties: [{property: hailstorm.location, value: warehouse/far}]
  properties: [{name: id, logicalType: integer, primaryKey: true}]
"""
GRANTS = """kind: Grant
name: all
to: {roles: [all]}
actions: [read]
on: {domain: shop}
---
kind: Grant
name: some
to: {roles: [some]}
actions: [read]
on: {product: shop.places}
columns: [country, number, visit, other_country, other_number]
"""
FAR_GRANT = """kind: Grant
name: far
to: {roles: [all]}
actions: [read]
on: {domain: far}
"""
TABLES = {
    "places": pa.table({"country": ["EU"], "number": pa.array([1], pa.int64()), "secret": ["x"]}),
    "visits": pa.table({"visit": pa.array([1], pa.int64()), "country": ["EU"], "number": pa.array([1], pa.int64()), "other_country": ["EU"], "other_number": pa.array([1], pa.int64()), "secret": ["x"]}),
    "far": pa.table({"id": pa.array([1], pa.int64())}),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    from pyiceberg.catalog.sql import SqlCatalog
    root = tmp_path_factory.mktemp("shop")
    mesh = root / "mesh"
    catalog = SqlCatalog("t", uri=f"sqlite:///{root}/c.db", warehouse=f"file://{mesh}/warehouse")
    catalog.create_namespace("n")
    for name, rows in TABLES.items():
        table = catalog.create_table(f"n.{name}", rows.schema, location=f"file://{mesh}/warehouse/{name}")
        table.append(rows)
    for path, text in {"mesh.yaml": "kind: Mesh\nname: keys\n", "domains/shop/shop.odcs.yaml": PLACES, "domains/far/far.odcs.yaml": FAR,
                       "domains/shop/policies/grants.yaml": GRANTS, "domains/far/policies/grants.yaml": FAR_GRANT}.items():
        file = mesh / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    people = "".join(f'- {{name: {name}, roles: [{name}], scram: "{scram_verifier(name + "-demo")}"}}\n' for name in ["all", "some"])
    (mesh / "principals.yaml").write_text("kind: Principals\nusers:\n" + people)
    (mesh / "principals.yaml").chmod(0o600)
    status, out, words = run("check", "--model", mesh)
    assert status == 0 and "leads to 'nowhere.at_all', which is not in this mesh" in out + words, out + words
    with Server(mesh) as server:
        yield server


@pytest.fixture
def client(shop):
    opened = []

    def open_as(name):
        opened.append(Client(shop.host, shop.port, name, f"{name}-demo"))
        return opened[-1]

    yield open_as
    for one in opened:
        one.close()


FIELDS = ["pk_db_schema_name", "pk_table_name", "pk_column_name", "fk_table_name", "fk_column_name", "key_sequence", "fk_key_name", "pk_key_name"]


def rows(client, command, *parts):
    return [tuple(r[n] for n in FIELDS if n in r) for r in client.listing(any_of(command, *parts)).to_pylist()]


PLACE = "number, country -> shop.places(number, country)"
COMPOSITE = [("shop", "places", "number", "visits", "number", 1, PLACE, "places_pkey"), ("shop", "places", "country", "visits", "country", 2, PLACE, "places_pkey")]
OTHER = [("shop", "places", "number", "visits", "other_number", 1, "other", "places_pkey"), ("shop", "places", "country", "visits", "other_country", 2, "other", "places_pkey")]
SELF = [("shop", "visits", "visit", "visits", "number", 1, "number -> shop.visits(visit)", "visits_pkey")]
SECRET = [("shop", "places", "secret", "visits", "secret", 1, "secret -> shop.places(secret)", None)]
FAR_AWAY = [("far", "far", "id", "visits", "visit", 1, "visit -> far.far(id)", "far_pkey")]


def test_composite_primary_key_in_its_order(client):
    found = client("all").listing(any_of("CommandGetPrimaryKeys", None, "shop", "places")).to_pylist()
    assert [(r["column_name"], r["key_sequence"], r["key_name"]) for r in found] == [("number", 1, "places_pkey"), ("country", 2, "places_pkey")]


def test_all_keys_for_whom_all_is_visible(client):
    """Imported keys go by the primary key's name and sequence, so that two keys to one table lie within each other; exported ones by the foreign key."""
    every = client("all")
    assert rows(every, "CommandGetImportedKeys", None, None, "visits") == FAR_AWAY + SECRET + [COMPOSITE[0], OTHER[0], COMPOSITE[1], OTHER[1]] + SELF
    assert rows(every, "CommandGetExportedKeys", None, None, "places") == COMPOSITE + OTHER + SECRET
    assert rows(every, "CommandGetCrossReference", None, "shop", "visits", None, "shop", "visits") == SELF
    assert rows(every, "CommandGetExportedKeys", None, "far", "far") == FAR_AWAY


def test_what_is_hidden_has_no_keys(client):
    """A column that is not granted, and a product that is not seen: neither is named, nor is that there was a key."""
    some = client("some")
    assert "secret" not in some.query("select * from shop.places").column_names
    assert rows(some, "CommandGetImportedKeys", None, None, "visits") == [COMPOSITE[0], OTHER[0], COMPOSITE[1], OTHER[1]] + SELF
    assert rows(some, "CommandGetExportedKeys", None, None, "places") == COMPOSITE + OTHER
    assert rows(some, "CommandGetExportedKeys", None, "far", "far") == rows(some, "CommandGetPrimaryKeys", None, "far", "far") == []
    assert rows(some, "CommandGetCrossReference", None, "far", "far", None, "shop", "visits") == []
