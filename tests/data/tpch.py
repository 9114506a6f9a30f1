#!/usr/bin/env python3
"""TPC-H as Iceberg tables under a model with five people.

    build/venv/bin/python tests/data/tpch.py --scale 0.01 --out build/tpch/sf0.01

OUT/mesh is the model directory with its warehouse, OUT/parquet plain files of the same rows, from which
tests/data/tpch_expected.py makes what each person should see. Does nothing when OUT holds it already.
"""
import argparse
import pathlib
import shutil

from tables import HERE, ROOT, Once, Warehouse, contract, dbgen, with_verifiers

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]
FILES = {"lineitem": 5, "orders": 3, "customer": 2}
TAGS = {"c_address": ["address"], "s_address": ["address"]}
TAGS.update({f"{prefix}_comment": ["comment"] for prefix in ("c", "l", "n", "o", "p", "ps", "r", "s")})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=0.01)
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    out = (arguments.out or ROOT / "build" / "tpch" / f"sf{arguments.scale:g}").resolve()
    template = HERE / "tpch_mesh"
    once = Once(out, HERE / "tpch.py", HERE / "tables.py", template, arguments.scale)
    if once.done():
        return
    once.begin()
    mesh = out / "mesh"
    shutil.rmtree(mesh, ignore_errors=True)
    dbgen(arguments.scale, out / "parquet")
    domain = mesh / "domains" / "tpch"
    (domain / "policies").mkdir(parents=True)
    shutil.copy(template / "mesh.yaml", mesh)
    shutil.copy(template / "policies.yaml", domain / "policies")
    (mesh / "principals.yaml").write_text(with_verifiers((template / "principals.yaml").read_text(), "-tpch"))
    (mesh / "principals.yaml").chmod(0o600)
    warehouse = Warehouse(mesh, out / "catalog.db")
    for name in TABLES:
        table = warehouse.write("tpch", name, out / "parquet" / f"{name}.parquet", FILES.get(name, 1))
        (domain / f"{name}.odcs.yaml").write_text(contract("tpch", name, table.schema(), TAGS))
    once.end()
    print(f"TPC-H at scale {arguments.scale:g} written to {out}")


if __name__ == "__main__":
    main()
