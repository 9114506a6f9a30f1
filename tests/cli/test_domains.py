"""What a producer of one domain can do to another: publish its files, change its rows, hide its columns. Nothing, is the answer."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "hailstorm"
MESH = ROOT / "build" / "demo" / "mesh"
CONTRACT = "domains/evil/mine.odcs.yaml"
VICTIM = "warehouse/sales/customers"


def run(*args):
    return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=60, env=os.environ)


@pytest.fixture
def mesh(tmp_path):
    """A copy of the demo with its tables, in which nobody has been given roots."""
    copy = tmp_path / "mesh"
    shutil.copytree(MESH, copy, symlinks=True)
    (copy / "mesh.yaml").write_text("kind: Mesh\nname: demo\n")
    (copy / "warehouse" / "evil").mkdir()
    return copy


def publish(mesh, location, prefixes=None, domain="evil"):
    """Another domain's table under this domain's name, for everyone."""
    folder = mesh / "domains" / domain
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    custom = f"  - {{property: hailstorm.location, value: {json.dumps(str(location))}}}\n"
    if prefixes:
        custom += f"  - {{property: hailstorm.prefixMap, value: {json.dumps(prefixes)}}}\n"
    (folder / "mine.odcs.yaml").write_text(
        f"apiVersion: v3.1.0\nkind: DataContract\nid: {domain}.mine\nversion: 1.0.0\nstatus: active\nschema:\n- name: mine\n  customProperties:\n"
        f"{custom}  properties:\n  - {{name: id, logicalType: integer}}\n  - {{name: email, logicalType: string}}\n")
    (folder / "policies" / "mine.yaml").write_text(
        f"kind: Grant\nname: all\nto: everyone\nactions: [read]\non: {{table: {domain}.mine}}\n")


def policy(mesh, text, path="domains/evil/policies/more.yaml"):
    file = mesh / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def give_roots(mesh, **roots):
    lines = [f"  {name}: {{roots: {json.dumps(paths)}}}\n" for name, paths in roots.items()]
    (mesh / "mesh.yaml").write_text("kind: Mesh\nname: demo\ndomains:\n" + "".join(lines))


def check(mesh, *words):
    """No words: all is well. Words: it is refused, with them."""
    answer = run("check", mesh)
    text = answer.stdout + answer.stderr
    assert answer.returncode == (1 if words else 0), text
    for word in words:
        assert word in text, text
    return text


def ask(mesh, sql, who="ana"):
    return run("query", sql, "--as", who, "--model", mesh, "--state", mesh.parent / "state", "--format", "csv")


def metadata_of(mesh, table=VICTIM):
    return max((mesh / table / "metadata").glob("*.metadata.json"), key=lambda p: p.name)


# ---- locations ----

def test_one_domain_may_publish_a_place_twice(mesh):
    publish(mesh, VICTIM, domain="sales")
    check(mesh)
    assert "@" in ask(mesh, "select email from sales.mine limit 1").stdout


@pytest.mark.parametrize("location", [
    VICTIM, "{mesh}/" + VICTIM, "warehouse/evil/../sales/customers", "warehouse//sales/./customers/", "warehouse/sales", "warehouse", ".",
    VICTIM + "/data", "warehouse/evil/link", "warehouse/evil/link/new", "{metadata}"])
def test_a_location_of_another_domain_is_refused(mesh, location):
    (mesh / "warehouse/evil/link").symlink_to("../sales/customers")
    publish(mesh, location.format(mesh=mesh, metadata=metadata_of(mesh).relative_to(mesh)))
    text = check(mesh, "evil.mine", "sales.", CONTRACT + ":9:", ".odcs.yaml:")
    assert "domains/sales/" in text
    answer = ask(mesh, "select email from evil.mine")
    assert answer.returncode == 1 and "@" not in answer.stdout + answer.stderr


@pytest.mark.parametrize("target", ["warehouse/sales", "{mesh}/warehouse/", "warehouse/evil/../sales/customers/", "warehouse/evil/link"])
def test_a_prefix_that_leads_to_another_domain_is_refused(mesh, target):
    (mesh / "warehouse/evil/link").symlink_to("../sales")
    publish(mesh, "warehouse/evil/mine", {"s3://old/": target.format(mesh=mesh)})
    check(mesh, "evil.mine", "sales.", CONTRACT + ":10:")


def test_a_place_is_a_directory_of_this_machine(mesh):
    publish(mesh, "warehouse/evil/mine", {"s3://old/": f"file://{mesh}/warehouse/sales"})
    check(mesh, CONTRACT + ":10:", "a path")
    publish(mesh, f"file://{mesh}/{VICTIM}")
    check(mesh, CONTRACT + ":9:", "a path")


# ---- what metadata may name ----

def borrow(mesh, to, place="metadata"):
    """The victim's metadata as evil's own, with the paths that it names left as they are."""
    folder = mesh / to / place
    folder.mkdir(parents=True)
    text = json.loads(metadata_of(mesh).read_text())
    text["location"] = "file:///nowhere"
    for snapshot in text["snapshots"]:
        name = snapshot["manifest-list"].rsplit("/", 1)[1]
        assert (mesh / VICTIM / "metadata" / name).exists()
        snapshot["manifest-list"] = str(mesh / VICTIM / "metadata" / name)
    (folder / "v1.metadata.json").write_text(json.dumps(text))
    return folder / "v1.metadata.json"


def test_own_metadata_cannot_name_files_of_another(mesh):
    borrow(mesh, "warehouse/evil/mine")
    publish(mesh, "warehouse/evil/mine")
    check(mesh)
    answer = ask(mesh, "select email from evil.mine")
    assert answer.returncode == 1 and "@" not in answer.stdout + answer.stderr


@pytest.mark.parametrize("how", ["folder of metadata", "metadata file"])
def test_a_table_given_by_its_metadata_reaches_no_further(mesh, how):
    """Such a table's files lie beside its metadata; that directory is what must not be another's."""
    if how == "folder of metadata":
        borrow(mesh, "warehouse", "metadata")
        publish(mesh, "warehouse/metadata")
    else:
        borrow(mesh, "warehouse", "evil2").rename(mesh / "warehouse/evil.metadata.json")
        publish(mesh, "warehouse/evil.metadata.json")
    check(mesh, "evil.mine", CONTRACT + ":9:")


# ---- roots ----

def test_roots_bind_locations_and_prefixes(mesh):
    give_roots(mesh, sales=["warehouse/sales"], support=["warehouse/support"], evil=["warehouse/evil"])
    check(mesh)
    publish(mesh, "warehouse/elsewhere/mine")
    check(mesh, CONTRACT + ":9:", "evil", "root")
    (mesh / "warehouse/elsewhere").mkdir()
    (mesh / "warehouse/evil/out").symlink_to("../elsewhere")
    publish(mesh, "warehouse/evil/out/mine")
    check(mesh, CONTRACT + ":9:", "evil", "root")
    publish(mesh, "warehouse/evil/mine", {"s3://old/": "warehouse/elsewhere"})
    check(mesh, CONTRACT + ":10:", "evil", "root")
    shutil.copytree(mesh / VICTIM, mesh / "warehouse/evil/mine")
    publish(mesh, "warehouse/evil/mine", {"s3://old/x/": "warehouse/evil"})
    check(mesh)
    assert "@" in ask(mesh, "select email from evil.mine limit 1").stdout


def test_once_one_domain_has_roots_all_need_them(mesh):
    give_roots(mesh, sales=["warehouse/sales"], support=["warehouse/support"])
    check(mesh)
    publish(mesh, "warehouse/evil/mine")
    check(mesh, CONTRACT + ":9:", "'evil'", "mesh.yaml")


@pytest.mark.parametrize("roots", [{"evil": ["warehouse/sales/customers"]}, {"evil": ["warehouse"]}, {"evil": ["warehouse/evil/link"]}])
def test_roots_of_two_domains_do_not_overlap(mesh, roots):
    (mesh / "warehouse/evil/link").symlink_to("../sales")
    give_roots(mesh, sales=["warehouse/sales"], support=["warehouse/support"], **roots)
    check(mesh, "mesh.yaml:", "'evil'", "'sales'")


# ---- policies ----

@pytest.mark.parametrize("text,line", [
    ("kind: RowRule\nname: freeze\non: {table: sales.customers}\nwhere: id < 0\n", 3),
    ("kind: RowRule\nname: freeze\non: {product: sales.customers}\nwhere: id < 0\n", 3),
    ("kind: RowRule\nname: freeze\non: {domain: sales}\nwhere: id < 0\n", 3),
    ("kind: Mask\nname: hide\non: {column: sales.customers.region}\nwith: nullify\n", 3),
    ("kind: Grant\nname: open\nto: everyone\nactions: [read]\non: {table: sales.customers}\n", 5)])
def test_policies_of_one_domain_leave_the_others_alone(mesh, text, line):
    policy(mesh, text)
    said = check(mesh, f"domains/evil/policies/more.yaml:{line}:", "domains/sales/policies")
    assert "policies/" in said
    (mesh / "domains/evil/policies/more.yaml").unlink()
    policy(mesh, text, "domains/sales/policies/more.yaml")
    check(mesh)


def test_tag_masks_of_one_domain_leave_the_others_alone(mesh):
    before = ask(mesh, "select email, name from sales.customers order by id limit 5")
    assert "@" in before.stdout
    policy(mesh, "kind: Mask\nname: hide\non: {tag: pii.email}\nwith: nullify\n---\nkind: Mask\nname: hide-names\non: {tag: pii.name}\nwith: nullify\n")
    check(mesh)
    assert ask(mesh, "select email, name from sales.customers order by id limit 5").stdout == before.stdout


def test_a_tag_that_no_mask_of_its_domain_covers_is_said(mesh):
    """Whoever relied on another domain's mask hears of it."""
    path = mesh / "domains/support/tickets.odcs.yaml"
    path.write_text(path.read_text().replace("{name: subject, logicalType: string,", "{name: subject, logicalType: string, tags: [pii.phone],"))
    assert "support.tickets" in check(mesh) and "pii.phone" in check(mesh)
    policy(mesh, "kind: Mask\nname: phones\non: {tag: pii.phone}\nwith: redact\n", "domains/support/policies/phones.yaml")
    assert "pii.phone" not in check(mesh)


def test_the_mesh_owner_may_name_any_table(mesh):
    before = ask(mesh, "select count(*) from sales.customers").stdout
    policy(mesh, "kind: RowRule\nname: mesh-rule\non: {table: sales.customers}\nwhere: id < 100\n---\n"
                 "kind: Mask\nname: mesh-mask\non: {column: support.tickets.subject}\nwith: redact\n---\n"
                 "kind: Mask\nname: mesh-tag\non: {tag: pii.name}\nto: {roles: [analyst]}\nwith: nullify\n---\n"
                 "kind: Grant\nname: mesh-grant\nto: {roles: [analyst]}\nactions: [read]\non: {table: support.tickets}\n", "policies/all.yaml")
    check(mesh)
    assert ask(mesh, "select count(*) from sales.customers").stdout != before
    assert "@" in ask(mesh, "select email from sales.customers limit 3").stdout
    names = ask(mesh, "select count(name) as n from sales.customers").stdout
    assert names.split() == ["n", "0"]
    assert "body" in ask(mesh, "select body from support.tickets limit 1").stdout


def test_only_policies_lie_beside_domains(mesh):
    shutil.copy(mesh / "domains/sales/orders.odcs.yaml", mesh / "orders.odcs.yaml")
    policy(mesh, "kind: Principals\nusers: []\n", "policies/people.yaml")
    check(mesh, "policies/people.yaml:1:7:", "principals.yaml")
