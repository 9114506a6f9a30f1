"""Tables by Spark 3.5 and 4.0 (spark_tables.py): every snapshot, branch and tag as Spark itself reads it. One session a version writes them all,
the two side by side."""
import os
import shutil
import subprocess

import pytest
from others import ROOT, Mesh, Refused, Written, differences
from spark_tables import ONLY_SPARK4, TABLES
from truth import Truth

PEERS = ROOT / "build" / "peers"
VERSIONS = ("spark35", "spark40")
SCRIPT = ROOT / "tests" / "peers" / "spark_tables.py"

# What the server may refuse, by its words; anything else that it refuses is a failure.
MAY_REFUSE = {"mor_orc": ("ORC", "orc"), "variants": ("variant",)}


def start(version):
    out = PEERS / "tables" / version
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    jar = next((PEERS / "jars" / version).glob("*.jar"))
    with open(out / "log", "w") as log:
        return subprocess.Popen([str(PEERS / version / "bin" / "python"), str(SCRIPT), str(out), str(jar)], stdout=log, stderr=log)


NAMES = [(v, t) for v in VERSIONS for t in [*TABLES, *(ONLY_SPARK4 if v == "spark40" else ())]]


@pytest.fixture(scope="module")
def served():
    if not os.environ.get("HAILSTORM_KEEP_TABLES"):
        running = {version: start(version) for version in VERSIONS}
        for version, process in running.items():
            assert process.wait(1200) == 0, (PEERS / "tables" / version / "log").read_text()[-4000:]
    tables = {}
    for version, name in NAMES:
        folder = PEERS / "tables" / version
        elsewhere = {str(folder / "plain-kinds"): str(folder / "plain-kinds")} if name == "added" else {}
        tables[version, name] = Written(f"{version}_{name}", folder / "warehouse" / "db" / name, Truth.read(folder / f"{name}.jsonl"), f"{version}, {name}", elsewhere)
    with Mesh(PEERS / "mesh-spark", list(tables.values())) as mesh:
        yield mesh, tables


@pytest.mark.parametrize("version,name", NAMES)
def test_every_snapshot_is_what_spark_reads(served, version, name):
    mesh, tables = served
    try:
        wrong = differences(mesh, tables[version, name])
    except Refused as why:
        assert any(words in str(why) for words in MAY_REFUSE.get(name, ())), f"refused: {why}"
        return
    assert not wrong, "\n".join(wrong)[:4000]
