"""Quotas of rows and bytes a day: counted as batches leave, over restarts, for each person and product, and in the audit."""
import json
import pathlib
import shutil
import sys

import adbc_driver_flightsql.dbapi as flightsql
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from lib.server import Server  # noqa: E402

MESH = ROOT / "build" / "demo" / "mesh"
GRANT = """kind: Grant
name: quota
to: {{users: [fred]}}
on: {{product: sales.orders}}
limits: {limits}
"""


def mesh_with(tmp_path, limits):
    mesh = tmp_path / "mesh"
    shutil.copytree(MESH, mesh, symlinks=True)
    (mesh / "policies").mkdir(exist_ok=True)
    (mesh / "policies" / "quota.yaml").write_text(GRANT.format(limits=limits))
    return mesh


def ask(server, sql, who="fred"):
    with flightsql.connect(server.uri, db_kwargs={"username": who, "password": f"{who}-demo"}) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetch_arrow_table()


def test_rows_a_day(tmp_path):
    mesh, state = mesh_with(tmp_path, "{rows_per_day: 100}"), tmp_path / "state"
    with Server(mesh, state=state) as server:
        assert ask(server, "select id from sales.orders limit 60").num_rows == 60
        with pytest.raises(Exception, match="your 100 rows a day of sales.orders are used up"):
            ask(server, "select id from sales.orders limit 41")
        assert ask(server, "select * from sales.customers limit 200").num_rows  # another product
    with Server(mesh, state=state) as server:
        with pytest.raises(Exception, match="100 rows a day"):
            ask(server, "select id from sales.orders limit 41")
        server.stop(kill=True)
    with Server(mesh, state=state) as server:
        assert ask(server, "select id from sales.orders limit 40").num_rows == 40
        with pytest.raises(Exception, match="100 rows a day"):
            ask(server, "select count(*) from sales.orders")
        assert ask(server, "select 1").num_rows == 1
        assert ask(server, "select count(*) from sales.orders", "ana").num_rows == 1  # each for himself
        records = [json.loads(line) for line in server.audit_lines()]
    over = [r for r in records if "rows a day" in r.get("status_detail", "")]
    assert over and all(r["phase"] == "outcome" and r["status"] == "Failure" for r in over)


def test_bytes_a_day_and_the_strictest(tmp_path):
    mesh = mesh_with(tmp_path, "{bytes_per_day: 20 KB, rows_per_day: 1000000}")
    with open(mesh / "policies" / "quota.yaml", "a") as more:
        more.write("---\n" + GRANT.format(limits="{bytes_per_day: 10 KB}").replace("name: quota", "name: narrower"))
    with Server(mesh) as server:
        with pytest.raises(Exception, match="your 10000 bytes a day of sales.orders are used up"):
            ask(server, "select * from sales.orders")
        assert ask(server, "select count(*) from sales.orders").num_rows == 1  # what did not leave is not counted


def test_a_quota_must_make_sense(tmp_path):
    from lib.server import run
    mesh = mesh_with(tmp_path, "{rows_perday: 100}")
    status, out, error = run("check", mesh)
    assert status and "did you mean 'rows_per_day'?" in out + error
