"""Damaged tables through a real server: each mutation ends as the right answer or as a clear error; never a crash, a hang, a wrong row,
or memory that is not given back. Right is what the oracle reads from the same damaged bytes.

1,000 mutations; HAILSTORM_LONG=1: 100,000; HAILSTORM_CORRUPT=N and HAILSTORM_CORRUPT_SEED=S choose others, HAILSTORM_CORRUPT_SHARE=K/N
(K from 0) does every Nth of them, so that several runs side by side, each in a HAILSTORM_CORRUPT_DIR of its own, do all. A failure prints
what makes it again: `python tests/corrupt/again.py SUBJECT N`."""
import collections
import concurrent.futures
import json
import multiprocessing
import os
import pathlib
import random
import re
import resource
import sys
import time

import pyarrow as pa
import pyarrow.flight as flight
import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "fixtures"), str(HERE.parent / "lib")]

import mutate  # noqa: E402
import oracle  # noqa: E402
import subjects  # noqa: E402
from conftest import REPORT  # noqa: E402
from flightsql import Client  # noqa: E402
from run import PASSWORD, PERSON, allowed  # noqa: E402
from server import LONG, Server  # noqa: E402

pytestmark = pytest.mark.skipif(not (subjects.fixtures.FIXTURES / "tables.tsv").exists(), reason="no fixtures at HAILSTORM_FIXTURES")

MUTATIONS = int(os.environ.get("HAILSTORM_CORRUPT", 100_000 if LONG else 1_000))
SEED = int(os.environ.get("HAILSTORM_CORRUPT_SEED", 1))
SHARE, SHARES = map(int, os.environ.get("HAILSTORM_CORRUPT_SHARE", "0/1").split("/"))
HANG_S = 20
GROWTH = 96 << 20  # caches are bounded by 192 MiB and more, of which tables this small fill little
# gRPC's words for what no damage may end in; damage itself is DATA_LOSS, which pyarrow has no class for.
FAULTS = ("returned internal error", "returned unavailable error", "returned deadline exceeded", "returned cancelled", "returned unknown",
          "returned aborted")
# What a sanitizer says of the server or of a worker, whose log is one.
SANITIZERS = ("Sanitizer", "runtime error:")
NAMES_A_FILE = re.compile(r"/|\.(ya?ml|json|avro|parquet|puffin|orc)\b")  # which no words for a client may
Outcome = collections.Counter


def plan(subject, count):
    """[(file, damaged bytes)], the same for one seed: kinds of files in turn, so that small ones are not forgotten."""
    by_role = collections.defaultdict(list)
    for (kind, role), path in subject.files:
        by_role[kind, role].append(path)
    roles = sorted(by_role)
    for i in range(count):
        r = random.Random(f"{SEED} {subject.table.path} {i}")
        kind, role = roles[i % len(roles)]
        path = r.choice(by_role[kind, role])
        yield i, role, path, mutate.damage(r, kind, subject.whole[path])


class Mesh:
    def __init__(self, server, all_subjects):
        self.server, self.subjects = server, all_subjects
        self.client = Client(server.host, server.port, PERSON, PASSWORD, timeout=HANG_S)
        self.reader = None
        self.seen, self.words = Outcome(), Outcome()

    def close(self):
        self.client.close()
        if self.reader is not None:
            self.reader.shutdown()

    def ask(self, subject):
        return self.client.query(f"select * from fixtures.{subject.name}", timeout=HANG_S)

    def again(self, subject):
        """The oracle's reading of what lies there now, or None where it cannot say."""
        if self.reader is None:
            self.reader = concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_bound)
        try:
            return self.reader.submit(subjects.read_again, subject.number, subject.row, subject.fields).result(60)
        except concurrent.futures.process.BrokenProcessPool:
            self.reader = None
            return None
        except Exception:  # damage may end anywhere in it
            return None

    def judge(self, subject, role, path=None):
        """(how it ended, None or what is wrong with that)"""
        try:
            answer = self.ask(subject)
        except (flight.FlightError, pa.ArrowException, OSError) as why:
            words = " ".join(str(why).split())
            if any(f in words.lower() for f in FAULTS) or " returned " not in words:
                return "fault", f"{type(why).__name__}: {words[:500]}"
            said = words.partition("with message: ")[2].partition(". gRPC client")[0]
            self.words[said] += 1
            return ("error", None) if not NAMES_A_FILE.search(said) else ("leak", said)
        got = cells_of(subject.fields, answer)
        if got is not None and oracle.difference(subject.expected, got) is None:
            return "right", None
        return self.compare(subject, role, path, answer)

    def compare(self, subject, role, path, answer):
        found = self.again(subject)
        if found is not None:
            got = cells_of(found[0], answer)
            if got is not None and oracle.difference(found[1], got) is None:
                return "as damaged", None
        if role == "deletes" and only_pages(subject, path):
            return "other values", None
        counts = {len(subject.expected), *([len(found[1])] if found else [])}
        if role == "data" and answer.num_rows in counts:
            return "other values", None
        says = "cannot say" if found is None else oracle.difference(found[1], cells_of(found[0], answer) or [])
        return "wrong", f"{answer.num_rows} rows of {len(subject.expected)}; the oracle: {says}"


def cells_of(fields, answer):
    try:
        return oracle.answer_rows(fields, answer)
    except Exception:  # the answer's types are not those of these fields
        return None


def only_pages(subject, path):
    """Is a Parquet file's footer as it was, and has no page of it a checksum? Then a deleted key may have become another. The format's own
    library writes checksums, and the server looks at those of delete files."""
    whole, now = subject.whole[path], path.read_bytes()
    size = int.from_bytes(whole[-8:-4], "little") + 8
    return whole[-4:] == b"PAR1" and whole[-size:] == now[-size:] and b"parquet-mr version" not in whole[-size:]


def _bound():
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))


@pytest.fixture(scope="module")
def mesh():
    all_subjects = subjects.make()
    with Server(subjects.MODEL) as server:
        found = Mesh(server, all_subjects)
        yield found
        REPORT.append(f"corrupt: {sum(found.seen.values())} mutations of {len(all_subjects)} tables: "
                      + ", ".join(f"{n} {how}" for how, n in found.seen.most_common()))
        REPORT.extend(f"    {n} x {words[:150]}" for words, n in found.words.most_common(24))
        found.close()
        assert server.stop() == 0 and not sanitized(server), server.words()[-3000:]


def sanitized(server):
    """What a sanitizer said, or None."""
    words = server.words()
    found = min((at for at in (words.find(s) for s in SANITIZERS) if at >= 0), default=None)
    return None if found is None else words[max(0, found - 200):found + 3000]


def run_one(mesh, subject, number, role, path, data):
    subject.put(path, data)
    begun = time.monotonic()
    try:
        how, wrong = mesh.judge(subject, role, path)
    finally:
        subject.put(path, subject.whole[path])
    mesh.seen[how] += 1
    if not wrong and time.monotonic() - begun > HANG_S:
        wrong = "took too long"
    if not mesh.server.alive():
        wrong = f"the server ended: {mesh.server.words()[-2000:]}"
    return f"{role} {path.name}, mutation {number}: {wrong}" if wrong else None


def swapped(subject, path):
    """The metadata with the ids of two columns of one type exchanged, in every schema, or None; and how many columns there are."""
    tree = json.loads(subject.whole[path])
    schema = next(s for s in tree["schemas"] if s["schema-id"] == tree["current-schema-id"]) if "schemas" in tree else tree["schema"]
    kinds = collections.defaultdict(list)
    for field in schema["fields"]:
        kinds[str(field["type"])].append(field["id"])
    pair = next((ids[:2] for ids in kinds.values() if len(ids) > 1), None)
    for one in [*tree.get("schemas", []), tree.get("schema", {"fields": []})]:
        for field in one["fields"]:
            if pair and field["id"] in pair:
                field["id"] = pair[1 - pair.index(field["id"])]
    return json.dumps(tree).encode() if pair else None


def test_metadata_replaced_in_place():
    """Before the mesh is made, for it makes the copies anew. What was concluded from a metadata file goes with that file: another one by
    the same name, damaged or whole, is another table to the policy. The first that is read is a damaged one, whose first column has an id
    that none can have."""
    all_subjects = [s for s, name in zip(subjects.make(), subjects.NAMES) if not name.endswith("+gz")]
    with Server(subjects.MODEL) as server:
        found = Mesh(server, all_subjects)
        asked = 0
        for subject in all_subjects:
            path = next(p for (kind, _), p in subject.files if kind == "metadata")
            first = json.dumps(str(subject.fields[0]["id"]))[1:-1]
            bad = re.sub(rb'("id"\s*:\s*)' + first.encode() + rb"(?=\s*[,}])", rb"\g<1>-2", subject.whole[path], count=0)
            subject.put(path, bad)
            found.judge(subject, "metadata", path)
            subject.put(path, subject.whole[path])
            assert found.judge(subject, "whole")[0] in ("right", "error" if allowed(subject.table) else "right"), (subject.table.path, found.words)
            name = json.dumps(subject.fields[0]["name"]).encode()
            subject.put(path, re.sub(rb'("name"\s*:\s*)' + re.escape(name), rb'\g<1>"elsewhere"', subject.whole[path]))
            assert found.judge(subject, "metadata", path) == ("error", None), (subject.table.path, found.words)
            subject.put(path, subject.whole[path])
            other = swapped(subject, path)
            if other is None:
                continue
            asked += 1
            subject.put(path, other)
            how, wrong = found.judge(subject, "metadata", path)
            subject.put(path, subject.whole[path])
            assert not wrong, (subject.table.path, how, wrong)
        assert asked >= 3
        found.close()


@pytest.mark.timeout(36000 if LONG else 300)
@pytest.mark.parametrize("name", subjects.NAMES)
def test_damage(mesh, name):
    subject = mesh.subjects[subjects.NAMES.index(name)]
    wrong = []
    for one in plan(subject, -(-MUTATIONS // len(subjects.NAMES))):
        if one[0] % SHARES != SHARE:
            continue
        found = run_one(mesh, subject, *one)
        if found:
            wrong.append(found)
        assert mesh.server.alive(), wrong
        assert len(wrong) < 20, "\n".join(wrong)
    how, still = mesh.judge(subject, "whole")
    if still or how != ("error" if allowed(subject.table) and how == "error" else "right"):
        wrong.append(f"restored, and the answer is: {how} {still}")
    if said := sanitized(mesh.server):
        wrong.append(said)
    assert not wrong, f"{subject.table.path} (fixtures.{subject.name})\n" + "\n".join(wrong)


# What the long form found once: partition values under another id; data that its list calls deletes; a type the engine has no words for.
ONCE = [("hive_partitioned_table", 2781), ("iceberg_v3_deletion_vectors", 105), ("iceberg_v2_partitioned_position_deletes", 4008)]


@pytest.mark.parametrize("name, number", ONCE)
def test_found_once(mesh, name, number):
    subject = next(s for s, n in zip(mesh.subjects, subjects.NAMES) if n == name)
    *_, one = plan(subject, number + 1)
    assert one[0] == number
    assert not run_one(mesh, subject, *one)
    assert mesh.judge(subject, "whole")[0] == "right"


@pytest.mark.timeout(3600)
def test_memory(mesh):
    """The same damage a second time leaves no more memory behind than the first."""
    def round_of(count):
        for subject in mesh.subjects:
            for one in plan(subject, count):
                run_one(mesh, subject, *one)
        return mesh.server.pss()

    first = round_of(4)
    second = round_of(40 if LONG else 4)
    assert second - first < GROWTH, f"{first >> 20} MiB, then {second >> 20} MiB"
