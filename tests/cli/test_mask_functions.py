"""Masks through the whole program: natives run in the worker with the domain's key, differ where they should and are the
same where they should; a key that was named and removed refuses."""
import os
import pathlib
import re
import shutil
import subprocess
from decimal import Decimal

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "hailstorm"
MESH = ROOT / "build" / "demo" / "mesh"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    copy = tmp_path_factory.mktemp("masks") / "mesh"
    shutil.copytree(MESH, copy, symlinks=True)
    (copy / "mesh.yaml").write_text("kind: Mesh\nname: demo\n")
    return copy


def run(*args):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=60, env=os.environ)


def mask(mesh, *masks):
    text = "---\n".join(f"kind: Mask\nname: zz{i}\non: {{column: '{column}'}}\nto: {{users: [otto, fred]}}\nwith: {name}\n" +
                        (f"args: {args}\n" if args else "") + (f"when: {when}\n" if when else "")
                        for i, (column, name, args, when) in enumerate(masks))
    (mesh / "domains" / "sales" / "policies" / "zz.yaml").write_text(text)


def ask(mesh, sql, who="otto"):
    answer = run("query", sql, "--as", who, "--model", mesh, "--state", mesh.parent / "state", "--format", "csv")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.splitlines()[1:]


def column(mesh, name, table="orders", who="otto"):
    return ask(mesh, f"select {name} from sales.{table} order by id", who)


@pytest.fixture(scope="module")
def raw(mesh):
    return {name: column(mesh, name) for name in ("amount", "note", "region", "placed_at")}


def test_ff1_keeps_joins(mesh, raw):
    mask(mesh, ("sales.orders.region", "ff1", "{alphabet: upper, others: keep}", None),
         ("sales.customers.loyalty", "generalise", "{map: {gold: precious, silver: precious}, else: other}", None))
    assert set(column(mesh, "region")) == {re.sub(".", "*", r) for r in raw["region"]}  # too short: hidden whole
    mask(mesh, ("sales.orders.customer_id", "ff1", None, None), ("sales.customers.id", "ff1", None, None))
    count = ask(mesh, "select count(*) from sales.orders o join sales.customers c on o.customer_id = c.id")
    assert count != ["0"]


def test_tokens_are_the_same_for_everyone_and_noise_is_not(mesh, raw):
    mask(mesh, ("sales.orders.note", "hmac-token", None, None), ("sales.orders.amount", "noise", "{at-most: 3}", None))
    otto, fred = column(mesh, "amount"), column(mesh, "amount", who="fred")
    assert column(mesh, "note") == column(mesh, "note", who="fred") != raw["note"]
    assert otto != fred and otto == column(mesh, "amount")
    assert all(abs(Decimal(a) - Decimal(b)) <= 3 for a, b in zip(otto, raw["amount"]))


def test_numbers_times_and_text(mesh, raw):
    mask(mesh, ("sales.orders.amount", "bucket", "{width: 10}", None), ("sales.orders.placed_at", "truncate-time", "{unit: hour}", None),
         ("sales.orders.note", "redact-text", "{patterns: {word: 'e[a-z]'}}", None))
    assert [float(a) for a in column(mesh, "amount")] == [float(a) // 10 * 10 for a in raw["amount"]]
    assert all(":00:00" in p for p in column(mesh, "placed_at"))
    assert column(mesh, "note") == [re.sub("e[a-z]", "[word]", n) for n in raw["note"]]
    assert ask(mesh, "select count(*) from sales.orders where amount = 10.0 and note like '%[word]%'") != ["0"]


def test_json_paths(mesh, raw):
    mask(mesh, ("sales.orders.note.$.a", "nullify", None, "region = 'EU'"), ("sales.orders.note.$.b", "hmac-token", None, None))
    assert set(column(mesh, "note")) <= {'"""[redacted]"""', ""}  # the demo's notes are no documents


def test_keys_by_id(mesh):
    mask(mesh, ("sales.orders.note", "hmac-token", None, None))
    before = column(mesh, "note")
    keys = mesh.parent / "state" / "keys"
    old = re.search("^key ([0-9a-f]{8}) ", keys.read_text(), re.M)[1]
    first = keys.read_text()
    keys.write_text("key 0123abcd " + "5e" * 32 + "\n" + first)
    assert column(mesh, "note") == before  # tokens outlive a new line
    mask(mesh, ("sales.orders.note", "hmac-token", "{key: '0123abcd'}", None))
    after = column(mesh, "note")
    assert after != before and len(set(after)) == len(set(before))
    explained = run("explain", "sales.orders", "--as", "otto", "--model", mesh, "--state", mesh.parent / "state").stdout
    assert "under key 0123abcd by" in explained and old not in explained
    mask(mesh, ("sales.orders.note", "hmac-token", f"{{key: '{old}'}}", None))
    assert column(mesh, "note") == before
    mask(mesh, ("sales.orders.note", "hmac-token", "{key: 'ffffffff'}", None))
    gone = run("query", "select note from sales.orders", "--as", "otto", "--model", mesh, "--state", mesh.parent / "state")
    assert gone.returncode == 1 and "ffffffff" not in gone.stdout
    keys.write_text(first)


def test_check_warns_of_few_values(mesh):
    mask(mesh, ("sales.orders.status", "hmac-token", None, None))
    answer = run("check", mesh)
    assert answer.returncode == 0, answer.stdout
    assert re.search(r"warning: .*zz.yaml:1:1: hmac-token hides little in column 'status'", answer.stdout), answer.stdout


def test_patterns_inside_json(mesh):
    """The mask that a column's text gets from the engine, at a path from our own matcher."""
    mask(mesh, ("sales.orders.note.$.a", "replace-pattern", "{pattern: '[0-9]{2}', with: '##'}", None),
         ("sales.orders.note.$.b", "redact-text", "{patterns: {word: 'e[a-z]'}}", None))
    assert set(column(mesh, "note")) <= {'"""[redacted]"""', ""}
    cases = mesh / "domains" / "sales" / "policies" / "orders.test.yaml"
    cases.write_text("""kind: PolicyTest
name: notes
given:
  table: sales.orders
  rows:
  - {id: 1, region: EU, note: '{"a": "x1234", "b": "edge of 4111111111111111", "c": "12"}'}
cases:
- as: otto
  then:
    rows:
    - {id: 1, note: '{"a": "x####", "b": "[word]ge of [card]", "c": "12"}'}
""")
    try:
        answer = run("policy", "test", "--model", mesh)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    finally:
        cases.unlink()
        mask(mesh)


def test_a_mapping_from_a_lookup(mesh, raw):
    lookups = mesh / "domains" / "sales" / "lookups"
    lookups.mkdir(exist_ok=True)
    (lookups / "parts.yaml").write_text("kind: Lookup\nname: parts\ncolumns: {region: string, part: string, rank: long}\n"
                                        "rows:\n- {region: EU, part: east, rank: 1}\n- {region: EU, part: east}\n- {region: US, part: west}\n")
    mask(mesh, ("sales.orders.region", "generalise", "{table: parts, from: region, to: part, else: elsewhere}", None))
    try:
        assert column(mesh, "region") == [{"EU": "east", "US": "west"}.get(r, "elsewhere") for r in raw["region"]]
    finally:
        shutil.rmtree(lookups)
        mask(mesh)


def test_a_mapping_that_is_wrong(mesh):
    for args, words in (("{table: part, from: a, to: b, else: c}", "zz.yaml:5:7: domain 'sales' has no lookup 'part'"),
                        ("{table: part, map: {a: b}, else: c}", "give either 'map' or 'table'"),
                        ("{from: a, map: {a: b}, else: c}", "'from' and 'to' are columns of a 'table'"),
                        ("{table: part, from: a, to: b}", "generalise needs the argument 'else'")):
        mask(mesh, ("sales.orders.region", "generalise", args, None))
        answer = run("check", mesh)
        assert answer.returncode != 0 and words in answer.stdout + answer.stderr, answer.stdout + answer.stderr
    mask(mesh)
