"""psql 15 as people use it: its commands for two people, \\copy, cursors behind FETCH_COUNT, variables, TLS. What its catalog commands print
beside a real server, to the byte, is in ../test_catalog_clients.py."""
import csv
import io
import os
import subprocess

import mesh
import pytest


@pytest.fixture
def psql(server, who):
    def ask(*commands, flags=("-At",), user=who, ok=True, more="", **env):
        told = [part for c in commands for part in ("-c", c)]
        done = subprocess.run(["psql", "-X", *flags, *told, f"{mesh.uri(server, user, host='localhost')}{more}"], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **env}, timeout=60)
        assert (done.returncode == 0 and not done.stderr) or not ok, done.stderr
        return done.stdout if ok else (done.returncode, done.stdout, done.stderr)

    return ask


def lines(text):
    return [line.split("|") for line in text.splitlines()]


def test_lists(psql, who):
    assert [r[0] for r in lines(psql("\\dn"))] == ["kinds", "pgbench", "sales", "support"]
    tables = [["kinds", "everything"], *[["pgbench", f"pgbench_{t}"] for t in ("accounts", "branches", "tellers")], ["sales", "customers"], ["sales", "orders"], ["support", "tickets"]]
    assert [r[:3] for r in lines(psql("\\dt *.*")) if r[0] not in ("pg_catalog", "information_schema")] == [[*t, "table"] for t in tables]
    assert [r[:2] for r in lines(psql("\\dt"))] == tables
    assert [r[0] for r in lines(psql("\\l")) if r[0]] == ["demo"]
    assert {who, "hailstorm"} == {r[0] for r in lines(psql("\\du"))}
    assert ["pg_catalog", "upper", "text", "text", "func"] in lines(psql("\\df upper"))
    assert psql("\\df no_such_function").strip() == "" and "Did not find any relations." in psql("\\dv", ok=False)[2] and lines(psql("\\di"))[0][2] == "index"
    assert f'You are connected to database "demo" as user "{who}" on host "localhost"' in psql("\\conninfo")


def test_describe(psql, who):
    columns = list(mesh.orders(who)[0])
    assert [r[0] for r in lines(psql("\\d sales.orders"))][:len(columns)] == columns
    told = psql("\\d+ sales.orders", flags=())
    assert ("What the clerk wrote" in told) == (who == "otto") and "placed_at   | timestamp with time zone" in told
    assert [r[0] for r in lines(psql("\\d+ kinds.everything"))][:len(mesh.everything(who)[0])] == mesh.everything(who)[0]
    status, _, words = psql("\\d sales.nothing", ok=False)
    assert 'Did not find any relation named "sales.nothing".' in words + _


@pytest.mark.parametrize("form", ["csv", "text", "binary"])
def test_copy_to_a_file(psql, who, form, tmp_path):
    file = tmp_path / "rows"
    said = psql(f"\\copy (SELECT id, region, status FROM sales.orders ORDER BY id) TO '{file}' (FORMAT {form})")
    want = [[str(r["id"]), r["region"], r["status"]] for r in mesh.orders(who)]
    assert said == f"COPY {len(want)}\n"
    if form == "binary":
        data = file.read_bytes()
        assert data[:11] == b"PGCOPY\n\xff\r\n\0" and data[-2:] == b"\xff\xff" and data.count(b"\0\3\0\0\0\x08") == len(want)
    else:
        assert list(csv.reader(open(file), delimiter="," if form == "csv" else "\t")) == want
    status, _, words = psql(f"\\copy sales.orders FROM '{file}'", ok=False)
    assert status == 1 and "read-only transaction" in words


def test_rows(psql, who):
    held = [[str(r["id"]), r["region"], r["status"]] for r in mesh.orders(who)]
    sql = "SELECT id, region, status FROM sales.orders ORDER BY id"
    assert lines(psql(sql)) == held
    assert lines(psql(sql, flags=("-At", "-v", "FETCH_COUNT=100"))) == held  # by a cursor
    assert list(csv.reader(io.StringIO(psql(sql, flags=("--csv", "-t"))))) == held
    status, out, words = psql("SELECT 1", "SELECT nothing_like_it FROM sales.orders", "SELECT 2", flags=("-At", "-v", "ON_ERROR_STOP=1"), ok=False)
    assert status != 0 and out == "1\n" and "LINE 1: SELECT nothing_like_it" in words


def test_scripts(server, who, psql):
    script = """\\set ON_ERROR_STOP on
\\set low 10
BEGIN;
SELECT count(*) AS n, max(id) AS top FROM sales.orders WHERE id > :low \\gset
\\if :{?n}
  \\echo seen :n :top
\\endif
SELECT id, placed_at, region FROM sales.orders LIMIT 0 \\gdesc
SELECT region, status, count(*) FROM sales.orders WHERE status IN ('paid', 'disputed') GROUP BY 1, 2 \\crosstabview region status count status
PREPARE one(bigint) AS SELECT status FROM sales.orders WHERE id = $1;
EXECUTE one(7);
SAVEPOINT s; SELECT 1 \\; SELECT 2 AS two;
\\g (format=unaligned)
COMMIT;
\\encoding
\\pset null (none)
SELECT NULL;
"""
    done = subprocess.run(["psql", "-X", "-A", "-f", "-", mesh.uri(server, who)], input=script, capture_output=True, text=True, timeout=60, env={"PATH": os.environ["PATH"]})
    held = [r for r in mesh.orders(who) if r["id"] > 10]
    out = done.stdout.splitlines()
    assert f"seen {len(held)} {held[-1]['id']}" in out and "placed_at|timestamp with time zone" in out and "(none)" in out and "UTF8" in out, done.stderr
    regions = sorted({r["region"] for r in mesh.orders(who)})
    count = lambda region, status: sum((r["region"], r["status"]) == (region, status) for r in mesh.orders(who))
    crossed = out[out.index(next(line for line in out if line.startswith("region|") and "paid" in line)):][:1 + len(regions)]
    head = crossed[0].split("|")[1:]
    assert sorted(head) == ["disputed", "paid"] and sorted(crossed[1:]) == [f"{g}|{count(g, head[0])}|{count(g, head[1])}" for g in regions]
    assert done.returncode == 0 and not done.stderr


def test_ways_in(psql, who, certificate):
    for more in ("?sslmode=disable", "?sslmode=require", f"?sslmode=verify-full&sslrootcert={certificate[0]}", "?sslmode=require&channel_binding=require"):
        got, tls = psql("SELECT current_user", "\\conninfo", more=more).splitlines()[:2]
        assert got == who and (more == "?sslmode=disable" or tls)
    assert "SSL connection" in psql("\\conninfo", more="?sslmode=require") and "SSL connection" not in psql("\\conninfo", more="?sslmode=disable")
    status, _, words = psql("SELECT 1", more="?sslmode=disable&channel_binding=require", ok=False)
    assert status == 2 and "channel binding" in words
    assert psql("SHOW TimeZone", PGTZ="Asia/Tokyo") == "Asia/Tokyo\n"
    assert psql("SELECT placed_at FROM sales.orders WHERE id = (SELECT min(id) FROM sales.orders)", PGTZ="UTC", PGDATESTYLE="SQL, DMY").strip() == mesh.orders(who)[0]["placed_at"].strftime("%d/%m/%Y %H:%M:%S UTC")
