"""DuckDB, PostgreSQL and Trino, each with the same rows, each started and ended by the test that uses it."""
import collections
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import duckdb

import dialect_rows as rows

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HS_BUILD_DIR", ROOT / "build"))
PROGRAM = BUILD / "policy_dialects_test"
POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
PEERS = ROOT / "build" / "peers"

sys.path.insert(0, str(ROOT / "tests" / "lib"))
from natives import natives


def lines(*args):
    out = subprocess.run([str(PROGRAM), *map(str, args)], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def program(*args):
    return subprocess.run([str(BUILD / "hailstorm"), *args], check=True, capture_output=True, text=True).stdout


def mask_names():
    """Every mask that there is, by the program's own reference."""
    return [line[3:] for line in program("docs", "masks").splitlines() if line.startswith("## ")]


def drawn(decisions, dialect):
    """How often each mask was drawn, and how often what it is in was exact there: at least a few of each, or nothing is
    known of it."""
    drawn, exact = collections.Counter(), collections.Counter()
    for d in decisions:
        fits = {c["name"]: c["fit"] for c in d[dialect]["columns"]}
        for m in d["masks"]:
            drawn[m["with"]] += 1
            exact[m["with"]] += fits.get(m["path"].split(".")[0].split("[")[0]) == "exact"
    missing = [name for name in mask_names() if drawn[name] < 3]
    assert not missing, missing
    return ", ".join(f"{name} {drawn[name]} ({exact[name]} exact)" for name in sorted(drawn))


def schema():
    return lines("--schema")[0]


class Duck:
    def __init__(self):
        self.con = duckdb.connect()
        self.con.execute("SET TimeZone = 'UTC'")
        natives().register(self.con)
        described = schema()
        columns = ", ".join(f'"f{c["id"]}" {c["duckdb"]}' for c in described["columns"])
        self.con.execute(f"CREATE TABLE raw (n INTEGER, {columns})")
        for row in rows.inserts("duckdb", described):
            self.con.execute(f"INSERT INTO raw SELECT {row}")

    def answer(self, d):
        """{n: {column: value}} of one decision."""
        names = [c["name"] for c in d["columns"]]
        select = ", ".join(["n", *(c["sql"] for c in d["columns"])])
        where = f" WHERE {d['rows']}" if d["rows"] else ""
        got = self.con.execute(f"SELECT {select} FROM raw{where}").fetchall()
        return {r[0]: {k: rows.plain("duckdb", rows.TYPES[k], v) for k, v in zip(names, r[1:])} for r in got}

    def visible(self, where):
        return {r[0] for r in self.con.execute(f"SELECT n FROM raw WHERE {where or 'TRUE'}").fetchall()}


# ---- PostgreSQL ----

def as_postgres():
    """The command's beginning that makes a server run as nobody of importance: it refuses to run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Postgres:
    """Its own data directory, a socket in it, no port."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hs-pg-"))
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.dir, user.pw_uid, user.pw_gid)
        data, log = self.dir / "data", open(self.dir / "log", "w")
        subprocess.run([*as_postgres(), str(POSTGRES / "initdb"), "-D", str(data), "-U", "tester", "-A", "trust", "-E",
                        "UTF8", "--locale=C.UTF-8", "--no-sync"], check=True, stdout=log, stderr=log, cwd=self.dir)
        self.process = subprocess.Popen(
            [*as_postgres(), str(POSTGRES / "postgres"), "-D", str(data), "-k", str(self.dir), "-c", "listen_addresses=",
             "-c", "fsync=off", "-c", "jit=off", "-c", "shared_buffers=32MB"], stdout=log, stderr=log, cwd=self.dir)
        self.wait()
        self.fill(schema())

    def wait(self):
        for _ in range(300):
            if self.process.poll() is not None:
                break
            if subprocess.run([str(POSTGRES / "pg_isready"), "-q", "-h", str(self.dir)]).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError((self.dir / "log").read_text()[-2000:])

    def run(self, script):
        """A script's output lines; any error fails."""
        out = subprocess.run([str(POSTGRES / "psql"), "-h", str(self.dir), "-U", "tester", "-d", "postgres", "-qAtX", "-v",
                              "ON_ERROR_STOP=1"], input=script, capture_output=True, text=True)
        assert out.returncode == 0, out.stderr[-3000:]
        return out.stdout.splitlines()

    def fill(self, described):
        # for rules written by hand: what any and all make of the elements' answers
        for name, first in (("any3", "true"), ("all3", "false")):
            self.run(f"CREATE FUNCTION {name}(list anyelement, answers boolean[]) RETURNS boolean LANGUAGE sql AS $$ SELECT CASE "
                     f"WHEN list IS NULL THEN NULL WHEN {first} = ANY (answers) THEN {first} WHEN array_position(answers, NULL) "
                     f"IS NOT NULL THEN NULL ELSE NOT {first} END $$;")
        columns = ", ".join(f'"{c["name"]}" {c["postgres"]}' for c in described["columns"] if c["postgres"])
        self.types = set()
        # a collation that orders and compares texts in its own way, and a zone half the world away
        self.run("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);\n"
                 + self.new_types(described["types"]) + f"CREATE TABLE raw (n integer, {columns});\n"
                 + "".join(f"INSERT INTO raw SELECT {row};\n" for row in rows.inserts("postgres", described)))
        self.run('ALTER TABLE raw ALTER COLUMN "email" TYPE text COLLATE loose;'
                 "ALTER DATABASE postgres SET timezone = 'Pacific/Kiritimati';")

    def new_types(self, statements):
        new = [s for s in dict.fromkeys(statements.splitlines()) if s not in self.types]
        self.types.update(new)
        return "".join(s + "\n" for s in new)

    def answers(self, decisions):
        """Of many decisions at once: refused columns are left out."""
        script = []
        for d in decisions:
            columns = [c for c in d["postgres"]["columns"] if "sql" in c]
            select = ", ".join(["n", *(f'{c["sql"]} AS "{c["name"]}"' for c in columns)])
            where = d["postgres"]["rows"] or "TRUE"
            script.append(self.new_types(d["types"]))
            script.append(f"SELECT '#';\nSELECT row_to_json(q) FROM (SELECT {select} FROM raw WHERE {where}) q;\n")
        out, answer = [], None
        for line in self.run("".join(script)):
            if line == "#":
                answer = {}
                out.append(answer)
                continue
            row = rows.loads(line)
            n = int(row.pop("n"))
            answer[n] = {k: rows.plain("postgres", rows.TYPES[k], v) for k, v in row.items()}
        return out

    def close(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        shutil.rmtree(self.dir, ignore_errors=True)


# ---- Trino ----

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Trino:
    """One coordinator on loopback with the memory connector; a session in a zone of its own."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hs-trino-"))
        self.port = free_port()
        (self.dir / "catalog").mkdir()
        (self.dir / "catalog" / "memory.properties").write_text("connector.name=memory\n")
        (self.dir / "config.properties").write_text(
            "coordinator=true\nnode-scheduler.include-coordinator=true\nnode.bind-ip=127.0.0.1\n"
            "node.internal-address=127.0.0.1\nweb-ui.enabled=false\nhttp-server.log.enabled=false\n"
            f"http-server.http.port={self.port}\ndiscovery.uri=http://127.0.0.1:{self.port}\n"
            f"catalog.config-dir={self.dir / 'catalog'}\nplugin.dir={PEERS / 'trino' / 'plugin'}\n")
        self.process = subprocess.Popen(
            [str(PEERS / "trino" / "java" / "bin" / "java"), "-Xmx2G", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
             "-Djdk.attach.allowAttachSelf=true", "-Dnode.environment=test", "-Dnode.id=test",
             f"-Dnode.data-dir={self.dir}", f"-Dconfig={self.dir / 'config.properties'}", "-Dfile.encoding=UTF-8", "-cp",
             f"{PEERS / 'trino' / 'lib'}/*", "io.trino.server.TrinoServer"], cwd=self.dir,
            stdout=open(self.dir / "log", "w"), stderr=subprocess.STDOUT)
        self.wait()
        self.fill(schema())

    def wait(self):
        for _ in range(240):
            if self.process.poll() is not None:
                break
            try:
                self.run("SELECT 1")
                return
            except (urllib.error.URLError, RuntimeError, ConnectionError):
                time.sleep(0.5)
        raise RuntimeError((self.dir / "log").read_text()[-2000:])

    def page(self, request):
        with urllib.request.urlopen(request, timeout=60) as r:
            page = json.load(r, parse_float=lambda s: s)
        if page.get("error"):
            raise RuntimeError(page["error"]["message"])
        return page

    def run(self, sql):
        """Rows, and what each column's type is made of."""
        headers = {"X-Trino-User": "tester", "X-Trino-Catalog": "memory", "X-Trino-Schema": "default",
                   "X-Trino-Time-Zone": "America/St_Johns", "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME"}
        base = f"http://127.0.0.1:{self.port}"
        page = self.page(urllib.request.Request(base + "/v1/statement", data=sql.encode(), headers=headers))
        got, columns = [], None
        while True:
            got += page.get("data") or []
            columns = columns or page.get("columns")
            if "nextUri" not in page:
                return got, [rows.shape_of(c["typeSignature"]) for c in columns or []]
            page = self.page(urllib.request.Request(page["nextUri"], headers=headers))

    def fill(self, described):
        columns = ", ".join(f'"{c["name"]}" {c["trino"]}' for c in described["columns"])
        self.run(f"CREATE TABLE raw (n integer, {columns})")
        union = " UNION ALL ".join(f"SELECT {row}" for row in rows.inserts("trino", described))
        self.run(f"INSERT INTO raw {union}")

    def answer(self, d):
        columns = [c for c in d["trino"]["columns"] if "sql" in c]
        select = ", ".join(["n", *(c["sql"] for c in columns)])
        where = f" WHERE {d['trino']['rows']}" if d["trino"]["rows"] else ""
        got, shapes = self.run(f"SELECT {select} FROM raw{where}")
        return {r[0]: {c["name"]: rows.plain("trino", rows.TYPES[c["name"]], v, s)
                       for c, v, s in zip(columns, r[1:], shapes[1:])} for r in got}

    def close(self):
        self.process.terminate()
        self.process.wait(60)
        shutil.rmtree(self.dir, ignore_errors=True)
