"""PostgreSQL's own clients of other languages, unmodified, at the PostgreSQL door: pgjdbc in every query mode and every call of DatabaseMetaData,
Node's pg and postgres, Go's pgx. Their programs are in pg/; what they say is held against the tables themselves (tests/pg/programs/mesh.py)."""
import collections
import datetime as dt
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import uuid

import pytest
from server import ROOT, Server

HERE = pathlib.Path(__file__).resolve().parent / "pg"
PEERS = ROOT / "build" / "peers"
sys.path.insert(0, str(ROOT / "tests" / "pg" / "programs"))
import mesh  # noqa: E402

JAR = PEERS / "pgjdbc" / "postgresql-42.7.8.jar"
NODE = PEERS / "node" / "bin" / "node"
PGX = PEERS / "bin" / "pgx"
MODES = ["simple", "extended", "extendedForPrepared", "extendedCacheEverything"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    where = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(where / "key.pem"), "-out", str(where / "cert.pem")], check=True, capture_output=True)
    return where


@pytest.fixture(scope="module")
def server(certificate):
    with Server(mesh.make(), settings={"tls-certificate": certificate / "cert.pem", "tls-key": certificate / "key.pem"}) as running:
        yield running


@pytest.fixture(params=mesh.PEOPLE)
def who(request):
    return request.param


def said_by(command, **more):
    """[(name, value)] of what a program said, in its order."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=240, **more)
    said = [(name, value) for name, _, value in (line.partition("\t") for line in done.stdout.splitlines())]
    assert said and said[-1] == ("closed", "true"), (done.stdout + done.stderr)[-4000:]
    return said


def grouped(said):
    out = collections.defaultdict(list)
    for name, value in said:
        out[name].append(value)
    return out


READ = {"id": int, "i": int, "b": lambda v: v in (True, "true"), "f": float, "d": float, "n": mesh.D, "m": mesh.D, "s": str, "x": bytes.fromhex, "u": uuid.UUID,
        "day": lambda v: dt.date.fromisoformat(v[:10]), "t": lambda v: (dt.datetime.min + dt.timedelta(microseconds=v)).time() if isinstance(v, int) else dt.time.fromisoformat(v),
        "ts": lambda v: dt.datetime.fromisoformat(v.removesuffix("Z")), "tz": lambda v: dt.datetime.fromisoformat(v.removesuffix("Z")).replace(tzinfo=dt.timezone.utc),
        "l": lambda v: [None if x is None else int(x) for x in v], "w": list}


def cells(names, row):
    """A row of JSON as Python has it."""
    return tuple(None if v is None else READ[n](v) for n, v in zip(names, row))


def count(who, test):
    return sum(map(bool, map(test, mesh.orders(who))))


# ---- pgjdbc ----

@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    out = tmp_path_factory.mktemp("classes")
    done = subprocess.run(["javac", "-nowarn", "-cp", str(JAR), "-d", str(out), str(HERE / "Pgjdbc.java")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return out


@pytest.fixture
def jdbc(classes, server):
    def ask(*asked):
        """asked: (who, options, scenario). A list of what each said."""
        told = [part for who, options, scenario in asked for part in (f"jdbc:postgresql://localhost:{server.pg_port}/demo?user={who}&password={who}-demo&{options}", scenario)]
        command = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-Duser.timezone=UTC", "-cp", f"{classes}:{JAR}", "Pgjdbc", *told]
        parts = []
        for name, value in said_by(command):
            if name == "begin":
                parts.append([])
            parts[-1].append((name, value))
        return [grouped(p) for p in parts]

    return ask


# What the driver has not written, whatever the server.
NOT_IN_DRIVER = {"getAttributes/4", "getPseudoColumns/4", "getRowIdLifetime/0", "getSuperTables/3", "getSuperTypes/3"}
TOLD = {"getDatabaseProductName/0": "PostgreSQL", "getDatabaseMajorVersion/0": "15", "getCatalogs/0": "rows:1", "getSchemas/0": "rows:6", "getTables/4": "rows:3", "getPrimaryKeys/3": "rows:1",
        "getImportedKeys/3": "rows:1", "getExportedKeys/3": "rows:2", "getCrossReference/6": "rows:1", "getIndexInfo/5": "rows:1", "getBestRowIdentifier/5": "rows:1", "getProcedures/3": "rows:0",
        "getFunctions/3": "rows:3", "getUDTs/4": "rows:3", "getVersionColumns/3": "rows:0", "getMaxColumnNameLength/0": "63", "getDefaultTransactionIsolation/0": "4",
        "supportsTransactionIsolationLevel/1": "true", "getTablePrivileges/3": "rows:2"}


def test_every_metadata_call(jdbc):
    for who, said in zip(mesh.PEOPLE, jdbc(*((who, "", "metadata") for who in mesh.PEOPLE))):
        calls = {n: v[0] for n, v in said.items() if re.search(r"/\d$", n)}
        assert {n for n, v in calls.items() if v.startswith("FAILED")} == NOT_IN_DRIVER and len(calls) > 170
        assert {n: calls[n] for n in TOLD} == TOLD
        columns = [json.loads(r) for r in said["getColumns:row"]]
        assert [c[3] for c in columns] == list(mesh.orders(who)[0])
        kinds = {c[3]: (c[5], c[6], c[8], c[17]) for c in columns}
        assert kinds["id"] == ("int8", "19", "0", "NO") and kinds["placed_at"][0] == "timestamptz"
        assert who == "sue" or (kinds["amount"][:3] == ("numeric", "12", "2") and columns[7][11].startswith("What the clerk wrote"))
        assert [json.loads(r)[1:4] for r in said["getTables:row"]] == [["sales", "customers", "TABLE"], ["sales", "orders", "TABLE"], ["support", "tickets", "TABLE"]]
        assert json.loads(said["getImportedKeys:row"][0])[1:8] == ["sales", "customers", "id", "demo", "sales", "orders", "customer_id"]
        assert [json.loads(r)[3:7] for r in said["getTablePrivileges:row"]] == [["hailstorm", who, "SELECT", "NO"]] * 2
        assert {json.loads(r)[2] for r in said["getUDTs:row"]} == {"customers", "customers.address", "orders"}  # row types, as PostgreSQL tells them, and a column's


def test_every_type_in_every_mode(jdbc):
    asked = [(who, f"preferQueryMode={mode}{'&prepareThreshold=-1' if mode == 'extended' else ''}", "types") for who in mesh.PEOPLE for mode in (MODES if who == "otto" else MODES[:2])]
    for (who, mode, _), said in zip(asked, jdbc(*asked)):
        names, rows = mesh.everything(who)
        assert [c.split("|")[0] for c in said["column"]] == names, mode
        assert [cells(names, json.loads(r)) for r in said["row"]] == rows, mode
        for n in range(3):
            assert [cells(names, json.loads(r)) for r in said[f"round {n}"]] == rows, (mode, n)
        assert said["parameters"] == ["_int8 _text"] and json.loads(said["arrays"][0]) == [str(count(who, lambda r: r["id"] <= 5 and r["region"] in ("US", "EU")))]
        assert json.loads(said["escapes"][0]) == ["A", "2024-02-29", "2024-02-29T10:00", "31"], said["failed"]


def test_fetch_size_transactions_copy_cancel(jdbc):
    for who in mesh.PEOPLE:
        held = mesh.orders(who)
        fetch, doing, copy, cancel = jdbc(*((who, "", s) for s in ("fetch", "transactions", "copy", "cancel")))
        assert fetch["fetched"] == [f"{len(held)} {sum(r['id'] for r in held)} {len(held[::500])}"]
        assert fetch["scroll"] == [f"true 50 true {held[9]['id']} true {held[8]['id']}"] and fetch["held"] == ["35"]
        assert doing["in"] == [json.dumps([str(len(held))])] and "42703" in doing["mistake"][0] and "25P02" in doing["failed transaction"][0] and doing["after"] == ['["1"]']
        assert len(doing["refused"]) == 4 and all("25006" in r for r in doing["refused"])
        assert doing["several"] == ['true [["1"]] true [["2", "x"]] false -1'] and doing["name"] == ['["pgjdbc\'s"]']
        assert doing["schema"] == [json.dumps(["sales", str(len(held))])] and doing["valid"] == ["true sales demo"]
        assert copy["copy text"][0].split()[0] == copy["copy binary"][0].split()[0] == str(len(held)) and "25006" in copy["copy in"][0] and copy["goes on"] == ['["1"]']
        assert "57014" in cancel["cancelled"][0] and "57014" in cancel["timeout"][0] and cancel["quick"] == ["true"] and cancel["after"] == ['["1"]']


def test_tls_modes_and_channel_binding(jdbc, certificate):
    root = f"&sslrootcert={certificate}/cert.pem"
    good = [("sslmode=disable", False), ("sslmode=allow", False), ("sslmode=prefer", True), ("sslmode=require", True), (f"sslmode=verify-ca{root}", True), (f"sslmode=verify-full{root}", True),
            ("sslmode=require&channelBinding=require", True), ("sslmode=require&channelBinding=disable", True), (f"sslmode=verify-full{root}&sslNegotiation=direct", True),
            ("sslmode=disable&targetServerType=any", False), ("sslmode=disable&gssEncMode=prefer", False), ("sslmode=require&targetServerType=preferPrimary", True)]
    for (options, tls), said in zip(good, jdbc(*(("sue", options, "who") for options, _ in good))):
        assert said["who"] == [json.dumps(["sue", str(len(mesh.orders("sue"))), str(tls).lower()])], (options, dict(said))
    bad = ["sslmode=verify-full", "sslmode=disable&channelBinding=require", "sslmode=disable&password=wrong", "sslmode=disable&user=nobody", "sslmode=require&targetServerType=primary"]
    words = [said["failed"][0] for said in jdbc(*(("sue", options, "who") for options in bad))]
    assert "28P01" in words[2] and words[2].replace("sue", "nobody") == words[3] and len(words) == len(bad), words


# ---- Node ----

@pytest.mark.skipif(not NODE.exists(), reason="no Node: tools/setup peers")
def test_node(server, who, certificate, tmp_path):
    shutil.copy(HERE / "node" / "client.js", tmp_path)
    (tmp_path / "node_modules").symlink_to(PEERS / "node" / "node_modules")
    said = grouped(said_by([NODE, tmp_path / "client.js", server.pg_port, who, certificate / "cert.pem"], env={"PATH": os.environ["PATH"], "TZ": "UTC"}))
    said = {n: [json.loads(v) for v in vs] for n, vs in said.items()}
    names, rows = mesh.everything(who)
    held = mesh.orders(who)
    oids = {"id": 20, "i": 23, "b": 16, "f": 700, "d": 701, "n": 1700, "m": 1700, "s": 25, "x": 17, "u": 2950, "day": 1082, "t": 1083, "ts": 1114, "tz": 1184, "l": 1007, "w": 1009}
    assert said["columns"] == [[[n, oids[n]] for n in names]] and said["rows"] == said["binary rows"] == [len(rows)]
    for name, got, want in zip(names, zip(*said["kinds"][0]), zip(*rows)):
        if name in ("day", "ts", "tz"):  # its dates have milliseconds
            want = [v and (dt.datetime(v.year, v.month, v.day) if name == "day" else v.replace(microsecond=v.microsecond // 1000 * 1000, tzinfo=None)) for v in want]
            got = [v and dt.datetime.fromisoformat(v.removesuffix("Z")) for v in got]
        else:
            got = [None if v is None else READ[name](v) for v in got]
        assert list(got) == list(want), name
    status = {r["id"]: r["status"] for r in held}
    assert said["prepared"] == [[{"id": str(i), "status": status[i]} for i in ids if i in status] for ids in ([1, 2, 3], [4, 5, 6, 7])]
    assert said["json"] == [{"j": {"a": [1, None]}, "w": ["a", None, '"'], "x": "00ff"}] and said["several"] == [[{"a": 1}, {"b": 2}]]
    assert said["cursor"] == said["stream"] == [[len(held), sum(status)]] and said["copy"] == [[len(held), f"{held[0]['id']},{held[0]['status']}"]]
    assert said["copy in"][0][0] == said["write"][0][0] == "25006" and said["wrong"][0][0] == "42703" and said["timed out"] == ["57014"]
    assert said["unseen"][0] == (["answered", 1] if who == "otto" else ["42703", 'column "amount" does not exist']) and said["after"] == [{"u": who, "n": "node"}]
    assert said["verified"] == said["bound"] == [True] and said["not verified"] != ["answered"] and said["wrong password"] == ["28P01"]
    assert said["pool"] == [[count(who, lambda r, n=n: r["id"] % n == 0) for n in range(1, 7)]]
    keep = ["id", "i", "b", "f", "d", "n", "s", "u", "l", "w"]
    assert [cells(keep, r) for r in said["postgres kinds"][0]] == [
        tuple([v or ("NULL" if v is None else v) for v in r[-1]] if n == "w" and r[-1] is not None else r[names.index(n)] for n in keep) for r in rows]  # it reads NULL in a list of texts as a word
    assert said["postgres some"] == [[[r["id"], r["status"]] for r in held if r["id"] <= 4 and r["region"] == "US"]] and said["postgres cursor"] == [len(held)]
    assert said["postgres together"] == [[count(who, lambda r, n=n: r["id"] % n == 0) for n in (1, 2, 3)]]
    assert said["postgres transaction"] == [[len(held), "on"]] and said["postgres wrong"][0][0] == "42703"


# ---- Go ----

@pytest.mark.skipif(not PGX.exists(), reason="no Go of 1.25 or later: tools/setup peers")
def test_pgx(server, who, certificate):
    said = said_by([PGX, server.pg_port, who, certificate / "cert.pem"])
    names, rows = mesh.everything(who)
    held = mesh.orders(who)
    modes = [i for i, (name, _) in enumerate(said) if name == "mode"]
    assert len(modes) == 5
    for i in modes:
        mode = said[i][1]
        got = [cells(names, json.loads(v)) for n, v in said[i + 1:i + 1 + len(rows)]]
        assert got == rows, mode
        assert said[i + 1 + len(rows)] == ("count", str(count(who, lambda r: r["region"] == "US" and r["id"] > 100))), mode
        assert json.loads(said[i + 2 + len(rows)][1]) == [r["id"] for r in held if r["id"] <= 5], mode
    one = {n: [json.loads(v) for v in vs] for n, vs in grouped(said).items()}
    assert one["batch"] == [[count(who, lambda r, n=n: r["id"] % n == 0) for n in range(1, 5)]]
    assert one["copy"] == [[f"COPY {len(held)}", f"{held[0]['id']}\t{held[0]['status']}"]] and one["copy in"] == ["25006"] and one["wrong"] == ["42703"]
    assert one["structs"] == [[{"ID": r["id"], "Status": r["status"]} for r in held if r["id"] < 10]] and one["deadline"] == [True]
    first = mesh.customers(who)[0]["id"]
    assert one["composite"] == [next(r["address"]["city"] for r in mesh.stored("sales.customers") if r["id"] == first)]
    assert one["tls"] == [True] * 6 and one["wrong password"] == ["28P01"]
    assert one["pool"] == [[count(who, lambda r, n=n: r["id"] % n == 0) for n in range(1, 7)]]
    status = {r["id"]: r["status"] for r in held}
    assert one["database/sql"] == [[status.get(5, ""), 5 not in status]]
