"""A bank's model: 2,000 products, 50,000 columns, 5,000 rules, 10,000 people at size 1. Usage: bank.py FOLDER SIZE"""
import pathlib
import random
import sys

DOMAINS = ["cards", "loans", "deposits", "payments", "treasury", "risk", "fraud", "crm", "hr", "finance", "markets", "custody", "mortgages", "collections", "branches", "digital",
           "compliance", "audit", "tax", "leasing"]
KINDS = [("integer", "id"), ("string", "customer"), ("string", "region"), ("string", "email"), ("string", "iban"), ("date", "booked"), ("number", "amount"), ("boolean", "active"),
         ("string", "branch"), ("integer", "units"), ("timestamp", "seen"), ("string", "note")]
TAGS = {"email": "pii.email", "iban": "pii.account", "customer": "pii.name", "note": "text.free"}
REGIONS = ["EU", "US", "APAC", "LATAM", "MEA"]


def contract(domain, name, columns):
    lines = ["apiVersion: v3.1.0", "kind: DataContract", f"id: {domain}.{name}", "version: 1.0.0", "status: active", f"domain: {domain}", "schema:", f"- name: {name}", "  customProperties:",
             f'  - {{property: hailstorm.location, value: "warehouse/{domain}/{name}"}}', "  properties:"]
    for i in range(columns):
        kind, column = KINDS[i % len(KINDS)]
        again = i // len(KINDS)
        tags = f", tags: [{TAGS[column]}]" if column in TAGS and again < 2 else ""
        lines.append(f"  - {{name: {column}{again or ''}, logicalType: {kind}{tags}, customProperties: [{{property: hailstorm.fieldId, value: {i + 1}}}]}}")
    return "\n".join(lines) + "\n"


def policies(domain, name, k, chance):
    """Two and a half a product: a grant, and two of the others."""
    role, on = f"{domain}-{k % 7}", f"{domain}.{name}"
    out = [f"kind: Grant\nname: {name}-read\nto: {{roles: [{role}, {domain}-all]}}\non: {{product: {on}}}\n"]
    other = [
        f"kind: RowRule\nname: {name}-rows\non: {{table: {on}}}\nto: {{roles: [{role}]}}\nwhere: region = principal.region and amount < {chance.randrange(1000, 100000)}\n",
        f"kind: Mask\nname: {name}-branch\non: {{column: {on}.branch}}\nunless: {{roles: [{domain}-all]}}\nwith: show-first-n\nargs: {{n: 2}}\n",
        f"kind: Mask\nname: {name}-amount\non: {{column: {on}.amount}}\nto: {{roles: [{role}]}}\nwhen: region <> principal.region or units > {chance.randrange(100)}\nwith: nullify\n",
        f"kind: Grant\nname: {name}-partners\nto: {{attributes: {{desk: d{k % 40}}}}}\non: {{product: {on}}}\ncolumns: [id, region, amount]\nwhere: region in ('EU', 'US') and active = true\n",
    ]
    return out + chance.sample(other, 1 if k % 2 else 2)


def main():
    folder, size = pathlib.Path(sys.argv[1]), float(sys.argv[2])
    chance, products, people, rules = random.Random(1), int(2000 * size), int(10000 * size), 0
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    (folder / "mesh.yaml").write_text("kind: Mesh\nname: bank\n")
    by_domain = {}
    for k in range(products):
        by_domain.setdefault(DOMAINS[k % len(DOMAINS)], []).append(f"p{k}")
    for domain, names in by_domain.items():
        home = folder / "domains" / domain
        (home / "policies").mkdir(parents=True)
        for k, name in enumerate(names):
            (home / f"{name}.odcs.yaml").write_text(contract(domain, name, 25))
            own = policies(domain, name, k, chance)
            rules += len(own)
            (home / "policies" / f"{name}.yaml").write_text("---\n".join(own))
    mesh = [f"kind: Mask\nname: mail\non: {{tag: pii.email}}\nunless: {{roles: [officer]}}\nwith: keep-domain\n", "kind: Mask\nname: account\non: {tag: pii.account}\nunless: {roles: [officer]}\nwith: show-last-n\nargs: {n: 4}\n",
            "kind: Mask\nname: person\non: {tag: pii.name}\nunless: {roles: [officer]}\nwith: redact\n"]
    mesh += [f"kind: Deny\nname: guests-{d}\non: {{domain: {d}}}\nto: {{roles: [guest]}}\n" for d in by_domain]
    (folder / "policies" / "mesh.yaml").write_text("---\n".join(mesh))
    users = []
    for i in range(people):
        roles = {f"{(d := chance.choice(DOMAINS))}-{chance.randrange(7)}" for _ in range(3)} | ({f"{d}-all"} if i % 50 == 0 else set()) | ({"officer"} if i % 400 == 0 else set())
        users.append(f"- {{name: u{i}, roles: [{', '.join(sorted(roles))}], attributes: {{region: {chance.choice(REGIONS)}, desk: d{i % 40}, level: {i % 5}}}}}")
    (folder / "principals.yaml").write_text("kind: Principals\nusers:\n" + "\n".join(users) + "\n")
    (folder / "principals.yaml").chmod(0o600)
    print(f"{products} products, {products * 25} columns, {rules + len(mesh)} rules, {people} people")


if __name__ == "__main__":
    main()
