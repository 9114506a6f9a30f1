"""What the translator prints, in the engine itself: every statement that clients are known to send (statements/*.sql) is translated, and
what comes of it is prepared by a DuckDB that has the same relations. Natives of the worker are macros here, of any number of arguments."""
import json
import os
import pathlib
import re
import subprocess

import duckdb
import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FILTER = ROOT / "build" / "pgsql_translate_test"
FILES = sorted((HERE / "statements").glob("*.sql"))
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
    text = joined(ROOT / "src" / "front" / "pg" / "relations.def") + joined(ROOT / "src" / "front" / "pg" / "relations_own.def")
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
    natives = set(re.findall(r"hs_pg_\w+", (ROOT / "src" / "pgsql" / "functions.def").read_text())) | {"hs_pg_similar"}
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


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_what_is_printed_is_understood(path, engine, tmp_path):
    statements = [line for line in path.read_text().splitlines() if line.strip()]
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
    print(f"{path.stem}: {len(statements)} statements, {refused} refused")
    assert not wrong, "\n".join(wrong)
    assert refused <= len(statements) // 5
