#!/usr/bin/env python3
"""Writes the demo mesh: real Iceberg tables, by PyIceberg, from data made up here.

    build/venv/bin/python demo/generate.py [--out build/demo]

OUT/mesh is a copy of demo/mesh with password verifiers added and the tables under OUT/mesh/warehouse.
The rows are the same at every run. Does nothing when the mesh is there already and nothing changed.
"""
import argparse
import base64
import datetime as dt
import decimal
import hashlib
import hmac
import os
import pathlib
import random
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
PASSWORDS = {"ana": "ana-demo", "fred": "fred-demo", "sue": "sue-demo", "otto": "otto-demo"}  # demo only
REGIONS = {
    "EU": [("Lisbon", "1100-148", "PT"), ("Leipzig", "04109", "DE"), ("Lyon", "69002", "FR"), ("Cork", "T12 W8KP", "IE")],
    "US": [("Boston", "02108", "US"), ("Austin", "78701", "US"), ("Denver", "80202", "US")],
    "APAC": [("Osaka", "530-0001", "JP"), ("Perth", "6000", "AU"), ("Pune", "411001", "IN")],
}
CURRENCY = {"EU": "EUR", "US": "USD", "APAC": "JPY"}
FIRST = "Ada Bruno Chiara Dario Elif Farid Greta Hana Ivo Jade Kofi Lena Milo Nora Omar Priya Quentin Rosa Sven Tara Uma Vera Wim Ximena Yuki Zoe".split()
LAST = "Almeida Bauer Costa Dubois Eriksen Fischer Garcia Haddad Ito Jansen Kim Larsen Moreau Novak Okafor Patel Quinn Rossi Silva Tanaka Urban Vidal Weber Xu Yilmaz Zhang".split()
STREETS = "Harbour Road|Mill Lane|Station Street|Chestnut Avenue|Old Market|River Walk".split("|")
NOTES = ["gift wrap", "give to neighbour", "paid from two cards", "new address", "name differs", None, None, None]
SUBJECTS = ["Parcel is late", "Wrong size", "Refund please", "Cannot log in", "Invoice missing"]
START = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)


def scram_verifier(password, iterations=4096):
    """PostgreSQL's form of a SCRAM-SHA-256 verifier. The server can check a password with it, nobody can log in with it."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${iterations}:{text[0]}${text[1]}:{text[2]}"


def customers(rng, first, count):
    for number in range(first, first + count):
        region = rng.choices(list(REGIONS), weights=[5, 4, 2])[0]
        city, postcode, country = rng.choice(REGIONS[region])
        name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
        yield {
            "id": number,
            "name": name,
            "email": None if rng.random() < 0.03 else f"{name.lower().replace(' ', '.')}{number}@{rng.choice(['example.com', 'example.org', 'example.net'])}",
            "phone": None if rng.random() < 0.1 else f"+{rng.choice([1, 33, 49, 81])} 555 01{rng.randrange(100):02}",
            "region": region,
            "birth_date": dt.date(1940, 1, 1) + dt.timedelta(days=rng.randrange(24000)),
            "address": {"street": f"{rng.randrange(1, 200)} {rng.choice(STREETS)}", "city": city, "postcode": postcode, "country": country},
            "tags": rng.sample(["newsletter", "vip", "wholesale", "returns often"], rng.randrange(3)),
        }


def orders(rng, people, first, count):
    for number in range(first, first + count):
        buyer = rng.choice(people)
        yield {
            "id": number,
            "customer_id": buyer["id"],
            "region": buyer["region"],
            "amount": decimal.Decimal(int(rng.lognormvariate(5.2, 1.3) * 100)) / 100,
            "currency": CURRENCY[buyer["region"]],
            "placed_at": START + dt.timedelta(minutes=40 * number, seconds=rng.randrange(2400)),
            "status": rng.choices(["shipped", "paid", "disputed", "cancelled"], weights=[80, 14, 3, 3])[0],
            "note": rng.choice(NOTES),
        }


def tickets(rng, people, first, count):
    for number in range(first, first + count):
        person = rng.choice(people)
        subject = rng.choice(SUBJECTS)
        yield {
            "id": number,
            "customer_id": person["id"],
            "region": person["region"],
            "opened_at": START + dt.timedelta(hours=2 * number, seconds=rng.randrange(7200)),
            "subject": subject,
            "body": f"{subject}. Call me: {person['phone'] or 'no phone'}. Regards, {person['name']}",
            "priority": rng.choices([1, 2, 3], weights=[1, 4, 10])[0],
        }


def write_tables(warehouse, catalog_file):
    import pyarrow as pa
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import IdentityTransform
    from pyiceberg.types import (DateType, DecimalType, IntegerType, ListType, LongType, NestedField, StringType,
                                 StructType, TimestamptzType)

    catalog = SqlCatalog("demo", uri=f"sqlite:///{catalog_file}", warehouse=warehouse.as_uri())

    def field(number, name, kind, required=False):
        return NestedField(number, name, kind, required=required)

    def create(domain, name, schema, spec=PartitionSpec()):
        catalog.create_namespace_if_not_exists(domain)
        table = catalog.create_table(f"{domain}.{name}", schema, location=(warehouse / domain / name).as_uri(),
                                     partition_spec=spec, properties={"format-version": "2"})
        # The contracts name fields by id, so the ids that the catalog gave must be the ones asked for.
        if [f.field_id for f in table.schema().fields] != [f.field_id for f in schema.fields]:
            sys.exit(f"{domain}.{name}: the catalog chose other field ids")
        return table

    def append(table, rows):
        table.append(pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow()))

    rng = random.Random(20260101)
    string = StringType()
    address = StructType(field(9, "street", string), field(10, "city", string), field(11, "postcode", string), field(12, "country", string))
    table = create("sales", "customers", Schema(
        field(1, "id", LongType(), True), field(2, "name", string), field(3, "email", string), field(4, "phone", string),
        field(5, "region", string), field(6, "birth_date", DateType()), field(7, "address", address),
        field(8, "tags", ListType(13, string, element_required=False))))
    people = list(customers(rng, 1, 900))
    append(table, people[:600])
    append(table, people[600:])
    # A year later: a column more, which the older files do not have.
    with table.update_schema() as update:
        update.add_column("loyalty", string)
    later = [dict(row, loyalty=rng.choice(["none", "silver", "gold"])) for row in customers(rng, 901, 300)]
    append(table, later)
    people += later

    # One partition a region: a row rule on the region leaves whole files unread.
    by_region = PartitionSpec(PartitionField(source_id=3, field_id=1000, transform=IdentityTransform(), name="region"))
    table = create("sales", "orders", Schema(
        field(1, "id", LongType(), True), field(2, "customer_id", LongType()), field(3, "region", string),
        field(4, "amount", DecimalType(12, 2)), field(5, "currency", string), field(6, "placed_at", TimestamptzType()),
        field(7, "status", string), field(8, "note", string)), by_region)
    for first in (1, 2001, 4001):
        append(table, orders(rng, people, first, 2000))
    # Test orders go again, by rewriting the files that held them.
    table.delete("id >= 5901")

    table = create("support", "tickets", Schema(
        field(1, "id", LongType(), True), field(2, "customer_id", LongType()), field(3, "region", string),
        field(4, "opened_at", TimestamptzType()), field(5, "subject", string), field(6, "body", string), field(7, "priority", IntegerType())))
    append(table, tickets(rng, people, 1, 1000))
    append(table, tickets(rng, people, 1001, 500))


def write_principals(template, target):
    """The people of demo/mesh/principals.yaml, each with a verifier."""
    text = template.read_text()
    for name, password in PASSWORDS.items():
        text, count = re.subn(rf"^(- \{{name: {name}, .*)\}}$", lambda found: f'{found[1]}, scram: "{scram_verifier(password)}"}}', text, flags=re.M)
        if count != 1:
            sys.exit(f"{template}: no line for {name}")
    target.write_text(text)
    target.chmod(0o600)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parent / "build" / "demo")
    parser.add_argument("--force", action="store_true", help="write it again even if nothing changed")
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    mesh, stamp = out / "mesh", out / "mesh.stamp"

    # Metadata holds absolute paths, so the place belongs to what is compared.
    seen = hashlib.sha256(str(mesh).encode())
    for file in sorted([HERE / "generate.py", *(p for p in (HERE / "mesh").rglob("*") if p.is_file())]):
        seen.update(str(file.relative_to(HERE)).encode() + b"\0" + file.read_bytes() + b"\0")
    if not arguments.force and stamp.exists() and stamp.read_text() == seen.hexdigest():
        return

    stamp.unlink(missing_ok=True)
    shutil.rmtree(mesh, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    catalog_file = out / "catalog.db"
    catalog_file.unlink(missing_ok=True)
    shutil.copytree(HERE / "mesh", mesh)
    write_principals(HERE / "mesh" / "principals.yaml", mesh / "principals.yaml")
    write_tables(mesh / "warehouse", catalog_file)
    stamp.write_text(seen.hexdigest())
    print(f"demo mesh written to {os.path.relpath(mesh)}")


if __name__ == "__main__":
    main()
