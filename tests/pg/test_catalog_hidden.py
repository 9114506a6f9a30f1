"""What a caller may not see is in no relation, count, comment or OID. Two meshes: one with hidden tables, columns, keys, a domain and
people, one without. To whoever may not see those, every relation of both answers the same rows, to the byte."""
import pathlib
import subprocess
import sys

import psycopg2
import pyarrow as pa
import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests" / "lib"), str(ROOT / "demo")]

from generate import scram_verifier  # noqa: E402
from server import Server  # noqa: E402

WORD = "zzhidden"  # in every name and text that may not be seen
# what tells of the session or of the moment
OF_SESSION = {"pg_settings", "pg_stat_activity", "pg_prepared_statements", "pg_cursors", "pg_timezone_names", "pg_stat_ssl"}

SHOP = """apiVersion: v3.1.0
kind: DataContract
id: shop.places
version: 1.0.0
status: active
schema:
- name: places
  description: Where people go
  customProperties: [{{property: hailstorm.location, value: warehouse/places}}]
  properties:
  - {{name: country, logicalType: string, primaryKey: true, description: Of the place}}
{places}
  - {{name: rating, logicalType: integer, unique: true, classification: internal}}
  - name: spot
    logicalType: object
    properties:
    - {{name: street, logicalType: string}}
{spot}
- name: visits
  customProperties: [{{property: hailstorm.location, value: warehouse/visits}}]
{relationships}
  properties:
  - {{name: visit, logicalType: integer, primaryKey: true}}
{visits}
  - {{name: country, logicalType: string, relationships: [{{to: places.country}}]}}
{tables}"""
HIDDEN = {
    "places": "  - {name: zzhidden_code, logicalType: string, unique: true, description: zzhidden text, classification: zzhidden}",
    "spot": "    - {name: zzhidden_number, logicalType: integer}",
    "relationships": "  relationships:\n  - {from: [visits.zzhidden_code], to: [places.zzhidden_code], id: zzhidden_key}",
    "visits": "  - {name: zzhidden_code, logicalType: string}",
    "tables": """- name: zzhidden_table
  description: zzhidden
  customProperties: [{property: hailstorm.location, value: warehouse/zzhidden_table}]
  properties:
  - {name: id, logicalType: integer, primaryKey: true, relationships: [{to: visits.visit}]}
""",
}
FAR = """apiVersion: v3.1.0
kind: DataContract
id: zzhidden_far.far
version: 1.0.0
status: active
schema:
- name: far
  customProperties: [{property: hailstorm.location, value: warehouse/far}]
  properties: [{name: id, logicalType: integer, primaryKey: true}]
"""
GRANTS = """kind: Grant
name: some
to: {roles: [some]}
actions: [read]
on: {table: shop.places}
columns: [country, rating, spot.street]
---
kind: Grant
name: visits
to: {roles: [some]}
actions: [read]
on: {table: shop.visits}
columns: [visit, country]
"""
ALL = """---
kind: Grant
name: all
to: {roles: [all]}
actions: [read]
on: {domain: shop}
"""
MASK = """---
kind: Mask
name: rating
on: {column: shop.places.rating}
with: nullify
"""
SPOT = pa.struct([("street", pa.string()), ("zzhidden_number", pa.int64())])
TABLES = {
    "places": pa.table({"country": ["EU"], "zzhidden_code": ["x"], "rating": pa.array([1], pa.int64()),
                        "spot": pa.array([{"street": "a", "zzhidden_number": 1}], SPOT)}),
    "visits": pa.table({"visit": pa.array([1], pa.int64()), "zzhidden_code": ["x"], "country": ["EU"]}),
    "zzhidden_table": pa.table({"id": pa.array([1], pa.int64())}),
    "far": pa.table({"id": pa.array([1], pa.int64())}),
}


def build(root, hidden):
    from pyiceberg.catalog.sql import SqlCatalog
    mesh = root / "mesh"
    mesh.mkdir(parents=True)
    catalog = SqlCatalog("t", uri=f"sqlite:///{root}/c.db", warehouse=f"file://{mesh}/warehouse")
    catalog.create_namespace("n")
    for name, rows in TABLES.items():
        table = catalog.create_table(f"n.{name}", rows.schema, location=f"file://{mesh}/warehouse/{name}")
        table.append(rows)
    parts = HIDDEN if hidden else dict.fromkeys(HIDDEN, "")
    files = {"mesh.yaml": "kind: Mesh\nname: keys\n", "domains/shop/shop.odcs.yaml": SHOP.format(**parts),
             "domains/shop/policies/grants.yaml": GRANTS + (ALL if hidden else "") + MASK}
    if hidden:
        files["domains/zzhidden_far/far.odcs.yaml"] = FAR
    for path, text in files.items():
        file = mesh / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(line for line in text.splitlines() if line.strip()) + "\n")
    names = ["some", *(["all", "zzhidden_boss"] if hidden else [])]
    people = "".join(f'- {{name: {n}, roles: [{n}], scram: "{scram_verifier(n + "-demo")}"}}\n' for n in names)
    (mesh / "principals.yaml").write_text("kind: Principals\nusers:\n" + people)
    (mesh / "principals.yaml").chmod(0o600)
    return mesh


def connect(server, user="some"):
    c = psycopg2.connect(host="127.0.0.1", port=server.pg_port, user=user, password=f"{user}-demo", dbname="keys")
    c.autocommit = True
    return c


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    root = tmp_path_factory.mktemp("hidden")
    with Server(build(root / "with", True)) as a, Server(build(root / "without", False)) as b:
        yield a, b


@pytest.fixture(scope="module")
def both(servers):
    connections = [connect(s) for s in servers]
    yield connections
    for c in connections:
        c.close()


def ask(connection, sql):
    with connection.cursor() as c:
        c.execute(sql)
        return c.fetchall()


def relations(connection):
    return ask(connection, "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname "
                           "IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') ORDER BY 1, 2")


def test_every_relation_is_as_if_nothing_were_hidden(both):
    names = relations(both[0])
    assert len(names) > 200
    wrong = []
    for schema, name in [*names, ("pg_catalog", "hs_definition")]:
        answers = []
        for connection in both:
            try:
                answers.append(sorted(map(repr, ask(connection, f"SELECT * FROM {schema}.{name}"))))
            except psycopg2.Error as e:
                answers.append(e.pgcode)
        if WORD in repr(answers[0]):
            wrong.append(("seen", name))
        if name not in OF_SESSION and answers[0] != answers[1]:
            wrong.append((name, [r for r in answers[0] if r not in answers[1]][:3]))
    assert wrong == []


def test_what_may_be_seen_is_there(both):
    assert ask(both[0], "SELECT col_description('shop.places'::regclass, 2), col_description('shop.places'::regclass, 1)") == [
        ("classification: internal; masked", "Of the place")]
    assert ask(both[0], "SELECT obj_description('shop.places'::regclass)") == [("Where people go",)]
    assert ask(both[0], "SELECT conname FROM pg_constraint ORDER BY 1") == [
        ("places_pkey",), ("places_rating_key",), ("visits_country_fkey",), ("visits_pkey",)]
    assert ask(both[0], "SELECT attname FROM pg_attribute WHERE attrelid = (SELECT oid FROM pg_class WHERE relname = 'places.spot')") == [
        ("street",)]
    assert ask(both[0], "SELECT DISTINCT reltuples, relpages FROM pg_class WHERE relname IN ('places', 'visits')") == [(-1.0, 0)]
    assert ask(both[0], "SELECT count(*) FROM pg_stats")[0][0] == 0


PROBES = ["'shop.zzhidden_table'::regclass", "to_regclass('shop.zzhidden_table')", "'zzhidden_far'::regnamespace",
          "'zzhidden_boss'::regrole", "'shop.zzhidden_table'::regtype", "has_table_privilege('shop.zzhidden_table', 'select')",
          "has_schema_privilege('zzhidden_far', 'usage')", "pg_get_userbyid(2147483999)", "to_regnamespace('zzhidden_far')",
          "has_table_privilege('zzhidden_boss', 'shop.places', 'select')", "pg_get_serial_sequence('shop.places', 'zzhidden_code')",
          "has_column_privilege('shop.places', 'zzhidden_code', 'select')", "current_schemas(true)", "current_schemas(false)",
          "pg_relation_size('shop.places')", "pg_total_relation_size('shop.visits')", "pg_database_size(current_database())",
          "(SELECT zzhidden_code FROM shop.places)", "(SELECT count(*) FROM shop.zzhidden_table)", "(SELECT id FROM zzhidden_far.far)"]


@pytest.mark.parametrize("probe", PROBES)
def test_probes_answer_the_same(both, probe):
    def answer(connection):
        try:
            return ask(connection, f"SELECT {probe}")
        except psycopg2.Error as e:
            return e.pgcode, e.diag.message_primary, e.diag.statement_position, e.diag.message_hint
    assert answer(both[0]) == answer(both[1])


def test_oids_of_what_is_hidden_name_nothing(servers, both):
    with connect(servers[0], "all") as seer:
        hidden = ask(seer, "SELECT c.oid, c.reltype FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relname LIKE "
                           f"'%{WORD}%'") + ask(seer, f"SELECT oid, oid FROM pg_constraint WHERE conname LIKE '%{WORD}%'")
    assert len(hidden) >= 4
    for pair in hidden:
        for oid in pair:
            for kind in ("regclass", "regtype", "regnamespace", "regrole"):
                assert ask(both[0], f"SELECT {oid}::oid::{kind}::text")[0][0] in (str(oid), "-", None)
            assert ask(both[0], f"SELECT obj_description({oid}, 'pg_class'), pg_get_constraintdef({oid})") == [(None, None)]
            assert not ask(both[0], f"SELECT coalesce(pg_table_is_visible({oid}), false)")[0][0]


@pytest.mark.parametrize("command", ["\\d", "\\d+ shop.places", "\\d shop.visits", "\\dt+ *.*", "\\dn+", "\\du+", "\\l+", "\\dT+ *.*",
                                     "\\di+ *.*", "\\dp *.*", "\\dd", "\\dt zzhidden*.*", "\\df+ *.zz*", "\\dD *.*", "\\ddp"])
def test_psql_shows_nothing_of_it(servers, command):
    out = [subprocess.run(["psql", "-X", "-h", "127.0.0.1", "-p", str(s.pg_port), "-U", "some", "-d", "keys", "-c", command],
                          capture_output=True, text=True, env={"PGPASSWORD": "some-demo", "PATH": "/usr/bin:/bin"}) for s in servers]
    assert (out[0].returncode, out[0].stdout) == (out[1].returncode, out[1].stdout)
    assert WORD not in out[0].stdout.replace("zzhidden*", "")
    assert out[0].returncode == 0 or "Did not find any" in out[0].stderr, out[0].stderr
