#!/usr/bin/env python3
"""`make attacks`: A attacks x D doors, L leaks. See README.md."""
import argparse
import concurrent.futures
import importlib
import os
import pathlib
import random
import re
import sys
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE / "doors"), str(ROOT / "tests" / "lib")]

import mesh  # noqa: E402
import probes  # noqa: E402
from outcome import Outcome, markers, scrub  # noqa: E402
from server import LONG, NoServer, Server  # noqa: E402

PASSWORD = "{}-attack"
SAMPLE = 150  # statements of one attack, without --long
# Attacks of the catalogue that need a door which is not built; each joins with its door.
WAITS = {7: "Iceberg metadata", 8: "Iceberg metadata", 9: "Iceberg metadata", 10: "Iceberg metadata", 13: "Kafka"}
FILL = re.compile(r"\{(absent:)?([A-Za-z]+\d?)\}")
TABLES_OF = {n: ("people", "staff") for n in (1, 2, 3, 26)}


def attacks(only):
    found = [importlib.import_module(p.stem) for p in sorted(HERE.glob("a[0-9]*.py"))]
    return [a for a in found if not only or a.NUMBER in only]


class Ground:
    """The mesh's facts, as an attacker would know them, to fill into statements."""

    def __init__(self, state):
        self.facts = mesh.facts()
        self.fixed = {"secret": self.facts["secret"], "out": self.facts["out"], "state": str(state), "keys": f"{state}/keys", "audit": f"{state}/audit"}

    def fill(self, domain, table):
        known, hidden = self.facts[domain, table], self.facts[domain, "vaulta"]
        other = self.facts[mesh.TWINS[1 - mesh.TWINS.index(domain)], table]
        out = dict(self.fixed, D=domain, T=f"{domain}.{table}", file=known["files_now"][0], folder=known["folder"], hiddenfile=hidden["files_now"][0],
                   hiddensnap=hidden["snapshots"][0], othersnap=other["snapshots"][0])
        for i, (snapshot, moment) in enumerate(zip(known["snapshots"], known["times"])):
            out[f"snap{i}"] = snapshot
            out[f"time{i}"] = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment // 1000)) + f".{moment % 1000:03}+00"
        return out


def expand(text, fill, absent):
    """The statement with names filled in; what was filled, to be scrubbed from its errors. Hidden names, or names of nothing."""
    used = {}

    def value(found):
        if found[1]:
            used[found[2]] = mesh.ABSENT[found[2]] if absent else found[2]
            return used[found[2]]
        if found[2] not in fill:
            return found[0]
        used[found[2]] = fill[found[2]]
        return str(fill[found[2]])
    done = FILL.sub(value, text).replace("{{", "{").replace("}}", "}")
    if "D" in used or "T" in used:
        used.setdefault("D", fill["D"])
    return done, used


def same_length(a, b):
    return len(a.encode("utf-8", "surrogatepass")) == len(b.encode("utf-8", "surrogatepass"))


class Attempt:
    """One attack through one door: asks, compares, keeps what leaked."""

    def __init__(self, attack, door, ground, server, verbose):
        self.attack, self.door, self.ground, self.server, self.verbose = attack, door, ground, server, verbose
        self.people, self.lock = {}, threading.Lock()
        self.leaks, self.asked, self.notes = [], 0, []
        self.out = mesh.OUT
        self.never_ok = re.compile(getattr(attack, "NEVER_OK", r"(?!)"))
        self.fine = re.compile(getattr(attack, "FINE", {}).get(getattr(sys.modules.get(type(door).__module__), "NAME", ""), r"(?!)"))
        self.stop_at = None

    def person(self, name):
        key = (name, threading.get_ident())
        with self.lock:
            found = self.people.get(key)
        if found is None:
            found = self.door.connect(name, PASSWORD.format(name))
            with self.lock:
                self.people[key] = found
        return found

    def close(self):
        for person in self.people.values():
            person.close()

    def leak(self, what, *words):
        with self.lock:
            self.leaks.append((what, words))

    def check(self, good, words):
        self.asked += 1
        if not good:
            self.leak(words)

    def look(self, where, text):
        found = markers(text, "")
        if found:
            self.leak(f"{where} shows {found[:3]}")

    def ask(self, name, sql, params=None):
        outcome = self.person(name).ask(sql, params)
        with self.lock:
            self.asked += 1
        if name not in ("root", "mal"):
            found = markers(outcome.everything(), sql + repr(params or ""))
            if found:
                self.leak("marker", sql, f"{found[:4]}", outcome.words())
        return outcome

    # ---- one statement, on both sides ----
    def pair(self, text, table):
        """The two askings whose answers must be the same: [(sql, params, filled)]."""
        text, params = text if isinstance(text, tuple) else (text, None)
        both = []
        for side in (0, 1):
            absent_pair = "{absent:" in text
            fill = self.ground.fill("alpha" if absent_pair else mesh.TWINS[side], table)
            sql, used = expand(text, fill, absent_pair and side == 1)
            values = [expand(p, fill, absent_pair and side == 1)[0] if isinstance(p, str) else p for p in params] if params else None
            both.append((sql, values, used))
        return both

    def shape(self, asked, loose):
        sql, params, used = asked
        outcome = self.ask("eve", sql, params)
        kind, schema, rest = outcome.shape(getattr(self.attack, "IN_ORDER", False))
        if kind == "error":
            rest = scrub(rest, used)
            rest = re.sub(r"position \d+|line \d+|column \d+", "position", rest) if loose else rest
        else:
            schema = scrub(schema, used)
            rest = tuple(scrub(row, used) for row in rest)
        return (kind, schema, rest), outcome

    def compare(self, text, table):
        first, second = self.pair(text, table)
        if getattr(self.attack, "DESCRIBE", False) and hasattr(self.door, "described"):
            self.compare_unrun(first, second)
        loose = not same_length(first[0], second[0])
        left, right = {}, {}
        for _ in range(4):  # what depends on the order of threads must meet after a few times
            for asked, seen in ((first, left), (second, right)):
                shape, outcome = self.shape(asked, loose)
                seen[shape] = outcome
                words = text if isinstance(text, str) else text[0]
                if outcome.ok and self.never_ok.search(words) and not self.fine.search(words):
                    self.leak("answered", asked[0], outcome.words())
                    return
            if set(left) & set(right):
                return
        a, b = next(iter(left.values())), next(iter(right.values()))
        self.leak("differs", first[0] if first[1] is None else f"{first[0]} {first[1]}", a.words(), b.words())

    def compare_unrun(self, first, second):
        """What is said of a statement that is never run: its schema, its handle, its plan."""
        for how in ("described", "prepared", "planned"):
            said = []
            for sql, _, used in (first, second):
                outcome = getattr(self.door, how)(self.person("eve"), sql)
                with self.lock:
                    self.asked += 1
                if markers(outcome.everything(), sql):
                    self.leak("marker", how, sql, outcome.words())
                kind, schema, rest = outcome.shape()
                said.append((kind, scrub(schema, used), scrub(outcome.text, used), len(rest) if outcome.ok else 0))
            if said[0] != said[1]:
                self.leak("differs", how, first[0], str(said[0])[:300], str(said[1])[:300])

    def work(self, long):
        """[(statement, table)]: of every table with --long, else of one by chance, and not more than a sample."""
        tables, statements = TABLES_OF.get(self.attack.NUMBER, ("people",)), self.attack.STATEMENTS
        if not long:
            chance = random.Random(self.attack.NUMBER)  # the same each time
            most = SAMPLE if hasattr(self.attack, "DOORS") else getattr(sys.modules.get(type(self.door).__module__), "SAMPLE", SAMPLE)
            some = statements if len(statements) <= most else chance.sample(statements, most)
            return [(s, chance.choice(tables)) for s in some]
        return [(s, t) for s in statements for t in tables if t == tables[0] or "{T}" in (s if isinstance(s, str) else s[0])]

    def enough(self):
        """When a defence is to be proven: the kind of leak that was wanted is there."""
        return self.stop_at is not None and any(self.stop_at in what for what, _ in self.leaks)

    def run(self, long=False, stop_at=None, threads=3):
        self.stop_at = stop_at
        work = self.work(long)

        def one(item):
            if self.enough():
                return
            try:
                self.compare(*item)
            except Exception:  # a door that cannot even be asked is no proof of anything
                self.leak("the asking itself failed", str(item), traceback.format_exc(limit=3))
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, work))
            list(pool.map(lambda s: self.ask("eve", expand(s, self.ground.fill("alpha", "people"), False)[0]), getattr(self.attack, "BY_CHANCE", [])))
        probes_here = getattr(sys.modules.get(type(self.door).__module__), "PROBES", None)  # of a door that has not all helpers
        asks_more = hasattr(self.attack, "DOORS") or (hasattr(self.door, "sign_in") and (probes_here is None or self.attack.NUMBER in probes_here))
        if hasattr(self.attack, "probe") and asks_more and not self.enough():
            try:
                self.attack.probe(probes.Probes(self))
            except Exception:
                self.leak("the probe itself failed", traceback.format_exc(limit=6))
        return self


def report_timing(attack, door):
    def measure(connection, sql):
        times = []
        for _ in range(9):
            begun = time.perf_counter()
            connection.ask(sql)
            times.append(time.perf_counter() - begun)
        return sorted(times)[len(times) // 2]
    connection = door.connect("eve", PASSWORD.format("eve"))
    for what, hit, miss in attack.timing(connection, measure):
        print(f"  time  {what}: {hit * 1e3:.1f} ms against {miss * 1e3:.1f} ms", flush=True)
    connection.close()


def start(faults=()):
    return Server(mesh.make(), faults=faults, env={"ZQX_SECRET": "ZQX environment"}, settings={"workers": 4, "statements-per-person": 64})


def run_one(door_module, server, attack, arguments):
    """Leaks of one attack with every defence up."""
    begun = time.monotonic()
    door = door_module.Door(server)
    attempt = Attempt(attack, door, Ground(server.state if server else "/nonexistent"), server, arguments.verbose).run(arguments.long, threads=arguments.threads)
    attempt.close()
    lines = [f"{attack.NUMBER:>3} {attack.TITLE}: {attempt.asked} askings, {len(attempt.leaks)} leaks, {time.monotonic() - begun:.0f} s"]
    lines += [f"      LEAK {what}" + "".join(f"\n           {str(w)[:700]}" for w in words) for what, words in attempt.leaks[:arguments.show]]
    print("\n".join(lines), flush=True)
    if hasattr(attack, "timing") and arguments.timing:
        report_timing(attack, door)
    return len(attempt.leaks)


def run_all(door_module, chosen, arguments):
    """Leaks through one door with every defence up. What must be alone comes first; what mostly waits runs beside the rest."""
    leaks = 0
    server = None if door_module.NAME == "plain" else start().start()
    beside = [attack for attack in chosen if getattr(attack, "BESIDE", False)]
    rest = sorted((attack for attack in chosen if attack not in beside), key=lambda attack: not getattr(attack, "ALONE", False))
    first = [attack for attack in rest if getattr(attack, "ALONE", False)]
    try:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            waiting = []
            for attack in [*first, None, *rest[len(first):]]:
                if attack is None:
                    waiting = [pool.submit(run_one, door_module, server, one, arguments) for one in beside]
                    continue
                leaks += run_one(door_module, server, attack, arguments)
                if server and not server.alive():
                    print(f"      THE SERVER DIED (status {server.process.returncode}):\n{server.words()[-1500:]}", flush=True)
                    leaks += 1
                    server = start().start()
            leaks += sum(one.result() for one in waiting)
    finally:
        if server:
            server.stop()
            server._forget()
    return leaks


def defences(attack):
    """[(names to switch off together, the kind of leak that has to come)]: each line proves one defence."""
    return [(attack.DEFENCE, "")] if isinstance(attack.DEFENCE, str) else attack.DEFENCE


def prove_one(door, server, attack, names, wanted, arguments):
    """True if the attack comes through where these defences are off."""
    attempt = Attempt(attack, door, Ground(server.state if server else "/nonexistent"), server, arguments.verbose)
    attempt.run(arguments.long, stop_at=wanted, threads=arguments.threads if server else 1)
    attempt.close()
    found = [leak for leak in attempt.leaks if wanted in leak[0] and "itself failed" not in leak[0]]
    if found:
        what, words = found[0]
        print(f"{attack.NUMBER:>3} succeeds without {names}: {what[:200]} {' | '.join(str(w)[:160] for w in words[:3])}", flush=True)
    else:
        print(f"{attack.NUMBER:>3} NOT PROVEN: nothing leaks without {names} ({attempt.asked} askings) {attempt.leaks[:1]}", flush=True)
    return bool(found)


def prove_together(door_module, names, work, arguments):
    """All attacks that one set of defences stops, against one server without it: those that did not come through."""
    failed, server = [], None
    try:
        for attack, wanted in work:
            if server is None or not server.alive():
                server = start([f"no-{name}" for name in names.split("+")]).start()
            if not prove_one(door_module.Door(server), server, attack, names, wanted, arguments):
                failed.append((attack, names))
    except NoServer as error:
        print(f"    without {names}: {str(error)[:300]}")
        failed += [(attack, names) for attack, _ in work]
    finally:
        if server:
            server.stop()
            server._forget()
    return failed


def prove_elsewhere(work):
    """What no switch lets through is seen to succeed against a bare engine over plain views."""
    failed, plain = [], importlib.import_module("plain")
    for attack, _ in work:
        after = plain.unended(attack.WITNESS)
        print(f"{attack.NUMBER:>3} " + (f"succeeds in a bare engine: not ended after {after:.0f} s {attack.WITNESS[:100]}" if after else "NOT PROVEN: a bare engine ends it, too"), flush=True)
        failed += [] if after else [(attack, "plain")]
    return failed


def prove(door_module, chosen, arguments):
    """Each attack against a server without its defence: it has to come through."""
    groups = {}
    for attack in chosen:
        for names, wanted in defences(attack):
            groups.setdefault(names, []).append((attack, wanted))
    elsewhere = groups.pop("plain", [])
    alone = [names for names, work in groups.items() if any(getattr(attack, "ALONE", False) for attack, _ in work)]
    failed = [one for names in alone for one in prove_together(door_module, names, groups.pop(names), arguments)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:  # most of the time each waits for a server of its own
        waiting = [pool.submit(prove_together, door_module, names, work, arguments) for names, work in sorted(groups.items(), key=lambda g: (not any(getattr(attack, "BESIDE", False) for attack, _ in g[1]), -len(g[1])))]
        failed += prove_elsewhere(elsewhere) if elsewhere else []
        return failed + [one for done in waiting for one in done.result()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--door", action="append")
    parser.add_argument("--only", type=lambda text: {int(n) for n in text.split(",")}, help="numbers: 1,2,25")
    parser.add_argument("--prove", action="store_true", help="then also show that each attack succeeds when its defence is off")
    parser.add_argument("--only-prove", action="store_true")
    parser.add_argument("--long", action="store_true", default=LONG, help="every statement of every table")
    parser.add_argument("--timing", action="store_true", default=True)
    parser.add_argument("--threads", type=int, default=3)
    parser.add_argument("--show", type=int, default=12, help="leaks to print for each attack")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    mesh.make()
    chosen = attacks(arguments.only)
    doors = arguments.door or sorted(p.stem for p in (HERE / "doors").glob("*.py") if p.stem != "plain")
    leaks, unproven = 0, []
    try:
        for name in doors:
            module = importlib.import_module(name)
            here = [a for a in chosen if module.NAME in getattr(a, "DOORS", [module.NAME])]
            if not arguments.only_prove:
                leaks += run_all(module, here, arguments)
            # What stops an attack stands behind all doors: it is proven through the first, and the doors' own through theirs.
            proven = here if getattr(module, "PROVES", True) else [a for a in here if hasattr(a, "DOORS")]
            if (arguments.prove or arguments.only_prove) and name != "plain":
                unproven += prove(module, proven, arguments)
    except NoServer as error:
        sys.exit(f"no server: {error}")
    if unproven:
        print("not proven, so worth nothing yet: " + ", ".join(f"{a.NUMBER} (without {names})" for a, names in unproven))
    for number, door in WAITS.items() if not arguments.only else ():
        print(f"{number:>3} waits for door {door}")
    print(f"{len(chosen)} attacks x {len(doors)} doors, {leaks} leaks")
    sys.exit(1 if leaks or unproven else 0)


if __name__ == "__main__":
    main()
