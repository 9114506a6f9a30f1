"""Deleted rows through the server: a table by PyIceberg, deletes by position and by value committed to it, people with and without rules.

A deleted row is a hidden row: gone from every answer, and no expression of a statement is tried on its values."""
import pathlib
import sys

import adbc_driver_flightsql.dbapi as flightsql
import pyarrow as pa
import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent), str(pathlib.Path(__file__).resolve().parent.parent / "data")]
import row_deletes  # noqa: E402
from lib.server import Server  # noqa: E402
from tables import Warehouse, contract, with_verifiers  # noqa: E402

PRINCIPALS = "kind: Principals\nusers:\n- {name: root, roles: [all]}\n- {name: ana, roles: [some]}\n"
POLICIES = """\
kind: Grant
name: read
to: {roles: [all, some]}
actions: [read]
on: {product: d.t}
---
kind: RowRule
name: even
on: {table: d.t}
to: {roles: [some]}
where: part = 0
"""
ROWS = 50_000


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    mesh = tmp_path_factory.mktemp("deletes") / "mesh"
    policies = mesh / "domains" / "d" / "policies"
    policies.mkdir(parents=True)
    (mesh / "mesh.yaml").write_text("kind: Mesh\nname: m\n")
    (mesh / "principals.yaml").write_text(with_verifiers(PRINCIPALS, "-d"))
    (mesh / "principals.yaml").chmod(0o600)
    (policies / "policies.yaml").write_text(POLICIES)
    catalog = Warehouse(mesh, mesh.parent / "catalog.db").catalog
    rows = pa.table({"id": pa.array(range(ROWS), pa.int64()), "part": pa.array([i % 2 for i in range(ROWS)], pa.int64()),
                     "s": pa.array(["boom" if i in (4000, 4001, 4002) else str(i) for i in range(ROWS)])})
    catalog.create_namespace("d")
    table = catalog.create_table("d.t", rows.schema, location=(mesh / "warehouse" / "d" / "t").as_uri())
    table.append(rows)
    table.append(rows.set_column(0, "id", pa.array(range(ROWS, 2 * ROWS), pa.int64())))
    folder = row_deletes.local(table.location())
    first = min((f for f in table.inspect.files().to_pylist()), key=lambda f: f["readable_metrics"]["id"]["lower_bound"])["file_path"]
    before = table.current_snapshot().snapshot_id
    row_deletes.delete_positions(folder, {first: [0, 4000, 4001, *range(10_000, 20_000)]})
    row_deletes.delete_equal(folder, pa.table({"s": pa.array(["boom", "77"])}))
    (mesh / "domains" / "d" / "t.odcs.yaml").write_text(contract("d", "t", table.schema(), {}))
    with Server(mesh) as s:
        s.before = before
        yield s


def ask(server, person, sql):
    with flightsql.connect(server.uri, db_kwargs={"username": person, "password": f"{person}-d"}) as connection:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()


# positions take 10003 rows of the first file; values 4002 there, 77 of both and the three "boom" of the second file
LEFT = 2 * ROWS - 10_003 - 1 - 2 - 3


def test_deleted_rows_are_gone(server):
    assert ask(server, "root", "select count(*) from d.t") == [(LEFT,)]
    assert ask(server, "root", "select count(*) from d.t where id between 9998 and 20001") == [(4,)]
    assert ask(server, "root", "select id from d.t where s in ('76', '77', '78') order by id") == [(76,), (78,), (ROWS + 76,), (ROWS + 78,)]
    assert ask(server, "root", "select min(id), max(id) from d.t where id < 20000") == [(1, 9999)]
    assert len(ask(server, "root", "select * from d.t")) == LEFT


def test_rules_see_what_is_left(server):
    assert ask(server, "ana", "select count(*), sum(part) from d.t") == [(2 * ROWS // 2 - 5000 - 2 - 1 - 2, 0)]


def test_statements_never_meet_deleted_values(server):
    for person in "root", "ana":
        assert ask(server, person, "select count(*) from d.t where cast(s as bigint) = 5000") == [(2,)]
        ask(server, person, "select sum(cast(s as bigint)) from d.t")
        ask(server, person, "select max(list_transform([s], lambda x: cast(x as bigint))[1]) from d.t where id < 5000")


def test_an_older_snapshot_has_them(server):
    assert ask(server, "root", f"select count(*) from d.t at (version => {server.before})") == [(2 * ROWS,)]
    with pytest.raises(Exception, match="converted"):
        ask(server, "root", f"select sum(cast(s as bigint)) from d.t at (version => {server.before})")


@pytest.mark.parametrize("sql", ["select hs_live(0, 0, 0)", "select file_row_number from d.t", "select file_index from d.t"])
def test_a_rows_place_is_nobodys(server, sql):
    with pytest.raises(Exception):
        ask(server, "root", sql)
