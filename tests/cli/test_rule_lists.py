"""any, all and what is calculated inside them through the whole program: lists, maps and objects of a real table."""
import datetime
import os
import pathlib
import subprocess

import pyarrow as pa
import pytest

sql_catalog = pytest.importorskip("pyiceberg.catalog.sql")
ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "hailstorm"

CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: d.t
version: 1.0.0
status: active
domain: d
schema:
- name: t
  customProperties:
  - {property: hailstorm.location, value: "LOCATION"}
  properties:
  - {name: id, logicalType: integer}
  - {name: tags, logicalType: array, items: {logicalType: string}}
  - {name: items, logicalType: array, items: {logicalType: object, properties: [{name: sku, logicalType: string}, {name: price, logicalType: number}]}}
  - {name: m, logicalType: object, physicalType: map, properties: [{name: key, logicalType: string}, {name: value, logicalType: string}]}
  - {name: born, logicalType: date}
"""
GRANT = "kind: Grant\nname: g\nto: everyone\nactions: [read]\non: {table: d.t}\nwhere: |\n  "
MASK = "---\nkind: Mask\nname: m\non: {column: 'd.t.tags[]'}\nwith: redact\nwhen: any(items, any(row.tags, element = 'c'))\n"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    root = tmp_path_factory.mktemp("lists")
    (root / "wh").mkdir()
    catalog = sql_catalog.SqlCatalog("c", uri=f"sqlite:///{root}/c.db", warehouse=f"file://{root}/wh")
    catalog.create_namespace("d")
    item = pa.struct([("sku", pa.string()), ("price", pa.float64())])
    rows = pa.table({
        "id": pa.array([1, 2, 3, 4, 5], pa.int64()),
        "tags": pa.array([["a", "b"], ["c"], None, [], [None]], pa.list_(pa.string())),
        "items": pa.array([[{"sku": "x", "price": 5.0}], [{"sku": "y", "price": 101.0}, {"sku": "z", "price": None}], [], [],
                           [{"sku": None, "price": float("nan")}]], pa.list_(item)),
        "m": pa.array([[("k", "v")], [], None, [("k", None)], [("z", "v")]], pa.map_(pa.string(), pa.string())),
        "born": pa.array([datetime.date(2024, 1, 31)] * 5, pa.date32())})
    table = catalog.create_table("d.t", schema=rows.schema)
    table.append(rows)
    folder = root / "mesh"
    (folder / "domains" / "d" / "policies").mkdir(parents=True)
    (folder / "mesh.yaml").write_text("kind: Mesh\nname: x\n")
    (folder / "principals.yaml").write_text("kind: Principals\nusers:\n- {name: ana, roles: [a]}\n")
    (folder / "domains" / "d" / "t.odcs.yaml").write_text(CONTRACT.replace("LOCATION", table.location().removeprefix("file://")))
    return folder


def ask(mesh, rule, sql, more=""):
    (mesh / "domains" / "d" / "policies" / "p.yaml").write_text(GRANT + rule + "\n" + more)
    answer = subprocess.run([PROGRAM, "query", sql, "--as", "ana", "--model", mesh, "--state", mesh.parent / "state", "--format",
                             "csv"], capture_output=True, text=True, timeout=60, env=os.environ)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()[1:]


@pytest.mark.parametrize("rule, ids", [
    ("any(tags, element = 'a')", "1"),
    ("all(tags, element <> 'c')", "1 4"),
    ("any(tags, element is null) or tags is null", "3 5"),
    ("any(items, price > 100) or any(m, key = 'k' and value = 'v')", "1 2"),
    ("not any(items, price * 2 + row.id > 100)", "1 3 4"),
    ("any(m, value is null)", "4"),
    ("born + months(1) = date '2024-02-29' and id / 2 >= 1.5", "3 4 5"),
])
def test_rows(mesh, rule, ids):
    assert ask(mesh, rule, "select id from d.t order by id") == ids.split()


def test_mask_inside_a_list(mesh):
    """A condition about lists on a mask that lies inside one: two lambdas, one in the other."""
    shown = ask(mesh, "id < 3", "select tags[1] from d.t order by id", MASK)
    assert shown == ["a", "[redacted]"]


def elements(column, function, condition):
    return f"---\nkind: Mask\nname: m\non: {{column: 'd.t.{column}'}}\nwith: {function}\nelements: |\n  {condition}\n"


@pytest.mark.parametrize("column, function, condition, shown", [
    ("items", "drop-elements", "price > 100 or sku = 'x'", ["[]", "[]", "[]", "[]", "[]"]),  # unknown drops, too
    ("items", "drop-elements", "sku in ('y', 'z')", ["[x]", "[]", "[]", "[]", "[]"]),
    ("items", "nullify-elements", "element.price > row.id * 30", ["[x]", "[NULL, NULL]", "[]", "[]", "[NULL]"]),
    ("items", "drop-elements", "price is not null", ["[]", "[z]", "[]", "[]", "[]"]),
    ("tags", "drop-elements", "element = 'b' or row.id = 2", ["[a]", "[]", "", "[]", "[]"]),
    ("tags", "nullify-elements", "element in ('a', principal.name)", ["[NULL, b]", "[c]", "", "[]", "[NULL]"]),
    ("m", "drop-elements", "value = 'v' and key <> 'z'", ["{}", "{}", "", "{}", "{z=v}"]),
    ("m", "nullify-elements", "key = 'k'", ["{k=NULL}", "{}", "", "{k=NULL}", "{z=v}"]),
])
def test_elements_by_a_condition(mesh, column, function, condition, shown):
    value = "list_transform(items, lambda e: e.sku)" if column == "items" else column
    answer = ask(mesh, "id < 9", f"select replace(cast({value} as varchar), ' ', '') || ';' as shown from d.t order by id", elements(column, function, condition))
    assert [a.strip('";') for a in answer] == [s.replace(" ", "") for s in shown if s]


@pytest.mark.parametrize("column, condition, words", [
    ("items", "pric > 100", "p.yaml:14:3: unknown member 'pric' (did you mean 'price'?)"),
    ("items", "price = 'x'", "p.yaml:14:11: a number cannot be compared with text"),
    ("items", "id > 1", "an element has no member 'id'; the row's column is row.id"),
    ("tags", "sku = 'x'", "the elements of this list are values without members: write 'element'"),
    ("m", "element = 'x'", "a map's entries have a key and a value: write 'key' or 'value'"),
    ("items", "price > 5 and price < 3", "this can never be true"),
    ("id", "element > 1", "drop-elements does not mask values of type"),
])
def test_elements_that_are_wrong(mesh, column, condition, words):
    (mesh / "domains" / "d" / "policies" / "p.yaml").write_text(GRANT + "id < 9\n" + elements(column, "drop-elements", condition))
    answer = subprocess.run([PROGRAM, "check", mesh], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 1 and words in answer.stdout + answer.stderr, answer.stdout + answer.stderr


@pytest.mark.parametrize("function, more, words", [
    ("drop-elements", "args: {keep: [a]}\n", "give either 'elements' or the arguments 'values' or 'keep'"),
    ("nullify", "", "'elements' is for drop-elements and nullify-elements")])
def test_elements_beside_arguments(mesh, function, more, words):
    text = elements("tags", function, "element = 'x'") + more
    (mesh / "domains" / "d" / "policies" / "p.yaml").write_text(GRANT + "id < 9\n" + text)
    answer = subprocess.run([PROGRAM, "check", mesh], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 1 and words in answer.stdout + answer.stderr, answer.stdout + answer.stderr
