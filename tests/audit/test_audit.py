"""Who saw what: two records a call, in a chain that shows when somebody was at it, and no data without them."""
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import time

import adbc_driver_flightsql.dbapi as flightsql
import pytest

from fixtures import Server, attack_model, client, refusal
from server import run, wait_until

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def model():
    return attack_model()


def records(server):
    return [json.loads(line) for line in server.audit_lines()]


def correlation(record):
    return record["metadata"]["correlation_uid"]


@pytest.fixture(scope="module")
def closed(model, tmp_path_factory):
    """The state directory of a server that answered some calls and ended well."""
    state = tmp_path_factory.mktemp("audit") / "state"
    server = Server(model, state=state).start()
    with client(server, "eve", "attack") as eve, client(server, "root", "attack") as root:
        eve.query("select count(*), max(note) from alpha.people")
        root.query("select * from alpha.people p join omega.people o using (id)")
        refusal(eve.query, "select * from alpha.vaulta")
        refusal(eve.query, "select u::uuid from alpha.people where v::uuid is not null")
        eve.tables()
        for i in range(20):
            eve.query(f"select {i}")
    assert server.stop() == 0, server.words()[-2000:]
    yield state, records(server)
    server._forget()


def test_intent_and_outcome(closed):
    _, lines = closed
    calls = [r for r in lines if "phase" in r]
    intents = {correlation(r): r for r in calls if r["phase"] == "intent"}
    outcomes = {correlation(r): r for r in calls if r["phase"] == "outcome"}
    assert len(intents) >= 22 and intents.keys() == outcomes.keys()
    for key, intent in intents.items():
        assert intent["actor"]["user"]["name"] in ("eve", "root") and intent["policy_version"] and intent["door"] == "flight" and intent["src_endpoint"]["ip"]
        assert lines.index(intent) < lines.index(outcomes[key])
        assert outcomes[key]["status_id"] in (1, 2)
    joined = [r for r in calls if r["phase"] == "intent" and len(r.get("tables", [])) == 2]
    assert joined and all(t["snapshot_id"] and len(t["decision"]) == 64 for t in joined[0]["tables"])
    assert joined[0]["tables"][0]["product"] == "alpha.people"
    sums = [r for r in calls if r["phase"] == "outcome" and r.get("rows") == 1]
    assert sums, "rows are counted"
    # OCSF: Application activity, Datastore Activity
    assert all(r["class_uid"] == 6005 and r["category_uid"] == 6 and r["type_uid"] == 600500 + r["activity_id"] for r in calls)


def test_statement_by_digest(closed):
    _, lines = closed
    want = hashlib.sha256(b"select count(*), max(note) from alpha.people").hexdigest()
    assert [r for r in lines if r.get("statement_sha256") == want and r["phase"] == "intent"]
    assert "max(note)" not in json.dumps(lines)


def test_denials(closed):
    _, lines = closed
    refused = [r for r in lines if r.get("phase") == "refused"]
    assert refused and refused[0]["actor"]["user"]["name"] == "eve" and refused[0]["status_id"] == 2
    failed = [r for r in lines if r.get("phase") == "outcome" and r["status_id"] == 2]
    assert failed, "a statement that failed after its intent has an outcome that says so"


def test_no_values(closed):
    _, lines = closed
    text = json.dumps(lines)
    assert "ZQX" not in text and "777000" not in text


def verify(state):
    return run("audit", "verify", "--state", state)


def test_a_whole_chain(closed):
    state, lines = closed
    status, out, err = verify(state)
    assert status == 0 and "0 problems" in out, out + err
    previous = "0" * 64
    for line in sorted((state / "audit").glob("*.jsonl"))[0].read_bytes().splitlines():
        assert json.loads(line)["previous"] == previous
        previous = hashlib.sha256(line).hexdigest()


def meddled(state, tmp_path, change):
    copy = tmp_path / "state"
    shutil.copytree(state, copy)
    file = sorted((copy / "audit").glob("*.jsonl"))[0]
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(change(lines)))
    return verify(copy)


MEDDLING = {
    "a line changed": lambda lines: [*lines[:5], lines[5].replace(b'"eve"', b'"eva"').replace(b'"root"', b'"roat"'), *lines[6:]],
    "a number changed": lambda lines: [*lines[:-4], lines[-4].replace(b'"time":', b'"time":1'), *lines[-3:]],
    "the first line changed": lambda lines: [lines[0].replace(b"intent", b"intend"), *lines[1:]],
    "a line removed": lambda lines: lines[:7] + lines[8:],
    "the first line removed": lambda lines: lines[1:],
    "a line put in": lambda lines: [*lines[:4], lines[3], *lines[4:]],
    "lines exchanged": lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]],
    "the end cut": lambda lines: lines[:-3],
    "the last line cut": lambda lines: lines[:-1],
    "half a line at the end": lambda lines: [*lines[:-1], lines[-1][:40]],
    "everything cut": lambda lines: [],
    "a line of one's own at the end": lambda lines: [*lines, b'{"phase":"intent","metadata":{"correlation_uid":"x"},"previous":"' + hashlib.sha256(lines[-1].rstrip(b"\n")).hexdigest().encode() + b'"}\n'],
    "not JSON": lambda lines: [*lines[:3], b"garbage\n", *lines[4:]],
}


@pytest.mark.parametrize("what", MEDDLING)
def test_meddling_shows(closed, tmp_path, what):
    status, out, err = meddled(closed[0], tmp_path, MEDDLING[what])
    assert status != 0 and "0 problems" not in out.replace("10 problems", "").replace("20 problems", ""), f"{what}: {out}{err}"


def test_a_chain_written_anew(closed, tmp_path):
    """Somebody without the key counts all hashes again: the heads do not sign."""
    def anew(lines):
        previous, out = "0" * 64, []
        for line in lines:
            record = json.loads(line)
            if record.get("actor", {}).get("user", {}).get("name") == "eve":
                record["actor"]["user"]["name"] = "mal"
            record["previous"] = previous
            text = json.dumps(record, separators=(",", ":")).encode()
            previous = hashlib.sha256(text).hexdigest()
            out.append(text + b"\n")
        return out
    status, out, err = meddled(closed[0], tmp_path, anew)
    assert status != 0, out + err


def test_no_cell_and_no_gap(model, tmp_path):
    """An error's long text holds a cell and stays out; a describe that runs the statement over bound values is a call like others."""
    with Server(model, state=tmp_path / "state") as server, client(server, "eve", "attack") as eve:
        v = eve.query("select min(v) as v from alpha.people").column(0)[0].as_py()
        assert refusal(eve.query, "select ('qq' || min(v))::int from alpha.people")
        file = next((server.state / "audit").glob("*.jsonl"))
        text = file.read_text()
        assert '"Failure"' in text and f"qq{v}" not in text, text[-2000:]
        with flightsql.connect(server.uri, db_kwargs={"username": "eve", "password": "eve-attack"}) as adbc, adbc.cursor() as cursor:
            before = file.read_text().count('"phase":"intent"')
            cursor.execute("select ? as p, count(*) as n from alpha.people", ("x",))
            assert file.read_text().count('"phase":"intent"') > before


def test_while_it_is_written(model, tmp_path):
    """Beside a server that runs, with a statement under way: no problem, and said to go on."""
    with Server(model, state=tmp_path / "state") as server, client(server, "eve", "attack") as eve:
        reader = eve.stream("select a.*, b.v from alpha.people a, alpha.people b, alpha.people c, range(200) r")
        reader.read_chunk()
        status, out, err = verify(server.state)
        assert status == 0 and "still being written" in out and "0 problems" in out, out + err
        reader.cancel()


def test_a_file_removed(model, closed, tmp_path):
    """A later process goes on from the last line of the file before its own: without that file, or its end, its first line hangs in the air."""
    copy = tmp_path / "state"
    shutil.copytree(closed[0], copy)
    with Server(model, state=copy) as server, client(server, "eve", "attack") as eve:
        eve.query("select 1")
    first, second = sorted((copy / "audit").glob("*.jsonl"))
    status, out, err = verify(copy)
    assert status == 0, out + err
    lines = first.read_bytes().splitlines(keepends=True)
    first.write_bytes(b"".join(lines[:-1]))
    status, out, err = verify(copy)
    assert status != 0 and f"{second.name}:1: the file or line that this one follows is not here" in out, out + err
    first.unlink()
    status, out, err = verify(copy)
    assert status != 0 and f"{second.name}:1: the file or line that this one follows is not here" in out, out + err


def test_killed_server(model, tmp_path):
    """kill -9 in mid-statement: the intent is on disk, its outcome is not, and verify says so."""
    state = tmp_path / "state"
    server = Server(model, state=state).start()
    eve = client(server, "eve", "attack", timeout=30)
    reader = eve.stream("select a.*, b.v from alpha.people a, alpha.people b, alpha.people c, range(200) r")
    reader.read_chunk()
    os.kill(server.pid, signal.SIGKILL)
    server.stop(kill=True)
    eve.close()
    status, out, _ = verify(state)
    assert status != 0 and "without outcome" in out and "no signed head" in out, out
    server._forget()


def limit(server, most):
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def test_audit_that_cannot_be_written(model, tmp_path):
    """No more bytes for the audit file: no call is answered from then on."""
    with Server(model, state=tmp_path / "state") as server, client(server, "eve", "attack") as eve:
        eve.query("select 1")
        file = next((server.state / "audit").glob("*.jsonl"))
        size = file.stat().st_size
        limit(server, size)
        for _ in range(3):
            words = refusal(eve.query, "select count(*) from alpha.people")
            assert words and ("audit" in words or "not available" in words), words
        assert refusal(eve.tables), "the catalog is served without audit"
        assert server.alive(), f"status {server.process.returncode}: {server.words()[-1000:]}"


def test_audit_disk_full(model, tmp_path):
    """A disk of 64 KiB. Needs the right to mount."""
    disk = tmp_path / "state"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("no right to mount")
    try:
        with Server(model, state=disk, settings={"memory": "256MiB"}) as server, client(server, "eve", "attack") as eve:
            eve.query("select 1")
            with open(disk / "filler", "wb", buffering=0) as filler:
                for size in (1 << 16, 1 << 12, 1):
                    try:
                        while True:
                            filler.write(b"x" * size)
                    except OSError:
                        pass
            answered = 0
            for _ in range(40):
                if refusal(eve.query, "select 1") is None:
                    answered += 1
                else:
                    break
            words = refusal(eve.query, "select count(*) from alpha.people")
            assert words, f"{answered} answers, and still serving on a full disk"
            (disk / "filler").unlink()
            assert server.alive()
    finally:
        wait_until(lambda: subprocess.run(["umount", str(disk)], capture_output=True).returncode == 0, 10, 0.3)


def test_audit_directory_not_writable(model, tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / "audit").write_text("a file where the directory should be")
    status, out, err = run("query", "select 1", "--as", "eve", "--model", model, "--state", state)
    assert status != 0 and "audit" in err, out + err


def test_two_servers_two_chains(model, tmp_path):
    state = tmp_path / "state"
    for _ in range(2):
        server = Server(model, state=state).start()
        with client(server, "eve", "attack") as eve:
            eve.query("select 1")
        time.sleep(0.01)
        assert server.stop() == 0
    assert len(list((state / "audit").glob("*.jsonl"))) == 2
    status, out, _ = verify(state)
    assert status == 0, out
