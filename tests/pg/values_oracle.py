"""A PostgreSQL 15 of our own, and batches for the program that writes values (src/front/pg/test/values_tool.h)."""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import pyarrow as pa

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HS_BUILD_DIR", ROOT / "build"))
TOOL = pathlib.Path(os.environ.get("HS_VALUES_TOOL", BUILD / "front_values_test"))
POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")


def as_postgres():
    """It refuses to run as root."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Postgres:
    """Its own data directory, a socket in it, no port."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hs-pgv-"))
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.dir, user.pw_uid, user.pw_gid)
        data, log = self.dir / "data", open(self.dir / "log", "w")
        subprocess.run([*as_postgres(), str(POSTGRES / "initdb"), "-D", str(data), "-U", "tester", "-A", "trust", "-E",
                        "UTF8", "--locale=C.UTF-8", "--no-sync"], check=True, stdout=log, stderr=log, cwd=self.dir)
        self.process = subprocess.Popen(
            [*as_postgres(), str(POSTGRES / "postgres"), "-D", str(data), "-k", str(self.dir), "-c", "listen_addresses=",
             "-c", "fsync=off", "-c", "jit=off", "-c", "shared_buffers=32MB"], stdout=log, stderr=log, cwd=self.dir)
        for _ in range(300):
            if self.process.poll() is not None:
                raise RuntimeError((self.dir / "log").read_text()[-2000:])
            if subprocess.run([str(POSTGRES / "pg_isready"), "-q", "-h", str(self.dir)]).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL does not start")

    def run(self, script):
        """A script's output; any error fails."""
        out = subprocess.run([str(POSTGRES / "psql"), "-h", str(self.dir), "-U", "tester", "-d", "postgres", "-qAtX",
                              "-v", "ON_ERROR_STOP=1"], input=script.encode(), capture_output=True)
        assert out.returncode == 0, out.stderr.decode()[-3000:]
        return out.stdout.decode()

    def close(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        shutil.rmtree(self.dir, ignore_errors=True)


# ---- batches ----

IDS = {n: i + 1 for i, n in enumerate(
    "boolean int long float double decimal date time timestamp timestamptz timestamp_ns timestamptz_ns string uuid fixed "
    "binary struct list map unknown variant geometry geography int8 int16 uint8 uint16 uint32 uint64 interval".split())}


def simple(t):
    """Name of ours for an Arrow type that has no parts."""
    if pa.types.is_timestamp(t):
        return "timestamp" + ("tz" if t.tz else "") + ("_ns" if t.unit == "ns" else "")
    if pa.types.is_decimal(t):
        return "decimal"
    if pa.types.is_fixed_size_binary(t):
        return "uuid" if t.byte_width == 16 else "fixed"
    return {pa.bool_(): "boolean", pa.int8(): "int8", pa.int16(): "int16", pa.int32(): "int", pa.int64(): "long",
            pa.uint8(): "uint8", pa.uint16(): "uint16", pa.uint32(): "uint32", pa.uint64(): "uint64",
            pa.float32(): "float", pa.float64(): "double", pa.date32(): "date", pa.time64("us"): "time",
            pa.string(): "string", pa.binary(): "binary", pa.null(): "unknown",
            pa.month_day_nano_interval(): "interval"}[t]


class Batch:
    """A record batch as the engine's worker lays it out (src/arrow/batch.h)."""

    def __init__(self, arrays):
        self.types, self.nodes, self.buffers, self.body = [], [], [], bytearray()
        self.rows = len(arrays[0])
        self.types.append([IDS["struct"], 0, 0, 0, 0, len(arrays)])
        for array in arrays:
            self.add(array)

    def buffer(self, data):
        self.buffers.append((len(self.body), len(data)))
        self.body += bytes(data)
        self.body += bytes(-len(self.body) % 8)

    def validity(self, array):
        self.nodes.append((len(array), array.null_count))
        bits = array.buffers()[0]
        self.buffer(bits if array.null_count and bits else b"")

    def type(self, name, fields=0, precision=0, scale=0, length=0, narrow=0):
        self.types.append([IDS[name], precision, scale, length, narrow, fields])

    def add(self, array):
        t = array.type
        assert array.offset == 0
        if pa.types.is_struct(t):
            self.type("struct", t.num_fields)
            self.validity(array)
            for i in range(t.num_fields):
                self.add(array.field(i))
        elif pa.types.is_map(t):
            self.type("map", 2)
            self.validity(array)
            self.buffer(array.buffers()[1])
            self.nodes.append((len(array.keys), 0))
            self.buffer(b"")
            self.add(array.keys)
            self.add(array.items)
        elif pa.types.is_list(t):
            self.type("list", 1)
            self.validity(array)
            self.buffer(array.buffers()[1])
            self.add(array.values)
        elif t == pa.null():
            self.type("unknown")
            self.nodes.append((len(array), len(array)))
        else:
            decimal, fixed = pa.types.is_decimal(t), pa.types.is_fixed_size_binary(t)
            self.type(simple(t), precision=t.precision if decimal else 0, scale=t.scale if decimal else 0,
                      length=t.byte_width if fixed and not decimal else 0,
                      narrow=t.bit_width if decimal and t.bit_width < 128 else 0)
            self.validity(array)
            for b in array.buffers()[1:]:
                self.buffer(b if b is not None else b"")

    def described(self):
        words = ["rows", self.rows]
        for t in self.types:
            words += t
        for name, pairs in (("nodes", self.nodes), ("buffers", self.buffers)):
            words += [name, len(pairs), *(n for pair in pairs for n in pair)]
        words += ["body", len(self.body)]
        return " ".join(map(str, words)).encode() + b"\n" + bytes(self.body)


def written(arrays, kind, **options):
    """What the program writes for these columns, all messages' payloads; an error is raised."""
    given = [f"{k}={v}" for k, v in options.items()]
    out = subprocess.run([str(TOOL), "rows", kind, *given], input=Batch(arrays).described(), capture_output=True)
    assert out.returncode == 0, (out.returncode, out.stdout[-300:], out.stderr[-2000:])
    return out.stdout


def read(lines, **options):
    """What the program reads of (oid, format, bytes) each, one line an answer."""
    given = [f"{k}={v}" for k, v in options.items()]
    text = "".join(f"{oid} {form} {data.hex()}\n" for oid, form, data in lines)
    out = subprocess.run([str(TOOL), "params", *given], input=text.encode(), capture_output=True)
    assert out.returncode == 0, (out.returncode, out.stderr[-2000:])
    return out.stdout.decode().splitlines()
