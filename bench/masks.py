#!/usr/bin/env python3
"""What each mask costs: a column read through hailstorm by somebody who sees it through that mask alone, against plain SQL in Python DuckDB
over the same Parquet files. Part of `make bench`; alone:

    build/venv/bin/python bench/masks.py [--scale 1] [--rounds 5] [--only ff1 noise ...]

`fold` is an aggregate over the masked value, so that no row travels; `scan` sends every value. Rows a second of processor time: the server
with its workers on one side, the DuckDB process on the other, medians of rounds in turn, and beside them the ratio by the clock. The
client, which only reads, is not counted. What the SQL of the other side is:

    same   the expression that says the same, by hand; the answers are compared before anything is timed
    near   what a person would write who has no such function: it answers something else, and protects less. Told, not judged
    none   nothing of the kind

The masks are those that `hailstorm docs masks` names: one that has no case here is said to be not measured, and its name is a goal missed.
"""
import argparse
import dataclasses
import json
import pathlib
import re
import statistics
import subprocess
import sys
import time

import duckdb
import psutil
import pyarrow.flight as flight

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "data")]

import masked  # noqa: E402
from lib.flightsql import any_of  # noqa: E402
from lib.server import Server  # noqa: E402

GOAL = 0.9
A_MEASUREMENT_S = 0.4  # of processor time: shorter statements are asked several times, as the system counts in hundredths


@dataclasses.dataclass(frozen=True)
class Case:
    mask: str
    column: str
    args: str | None
    how: str
    sql: str | None  # of the other side, over the column's name
    fold: str = "max({})"

    @property
    def user(self):
        return re.sub(r"\W", "_", f"{self.mask}_{self.column}").strip("_")

    @property
    def read(self):
        return self.column.split(".")[0]

    @property
    def name(self):
        return f"{self.mask}, {self.column}" if self.mask else f"(no mask), {self.column}"


STARS = "CASE WHEN length(comment) > 4 THEN {} ELSE repeat('*', length(comment)) END"
FIVE = "'b', 'carefully', 'the', 'furiously', 'quickly'"
REDACTED = ("regexp_replace(regexp_replace(regexp_replace(regexp_replace(note, '[\\w.+-]+@[\\w-]+\\.[\\w.-]+', '[email]', 'g'), "
            "'\\d{4}([ -]?\\d{4}){3}', '[card]', 'g'), '\\+\\d[\\d .()/-]{6,14}\\d', '[phone]', 'g'), '\\d{1,3}(\\.\\d{1,3}){3}', '[ip]', 'g')")
SUM, TEXT, LENGTHS = "sum({})", "max({})", "sum(len({}))"
CASES = [
    Case("", "comment", None, "same", "comment"),
    Case("", "number", None, "same", "number", SUM),
    Case("", "price", None, "same", "price", SUM),
    Case("", "words", None, "same", "words", LENGTHS),
    Case("bucket", "price", "{width: 1000}", "same", "(price - price % 1000)::DECIMAL(15, 2)", SUM),
    Case("bucket", "weight", "{width: 100}", "same", "floor(weight / 100) * 100", SUM),
    Case("bucket", "number", "{boundaries: [0, 100000, 1000000, 10000000]}", "same",
         "CASE WHEN number >= 10000000 THEN 10000000 WHEN number >= 1000000 THEN 1000000 WHEN number >= 100000 THEN 100000 ELSE 0 END", SUM),
    Case("constant", "comment", "{value: hidden}", "same", "CASE WHEN comment IS NOT NULL THEN 'hidden' END"),
    Case("drop-elements", "words", "{values: [b, carefully, the, furiously, quickly]}", "same",
         f"list_filter(words, lambda w: w NOT IN ({FIVE}))", LENGTHS),
    Case("ff1", "card", None, "near", "(('0x' || sha256('a key' || card)[1:13])::BIGINT % 10000000000000000)::VARCHAR"),
    Case("ff1", "number", None, "near", "('0x' || sha256('a key' || number)[1:13])::BIGINT % 100000000", SUM),
    Case("generalise", "mode", "{map: {AIR: air, 'REG AIR': air, RAIL: land, TRUCK: land, SHIP: sea}, else: other}", "same",
         "CASE mode WHEN 'AIR' THEN 'air' WHEN 'REG AIR' THEN 'air' WHEN 'RAIL' THEN 'land' WHEN 'TRUCK' THEN 'land' "
         "WHEN 'SHIP' THEN 'sea' ELSE 'other' END"),
    Case("generalise", "supplier", "{map: {1: 10, 2: 10, 3: 30}, else: 0}", "same",
         "CASE supplier WHEN 1 THEN 10 WHEN 2 THEN 10 WHEN 3 THEN 30 ELSE 0 END", SUM),
    Case("hmac-token", "email", None, "near", "sha256('a key' || email)[1:32]"),
    Case("initials", "name", None, "same", "regexp_replace(name, '([^ -])[^ -]+', '\\1.', 'g')"),
    Case("keep-domain", "email", None, "same",
         "CASE WHEN contains(email, '@') THEN '***@' || split_part(email, '@', -1) ELSE '***' END"),
    Case("noise", "number", "{at-most: 5}", "near", "number + (hash(number, 'a key') % 11)::BIGINT - 5", SUM),
    Case("noise", "price", "{at-most: 5}", "near", "price + ((hash(price, 'a key') % 1001)::BIGINT - 500)::DECIMAL(15, 2) / 100", SUM),
    Case("noise", "weight", "{at-most: 5}", "near", "weight + hash(weight, 'a key') / 18446744073709551616.0 * 10 - 5", SUM),
    Case("nullify", "comment", None, "same", "NULL::VARCHAR"),
    Case("nullify-elements", "words", "{values: [b, carefully, the, furiously, quickly]}", "same",
         f"list_transform(words, lambda w: CASE WHEN w NOT IN ({FIVE}) THEN w END)", LENGTHS),
    Case("redact", "comment", None, "same", "CASE WHEN comment IS NOT NULL THEN '[redacted]' END"),
    Case("redact-text", "note", None, "near", REDACTED),
    Case("redact-text", "comment", None, "near", REDACTED.replace("(note", "(comment")),
    Case("replace-pattern", "comment", "{pattern: 'car[a-z]+', with: '###'}", "same", "regexp_replace(comment, 'car[a-z]+', '###', 'g')"),
    Case("round", "price", "{digits: -2}", "same", "round(price, -2)::DECIMAL(15, 2)", SUM),
    Case("round", "weight", "{digits: 1}", "same", "round(weight, 1)", SUM),
    Case("sha256-salted", "email", None, "near", "sha256('a salt of thirty-two bytes, it is' || email)"),
    Case("show-first-n", "comment", "{n: 4}", "same", STARS.format("left(comment, 4) || repeat('*', length(comment) - 4)")),
    Case("show-last-n", "comment", "{n: 4}", "same", STARS.format("repeat('*', length(comment) - 4) || right(comment, 4)")),
    Case("truncate-date", "shipped", "{unit: month}", "same", "date_trunc('month', shipped)::DATE"),
    Case("truncate-date", "seen", "{unit: year}", "same", "date_trunc('year', seen)"),
    Case("truncate-time", "seen", "{unit: hour}", "same", "date_trunc('hour', seen)"),
    Case("hmac-token", "document.$.mail", None, "near",
         "json_merge_patch(document, json_object('mail', sha256('a key' || json_extract_string(document, '$.mail'))[1:32]))::VARCHAR"),
]


class Ours:
    """One person's client, and the processor time of the server with all it has started."""

    def __init__(self, server, case):
        self.client, self.process = flight.FlightClient(server.uri), psutil.Process(server.pid)
        self.options = flight.FlightCallOptions(headers=[self.client.authenticate_basic_token(case.user or "root", f"{case.user}-bench")])
        table = "bench.masked"
        self.fold, self.scan = (f"select {what} from {table}" for what in (case.fold.format(case.read) + ", count(*)", case.read))

    def batches(self, sql):
        info = self.client.get_flight_info(flight.FlightDescriptor.for_command(any_of("CommandStatementQuery", sql)), self.options)
        for endpoint in info.endpoints:
            reader = self.client.do_get(endpoint.ticket, self.options)
            while True:
                try:
                    yield reader.read_chunk().data
                except StopIteration:
                    break

    def processor(self):
        mine = self.process.cpu_times()
        total = mine.user + mine.system + mine.children_user + mine.children_system  # these are of workers that have ended
        for child in self.process.children():
            try:
                times = child.cpu_times()
                total += times.user + times.system
            except psutil.Error:  # it has ended since: the next look finds it above
                pass
        return total


class Theirs:
    def __init__(self, files, case, threads):
        self.connection = duckdb.connect(config={"threads": threads})
        source = f"read_parquet([{', '.join(repr(str(file)) for file in files)}])"
        self.fold, self.scan = (f"select {what} from {source}" for what in (case.fold.format(case.sql) + ", count(*)", case.sql))

    def batches(self, sql):
        yield from self.connection.sql(sql).to_arrow_reader(65536)

    def processor(self):
        return time.process_time()


def drained(side, sql):
    return sum(batch.num_rows for batch in side.batches(sql))


def answer(side):
    return [list(row.values()) for batch in side.batches(side.fold) for row in batch.to_pylist()][0]


def alike(a, b):
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b)) if isinstance(a, float) else a == b


def compare(case, ours, theirs):
    (value, rows), (other, other_rows) = answer(ours), answer(theirs)
    if rows != other_rows or (case.how == "same" and not alike(value, other)):
        raise SystemExit(f"{case.name}: {value!r} of {rows} rows, by hand {other!r} of {other_rows}")
    return rows


class Series:
    """One side's runs of one statement: as many in each as make a measurement."""

    def __init__(self, side, sql):
        self.side, self.sql, self.walls, self.processor = side, sql, [], []
        self.times = 1
        took = self.run()[1]
        self.times = max(1, min(50, round(A_MEASUREMENT_S / max(took, 0.01))))

    def run(self):
        wall, used = time.perf_counter(), self.side.processor()
        for _ in range(self.times):
            drained(self.side, self.sql)
        return (time.perf_counter() - wall) / self.times, (self.side.processor() - used) / self.times

    def add(self):
        wall, used = self.run()
        self.walls.append(wall)
        self.processor.append(used)


def measure(case, kind, sides, rounds):
    series = [Series(side, getattr(side, kind)) for side in sides]
    for i in range(rounds):
        for one in series if i % 2 else reversed(series):
            one.add()
    return [(statistics.median(one.walls), statistics.median(one.processor)) for one in series]


def known_masks():
    text = subprocess.run([ROOT / "build" / "hailstorm", "docs", "masks"], check=True, capture_output=True, text=True).stdout
    return re.findall(r"^## (\S+)$", text, re.M)


def row_of(case, kind, rows, measured, rounds):
    (wall, used), *rest = measured
    row = {"name": f"mask: {case.name}, {kind}", "ours": round(rows / used / 1e6, 3), "rival": None, "rival_name": f"DuckDB, {case.how}: {case.sql}",
           "unit": "Mrow/s", "ratio": None, "clock_ratio": None, "goal": None, "met": None, "runs": rounds}
    for other_wall, other_used in rest:
        row.update(rival=round(rows / other_used / 1e6, 3), ratio=round(other_used / used, 3), clock_ratio=round(other_wall / wall, 3))
        if case.how == "same" and case.mask:
            row.update(goal=GOAL, met=row["ratio"] >= GOAL)
    return row


def told(row, how):
    figures = [f"{row['ours']:8.2f}"] + [f"{row[key]:8.2f}" if row[key] is not None else f"{'-':>8}" for key in ("rival", "ratio", "clock_ratio")]
    verdict = {True: "met", False: "SHORT", None: ""}[row["met"]]
    print(f"{row['name'][6:]:40} {' '.join(figures)}  {how:4} {verdict}", flush=True)


def run_all(scale, rounds, threads=2, only=None, kinds=("fold", "scan")):
    """The rows of bench.json; printed as they come."""
    out = ROOT / "build" / "tpch" / f"masked-sf{scale:g}"
    subprocess.run([sys.executable, ROOT / "tests/data/masked.py", "--scale", str(scale), "--out", out], check=True)
    known = known_masks()
    cases = [case for case in CASES if only is None or case.mask in only]
    masked.people(out / "mesh", {case.user: (case.mask, case.column, case.args) if case.mask else None for case in CASES if case.mask in ["", *known]})
    files, rows = masked.data_files(out), []
    print(f"\nmasks, scale {scale:g}, {rounds} rounds, medians, {threads} threads; millions of rows a second of processor time; ratio > 1: we are better")
    print(f"{'mask, column, statement':40} {'ours':>8} {'DuckDB':>8} {'ratio':>8} {'clock':>8}  its SQL")
    with Server(out / "mesh", threads=threads) as server:
        for case in cases:
            if case.mask and case.mask not in known:
                print(f"{case.name}: the program has no such mask any more")
                continue
            sides = [Ours(server, case)] + ([Theirs(files, case, threads)] if case.sql else [])
            count = compare(case, *sides) if case.sql else answer(sides[0])[-1]
            for kind in kinds:
                rows.append(row_of(case, kind, count, measure(case, kind, sides, rounds), rounds))
                told(rows[-1], case.how)
    for name in sorted(set(known) - {case.mask for case in CASES}):
        print(f"{name}: NOT MEASURED, it has no case in bench/masks.py")
        rows.append({"name": f"mask: {name}, not measured", "ours": None, "rival": None, "rival_name": "", "unit": "Mrow/s", "ratio": None,
                     "goal": GOAL, "met": False, "runs": 0})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="names of masks; '' is none at all")
    parser.add_argument("--kinds", nargs="*", default=["fold", "scan"])
    options = parser.parse_args()
    rows = run_all(options.scale, options.rounds, only=options.only, kinds=options.kinds)
    (ROOT / "build" / "bench_masks.json").write_text(json.dumps(rows, indent=1) + "\n")
    short = [row["name"][6:] for row in rows if row["met"] is False]
    print(f"\n{len(rows)} figures, {sum(1 for row in rows if row['met'])} goals met, {len(short)} short: {'; '.join(short) or 'none'}")


if __name__ == "__main__":
    main()
