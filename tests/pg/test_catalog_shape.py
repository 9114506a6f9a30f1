"""pg_catalog and information_schema beside a real PostgreSQL 15: every relation's columns in their order and type, and rows of
built-ins by their OIDs. What differs is listed here and in doc/protocols/pg.md."""
import pathlib
import sys

import psycopg2
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "lib"), str(pathlib.Path(__file__).resolve().parent)]

import people  # noqa: E402
from server import Server  # noqa: E402
from values_oracle import POSTGRES, Postgres  # noqa: E402

pytestmark = pytest.mark.skipif(not (POSTGRES / "postgres").exists(), reason="PostgreSQL 15 is not installed: tools/setup")

# told as another type: the engine is given text, or a narrower number, for want of the type
TOLD = {("pg_catalog", "inet"): "text", ("pg_catalog", "interval"): "text", ("pg_catalog", "numeric"): "int8",
        ("pg_catalog", "anyarray"): "_text", ("pg_catalog", "_regtype"): "_text", ("pg_catalog", "_bool"): "_text",
        ("pg_catalog", "_float4"): "_text", ("pg_catalog", "_float8"): "_text", ("pg_catalog", "_pg_statistic"): "_text",
        ("pg_catalog", "pg_ndistinct"): "text", ("pg_catalog", "pg_dependencies"): "text", ("pg_catalog", "pg_mcv_list"): "text",
        ("pg_catalog", "pg_lsn"): "text", ("pg_catalog", "bytea"): "text"}
# columns of built-ins that say nothing here: who may, how a server keeps it, source texts, and who owns it
OWN = {"typacl", "proacl", "prosrc", "proargdefaults", "prosqlbody", "lanacl", "spcacl", "relacl", "nspacl", "attnotnull", "reltype",
       "relfilenode", "reltoastrelid", "relfrozenxid", "relminmxid", "relpages", "reltuples", "relallvisible", "relhasindex",
       "relhasrules", "relisshared", "reltablespace", "relrewrite", "relreplident", "attcollation", "attlen", "atttypmod", "attalign",
       "attstorage", "attbyval", "attndims", "attstattarget", "collversion", "reloptions", "typdefaultbin"}


@pytest.fixture(scope="module")
def real():
    server = Postgres()
    connection = psycopg2.connect(host=str(server.dir), user="tester", dbname="postgres")
    connection.autocommit = True
    yield connection
    connection.close()
    server.close()


@pytest.fixture(scope="module")
def ours():
    with Server(people.demo() / "mesh") as server:
        connection = psycopg2.connect(host="127.0.0.1", port=server.pg_port, user="otto", password="otto-demo", dbname="demo")
        connection.autocommit = True
        yield connection
        connection.close()


def ask(connection, sql):
    with connection.cursor() as c:
        c.execute(sql)
        return c.description, c.fetchall()


def relations(connection):
    return ask(connection, "SELECT n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                           "WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v')")[1]


def test_relations_are_the_same(real, ours):
    assert sorted(relations(ours)) == sorted(relations(real))


def test_columns_are_the_same(real, ours):
    sql = ("SELECT n.nspname, c.relname, a.attnum, a.attname, t.typname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
           "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid WHERE a.attnum > 0 AND c.relkind IN "
           "('r', 'v') AND n.nspname IN ('pg_catalog', 'information_schema')")
    want, got = set(ask(real, sql)[1]), set(ask(ours, sql)[1])
    # pg_statistic's row type has no OID of its own here
    assert {r for r in want - got if r[4] != "_pg_statistic"} == set()
    assert got - want == set()


def test_answers_are_described_the_same(real, ours):
    names = {oid: (schema, name) for oid, schema, name in
             ask(real, "SELECT t.oid, n.nspname, t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace")[1]}
    oids = {name: oid for oid, name in names.items()}
    wrong = []
    for schema, name, _ in sorted(relations(real)):
        try:
            got = ask(ours, f"SELECT * FROM {schema}.{name} LIMIT 0")[0]
        except psycopg2.Error as e:
            if e.pgcode != "42501":
                wrong.append((name, str(e)))
            continue
        want = ask(real, f"SELECT * FROM {schema}.{name} LIMIT 0")[0]
        for a, b in zip(want, got):
            told = TOLD.get(names[a.type_code])
            expected = oids["pg_catalog", told] if told else a.type_code
            if (a.name, expected) != (b.name, b.type_code):
                wrong.append((schema, name, a.name, names[a.type_code], b.name, names.get(b.type_code, b.type_code)))
        if len(want) != len(got):
            wrong.append((schema, name, len(want), len(got)))
    assert wrong == [], wrong


@pytest.mark.parametrize("relation,key,least", [
    ("pg_type", "oid", 190), ("pg_proc", "oid", 1000), ("pg_range", "rngtypid", 6), ("pg_am", "oid", 7), ("pg_cast", "oid", 100),
    ("pg_operator", "oid", 300), ("pg_opclass", "oid", 50), ("pg_opfamily", "oid", 30), ("pg_aggregate", "aggfnoid", 100),
    ("pg_language", "oid", 3), ("pg_tablespace", "oid", 2), ("pg_collation", "oid", 3), ("pg_class", "oid", 100),
    ("pg_namespace", "oid", 2)])
def test_built_ins_are_the_same(real, ours, relation, key, least):
    columns = [r[0] for r in ask(real, f"SELECT attname FROM pg_attribute WHERE attrelid = 'pg_catalog.{relation}'::regclass AND "
                                       "attnum > 0 ORDER BY attnum")[1] if r[0] not in OWN]
    sql = f"SELECT {', '.join(columns)}, {key}::oid FROM pg_catalog.{relation} x"
    at = len(columns)
    want = {str(r[at]): dict(zip(columns, r)) for r in ask(real, sql)[1]}
    got = {str(r[at]): dict(zip(columns, r)) for r in ask(ours, sql)[1]}
    built_in = {k: row for k, row in got.items() if not (k.isdigit() and int(k) >= 1 << 31)}
    assert len(built_in) >= least
    wrong = [(k, name, want.get(k, {}).get(name), value) for k, row in built_in.items() for name, value in row.items()
             if k not in want or want[k][name] != value]
    assert wrong == [], wrong


def test_every_type_of_ours_is_linked(ours):
    assert ask(ours, "SELECT t.typname FROM pg_type t WHERE t.typarray <> 0 AND NOT EXISTS (SELECT 1 FROM pg_type a WHERE a.oid = "
                     "t.typarray AND a.typelem = t.oid)")[1] == []
    assert ask(ours, "SELECT a.attname FROM pg_attribute a LEFT JOIN pg_type t ON t.oid = a.atttypid WHERE t.oid IS NULL AND "
                     "a.atttypid <> 10028")[1] == []
    assert ask(ours, "SELECT t.typname FROM pg_type t LEFT JOIN pg_proc p ON p.oid = t.typinput WHERE p.oid IS NULL")[1] == []
