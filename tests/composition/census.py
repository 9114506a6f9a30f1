"""A table of people for aggregate rules, and a server over it: eva may see nothing but aggregates, root everything."""
import datetime as dt
import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "data"), str(ROOT / "tests" / "lib")]

PRINCIPALS = """\
kind: Principals
users:
- {name: root, roles: [admin]}
- {name: eva, roles: [researcher], attributes: {purposes: [health, wealth]}}
- {name: sam, roles: [researcher]}
- {name: pat, roles: [researcher]}
"""
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: census.people
version: 1.0.0
status: active
domain: census
schema:
- name: people
  customProperties:
  - {property: hailstorm.location, value: "warehouse/census/people"}
  properties:
  - {name: id, logicalType: integer}
  - {name: name, logicalType: string}
  - {name: region, logicalType: string}
  - {name: team, logicalType: string}
  - {name: born, logicalType: date}
  - {name: active, logicalType: boolean}
  - {name: grade, logicalType: integer}
  - {name: salary, logicalType: integer}
  - {name: bonus, logicalType: number}
"""
POLICIES = """\
kind: Grant
name: researchers
to: {roles: [researcher]}
on: {product: census.people}
---
kind: Grant
name: admins
to: {roles: [admin]}
on: {product: census.people}
---
kind: AggregateRule
name: statistics-only
on: {table: census.people}
to: {roles: [researcher]}
dimensions: [region, team, born, active, grade]
measures: [salary, bonus]
minimum: 10
---
kind: RowRule
name: wealth-hides-one
on: {table: census.people}
to: {roles: [researcher], purposes: [wealth]}
where: id <> 1
"""


def rows():
    """Regions: EU 120, US 80, APAC 40, and one in MARS. Team solo has one person, in EU; team pair has two, in US."""
    chance = random.Random(5)
    out = []
    for i in range(241):
        region = "EU" if i < 120 else "US" if i < 200 else "APAC" if i < 240 else "MARS"
        team = "solo" if i == 7 else "pair" if i in (150, 151) else ["red", "green", "blue"][i % 3]
        out.append({"id": i, "name": f"person {i}", "region": region, "team": team, "born": dt.date(1950 + i % 40, i % 12 + 1, 1), "active": i % 5 != 0,
                    "grade": i % 4, "salary": 1000 + chance.randrange(100000), "bonus": float(chance.randrange(10000)) if i % 2 or i == 8 else None})
    return out


def make(folder, policies=POLICIES):
    import pyarrow as pa
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.schema import Schema
    from pyiceberg.types import BooleanType, DateType, DoubleType, LongType, NestedField, StringType
    from tables import with_verifiers
    mesh = folder / "mesh"
    domain = mesh / "domains" / "census"
    (domain / "policies").mkdir(parents=True)
    (mesh / "mesh.yaml").write_text("kind: Mesh\nname: census\n")
    (mesh / "principals.yaml").write_text(with_verifiers(PRINCIPALS, "-demo"))
    (mesh / "principals.yaml").chmod(0o600)
    (domain / "people.odcs.yaml").write_text(CONTRACT)
    (domain / "policies" / "people.yaml").write_text(policies)
    catalog = SqlCatalog("census", uri=f"sqlite:///{folder / 'catalog.db'}", warehouse=(mesh / "warehouse").as_uri())
    catalog.create_namespace("census")
    kinds = [("id", LongType()), ("name", StringType()), ("region", StringType()), ("team", StringType()), ("born", DateType()), ("active", BooleanType()),
             ("grade", LongType()), ("salary", LongType()), ("bonus", DoubleType())]
    schema = Schema(*(NestedField(i + 1, name, kind, required=False) for i, (name, kind) in enumerate(kinds)))
    table = catalog.create_table("census.people", schema, location=(mesh / "warehouse" / "census" / "people").as_uri(), properties={"format-version": "2"})
    table.append(pa.Table.from_pylist(rows(), schema=table.schema().as_arrow()))
    return mesh, table


class Person:
    def __init__(self, server, name, **stated):
        from lib.flightsql import Client
        self.client = Client(server.host, server.port, name, f"{name}-demo", headers=[(f"x-hailstorm-{k}", v) for k, v in stated.items()])

    def ask(self, sql, params=None):
        return [tuple(row.values()) for row in self.client.query(sql, params).to_pylist()]

    def refused(self, sql, params=None):
        """The words of the refusal; an answer is an error of the test."""
        import pyarrow.flight as flight
        try:
            rows_ = self.ask(sql, params)
        except (flight.FlightError, OSError, ValueError, KeyError) as error:
            return str(error)
        except Exception as error:  # arrow's own kinds
            return str(error)
        raise AssertionError(f"answered: {sql}: {rows_[:3]}")
