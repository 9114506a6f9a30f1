"""A transaction reads each table at one snapshot, whatever is committed, rolled back or expired meanwhile; what may be seen is decided
anew each time. And relations that the door gives along: who may see aggregates alone joins nothing with them."""
import pathlib
import sys
import time

import psycopg
import pyarrow as pa
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "lib"), str(ROOT / "tests"), str(ROOT / "tests" / "data"), str(ROOT / "tests" / "composition")]

import census  # noqa: E402
from server import Server, wait_until  # noqa: E402

PRINCIPALS = """\
kind: Principals
users:
- {name: ana, roles: [reader]}
"""
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: shop.{name}
version: 1.0.0
status: active
domain: shop
schema:
- name: {name}
  customProperties:
  - {{property: hailstorm.location, value: "warehouse/shop/{name}"}}
  properties:
  - {{name: id, logicalType: integer}}
  - {{name: word, logicalType: string}}
"""
GRANT = """\
kind: Grant
name: readers-{name}
to: {{roles: [reader]}}
on: {{product: shop.{name}}}
"""
HIDE = """\
kind: RowRule
name: few
on: {table: shop.a}
to: {roles: [reader]}
where: id < 2
"""
NAMES = ("a", "b", "c", "late")


class Shop:
    def __init__(self, folder):
        from pyiceberg.catalog.sql import SqlCatalog
        from pyiceberg.schema import Schema
        from pyiceberg.types import LongType, NestedField, StringType
        from tables import with_verifiers
        self.mesh = folder / "mesh"
        self.domain = self.mesh / "domains" / "shop"
        (self.domain / "policies").mkdir(parents=True)
        (self.mesh / "mesh.yaml").write_text("kind: Mesh\nname: shop\n")
        (self.mesh / "principals.yaml").write_text(with_verifiers(PRINCIPALS, "-demo"))
        (self.mesh / "principals.yaml").chmod(0o600)
        (self.domain / "policies" / "all.yaml").write_text("---\n".join(GRANT.format(name=n) for n in NAMES))
        self.catalog = SqlCatalog("shop", uri=f"sqlite:///{folder / 'catalog.db'}", warehouse=(self.mesh / "warehouse").as_uri())
        self.catalog.create_namespace("shop")
        schema = Schema(NestedField(1, "id", LongType(), required=False), NestedField(2, "word", StringType(), required=False))
        for name in NAMES:
            (self.domain / f"{name}.odcs.yaml").write_text(CONTRACT.format(name=name))
            self.catalog.create_table(f"shop.{name}", schema, location=(self.mesh / "warehouse" / "shop" / name).as_uri(), properties={"format-version": "2"})

    def add(self, name, *ids):
        table = self.catalog.load_table(f"shop.{name}")
        table.append(pa.Table.from_pylist([{"id": i, "word": f"{name}{i}"} for i in ids], schema=table.schema().as_arrow()))
        time.sleep(0.01)  # logs of tables count milliseconds
        return table


@pytest.fixture
def shop(tmp_path):
    made = Shop(tmp_path)
    for name in ("a", "b", "c"):
        made.add(name, 1)
        made.add(name, 2)
    with Server(made.mesh) as server:
        made.server = server
        yield made


@pytest.fixture
def ana(shop):
    with psycopg.connect(host="127.0.0.1", port=shop.server.pg_port, user="ana", password="ana-demo", dbname="shop") as connection:
        yield connection


def ids(connection, name):
    return [r[0] for r in connection.execute(f"select id from shop.{name} order by 1").fetchall()]


def outside(shop, name):
    with psycopg.connect(host="127.0.0.1", port=shop.server.pg_port, user="ana", password="ana-demo", dbname="shop", autocommit=True) as other:
        return ids(other, name)


def asked_again(shop, name):
    """A statement that runs while the policy changes is refused with 40001: ask again."""
    try:
        return outside(shop, name)
    except psycopg.errors.SerializationFailure:
        return None


def test_commits_in_between(shop, ana):
    assert ids(ana, "a") == [1, 2]
    shop.add("a", 3)  # touched before
    shop.add("b", 3)  # not touched yet
    shop.add("b", 4)
    assert outside(shop, "a") == [1, 2, 3] and outside(shop, "b") == [1, 2, 3, 4]
    for _ in range(2):
        assert ids(ana, "a") == [1, 2]
        assert ids(ana, "b") == [1, 2]
        assert ana.execute("select count(*) from shop.a join shop.b using (id)").fetchone() == (2,)
    ana.rollback()
    assert ids(ana, "a") == [1, 2, 3] and ids(ana, "b") == [1, 2, 3, 4]


def test_the_first_statement_may_touch_nothing(shop, ana):
    ana.execute("select 1").fetchone()
    shop.add("a", 3)
    assert ids(ana, "a") == [1, 2]
    ana.commit()
    assert ids(ana, "a") == [1, 2, 3]


def test_a_rollback_of_the_table(shop, ana):
    assert ids(ana, "a") == [1, 2]
    for name in ("a", "b"):
        table = shop.catalog.load_table(f"shop.{name}")
        first = table.metadata.snapshots[0].snapshot_id
        with table.manage_snapshots() as manage:
            manage.rollback_to_snapshot(first)
    time.sleep(0.01)
    assert outside(shop, "a") == [1] and outside(shop, "b") == [1]
    assert ids(ana, "a") == [1, 2] and ids(ana, "b") == [1, 2]
    ana.commit()
    assert ids(ana, "a") == [1] and ids(ana, "b") == [1]


def test_a_snapshot_that_has_gone(shop, ana):
    assert ids(ana, "a") == [1, 2]
    table = shop.add("a", 3)
    table = shop.catalog.load_table("shop.a")
    table.maintenance.expire_snapshots().by_ids([s.snapshot_id for s in table.metadata.snapshots[:-1]]).commit()
    with pytest.raises(psycopg.Error) as gone:
        ids(ana, "a")
    assert "snapshot too old" in str(gone.value) and gone.value.sqlstate == "72000"
    ana.rollback()
    assert ids(ana, "a") == [1, 2, 3]


def test_a_table_that_was_empty(shop, ana):
    assert ids(ana, "late") == []
    shop.add("late", 1)
    assert outside(shop, "late") == [1]
    assert ids(ana, "late") == []
    assert ana.execute("select count(*), max(word) from shop.late").fetchone() == (0, None)
    ana.commit()
    assert ids(ana, "late") == [1]


def test_a_table_that_began_later_is_refused(shop, ana):
    ana.execute("select 1").fetchone()
    shop.add("late", 1)
    with pytest.raises(psycopg.Error, match="snapshot too old"):
        ids(ana, "late")


def test_todays_policy_decides(shop, ana):
    assert ids(ana, "a") == [1, 2]
    (shop.domain / "policies" / "few.yaml").write_text(HIDE)
    assert wait_until(lambda: asked_again(shop, "a") == [1], 15)
    assert ids(ana, "a") == [1]  # rows of then, rules of now


def test_without_a_transaction_each_statement_is_its_own(shop):
    assert outside(shop, "c") == [1, 2]
    with psycopg.connect(host="127.0.0.1", port=shop.server.pg_port, user="ana", password="ana-demo", dbname="shop", autocommit=True) as c:
        assert ids(c, "c") == [1, 2]
        shop.add("c", 3)
        assert ids(c, "c") == [1, 2, 3]


def test_aggregates_alone_join_nothing(tmp_path):
    mesh, _ = census.make(tmp_path)
    with Server(mesh) as server:
        with psycopg.connect(host="127.0.0.1", port=server.pg_port, user="eva", password="eva-demo", dbname="census", autocommit=True) as eva:
            assert eva.execute("select count(*) from pg_catalog.pg_class where relname = 'people'").fetchone() == (1,)
            assert eva.execute("select count(*) from census.people").fetchone()[0] >= 10
            for sql in ("select count(*) from census.people, pg_catalog.pg_class", "select (select count(*) from pg_catalog.pg_class) from census.people",
                        "select count(*) from census.people where region in (select relname from pg_catalog.pg_class)"):
                with pytest.raises(psycopg.Error) as refused:
                    eva.execute(sql)
                assert refused.value.sqlstate == "42501", sql
