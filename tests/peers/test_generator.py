"""Random tables by the format's own Java library: every snapshot, every branch and tag, and the table as it stood after some of the commits
(under the metadata file of that moment, with the schema of that moment)."""
import os
import pathlib
import random
import shutil
import subprocess

import pytest
from others import ROOT, Mesh, Refused, Written, differences
from server import LONG
from truth import Truth

HERE = pathlib.Path(__file__).resolve().parent
PEERS = ROOT / "build" / "peers"
OUT = PEERS / "tables" / "generator"
JARS = PEERS / "jars" / "generator"
SEEDS = range(1, 201 if LONG else 21)
EARLIER = 6 if LONG else 2
TOGETHER = 20  # seeds behind one server

# What the server may refuse, by its words; anything else that it refuses is a failure. Each says why.
MAY_REFUSE = {
    "nanosecond timestamps with a time zone": "the engine has no such type; one seed of twenty makes them",
}


def java(*arguments):
    return subprocess.run(["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx2g", *map(str, arguments)], capture_output=True, text=True, timeout=7200 if LONG else 600)


def generate():
    sources, classes = sorted((HERE / "generator").glob("*.java")), PEERS / "classes"
    shutil.rmtree(classes, ignore_errors=True)
    done = subprocess.run(["javac", "-nowarn", "-cp", f"{JARS}/*", "-d", str(classes), *map(str, sources)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    shutil.rmtree(OUT, ignore_errors=True)
    done = java("-cp", f"{classes}:{JARS}/*", "Generator", OUT, SEEDS.start, len(SEEDS))
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]


def tables_of(seed):
    """The table as it is now, then as it was."""
    truth = Truth.read(OUT / f"seed-{seed}.jsonl")
    folder = OUT / f"seed-{seed}"
    found = [Written(f"s{seed}", folder, truth)]
    earlier = sorted(truth.metadata)[:-1]
    for name in random.Random(seed).sample(earlier, min(EARLIER, len(earlier))):
        found.append(Written(f"s{seed}_{name.split('.')[0]}", folder / "metadata" / name, truth, truth.metadata[name]))
    return found


class Served:
    """The tables of some seeds behind one server at a time: what a statement costs grows with what its reader may see."""

    def __init__(self):
        self.first = self.mesh = self.tables = None

    def of(self, seed):
        first = seed - (seed - SEEDS.start) % TOGETHER
        if first != self.first:
            self.close()
            self.tables = {s: tables_of(s) for s in range(first, min(first + TOGETHER, SEEDS.stop))}
            self.mesh = Mesh(PEERS / "mesh-generator", [t for tables in self.tables.values() for t in tables])
            self.mesh.__enter__()
            self.first = first
        return self.mesh, self.tables[seed]

    def close(self):
        if self.first is not None:
            self.first = None
            self.mesh.__exit__(None, None, None)


@pytest.fixture(scope="module")
def served():
    if not os.environ.get("HAILSTORM_KEEP_TABLES"):
        generate()
    found = Served()
    yield found
    found.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_snapshot_is_what_the_model_says(served, seed):
    mesh, tables = served.of(seed)
    wrong = []
    for i, table in enumerate(tables):
        try:
            wrong += differences(mesh, table, only_current=i > 0)
        except Refused as why:
            if not any(words in str(why) for words in MAY_REFUSE):
                wrong.append(f"{table.name} ({table.path}): refused: {why}")
    assert not wrong, "\n".join(wrong)[:4000]
