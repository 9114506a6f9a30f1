#!/usr/bin/env python3
"""The table of `bench/masks.py`: lineitem's rows with a column for each kind of value that masks are made for, as an Iceberg table
under a model in which everybody sees it through one mask alone.

    build/venv/bin/python tests/data/masked.py --scale 1 --out build/tpch/masked-sf1

OUT/mesh is the model directory but for people and masks: those are the bench's (`people`), which writes them anew each time. One text of
four in `note` holds something personal; `mode` has seven values, `comment` some millions, `card`, `email` and `number` one a row or nearly.
"""
import argparse
import pathlib
import shutil

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: bench.masked
version: 1.0.0
status: active
domain: bench
schema:
- name: masked
  customProperties:
  - {property: hailstorm.location, value: "warehouse/bench/masked"}
  properties:
"""
SQL = """
with drawn as (select *, hash(l_orderkey, l_linenumber) as h from read_parquet('%s'))
select l_orderkey * 8 + l_linenumber as number,
       l_suppkey::integer as supplier,
       l_extendedprice as price,
       l_extendedprice::double / 7 as weight,
       l_shipdate as shipped,
       l_shipdate::timestamp + to_microseconds((h %% 86400000000)::bigint) as seen,
       l_shipmode as mode,
       l_comment as comment,
       (4000000000000000 + h %% 999999999999999)::varchar as card,
       split_part(l_comment, ' ', 1) || '.' || l_suppkey || '@example' || l_partkey %% 1000 || '.org' as email,
       ['Ada', 'Emmy', 'Grace', 'Sofia', 'Hedy', 'Maria', 'Lise', 'Rosalind'][1 + l_partkey %% 8] || ' ' ||
       ['Lovelace', 'Noether', 'Hopper', 'Kovalevskaya', 'Lamarr', 'Agnesi', 'Meitner', 'Franklin'][1 + l_suppkey %% 8] as name,
       case h %% 16 when 0 then l_comment || ' 4111 1111 1111 1111' when 1 then 'write to ana@example.org ' || l_comment
                    when 2 then l_comment || ' +43 316 4455-12' when 3 then 'from 192.168.1.17 ' || l_comment else l_comment end as note,
       string_split(l_comment, ' ')[1:4] as words,
       '{"id": ' || l_orderkey || ', "mail": "' || split_part(l_comment, ' ', 1) || '@example.org"}' as document
from drawn"""


def contract(schema):
    from pyiceberg.types import DateType, DecimalType, DoubleType, IntegerType, ListType, LongType, StringType, TimestampType
    kinds = {LongType: "integer", IntegerType: "integer", DecimalType: "number", DoubleType: "number", StringType: "string",
             DateType: "date", TimestampType: "timestamp", ListType: "array, items: {logicalType: string}"}
    lines = [f"  - {{name: {field.name}, logicalType: {kinds[type(field.field_type)]}, "
             f"customProperties: [{{property: hailstorm.fieldId, value: {field.field_id}}}]}}" for field in schema.fields]
    return CONTRACT + "\n".join(lines) + "\n"


def people(mesh, masks):
    """masks: {user: (mask, column, args) or None}. Passwords are NAME-bench; who has no mask sees everything."""
    from tables import with_verifiers
    users = "".join(f"- {{name: {name}, roles: [{name}]}}\n" for name in masks)
    (mesh / "principals.yaml").write_text(with_verifiers(f"kind: Principals\nusers:\n{users}", "-bench"))
    (mesh / "principals.yaml").chmod(0o600)
    parts = [f"kind: Grant\nname: read\nto: {{roles: [{', '.join(masks)}]}}\nactions: [read]\non: {{product: bench.masked}}\n"]
    for name, mask in masks.items():
        if mask:
            function, column, args = mask
            parts.append(f"kind: Mask\nname: {name.replace('_', '-')}\non: {{column: bench.masked.{column}}}\nto: {{roles: [{name}]}}\n"
                         f"with: {function}\n" + (f"args: {args}\n" if args else ""))
    (mesh / "domains" / "bench" / "policies" / "policies.yaml").write_text("---\n".join(parts))


def data_files(out):
    return sorted((pathlib.Path(out) / "mesh" / "warehouse" / "bench" / "masked" / "data").rglob("*.parquet"))


def main():
    import duckdb
    from tables import HERE, ROOT, Once, Warehouse, tpchgen
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    out = (arguments.out or ROOT / "build" / "tpch" / f"masked-sf{arguments.scale:g}").resolve()
    once = Once(out, HERE / "masked.py", HERE / "tables.py", arguments.scale)
    if once.done():
        return
    once.begin()
    mesh = out / "mesh"
    shutil.rmtree(mesh, ignore_errors=True)
    tpchgen(arguments.scale, out / "parquet", "lineitem")
    plain = out / "parquet" / "masked.parquet"
    duckdb.sql(SQL % (out / "parquet" / "lineitem.parquet")).write_parquet(str(plain))
    (out / "parquet" / "lineitem.parquet").unlink()
    (mesh / "domains" / "bench" / "policies").mkdir(parents=True)
    (mesh / "mesh.yaml").write_text("kind: Mesh\nname: bench\n")
    table = Warehouse(mesh, out / "catalog.db").write("bench", "masked", plain, files=8, row_group_rows=122880)
    plain.unlink()
    (mesh / "domains" / "bench" / "masked.odcs.yaml").write_text(contract(table.schema()))
    people(mesh, {"root": None})
    once.end()
    print(f"masked at scale {arguments.scale:g} written to {out}")


if __name__ == "__main__":
    main()
