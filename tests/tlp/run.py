#!/usr/bin/env python3
"""N random statements over protected tables against the same over tables that hold only what may be seen. See README.md."""
import argparse
import concurrent.futures
import importlib.util
import os
import pathlib
import random
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "attacks"), str(ROOT / "tests" / "lib")]

os.environ.setdefault("ACERO_ALIGNMENT_HANDLING", "ignore")  # what came over a wire lies anywhere

import duckdb  # noqa: E402
import mesh  # noqa: E402
import queries  # noqa: E402
import world  # noqa: E402
from outcome import Outcome, markers  # noqa: E402
from server import LONG, NoServer, Server  # noqa: E402

TOGETHER = 8  # cases that one statement asks, for a statement costs more than what a small one does
PROOFS = ["row-rule", "mask", "fence"]  # switched off one by one, the generator has to find it


def flight_door():
    spec = importlib.util.spec_from_file_location("tlp_flight", ROOT / "tests" / "attacks" / "doors" / "flight.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Sides:
    """The server as eve sees it, and the tables she should see in a DuckDB of their own; a connection a thread."""

    def __init__(self, server):
        self.server, self.flight, self.mine = server, flight_door(), threading.local()
        self.database = duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False})
        self.database.execute("create schema alpha")

    def person(self):
        if not hasattr(self.mine, "person"):
            self.mine.person = self.flight.Door(self.server).connect("eve", "eve-attack")
        return self.mine.person

    def load(self):
        """Tables as they should be, and what the server shows instead; keyed columns are the server's."""
        wrong = []
        for table in queries.COLUMNS:
            shown = self.person().client.query(f"select * from alpha.{table}")  # noqa: F841 (DuckDB finds it by its name)
            wrong += [(table, *difference) for difference in world.compare(table, shown)]
            self.database.execute(f"create table alpha.{table} as select * from shown")
        return wrong

    def theirs(self, sql):
        return self.person().ask(sql)

    def ours(self, sql):
        cursor = self.database.cursor()
        try:
            table = cursor.execute(sql).to_arrow_table()
            return Outcome(rows=self.flight.rows_of(table), schema="")
        except duckdb.Error as error:
            return Outcome(kind="error", text=str(error))

    def together(self, statements):
        """[Outcome] of several statements, asked as one; None where that one fails."""
        got = self.theirs("select " + ", ".join(f"(select list(q) from ({sql}) q) as r{i}" for i, sql in enumerate(statements)))
        if not got.ok:
            return None
        return [Outcome(rows=[tuple(row.values()) for row in rows or []]) for rows in got.rows[0]]

    def differ(self, form, sql, ours=None, theirs=None):
        """None, or how the answers differ. Where ours fails, theirs must."""
        ours, theirs = ours or self.ours(sql), theirs or self.theirs(sql)
        if markers(theirs.everything(), sql):
            return f"a hidden value shows: {theirs.words()}", ours
        if not ours.ok:
            return (f"answered {theirs.words()}, though it fails: {ours.text[:200]}" if theirs.ok else None), ours
        if not theirs.ok:
            return f"refused: {theirs.text[:300]}", ours
        if ours.shape()[2] != theirs.shape()[2]:
            return f"{theirs.words()}\n      should be {ours.words()}", ours
        if form == "thirds" and ours.rows[0][0] != ours.rows[0][1] or form == "counts" and len(set(ours.rows[0])) != 1:
            return f"the engine itself counts {ours.rows}", ours
        return None, ours


def reduce(sides, form, part, tries=150):
    """The statement with parts left out as long as it goes on failing."""
    found = True
    while found and tries > 0:
        found = False
        for path, inner in sorted(part.walk(), key=lambda item: len(item[0])):
            for other in inner.smaller:
                smaller = part.put(path, other)
                if len(str(smaller)) >= len(str(part)) or tries <= 0:
                    continue
                tries -= 1
                if sides.differ(form, str(smaller))[0]:
                    part, found = smaller, True
                    break
            if found:
                break
    return part


class Tally:
    def __init__(self):
        self.lock, self.asked, self.failed, self.empty, self.wrong = threading.Lock(), 0, 0, 0, []

    def add(self, seed, form, part, why, ours):
        with self.lock:
            self.asked += 1
            self.failed += not ours.ok
            self.empty += ours.ok and not ours.rows
            if why:
                self.wrong.append((seed, form, part, why))


def run(sides, seeds, threads, seconds, stop_at_first=False):
    tally, until = Tally(), time.monotonic() + seconds

    def some(few):
        if time.monotonic() > until or (stop_at_first and tally.wrong) or len(tally.wrong) > 20:
            return
        cases = [(seed, *queries.case(seed)) for seed in few]
        ours = [sides.ours(str(part)) for _, _, part in cases]
        good = [i for i, outcome in enumerate(ours) if outcome.ok]
        theirs = dict(zip(good, sides.together([str(cases[i][2]) for i in good]) or [])) if good else {}
        for i, (seed, form, part) in enumerate(cases):
            why, _ = sides.differ(form, str(part), ours[i], theirs.get(i))
            tally.add(seed, form, part, why, ours[i])
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, [seeds[i:i + TOGETHER] for i in range(0, len(seeds), TOGETHER)]))
    return tally


def start(faults=()):
    return Server(mesh.make(), faults=faults, settings={"workers": 4, "statements-per-person": 64})


def check(arguments, faults=()):
    """(cases asked, what was wrong)"""
    with start(faults) as server:
        sides = Sides(server)
        wrong = sides.load()
        if wrong and not faults:
            print(f"{len(wrong)} cells of the tables themselves are not what they should be: {wrong[:5]}")
        begun = time.monotonic()
        tally = run(sides, range(arguments.seed, arguments.seed + arguments.count), arguments.threads, arguments.seconds, stop_at_first=bool(faults))
        for seed, form, part, why in tally.wrong[:arguments.show]:
            print(f"DIFFERS seed {seed} ({form}): {why}\n      {part}", flush=True)
            if not faults:
                small = reduce(sides, form, part)
                print(f"      smaller: {small}\n      {sides.differ(form, str(small))[0]}", flush=True)
        if not faults:
            print(f"{tally.asked} random statements ({tally.failed} fail on both sides, {tally.empty} are empty), seeds {arguments.seed} to {arguments.seed + arguments.count - 1}, {time.monotonic() - begun:.0f} s, "
                  f"{len(tally.wrong)} differ, {len(wrong)} cells differ")
        return tally.asked, tally.wrong or (wrong if not faults else [])


def prove(arguments):
    """Without a defence the generator must find a statement that differs."""
    good = True
    for fault in PROOFS:
        asked, wrong = check(arguments, [f"no-{fault}"])
        print(f"without {fault}: " + (f"found after {asked} statements" if wrong else f"NOT FOUND in {asked} statements"), flush=True)
        good &= bool(wrong)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200_000 if LONG else 2000)
    parser.add_argument("--seed", type=int, help="the first of the seeds; without it by chance with --long, else 1")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10**9 if LONG else 85, help="then no more are asked")
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--faults", type=lambda text: text.split(","), default=[])
    parser.add_argument("--prove", action="store_true", help="see the generator find what switched off defences let through")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.SystemRandom().randrange(10**9) if LONG else 1
    try:
        asked, wrong = check(arguments, arguments.faults)
        good = not wrong
        if asked < arguments.count:
            print(f"{asked} of {arguments.count} in {arguments.seconds:g} s: the machine was busy")
        if arguments.prove:
            arguments.show, arguments.count = 1, 2000
            good = prove(arguments) and good
    except NoServer as error:
        sys.exit(f"no server: {error}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
