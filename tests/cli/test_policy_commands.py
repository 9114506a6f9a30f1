"""explain, policy test, policy diff: what doc/policies.md shows is run here, and what each says of mistakes."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "hailstorm"
MESH = ROOT / "build" / "demo" / "mesh"
PAGE = (ROOT / "doc" / "policies.md").read_text()
SCHEMA = json.loads((ROOT / "doc" / "reference" / "explain.schema.json").read_text())


def run(*args, cwd=None, env=None):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=120, cwd=cwd, env={**os.environ, **(env or {})})


@pytest.fixture
def mesh(tmp_path):
    copy = tmp_path / "mesh"
    shutil.copytree(MESH, copy, ignore=shutil.ignore_patterns("warehouse", "*.db", "*.sqlite*", "*.test.yaml"))
    (copy / "warehouse").symlink_to(MESH / "warehouse")
    (copy / "mesh.yaml").write_text("kind: Mesh\nname: demo\n")
    return copy


def explain(mesh, what, who, *more):
    answer = run("explain", what, "--as", who, "--model", mesh, "--state", mesh.parent / "state", *more)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def add(mesh, text, name="zz.yaml"):
    (mesh / "domains/sales/policies" / name).write_text(text)


def fits(value, schema, where="$"):
    """As much of JSON Schema as the schema uses."""
    if "$ref" in schema:
        return fits(value, SCHEMA["$defs"][schema["$ref"].split("/")[-1]], where)
    if "const" in schema:
        assert value == schema["const"], where
    if "enum" in schema:
        assert value in schema["enum"], (where, value)
    names = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
    if "type" in schema:
        wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert type(value) in [names[name] for name in wanted], (where, value)
    if isinstance(value, list):
        for i, item in enumerate(value):
            fits(item, schema["items"], f"{where}[{i}]")
    if isinstance(value, dict):
        assert set(schema.get("required", [])) <= set(value), (where, set(schema["required"]) - set(value))
        for key, item in value.items():
            other = schema.get("additionalProperties", {})
            assert key in schema.get("properties", {}) or other is not False, (where, key)
            fits(item, schema.get("properties", {}).get(key, other), f"{where}.{key}")


def example(command):
    """The lines that doc/policies.md shows below `$ command`."""
    return re.search(re.escape(f"$ {command}\n") + "(.*?)```", PAGE, re.S)[1].splitlines()


# ---- explain ----

def test_the_page_explains(mesh):
    said = explain(mesh, "sales.orders", "sue").splitlines()
    assert "no server was asked" in said[0]
    places = [said.index(line) for line in example("hailstorm explain sales.orders --as sue")]
    assert places == sorted(places)


@pytest.mark.parametrize("what", ["sales.customers", "sales.orders", "support.tickets"])
@pytest.mark.parametrize("dialect", ["", "duckdb", "trino", "postgres", "iceberg"])
def test_json_fits_its_schema(mesh, what, dialect):
    for who in ("ana", "fred", "sue", "otto"):
        answer = json.loads(explain(mesh, what, who, "--json", *(["--dialect", dialect] if dialect else [])))
        fits(answer, SCHEMA)
        table = answer["tables"][0]
        assert table["types"] == "table" and table["visible"]
        assert len(table["said"]) == (len(table["columns"]) + 1 if dialect else 0)


def test_json_of_what_is_not_plain(mesh):
    add(mesh, """kind: Deny
name: no-note
on: {column: sales.orders.note}
to: everyone
---
kind: Mask
name: token
on: {column: sales.orders.status}
to: {users: [otto]}
when: amount > 5
with: hmac-token
""")
    answer = json.loads(explain(mesh, "sales.orders", "otto", "--json"))
    fits(answer, SCHEMA)
    table = answer["tables"][0]
    assert {"path": "note", "why": "denied", "by": [{"kind": "Deny", "name": "no-note", "file": "domains/sales/policies/zz.yaml", "line": 1}]} in table["hidden"]
    [mask] = [c for c in table["columns"] if c["name"] == "status"][0]["masks"]
    assert mask["line"] == 6 and mask["unless_false"] == "amount > 5" and re.fullmatch("[0-9a-f]{8}", mask["key"])
    keys = (mesh.parent / "state" / "keys").read_text()
    assert not any(len(word) == 64 and word in json.dumps(answer) for word in keys.split())
    (mesh / "domains/sales/policies/zz.yaml").unlink()
    replace(mesh / "principals.yaml", "roles: [support]", "roles: [visitor]")
    answer = json.loads(explain(mesh, "sales.orders", "sue", "--json"))
    fits(answer, SCHEMA)
    table = answer["tables"][0]
    assert not table["visible"] and table["columns"] == []
    assert len(table["near"]) == 3 and all("visitor" in near["why"] for near in table["near"])


def test_circumstances(mesh):
    replace(mesh / "principals.yaml", "attributes: {region: US}", "attributes: {region: US, purposes: [audit]}")
    add(mesh, "kind: Grant\nname: for-audit\nto: {users: [sue], purposes: [audit]}\non: {product: sales.orders}\nexpires: 2027-01-01\n")
    assert "hidden amount" in explain(mesh, "sales.orders", "sue")
    stated = explain(mesh, "sales.orders", "sue", "--purpose", "audit")
    assert "column amount" in stated and "  until 2027-01-01T00:00:00.000000Z" in stated
    assert "hidden amount" in explain(mesh, "sales.orders", "sue", "--purpose", "audit", "--at", "2027-01-01")
    refused = run("explain", "sales.orders", "--as", "ana", "--purpose", "audit", "--model", mesh, "--state", mesh.parent / "state")
    assert refused.returncode == 1 and "not among your purposes" in refused.stderr
    wrong = run("explain", "sales.orders", "--as", "ana", "--at", "noon", "--model", mesh, "--state", mesh.parent / "state")
    assert wrong.returncode == 1 and "'noon' is not a date" in wrong.stderr


def test_a_table_that_is_not_there(mesh):
    (mesh / "warehouse").unlink()
    text = explain(mesh, "sales.orders", "ana")
    assert "types as the contract says, for the table could not be opened" in text
    assert "amount: nullify() by 'big-amounts-are-hidden'" in text


# ---- policy test ----

def cases(mesh, text, name="orders.test.yaml"):
    add(mesh, text, name)
    return run("policy", "test", cwd=mesh)


def test_the_demo_has_cases():
    answer = run("policy", "test", ROOT / "demo" / "mesh")
    assert answer.returncode == 0, answer.stdout
    assert re.search(r"# \d+ passed, 0 failed", answer.stdout)


def test_the_page_tests(mesh):
    text = re.search(r"```yaml\n(kind: PolicyTest.*?)```", PAGE, re.S)[1]
    answer = cases(mesh, text)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.splitlines()[-2:] == ["1..3", "# 3 passed, 0 failed"]
    assert run("check", mesh).returncode == 0  # no part of the model
    broken = """kind: PolicyTest
name: orders
given:
  table: sales.orders
  rows: [{id: 1, region: EU, amount: 1},
         {id: 2, region: EU, amount: 500.0}]
cases:
- as: ana
  then: {cell: {row: 2, column: amount, is: 500.0}}
"""
    answer = cases(mesh, broken)
    assert answer.returncode == 1
    shown = re.sub(r"\./domains", "domains", answer.stdout)
    for line in example("hailstorm policy test"):
        assert re.sub(r'"500.0*"|500.0*', "500", line) in [re.sub(r'"500.0*"|500.0*', "500", got) for got in shown.splitlines()], answer.stdout


@pytest.mark.parametrize("then, words", [
    ("{visible: 3}", "expected 3 visible rows, got 2"),
    ("{rows: [{id: 1}]}", "given row 2 (line 6) is visible, and not expected"),
    ("{rows: [{id: 1}, {id: 2}, {id: 3}]}", "expected a 3. row, and 2 are visible"),
    ("{rows: [{id: 2}, {id: 2}]}", "id of given row 1 (line 5): expected 2, got 1"),
    ("{cell: {row: 3, column: id, is: 3}}", "given row 3 (line 7) is not visible"),
    ("{cell: {row: 1, column: amuont, is: 3}}", "there is no column 'amuont' here (did you mean 'amount'?)"),
    ("{cell: {row: 1, column: status, is: 3}}", "no value of a column of type string: write it in quotes"),
    ("{columns: [id]}", "expected the columns id, got id, customer_id"),
    ("{refused: true}", "expected to be refused, and sees the columns id,"),
    ("{minimum: 5}", "expected groups of at least 5 rows, got 0"),
])
def test_what_fails_says_where(mesh, then, words):
    text = f"""kind: PolicyTest
name: orders
given:
  table: sales.orders
  rows: [{{id: 1, region: EU}},
         {{id: 2, region: EU}},
         {{id: 3, region: US}}]
cases:
- {{as: ana, then: {then}}}
- {{as: otto, then: {{visible: 3}}}}
"""
    answer = cases(mesh, text)
    assert answer.returncode == 1
    assert words in answer.stdout, answer.stdout
    assert re.search(r"^  \S*domains/sales/policies/orders.test.yaml:\d+:", answer.stdout, re.M), answer.stdout
    assert "not ok 1 - orders as ana\n" in answer.stdout and "\nok 2 - orders as otto\n" in answer.stdout


def test_mistakes_of_a_file(mesh):
    answer = cases(mesh, "kind: PolicyTest\nname: x\ngivn: {}\n")
    assert answer.returncode == 1 and "orders.test.yaml:3:1: unknown key 'givn'" in answer.stdout
    head = "kind: PolicyTest\nname: x\ngiven: {table: sales.ordes, rows: []}\ncases: [{as: ana, then: {visible: 0}}]\n"
    answer = cases(mesh, head)
    assert answer.returncode == 1 and "there is no table 'sales.ordes'" in answer.stdout
    answer = cases(mesh, head.replace("ordes", "orders").replace("as: ana", "as: anna"))
    assert answer.returncode == 1 and "there is no user 'anna'" in answer.stdout
    assert run("policy", "test", mesh / "mesh.yaml").returncode == 1
    assert run("policy", "test", mesh / "nowhere").returncode == 1
    assert run("policy").returncode == 2


def test_no_policy_hides_among_cases(mesh):
    """A mask in a file that is taken for cases would be one that nobody lays on anything."""
    add(mesh, "kind: Mask\nname: m\non: {column: sales.orders.id}\nwith: nullify\n", "orders.test.yaml")
    answer = run("check", mesh)
    assert answer.returncode == 1 and "orders.test.yaml:1:7: a Mask would not be read here" in answer.stderr
    add(mesh, "kind: PolicyTest\nname: {\n", "orders.test.yaml")
    assert "orders.test.yaml:" in run("check", mesh).stderr
    version = json.loads(explain_version(mesh))["tables"][0]["model_version"]
    add(mesh, "kind: PolicyTest\nname: other\n", "orders.test.yaml")
    assert json.loads(explain(mesh, "sales.orders", "ana", "--json"))["tables"][0]["model_version"] == version


def explain_version(mesh):
    (mesh / "domains/sales/policies/orders.test.yaml").unlink()
    return explain(mesh, "sales.orders", "ana", "--json")


def test_keyed_masks_have_keys_of_the_tests(mesh):
    add(mesh, "kind: Mask\nname: token\non: {column: sales.orders.status}\nwith: hmac-token\n")
    text = """kind: PolicyTest
name: orders
given: {table: sales.orders, rows: [{id: 1, region: EU, status: paid}]}
cases: [{as: otto, then: {cell: {row: 1, column: status, is: %s}}}]
"""
    token = re.search(r'got "([^"]+)"', cases(mesh, text % "x").stdout)[1]
    assert len(token) >= 32 and cases(mesh, text % f'"{token}"').returncode == 0


# ---- policy diff ----

def git(mesh, *args):
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    env.update(GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@x", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@x", HOME=str(mesh.parent))
    return subprocess.run(["git", *args], cwd=mesh, env=env, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def repository(mesh):
    (mesh / ".gitignore").write_text("warehouse\nprincipals.yaml\n")
    git(mesh, "init", "-q")
    git(mesh, "add", ".")
    git(mesh, "commit", "-qm", "first")
    return mesh


def change(mesh):
    replace(mesh / "domains/sales/policies/masks.yaml", "with: keep-domain", "with: nullify")
    replace(mesh / "domains/sales/policies/grants.yaml", "placed_at, status]", "placed_at, status, amount]")


def test_the_page_differs(repository):
    assert "0 tables changed for someone, HEAD -> ." in run("policy", "diff", "HEAD", "--check", cwd=repository).stdout
    change(repository)
    before = git(repository, "status", "--porcelain")
    answer = run("policy", "diff", "HEAD", cwd=repository)
    assert answer.stdout.splitlines() == example("hailstorm policy diff HEAD")
    assert answer.returncode == 0 and run("policy", "diff", "HEAD", "--check", cwd=repository).returncode == 1
    assert git(repository, "status", "--porcelain") == before
    git(repository, "commit", "-qam", "second")
    assert "hidden -> shown" in run("policy", "diff", "HEAD~1", "HEAD", "--model", repository).stdout
    assert "shown -> hidden" in run("policy", "diff", "HEAD", "HEAD~1", "--model", repository).stdout


def test_as_json(repository):
    change(repository)
    answer = json.loads(run("policy", "diff", "HEAD", "--json", "--model", repository).stdout)
    assert answer["diff"] == 1 and answer["notes"] == []
    assert answer["tables"][1] == {"domain": "sales", "table": "orders", "groups": [
        {"people": ["sue"], "roles_of_nobody": [], "changes": ["amount: hidden -> shown"]}]}


def test_people_and_roles(repository):
    add(repository, "kind: Grant\nname: guests\nto: {roles: [guest]}\non: {product: sales.orders}\ncolumns: [id]\n")
    answer = run("policy", "diff", "HEAD", "--model", repository).stdout
    assert "  nobody yet with role guest:\n    the table: not visible -> visible\n    rows: none -> all (wider)\n    id: hidden -> shown\n" in answer
    other = repository.parent / "other"
    shutil.copytree(repository, other, symlinks=True)
    replace(other / "principals.yaml", "roles: [support]", "roles: [guest]")
    answer = run("policy", "diff", repository, other).stdout
    assert "1 person with role guest (sue)" in answer and "support.tickets" in answer and "visible -> not visible" in answer


def test_mistakes_of_a_revision(repository, tmp_path):
    answer = run("policy", "diff", "nosuch", "--model", repository)
    assert answer.returncode == 1 and "git rev-parse failed" in answer.stderr
    answer = run("policy", "diff", "HEAD:x", "--model", repository)
    assert answer.returncode == 1 and "neither a directory nor a revision" in answer.stderr
    add(repository, "kind: Grnt\n")
    answer = run("policy", "diff", "HEAD", "--model", repository)
    assert answer.returncode == 1 and "did you mean 'Grant'" in answer.stderr


def test_ten_thousand_people(repository):
    users = "".join(f"- {{name: p{i}, roles: [{['analyst', 'support', 'fraud', 'auditor'][i % 4]}, r{i % 97}], attributes: {{region: {['EU', 'US', 'APAC'][i % 3]}}}}}\n" for i in range(10000))
    (repository / "principals.yaml").write_text("kind: Principals\nusers:\n" + users)
    change(repository)
    begin = time.monotonic()
    answer = run("policy", "diff", "HEAD", "--model", repository)
    took = time.monotonic() - begin
    assert "  5000 people (p0, p1, p4, p5, p8, ...):\n    email: keep-domain -> nullify\n" in answer.stdout or \
        re.search(r"  5000 people \(p\d.*\):\n    email: keep-domain -> nullify\n", answer.stdout), answer.stdout
    assert "  2500 people with role support (" in answer.stdout
    assert took < 30, took


def test_aggregates_alone(mesh):
    add(mesh, "kind: AggregateRule\nname: counts\non: {product: sales.orders}\nto: {roles: [analyst]}\ndimensions: [status]\nmeasures: [amount]\nminimum: 12\n")
    (mesh / "domains/sales/policies/masks.yaml").write_text("")
    text = "kind: PolicyTest\nname: o\ngiven: {table: sales.orders, rows: [{id: 1, region: EU}]}\ncases: [{as: ana, then: %s}]\n"
    assert cases(mesh, text % "{minimum: 12}").returncode == 0
    answer = cases(mesh, text % "{visible: 1}")
    assert answer.returncode == 1 and "only aggregates over at least 12 rows are answered" in answer.stdout
    said = explain(mesh, "sales.orders", "ana")
    assert "only aggregates, over groups of at least 12 rows" in said and "column status: string (a dimension)" in said
    table = json.loads(explain(mesh, "sales.orders", "ana", "--json"))["tables"][0]
    assert table["minimum"] == 12 and {c["name"]: c["role"] for c in table["columns"]}["amount"] == "measure"
