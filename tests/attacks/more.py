"""Two more tables of the twins, for what people and staff do not have.

claims: rows by a lookup, by list tests and by the stated purpose; masks that show something of what they hide. Where a mask maps many values
to one, the visible rows of the twins hold different ones of them and look the same. code, acct and pay are masked under the domain's key or
for one person: there the twins hold the same values and must not look the same; attack 52 asks for these by name.

ledger: 24,000 rows, a third of them visible and the same in both. In alpha the hidden ones stand in one piece before the visible ones, in omega
between them, so the files, row groups and chunks that a scan meets have other shapes. What is masked there has other bounds in each file.
"""
import datetime as dt
import random

from mesh import NUMBER, with_ids

TABLES = ("claims", "ledger")
LEDGER = 24000
PLACES = {"ZQXA upper": "EAST", "ZQXA lower": "EAST", "ZQXB upper": "EAST", "ZQXB lower": "EAST", "ZQXA wing": "WEST", "ZQXB wing": "WEST"}

COLUMNS = {"claims": """\
  - {name: id, logicalType: integer}
  - {name: region, logicalType: string}
  - {name: grp, logicalType: string}
  - {name: n, logicalType: integer}
  - {name: amount, logicalType: integer}
  - {name: score, logicalType: number}
  - {name: place, logicalType: string}
  - {name: seen, logicalType: timestamp}
  - {name: plate, logicalType: string}
  - {name: code, logicalType: string}
  - {name: acct, logicalType: string}
  - {name: pay, logicalType: integer}
  - {name: doc, logicalType: string}
  - {name: codes, logicalType: array, items: {logicalType: string}}
  - {name: marks, logicalType: array, items: {logicalType: integer}}
  - {name: items, logicalType: array, items: {logicalType: object, properties: [{name: sku, logicalType: string}, {name: price, logicalType: integer}]}}
  - {name: memo, logicalType: string}
""", "ledger": """\
  - {name: id, logicalType: integer}
  - {name: region, logicalType: string}
  - {name: v, logicalType: string}
  - {name: n, logicalType: integer}
  - {name: secret, logicalType: string}
  - {name: cell, logicalType: integer}
  - {name: flag, logicalType: boolean}
"""}
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
GRANTS = """\
kind: Grant
name: {table}-for-analysts
to: {{roles: [analyst]}}
actions: [read]
on: {{product: {domain}.{table}}}
---
kind: Grant
name: {table}-for-admins
to: {{roles: [admin]}}
actions: [read]
on: {{product: {domain}.{table}}}
"""
RULES = {"claims": ["region in entitlements.region where user = principal.name", "not any(items, price > 100) and all(codes, element <> 'blocked')",
                    "grp <> 'vip' or request.purpose = 'fraud'", "seen < timestamp '2999-01-01 00:00:00' or request.today > date '2026-01-01'"],
         "ledger": ["region = principal.region"]}
MASKS = {"claims": {
    "amount": ("bucket", "{width: 1000}"), "score": ("round", "{digits: 1}"), "seen": ("truncate-time", "{unit: hour}"),
    "place": ("generalise", "{map: {" + ", ".join(f"{k}: {v}" for k, v in PLACES.items()) + "}, else: OTHER}"),
    "plate": ("replace-pattern", "{pattern: 'ZQX[A-Z]-[0-9]+', with: '#'}"), "code": ("sha256-salted", None), "acct": ("ff1", None), "pay": ("noise", "{at-most: 100}"),
    "doc.$.who.ssn": ("redact", None), "doc.$.cards[*].number": ("nullify", None), "memo": ("redact-text", "{patterns: {mark: 'ZQX[AB]-[0-9]+'}}"), "codes": ("drop-elements", "{keep: [open, public]}"), "marks": ("nullify-elements", "{keep: [1, 2, 3]}"),
    }, "ledger": {"secret": ("redact", None), "cell": ("nullify", None)}}
LOOKUP = """\
kind: Lookup
name: entitlements
columns: {user: string, region: string}
rows:
- {user: eve, region: EU}
- {user: mal, region: US}
- {user: pia, region: EU}
- {user: "eve ", region: US}
- {user: EVE, region: UK}
"""


def claim(domain, i, hidden):
    alpha, base = domain != "omega", 5000000
    mark, number = ("A", 3) if alpha else ("B", 907)
    out = {
        "id": i, "region": "EU", "grp": "ab"[i % 2], "n": i, "amount": base + 1000 * (i % 12) + number, "score": i / 2 + (0.01 if alpha else 0.04),
        "place": f"ZQX{mark} {['upper', 'lower', 'wing'][i % 3] if alpha else ['lower', 'upper', 'wing'][i % 3]}", "seen": dt.datetime(2026, 3, 1 + i % 28, i % 24, 7 if alpha else 51),
        "plate": f"G {f'ZQX{mark}-{i}'} X{i % 4}", "code": f"ZQXCODE-{i % 10}", "acct": f"55500{i:05}", "pay": 4000000 + 10000 * (i % 10),
        "doc": f'{{"k": {i}, "who": {{"ssn": "ZQX{mark} {i}", "city": "Cork"}}, "cards": [{{"number": "ZQX{mark}{i}", "until": "12/27"}}, {{"n\\u0075mber": {number}}}]}}',
        "codes": ["open", f"ZQX{mark}{i}", "public"][:i % 4] + ([f"ZQX{mark}"] if alpha and i % 3 == 0 else [f"ZQX{mark}", "ZQXB more"] if i % 3 == 0 else []),
        "marks": [1, 2, NUMBER[domain] + i], "items": [{"sku": f"s{i % 5}", "price": i}, {"sku": None, "price": i % 7}][:i % 3],
        "memo": f"call zqxa.{i}@example.org or 4111 1111 1111 1111, IBAN AT61 1904 3002 3457 3201, ZQXA-{i}: {i}" if alpha else f"call b{i}.zqxb@example.net or 5500-0000-0000-0004, IBAN DE89 3704 0044 0532 0130 00, ZQXB-{i + 100}: {i}",
    }
    if not hidden:
        return out
    out.update(id=NUMBER[domain] + i, n=NUMBER[domain] + i, plate="ZQX(" * 3, doc=f'{{"ZQX{mark}": {i}, broken', memo=f"ZQX{mark} memo", place=f"ZQX{mark} hidden")
    how = i % 5  # which of the rules hides it
    if how == 0:
        out.update(region=["US", "eu", "EU ", None][i // 5 % 4])
    elif how == 1:
        out.update(items=[{"sku": f"ZQX{mark}", "price": 101 + i}])
    elif how == 2:
        out.update(codes=["open", "blocked"])
    elif how == 3:
        out.update(grp="vip")
    else:
        out.update(region="US", grp="vip", codes=["blocked"])
    return out


def booking(domain, k, hidden):
    """The k-th visible row, or a hidden one."""
    alpha = domain == "alpha"
    number = NUMBER[domain]
    # What is masked rises along the files in alpha and falls in omega: bounds of files and row groups that differ everywhere.
    out = {"id": k, "region": "EU", "v": f"v{k % 100:03}", "n": k // 10, "secret": f"ZQX{'A' if alpha else 'B'}{k if alpha else LEDGER - k:06}", "cell": number + (k if alpha else LEDGER - k), "flag": k % 3 == 0}
    if hidden:
        out.update(id=number + k, region="US", v=f"ZQX{k}", n=number + k)
    return out


def bookings(domain):
    visible = [booking(domain, k, False) for k in range(LEDGER // 3)]
    hidden = [booking(domain, k, True) for k in range(LEDGER - len(visible))]
    if domain == "alpha":
        return hidden[:len(hidden) // 2] + visible + hidden[len(hidden) // 2:]
    chance, out = random.Random(4), []
    while visible or hidden:
        run = chance.choice([1, 7, 300, 900])
        side = visible if visible and (not hidden or chance.random() < 0.4) else hidden
        out += side[:run]
        del side[:run]
    return out


def schemas():
    from pyiceberg.schema import Schema
    from pyiceberg.types import BooleanType, DoubleType, ListType, LongType, NestedField, StringType, StructType, TimestampType
    text, long = StringType(), LongType()
    item = StructType(NestedField(103, "sku", text, required=False), NestedField(104, "price", long, required=False))
    kinds = {"claims": [("id", long), ("region", text), ("grp", text), ("n", long), ("amount", long), ("score", DoubleType()), ("place", text), ("seen", TimestampType()), ("plate", text), ("code", text),
                        ("acct", text), ("pay", long), ("doc", text), ("codes", ListType(100, text, element_required=False)), ("marks", ListType(101, long, element_required=False)),
                        ("items", ListType(102, item, element_required=False)), ("memo", text)],
             "ledger": [("id", long), ("region", text), ("v", text), ("n", long), ("secret", text), ("cell", long), ("flag", BooleanType())]}
    return {table: Schema(*(NestedField(i + 1, name, kind, required=False) for i, (name, kind) in enumerate(columns))) for table, columns in kinds.items()}


def rows(domain, table):
    """In pieces, each a commit of its own."""
    if table == "claims":
        every = [claim(domain, i, False) for i in range(60)] + [claim(domain, i, True) for i in range(40)]
        return [every[:30] + every[60:80], every[30:60] + every[80:]]
    every = bookings(domain)
    return [every[at:at + LEDGER // 4] for at in range(0, LEDGER, LEDGER // 4)]


def policies(domain, table):
    text = GRANTS.format(domain=domain, table=table)
    for i, rule in enumerate(RULES[table]):
        text += f"---\nkind: RowRule\nname: {table}-rows-{i}\non: {{table: {domain}.{table}}}\nto: {{roles: [analyst]}}\nwhere: \"{rule}\"\n"
    for i, (path, (function, arguments)) in enumerate(MASKS[table].items()):
        text += f"---\nkind: Mask\nname: {table}-mask-{i}\non: {{column: \"{domain}.{table}.{path}\"}}\nto: {{roles: [analyst]}}\nwith: {function}\n" + (f"args: {arguments}\n" if arguments else "")
    return text


def make(mesh, catalog, domain, table):
    import pyarrow as pa
    properties = {"format-version": "2"} | ({"write.parquet.row-group-limit": "2000"} if table == "ledger" else {})
    made = catalog.create_table(f"{domain}.{table}", schemas()[table], location=(mesh / "warehouse" / domain / table).as_uri(), properties=properties)
    for piece in rows(domain, table):
        made.append(pa.Table.from_pylist(piece, schema=made.schema().as_arrow()))
    folder = mesh / "domains" / domain
    (folder / f"{table}.odcs.yaml").write_text(CONTRACT.format(domain=domain, table=table, columns=with_ids(made.schema(), COLUMNS[table])))
    (folder / "policies" / f"{table}.yaml").write_text(policies(domain, table))
    (folder / "lookups").mkdir(exist_ok=True)
    (folder / "lookups" / "entitlements.yaml").write_text(LOOKUP)

