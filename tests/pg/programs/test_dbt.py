"""dbt-postgres as it reads: debug, show (with a model between), source freshness, tests of sources, docs generate. An environment of its own
(build/dbt), for its pins would hold the others back. All of it in one project, for two people."""
import datetime as dt
import json
import os
import pathlib
import subprocess

import mesh
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
DBT = ROOT / "build" / "dbt" / "bin" / "dbt"
pytestmark = pytest.mark.skipif(not DBT.exists(), reason="dbt is not installed: tools/setup")
FILES = {
    "dbt_project.yml": "name: shop\nversion: 1.0.0\nconfig-version: 2\nprofile: shop\nflags: {send_anonymous_usage_stats: false}\n",
    "profiles.yml": """shop:
  target: it
  outputs:
    it: {{type: postgres, host: 127.0.0.1, port: {port}, user: {who}, password: {who}-demo, dbname: demo, schema: sales, threads: 2}}
""",
    "models/sources.yml": """version: 2
sources:
- name: sales
  tables:
  - name: orders
    loaded_at_field: placed_at
    freshness: {warn_after: {count: 1, period: day}, error_after: {count: 365000, period: day}}
    columns:
    - {name: id, data_tests: [unique, not_null]}
    - name: region
      data_tests: [{accepted_values: {arguments: {values: [EU, US, APAC]}}}]
    - name: customer_id
      data_tests: [{relationships: {arguments: {to: "source('sales', 'customers')", field: id}}}]
    - name: status
      data_tests: [{accepted_values: {arguments: {values: [shipped, paid]}}}]
  - {name: customers}
""",
    "models/by_region.sql": "{{ config(materialized='ephemeral') }}\nselect region, count(*) as orders, max(placed_at) as last from {{ source('sales', 'orders') }} group by 1\n",
    "models/kept.sql": "select * from {{ ref('by_region') }}\n",
}


@pytest.fixture(scope="module", params=mesh.PEOPLE)
def project(request, server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dbt")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text.format(port=server.pg_port, who=request.param) if name == "profiles.yml" else text)
    return request.param, folder


def dbt(folder, *arguments):
    command = [str(DBT), "--quiet", "--no-use-colors", "--no-send-anonymous-usage-stats", *arguments, "--project-dir", str(folder), "--profiles-dir", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=150, cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder), "DO_NOT_TRACK": "1"})


def results(folder, name="run_results"):
    return json.loads((folder / "target" / f"{name}.json").read_text())


def test_debug_show_freshness(project):
    who, folder = project
    held = mesh.orders(who)
    done = dbt(folder, "debug", "--connection")
    assert done.returncode == 0, done.stdout + done.stderr
    done = dbt(folder, "show", "--select", "by_region", "--output", "json", "--limit", "10")
    assert done.returncode == 0, done.stdout + done.stderr
    shown = json.loads(done.stdout[done.stdout.index("{"):])["show"]
    regions = {r["region"] for r in held}
    assert {(r["region"], r["orders"], dt.datetime.fromisoformat(r["last"])) for r in shown} == {
        (g, sum(r["region"] == g for r in held), max(r["placed_at"] for r in held if r["region"] == g)) for g in regions}
    done = dbt(folder, "source", "freshness")
    assert done.returncode == 0, done.stdout + done.stderr
    found, = results(folder, "sources")["results"]
    assert dt.datetime.fromisoformat(found["max_loaded_at"].replace("Z", "+00:00")) == max(r["placed_at"] for r in held)


def test_tests_and_docs(project):
    who, folder = project
    held = mesh.orders(who)
    done = dbt(folder, "test", "--select", "source:sales")
    got = {r["unique_id"].split(".")[2]: (r["status"], r["failures"]) for r in results(folder)["results"]}
    other = {r["status"] for r in held} - {"shipped", "paid"}
    assert len(got) == 5 and {n: s for n, s in got.items() if s[0] != "pass"} == {"source_accepted_values_sales_orders_status__shipped__paid": ("fail", len(other))}, done.stdout
    done = dbt(folder, "docs", "generate")
    assert done.returncode == 0, done.stdout + done.stderr
    told = results(folder, "catalog")["sources"]["source.shop.sales.orders"]
    kinds = {"amount": "numeric(12,2)", "placed_at": "timestamp with time zone"}
    assert [c["name"] for c in sorted(told["columns"].values(), key=lambda c: c["index"])] == list(held[0]) and told["metadata"]["comment"] == "One row an order."
    assert all(told["columns"][n]["type"] == k for n, k in kinds.items() if n in held[0])


def test_building_is_refused_with_words(project):
    who, folder = project
    done = dbt(folder, "run", "--select", "kept")
    assert done.returncode != 0 and "read-only transaction" in done.stdout
