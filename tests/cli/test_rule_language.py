"""The rule language through the whole program: what a person sees under a rule is what another, who sees everything, gets
by asking for it in SQL."""
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "hailstorm"
MESH = ROOT / "build" / "demo" / "mesh"

LOOKUP = """kind: Lookup
name: desks
columns: {user: string, region: string, least: "decimal(10, 2)"}
file: desks.csv
---
kind: Lookup
name: busy
from: desks
where: least > 100
"""
ROWS = 'user,region,least\notto,EU,50.00\notto,"US",250\nsue,APAC,\n'

RULES = {
    "amount * 2 - 10 > 100 and id % 3 = 1": "amount * 2 - 10 > 100 and id % 3 = 1",
    "amount / 3 < 20.5": "amount / 3 < 20.5",
    "placed_at + days(30) > timestamp '2026-05-01 00:00:00Z'": "placed_at > timestamptz '2026-04-01 00:00:00Z'",
    "note contains 'a' and status not contains 'x'": "contains(note, 'a') and not contains(status, 'x')",
    "region in desks.region where user = principal.name": "region in ('EU', 'US')",
    "region in busy.region": "region = 'US'",
    "'auditor' in principal.roles and region = 'EU'": "region = 'EU'",
    "request.today > date '2020-01-01' and region = 'US'": "region = 'US'",
    "placed_at < request.now - years(5)": "placed_at < now() - interval 5 years",
    "request.purpose is null and id < 5": "id < 5",
}


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    copy = tmp_path_factory.mktemp("rules") / "mesh"
    shutil.copytree(MESH, copy, symlinks=True)
    (copy / "mesh.yaml").write_text("kind: Mesh\nname: demo\n")
    lookups = copy / "domains" / "sales" / "lookups"
    lookups.mkdir()
    (lookups / "desks.yaml").write_text(LOOKUP)
    (lookups / "desks.csv").write_text(ROWS)
    return copy


def run(*args):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=60, env=os.environ)


def set_rule(mesh, rule):
    (mesh / "domains" / "sales" / "policies" / "zz.yaml").write_text(
        "kind: RowRule\nname: zz\non: {table: sales.orders}\nto: {users: [otto]}\nwhere: |\n  " + rule + "\n")


def ask(mesh, sql, who):
    answer = run("query", sql, "--as", who, "--model", mesh, "--state", mesh.parent / "state", "--format", "csv")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize("rule", RULES)
def test_rule(mesh, rule):
    set_rule(mesh, rule)
    seen = ask(mesh, "select id from sales.orders order by id", "otto")
    asked = ask(mesh, f"select id from sales.orders where {RULES[rule]} order by id", "fred")
    everything = ask(mesh, "select id from sales.orders order by id", "fred")
    assert seen == asked
    assert len(seen) < len(everything)


@pytest.mark.parametrize("rule, words", [
    ("region = 'EU' and region = 'US'", "zz.yaml:6:3: this can never be true"),
    ("region in desk.region", "domain 'sales' has no lookup 'desk' (did you mean 'desks'?)"),
    ("amount contains 'x'", "zz.yaml:6:19: a number cannot be compared with text"),
    ("placed_at + 30 > request.now", "say what is added"),
])
def test_check_refuses(mesh, rule, words):
    set_rule(mesh, rule)
    answer = run("check", mesh, "--bind")
    assert answer.returncode == 1
    assert words in answer.stdout + answer.stderr
