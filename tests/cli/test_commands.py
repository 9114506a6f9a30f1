"""The commands a producer types: settings, check, user, explain, query, table, audit; every failure says what and where."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "hailstorm"
MESH = ROOT / "build" / "demo" / "mesh"


def run(*args, env=None, stdin=None):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=60, input=stdin,
                          env={**os.environ, **(env or {})})


@pytest.fixture
def mesh(tmp_path):
    """A copy of the demo model whose tables are those of the demo."""
    copy = tmp_path / "mesh"
    shutil.copytree(MESH, copy, ignore=shutil.ignore_patterns("warehouse", "*.db", "*.sqlite*"))
    (copy / "warehouse").symlink_to(MESH / "warehouse")
    return copy


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_help_and_unknown_words():
    assert run("help").returncode == 0
    assert run().returncode == 2
    answer = run("sevre")
    assert answer.returncode == 2 and "no command 'sevre'" in answer.stderr
    answer = run("serve", "--worker", "3")
    assert answer.returncode == 2 and "did you mean --workers" in answer.stderr
    answer = run("serve", "--workers", "many")
    assert answer.returncode == 2 and "workers" in answer.stderr
    assert "--memory" in run("settings").stdout


def test_check_says_all_is_well(mesh):
    answer = run("check", mesh)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "0 errors" in answer.stdout


@pytest.mark.parametrize("file,old,new,words", [
    ("domains/sales/policies/grants.yaml", "kind: Grant", "kind: Grnt", "Grant"),
    ("domains/sales/policies/grants.yaml", "actions: [read]", "actoins: [read]", "actions"),
    ("domains/sales/policies/grants.yaml", "product: sales.customers", "product: sales.custmers", "sales.customers"),
    ("domains/sales/policies/masks.yaml", "with: keep-domain", "with: keep-domian", "keep-domain"),
    ("domains/sales/customers.odcs.yaml", "logicalType: string", "logicalType: strnig", "string"),
])
def test_check_names_file_line_and_a_suggestion(mesh, file, old, new, words):
    replace(mesh / file, old, new)
    answer = run("check", mesh)
    text = answer.stdout + answer.stderr
    assert answer.returncode == 1
    assert file in text and words in text
    assert any(f"{file}:{n}:" in text for n in range(1, 200)), text


def test_check_against_the_real_table(mesh):
    """A dropped and re-added name does not inherit: the id decides, and the message names both."""
    path = mesh / "domains/sales/customers.odcs.yaml"
    lines = path.read_text().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if "name: email" in line)
    for i in range(at, at + 4):
        changed = re.sub(r"(hailstorm\.fieldId, value: )\d+", r"\g<1>99", lines[i])
        if changed != lines[i]:
            lines[i] = changed
            break
    path.write_text("".join(lines))
    answer = run("check", mesh)
    assert answer.returncode == 1 and "email" in answer.stdout and "99" in answer.stdout, answer.stdout + answer.stderr


def test_a_column_renamed_in_the_table_keeps_its_contract_name(mesh, tmp_path):
    path = mesh / "domains/sales/customers.odcs.yaml"
    replace(path, "name: email", "name: mail")
    assert run("check", mesh).returncode == 0
    answer = run("query", "select mail from sales.customers limit 1", "--as", "otto", "--model", mesh, "--state", tmp_path / "s")
    assert answer.returncode == 0 and "@" in answer.stdout


def test_users_come_and_go(mesh):
    add = run("user", "add", "zoe", "role:analyst", "region=EU", "--model", mesh, env={"HAILSTORM_PASSWORD": "pw-zoe"})
    assert add.returncode == 0, add.stderr
    text = (mesh / "principals.yaml").read_text()
    assert "zoe" in text and "SCRAM-SHA-256$" in text and "pw-zoe" not in text and "ana" in text
    assert (mesh / "principals.yaml").stat().st_mode & 0o777 == 0o600
    token = run("user", "token", "zoe", "2099-01-01", "--model", mesh)
    assert token.returncode == 0 and token.stdout.startswith("hst_")
    assert token.stdout.strip() not in (mesh / "principals.yaml").read_text()
    assert run("check", mesh).returncode == 0
    assert run("user", "remove", "zoe", "--model", mesh).returncode == 0
    assert "zoe" not in (mesh / "principals.yaml").read_text()
    assert run("user", "remove", "zoe", "--model", mesh).returncode == 1


def test_query_as_people(mesh, tmp_path):
    def ask(who, sql, fmt="csv"):
        return run("query", sql, "--as", who, "--model", mesh, "--state", tmp_path / "state", "--format", fmt)

    ana = ask("ana", "select distinct region from sales.orders")
    assert ana.returncode == 0, ana.stderr
    assert ana.stdout.split() == ["region", "EU"]
    fred = ask("fred", "select count(distinct region) > 1 as several from sales.orders")
    assert fred.stdout.split() == ["several", "true"]
    hidden = ask("sue", "select amount from sales.orders")
    assert hidden.returncode == 1
    absent = ask("ana", "select * from sales.nothing")
    assert absent.returncode == 1 and "no table" in absent.stderr
    assert ask("nobody", "select 1").returncode == 1
    verify = run("audit", "verify", "--state", tmp_path / "state")
    assert verify.returncode == 0, verify.stdout


def test_explain_names_the_rules(mesh, tmp_path):
    answer = run("explain", "sales.customers", "--as", "ana", "--model", mesh, "--state", tmp_path / "state")
    assert answer.returncode == 0, answer.stderr
    assert "email" in answer.stdout and "keep-domain" in answer.stdout and "analysts-read-customers" in answer.stdout


def test_table_facts():
    answer = run("table", MESH / "warehouse/sales/orders")
    assert answer.returncode == 0, answer.stderr
    assert "customer_id" in answer.stdout
    assert run("table", "/nonexistent").returncode == 1
