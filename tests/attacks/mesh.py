"""The mesh that is attacked: two domains, alpha and omega, that look the same to eve and hide different things.

Whatever eve asks of alpha she asks of omega too. If an answer, an error or a schema differs, something hidden has shown: no marker needs to be
seen for that. What is hidden also carries markers (ZQX..., numbers from 777,000,000 or 888,000,000 on), which must show nowhere.

    rows     of regions other than hers, NULL regions, and regions that only look like hers
    cells    behind every mask
    columns  not granted (sekrat, bonusa), in no contract (loosea), dropped from the schema (ghosta), renamed after they were written
    members  of a struct, not granted
    tables   vaulta in her domains, and the whole domain gloom
    snapshots in which all of this was otherwise

people filters by a comparison, which the engine pushes into the scan before all else; staff by a list and text operations, which it would
run after hers if the fence were not there. claims (more.py) has the rule language's later words and the masks that show something of what
they hide; ledger (more.py) is long enough for hidden rows to show in where batches, files and row groups end.
"""
import datetime as dt
import pathlib
import re
import shutil
import sys
import uuid

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "demo"), str(ROOT / "tests" / "data"), str(ROOT / "tests" / "lib")]
OUT = ROOT / "build" / "attacks"
TWINS = ("alpha", "omega")
NUMBER = {"alpha": 777000000, "omega": 888000000, "gloom": 777000000}
VISIBLE, HIDDEN = 60, 40
# hidden name -> a name of nothing at all, one letter apart: to eve they must be the same
ABSENT = {"vaulta": "vaulte", "gloom": "glaom", "sekrat": "sekrit", "bonusa": "bonuse", "loosea": "loosee", "ghosta": "ghoste", "membera": "membere", "aliasa": "aliase"}

PRINCIPALS = """\
kind: Principals
users:
- {name: root, roles: [admin]}
- {name: eve, roles: [analyst], attributes: {region: EU}}
- {name: mal, roles: [analyst], attributes: {region: US}}
- {name: nix, roles: [analyst]}
- {name: nil, roles: [nothing]}
- {name: pia, roles: [analyst], attributes: {region: EU, purposes: [fraud]}}
"""

COLUMNS = """\
  - {name: id, logicalType: integer}
  - {name: region, logicalType: string}
  - {name: zone, logicalType: string}
  - {name: v, logicalType: string}
  - {name: u, logicalType: string}
  - {name: js, logicalType: string}
  - {name: dt, logicalType: string}
  - {name: hx, logicalType: string}
  - {name: re, logicalType: string}
  - {name: n, logicalType: integer}
  - {name: m, logicalType: integer}
  - {name: d, logicalType: number}
  - {name: ts, logicalType: timestamp}
  - {name: arr, logicalType: array, items: {logicalType: integer}}
  - {name: ssn, logicalType: string}
  - {name: salary, logicalType: integer}
  - {name: note, logicalType: string}
  - {name: pin, logicalType: string}
  - {name: email, logicalType: string}
  - {name: born, logicalType: date}
  - {name: token, logicalType: string}
  - {name: cell, logicalType: integer}
  - {name: nick, logicalType: string}
  - {name: tags, logicalType: array, items: {logicalType: string}}
  - {name: sekrat, logicalType: string}
  - {name: bonusa, logicalType: integer}
  - name: home
    logicalType: object
    properties:
    - {name: city, logicalType: string}
    - {name: street, logicalType: string}
    - {name: membera, logicalType: string}
"""
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: {domain}.{table}
version: 1.0.0
status: active
domain: {domain}
schema:
- name: {table}
  customProperties:
  - {{property: hailstorm.location, value: "warehouse/{domain}/{table}"}}
  properties:
{columns}"""
GRANTED = "id, region, zone, v, u, js, dt, hx, re, n, m, d, ts, arr, ssn, salary, note, pin, email, born, token, cell, nick, tags, home.city, home.street"
POLICIES = """\
kind: Grant
name: {table}-for-analysts
to: {{roles: [analyst]}}
actions: [read]
on: {{product: {domain}.{table}}}
columns: [{granted}]
---
kind: Grant
name: {table}-for-admins
to: {{roles: [admin]}}
actions: [read]
on: {{product: {domain}.{table}}}
---
kind: RowRule
name: {table}-of-own-region
on: {{table: {domain}.{table}}}
to: {{roles: [analyst]}}
where: {where}
"""
TABLES = {"alpha": ("people", "staff", "claims", "ledger", "vaulta"), "omega": ("people", "staff", "claims", "ledger", "vaulta"), "gloom": ("things",)}
WHERE = {"people": "region = principal.region", "staff": "region in (principal.region, 'nowhere') and zone starts with principal.region and not (zone ends with '-away') and not (region <> principal.region)"}
MASKS = {
    "ssn": ("show-last-n", "args: {n: 4}"), "salary": ("nullify", None), "note": ("redact", None), "pin": ("show-first-n", "args: {n: 4}"),
    "email": ("keep-domain", None), "born": ("truncate-date", "args: {unit: year}"), "token": ("hmac-token", None),
    "cell": ("nullify", "when: n > 30"), "nick": ("redact", None), "tags.items": ("redact", None), "home.street": ("redact", None),
}


def mask_path(path):
    return path.replace(".items", "[]")


def policies(domain, table):
    text = POLICIES.format(domain=domain, table=table, granted=GRANTED, where=WHERE[table])
    for path, (function, more) in MASKS.items():
        name = path.replace(".", "-")
        text += f"---\nkind: Mask\nname: {table}-{name}\non: {{column: \"{domain}.{table}.{mask_path(path)}\"}}\nto: {{roles: [analyst]}}\n"
        text += (f"{more}\n" if more else "") + f"with: {function}\n"
    return text


def row(domain, i, hidden):
    """Visible rows are the same in both domains but for what is masked or not granted."""
    alpha = domain != "omega"
    mark = "A" if alpha else "B"
    number = NUMBER[domain]
    out = {
        "id": i, "region": "EU", "zone": "EU-north", "v": str(i), "u": str(uuid.UUID(int=i)), "js": f'{{"k": {i}, "l": [1, 2]}}',
        "dt": f"2026-01-{i % 28 + 1:02}", "hx": f"{i:04x}", "re": f"a{i % 7}b*", "n": i, "m": i % 9 + 1, "d": i / 4,
        "ts": dt.datetime(2026, 1, 1) + dt.timedelta(hours=i), "arr": [i, i + 1],
        "ssn": f"ZQX{mark}{i:05}-{i:04}", "salary": number + i, "note": f"ZQX{mark} note {i}", "pin": f"{mark}{i % 1000:03}",
        "email": f"zqx{mark.lower()}.{i}@example.org", "born": dt.date(1980, 1 if alpha else 12, i % 28 + 1), "token": f"ZQXTOKEN-{i % 10}",
        "cell": i if i <= 30 else number + i, "nick": f"ZQX{mark} nick {i}", "tags": [f"ZQX{mark} tag {i}"] * (i % 3),
        "sekrat": f"ZQX{mark} secret {i}", "bonusa": number + 500000 + i, "loosea": f"ZQX{mark} loose {i}", "ghosta": f"ZQX{mark} ghost {i}",
        "home": {"city": "Cork", "street": f"ZQX{mark} street {i}", "membera": f"ZQX{mark} member {i}"},
    }
    if not hidden:
        return out
    region = ["US", None, "EU ", "eu", "EU\u200b"][i % 5]
    out.update(id=number + i, region=region, zone=["US-EU", None, "EU-away", "eu-north", "Eu"][i % 5])
    if alpha:  # every way to raise that a statement could try
        out.update(v=f"ZQXA row {i}", u=f"ZQXA uuid {i}", js=f'{{"ZQXA": {i}, broken', dt="ZQXA 31 February", hx="ZQXA!", re=f"ZQXA({i}", n=0 if i % 2 else 2**63 - 1,
                   m=0, d=float("nan") if i % 2 else -1e300, ts=dt.datetime(9999, 12, 31, 23), arr=[NUMBER[domain] + i] * 5000 if i == 3 else [])
    else:  # tame, and other numbers than the visible ones
        out.update(v="-5", n=-NUMBER[domain], m=-1, d=-0.25, ts=dt.datetime(1990, 1, 1), arr=[-NUMBER[domain]])
    return out


def write(warehouse, catalog, domain, name):
    import pyarrow as pa
    from pyiceberg.schema import Schema
    from pyiceberg.types import DateType, DoubleType, ListType, LongType, NestedField, StringType, StructType, TimestampType
    text, long = StringType(), LongType()

    def f(number, field_name, kind):
        return NestedField(number, field_name, kind, required=False)
    kinds = [("id", long), ("region", text), ("zone", text), ("v", text), ("u", text), ("js", text), ("dt", text), ("hx", text), ("re", text),
             ("n", long), ("m", long), ("d", DoubleType()), ("ts", TimestampType()), ("arr", ListType(100, long, element_required=False)), ("ssn", text),
             ("salary", long), ("note", text), ("pin", text), ("email", text), ("born", DateType()), ("token", text), ("cell", long), ("aliasa", text),
             ("tags", ListType(101, text, element_required=False)), ("sekrat", text), ("bonusa", long), ("loosea", text), ("ghosta", text),
             ("home", StructType(f(102, "city", text), f(103, "street", text), f(104, "membera", text)))]
    catalog.create_namespace_if_not_exists(domain)
    table = catalog.create_table(f"{domain}.{name}", Schema(*(f(i + 1, *kind) for i, kind in enumerate(kinds))),
                                 location=(warehouse / domain / name).as_uri(), properties={"format-version": "2"})

    def append(rows):
        schema = table.schema().as_arrow()
        rows = [{("aliasa" if "aliasa" in schema.names and k == "nick" else k): v for k, v in r.items()} for r in rows]
        table.append(pa.Table.from_pylist([{k: v for k, v in r.items() if k in schema.names} for r in rows], schema=schema))

    # What was once there for all to see: her region's rows with a ghost column, under an old name, and rows that are deleted later.
    append([row(domain, i, False) for i in range(20)] + [row(domain, i, True) for i in range(15)])
    append([row(domain, i, True) for i in range(15, 20)])
    table.delete(f"id >= {NUMBER[domain] + 17}")
    with table.update_schema() as update:
        update.rename_column("aliasa", "nick")
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.delete_column("ghosta")
    append([row(domain, i, False) for i in range(20, VISIBLE)] + [row(domain, i, True) for i in range(20, HIDDEN)])
    return table.schema()


def with_ids(schema, columns=COLUMNS):
    """The contract's columns, each bound by the table's field id, as `hailstorm check --bind` leaves them."""
    out = []
    for line in columns.splitlines():
        name = re.search(r"name: (\w+)", line)
        if name:
            path = name[1] if line.startswith("  - ") else "home." + name[1]
            bound = f"customProperties: [{{property: hailstorm.fieldId, value: {schema.find_field(path).field_id}}}]"
            line = line[:-1] + ", " + bound + "}" if line.endswith("}") else line + "\n    " + bound
        out.append(line)
    return "\n".join(out) + "\n"


def make():
    from pyiceberg.catalog.sql import SqlCatalog
    import more
    from tables import Once, with_verifiers
    once = Once(OUT, HERE / "mesh.py", HERE / "more.py")
    if once.done():
        return OUT / "mesh"
    shutil.rmtree(OUT, ignore_errors=True)
    mesh = OUT / "mesh"
    mesh.mkdir(parents=True)
    (mesh / "mesh.yaml").write_text("kind: Mesh\nname: target\n")
    (mesh / "principals.yaml").write_text(with_verifiers(PRINCIPALS, "-attack"))
    (mesh / "principals.yaml").chmod(0o600)
    catalog = SqlCatalog("attacks", uri=f"sqlite:///{OUT / 'catalog.db'}", warehouse=(mesh / "warehouse").as_uri())
    for domain in TABLES:
        folder = mesh / "domains" / domain
        (folder / "policies").mkdir(parents=True)
        for table in TABLES[domain]:
            if table in more.TABLES:
                more.make(mesh, catalog, domain, table)
                continue
            columns = with_ids(write(mesh / "warehouse", catalog, domain, table))
            (folder / f"{table}.odcs.yaml").write_text(CONTRACT.format(domain=domain, table=table, columns=columns))
            if table in WHERE:
                (folder / "policies" / f"{table}.yaml").write_text(policies(domain, table))
            else:
                (folder / "policies" / f"{table}.yaml").write_text(
                    f"kind: Grant\nname: {table}-for-admins\nto: {{roles: [admin]}}\nactions: [read]\non: {{product: {domain}.{table}}}\n")
    secret = OUT / "secret"
    secret.mkdir()
    for name, text in {"words.txt": "ZQX file", "rows.csv": "a,b\nZQX file,777000001\n", "rows.json": '{"a": "ZQX file"}\n'}.items():
        (secret / name).write_text(text)
    once.end()
    return mesh


def facts():
    """What an attacker who has seen the disk once would know: paths, snapshot ids, times."""
    from pyiceberg.table import StaticTable
    out = {"secret": str(OUT / "secret"), "out": str(OUT)}
    for domain in TABLES:
        for name in TABLES[domain]:
            folder = OUT / "mesh" / "warehouse" / domain / name
            table = StaticTable.from_metadata(str(max((folder / "metadata").glob("*.metadata.json"), key=lambda p: p.name)))
            out[domain, name] = {"files": sorted(str(p) for p in (folder / "data").rglob("*.parquet")), "folder": str(folder),
                                 "files_now": [t.file.file_path.removeprefix("file://") for t in table.scan().plan_files()],
                                 "snapshots": [s.snapshot_id for s in sorted(table.metadata.snapshots, key=lambda s: s.sequence_number)],
                                 "times": [s.timestamp_ms for s in sorted(table.metadata.snapshots, key=lambda s: s.sequence_number)]}
    return out
