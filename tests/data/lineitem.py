#!/usr/bin/env python3
"""The one big table of `make bench`: TPC-H lineitem as an Iceberg table under a small model.

    build/venv/bin/python tests/data/lineitem.py --scale 1 --out build/tpch/lineitem-sf1

OUT/mesh is the model directory, OUT/parquet/lineitem.parquet the generator's one plain file. Passwords are NAME-bench. lineitem_deleted is
the same table with one row of a hundred deleted by position, drawn at random (its data files are links to the first one's).

    root   everything
    bea    a row rule and two masks
    lea    a row rule that keeps every row and may be pushed into the scan
    fay    a row rule that keeps every row and may not: it stays behind the fence

`python_sql(files)` is what bea sees, as the plain statement that the in-process rival runs over the same files.
"""
import argparse
import os
import pathlib
import random
import shutil

MESH = "kind: Mesh\nname: bench\n"
PRINCIPALS = """\
kind: Principals
users:
- {name: root, roles: [admin]}
- {name: bea, roles: [both]}
- {name: lea, roles: [leakproof]}
- {name: fay, roles: [fenced]}
- {name: mia, roles: [masked]}
"""
POLICIES = """\
kind: Grant
name: read
to: {roles: [admin, both, leakproof, fenced, masked]}
actions: [read]
on: {product: bench.lineitem}
---
kind: Grant
name: read-what-is-left
to: {roles: [admin]}
actions: [read]
on: {product: bench.lineitem_deleted}
---
kind: RowRule
name: not-free-on-board
on: {table: bench.lineitem}
to: {roles: [both]}
where: l_shipmode <> 'FOB'
---
kind: Mask
name: comment-keeps-four-characters
on: {column: bench.lineitem.l_comment}
to: {roles: [both, masked]}
with: show-first-n
args: {n: 4}
---
kind: Mask
name: prices-of-big-lines
on: {column: bench.lineitem.l_extendedprice}
to: {roles: [both]}
when: l_quantity > 30
with: nullify
---
kind: RowRule
name: every-row-by-a-number
on: {table: bench.lineitem}
to: {roles: [leakproof]}
where: l_linenumber >= 1
---
kind: RowRule
name: every-row-by-a-text
on: {table: bench.lineitem}
to: {roles: [fenced]}
where: l_comment not starts with '~'
"""
COLUMNS = ("l_orderkey l_partkey l_suppkey l_linenumber l_quantity l_extendedprice l_discount l_tax l_returnflag l_linestatus "
           "l_shipdate l_commitdate l_receiptdate l_shipinstruct l_shipmode l_comment").split()
MASKED = {
    "l_comment": "case when length(l_comment) > 4 then substr(l_comment, 1, 4) || repeat('*', length(l_comment) - 4) "
                 "else repeat('*', length(l_comment)) end",
    "l_extendedprice": "case when l_quantity <= 30 then l_extendedprice end",
}


def python_sql(files, masked=True):
    """The statement over these Parquet files: bea's, or root's when not masked."""
    names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    if not masked:
        return f"select {', '.join(COLUMNS)} from read_parquet([{names}])"
    columns = ", ".join(f"{MASKED[c]} as {c}" if c in MASKED else c for c in COLUMNS)
    return f"select {columns} from read_parquet([{names}]) where l_shipmode <> 'FOB'"


def masked_sql(files):
    """The same for mia's statement, who sees every row."""
    names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    return f"select {', '.join(f'{MASKED[c]} as {c}' if c == 'l_comment' else c for c in COLUMNS)} from read_parquet([{names}])"


def data_files(out):
    """The table's data files; it has had appends only, so all that lie there count."""
    return sorted((pathlib.Path(out) / "mesh" / "warehouse" / "bench" / "lineitem" / "data").rglob("*.parquet"))


def delete_some(table, source, target):
    import pyarrow.parquet as pq
    import row_deletes
    draw = random.Random(1)
    shutil.copytree(source, target, copy_function=os.link)
    positions = {}
    for uri in table.inspect.files()["file_path"].to_pylist():
        rows = pq.ParquetFile(row_deletes.local(uri)).metadata.num_rows
        positions[uri] = sorted(draw.sample(range(rows), rows // 100))
    row_deletes.delete_positions(target, positions)


def main():
    from tables import HERE, ROOT, Once, Warehouse, contract, tpchgen, with_verifiers
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    out = (arguments.out or ROOT / "build" / "tpch" / f"lineitem-sf{arguments.scale:g}").resolve()
    once = Once(out, HERE / "lineitem.py", HERE / "row_deletes.py", HERE / "tables.py", arguments.scale)
    if once.done():
        return
    once.begin()
    mesh = out / "mesh"
    shutil.rmtree(mesh, ignore_errors=True)
    tpchgen(arguments.scale, out / "parquet", "lineitem")
    domain = mesh / "domains" / "bench"
    (domain / "policies").mkdir(parents=True)
    (mesh / "mesh.yaml").write_text(MESH)
    (mesh / "principals.yaml").write_text(with_verifiers(PRINCIPALS, "-bench"))
    (mesh / "principals.yaml").chmod(0o600)
    (domain / "policies" / "policies.yaml").write_text(POLICIES)
    table = Warehouse(mesh, out / "catalog.db").write("bench", "lineitem", out / "parquet" / "lineitem.parquet", files=8,
                                                      row_group_rows=122880)
    (domain / "lineitem.odcs.yaml").write_text(contract("bench", "lineitem", table.schema(), {}))
    bench = mesh / "warehouse" / "bench"
    delete_some(table, bench / "lineitem", bench / "lineitem_deleted")
    (domain / "lineitem_deleted.odcs.yaml").write_text(contract("bench", "lineitem_deleted", table.schema(), {}))
    once.end()
    print(f"lineitem at scale {arguments.scale:g} written to {out}")


if __name__ == "__main__":
    main()
