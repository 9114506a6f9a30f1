"""What the translator prints, in the engine itself: the dialect (statements/*.sql), what psql asks for its commands (it is made to say so beside
a real server, so no text of its own stands here), and the shapes of other clients' requests (clients/*.sql) are translated, and what comes of them is
prepared by a DuckDB that has the same relations. Natives of the worker are macros here, of any number of arguments."""
import json
import os
import pathlib
import re
import subprocess
import sys

import duckdb
import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]
from values_oracle import POSTGRES, Postgres  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FILTER = ROOT / "build" / "pgsql_translate_test"
# Each without a pattern and with one; + asks for more.
COMMANDS = """d d+ da dA dAc dAf dAo dAp db db+ dc dC+ dd dD+ ddp dE des deu dew df+ dF dFd dFp dFt dg+ di+ dl dL dm dn+ do+ dO dp dP drds dRp
    dRp+ dRs ds dt+ dT+ du dv+ dx dX dy l+ z""".split()
PATTERNS = ["", "sales.p?o*"]
# Of PostgreSQL's types in relations.def: a letter of src/pgsql/test/fixture.h, and the engine's type.
LETTERS = {"oid": "o", "xid": "o", "regtype": "o", "name": "N", "sql_identifier": "N", "char": "C", "bool": "b", "int2": "i", "int4": "i",
           "cardinal_number": "i", "int8": "l", "float4": "d", "float8": "d", "regproc": "p", "int2vector": "V", "oidvector": "V",
           "_text": "T", "_aclitem": "T", "_char": "T", "_name": "T", "_int2": "I", "_oid": "I", "_regtype": "I", "timestamptz": "z",
           "time_stamp": "z", "bytea": "y", "interval": "v"}
ENGINE = {"i": "INTEGER", "l": "BIGINT", "d": "DOUBLE", "n": "DECIMAL(12, 2)", "t": "VARCHAR", "D": "DATE", "s": "TIMESTAMP",
          "z": "TIMESTAMP WITH TIME ZONE", "b": "BOOLEAN", "y": "BLOB", "u": "UUID", "v": "INTERVAL", "I": "INTEGER[]", "T": "VARCHAR[]",
          "o": "UINTEGER", "N": "VARCHAR", "C": "VARCHAR", "p": "UINTEGER", "V": "SMALLINT[]", "R": "STRUCT(a INTEGER, b VARCHAR)",
          "Z": "TIME"}
# DuckDB has schemas of these names of its own, which cannot be added to.
RENAMED = {"pg_catalog": "pg_cat", "information_schema": "info_s"}
# The fixture's world has no domain or function of these names, and SELECT FOR UPDATE is for who may write.
REFUSED = {"42702", "42725", "42804", "42809", "42P01", "42P09", "42703", "42704", "42883", "0A000", "25006", "42601"}


def joined(path):
    return re.sub(r'"\s*\n\s*"', "", path.read_text())


def relations():
    """schema, name, OID, "column:letter ..." of the door's own."""
    text = "".join(joined(ROOT / "src" / "front" / "pg" / "system" / f"relations{own}.def") for own in ("", "_own"))
    for schema, name, oid, columns in re.findall(r"RELATION\((\w+), (\w+), (\d+), '.', \w+,\s*\"([^\"]*)\"\)", text):
        yield schema, name, oid, " ".join(f"{c.rsplit(':', 1)[0]}:{LETTERS.get(c.rsplit(':', 1)[1], 't')}" for c in columns.split())


def world():
    text = joined(ROOT / "src" / "pgsql" / "test" / "fixture.h")
    for schema, name, columns, oid in re.findall(r'\{"(\w+)",\s*"(\w+)",\s*"([^"]+)",\s*(\d+)', text):
        yield schema, name, oid, columns


@pytest.fixture(scope="session")
def engine():
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS shop; USE shop")
    for schema, name, _, columns in [*world(), *relations()]:
        schema = RENAMED.get(schema, schema)
        con.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        types = ", ".join(f'"{c.split(":")[0]}" {ENGINE[c.split(":")[1]]}' for c in columns.split())
        con.execute(f'CREATE OR REPLACE TABLE "{schema}"."{name}" ({types})')
    natives = {n for file in (ROOT / "src" / "pgsql").glob("*.[cd]*") for n in re.findall(r"hs_pg_\w+", file.read_text())}
    for native in sorted(natives):
        forms = ", ".join("(" + ", ".join(f"a{i}" for i in range(n)) + ") AS NULL" for n in range(24))
        con.execute(f"CREATE MACRO {native}{forms}")
    yield con
    con.close()


def translate(folder, statements):
    path = folder / "relations.txt"
    path.write_text("".join(f"{schema} {name} {oid} {columns}\n" for schema, name, oid, columns in relations()))
    run = subprocess.run([str(FILTER), "--translate", str(path)], input="\n".join(statements) + "\n", capture_output=True, text=True,
                         check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return [json.loads(line) for line in run.stdout.splitlines()]


def of_psql():
    """What psql 15 sends, as it echoes it."""
    oracle = Postgres()
    try:
        oracle.run("CREATE SCHEMA sales; CREATE TABLE sales.people (id int PRIMARY KEY, name text DEFAULT 'x', boss int REFERENCES sales.people CHECK (boss > 0)); "
                   "CREATE VIEW sales.v AS SELECT id FROM sales.people; CREATE TABLE sales.parts (id int) PARTITION BY RANGE (id); CREATE SEQUENCE sales.numbers; "
                   "CREATE TYPE sales.pair AS (a int, b text); COMMENT ON TABLE sales.people IS 'all of them'")
        script = "".join(f"\\{command} {pattern}\n" for command in COMMANDS for pattern in PATTERNS)
        script += "\\d+ sales.v\n\\d+ sales.parts\n\\d sales.numbers\n\\d sales.people_pkey\n\\d sales.pair\n\\sf upper\n\\sv sales.v\n"
        told = subprocess.run([str(POSTGRES / "psql"), "-XqE", "-h", str(oracle.dir), "-U", "tester", "-d", "postgres"], input=script, capture_output=True, text=True).stdout
    finally:
        oracle.close()
    found = re.findall(r"^\*+ QUERY \*+\n(.*?)\n\*{20,}$", told, re.M | re.S)
    return list(dict.fromkeys(" ".join(line for line in text.splitlines() if not line.lstrip().startswith("--")) for text in found))


def of_clients():
    for path in sorted((HERE / "clients").glob("*.sql")):
        for part in re.split(r"^-- name: ", path.read_text(), flags=re.M)[1:]:
            yield " ".join(line for line in part.splitlines()[1:] if not line.startswith("--")).rstrip("; ")


SOURCES = {"dialect": lambda: (HERE / "statements" / "dialect.sql").read_text().splitlines(), "psql": of_psql, "clients": of_clients}


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_printed_is_understood(source, engine, tmp_path):
    if source == "psql" and not (POSTGRES / "postgres").exists():
        pytest.skip("PostgreSQL 15 is not installed: tools/setup")
    statements = [line.replace("\t", " ") for line in SOURCES[source]() if line.strip()]
    answers, wrong, refused = translate(tmp_path, statements), [], 0
    assert len(answers) == len(statements)
    for statement, answer in zip(statements, answers):
        if not answer["sql"]:
            refused += 1
            if answer["state"] not in REFUSED and answer["kind"] != 6:
                wrong.append(f"{statement}\n    {answer}")
            continue
        sql = answer["sql"]
        for name, other in RENAMED.items():
            sql = sql.replace(f'"{name}".', f'"{other}".')
        try:
            engine.execute(f"PREPARE p AS {sql}")
            engine.execute("DEALLOCATE p")
        except duckdb.Error as error:
            wrong.append(f"{statement}\n    {sql}\n    {str(error).splitlines()[0]}")
    print(f"{source}: {len(statements)} statements, {refused} refused")
    assert not wrong, "\n".join(wrong)
    assert source != "psql" or len(statements) > 100
    assert refused <= len(statements) // 5
