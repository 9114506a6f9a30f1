#!/usr/bin/env python3
"""Planning up to the chosen files against PyIceberg on the same metadata (data files need not exist): processor time, cold (nothing
parsed yet) and warm, and growth with the number of manifest entries.

    build/venv/bin/python bench/plan.py [--rounds N] [--fixtures DIR]

Both must choose the same files, or ours fewer. Prints a table and writes build/bench_plan.json.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
SF1000 = "trino/testing/trino-tests/src/test/resources/iceberg/tpch/sf1000/unpartitioned"
QUESTIONS = [("lineitem", 1, "orderkey", 1_000_000), ("orders", 1, "orderkey", 1_000_000), ("partsupp", 1, "partkey", 1_000_000),
             ("part", 1, "partkey", 1_000_000), ("customer", 1, "custkey", 1_000_000), ("supplier", 1, "suppkey", 1_000_000),
             ("nation", 1, "nationkey", 77), ("region", 1, "regionkey", 77)]


def ours(root, rounds, field_id, value):
    out = subprocess.run([ROOT / "build" / "bench_plan", root, str(rounds), str(field_id), "long", "=", str(value)],
                         check=True, capture_output=True, text=True)
    return json.loads(out.stdout)


def current(root):
    return sorted((root / "metadata").glob("*.metadata.json"))[-1]


def theirs(root, rounds, name, value):
    from pyiceberg import manifest
    from pyiceberg.expressions import EqualTo
    from pyiceberg.io.pyarrow import PyArrowFileIO
    from pyiceberg.table import StaticTable

    location = json.loads(current(root).read_text())["location"]

    class Moved(PyArrowFileIO):
        def new_input(self, where):
            return super().new_input(where.replace(location, str(root)))

    import plan as own  # PyIceberg finds the class by name
    own.Moved = Moved

    def open_table():
        return StaticTable.from_metadata(str(current(root)), {"py-io-impl": "plan.Moved"})

    def timed(table):
        from_ = time.process_time()
        table = table or open_table()
        kept = len(list(table.scan(row_filter=EqualTo(name, value)).plan_files()))
        return kept, (time.process_time() - from_) * 1e6

    def cold():
        manifest.clear_manifest_cache()
        return timed(None)

    table = open_table()
    timed(table)
    cold_us = statistics.median(cold()[1] for _ in range(rounds))
    kept = timed(table)[0]
    warm_us = statistics.median(timed(table)[1] for _ in range(rounds))
    tracemalloc.start()
    timed(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"kept": kept, "cold_us": cold_us, "warm_us": warm_us, "peak_kb": peak // 1024}


def zigzag(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return (value >> 1) ^ -(value & 1), at


def header_len(data):
    at = 4
    while True:
        count, at = zigzag(data, at)
        if count == 0:
            return at + 16
        if count < 0:
            _, at = zigzag(data, at)
        for _ in range(2 * abs(count)):
            length, at = zigzag(data, at)
            at += length


def grown(source, to, times):
    """The same table with every manifest entry many times over: an Avro file's blocks can be repeated."""
    shutil.copytree(source, to)
    for path in (to / "metadata").glob("*-m*.avro"):
        data = path.read_bytes()
        cut = header_len(data)
        path.chmod(0o644)
        path.write_bytes(data[:cut] + data[cut:] * times)


def compare(label, root, rounds, question):
    _, field_id, name, value = question
    mine, other = ours(root, rounds, field_id, value), theirs(root, max(3, rounds // 10), name, value)
    if mine["kept"] > other["kept"]:
        sys.exit(f"{label}: we keep {mine['kept']} files, PyIceberg {other['kept']}")
    row = {"name": label, "files": mine["files"], "kept": mine["kept"], "kept_theirs": other["kept"],
           "cold_us": mine["cold_us"], "warm_us": mine["warm_us"], "resident_kb": mine["resident_kb"],
           "cold_us_theirs": round(other["cold_us"]), "warm_us_theirs": round(other["warm_us"]), "peak_kb_theirs": other["peak_kb"],
           "cold_ratio": round(other["cold_us"] / max(1, mine["cold_us"]), 1),
           "warm_ratio": round(other["warm_us"] / max(1, mine["warm_us"]), 1)}
    print(f"{label:18} {row['files']:>6} files, {row['kept']:>6} kept   cold {row['cold_us']:>8} us ({row['cold_ratio']}x)   "
          f"warm {row['warm_us']:>7} us ({row['warm_ratio']}x)   {row['resident_kb']} KiB", flush=True)
    return row


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=50)
    arguments.add_argument("--fixtures", default=os.environ.get("HAILSTORM_FIXTURES", str(ROOT / ".." / "shared" / "fixtures")))
    args = arguments.parse_args()
    base = pathlib.Path(args.fixtures).resolve() / SF1000
    if not base.is_dir():
        sys.exit("no fixtures: nothing to plan")
    rows = [compare(q[0], base / q[0], args.rounds, q) for q in QUESTIONS]
    with tempfile.TemporaryDirectory() as folder:
        for times in (7, 64, 380):
            root = pathlib.Path(folder) / str(times)
            grown(base / "lineitem", root, times)
            rows.append(compare(f"lineitem x {times}", root, max(5, args.rounds // times), QUESTIONS[0]))
    (ROOT / "build" / "bench_plan.json").write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
