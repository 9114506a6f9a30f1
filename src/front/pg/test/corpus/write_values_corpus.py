#!/usr/bin/env python3
"""Writes the seeds of fuzz_pg_rows, fuzz_pg_param and fuzz_pg_zone: build/venv/bin/python src/front/pg/test/corpus/write_values_corpus.py"""
import datetime as dt
import decimal
import pathlib
import struct
import sys

import pyarrow as pa

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[4] / "tests" / "pg"))
from values_oracle import Batch


def seed(target, name, data):
    (HERE / target).mkdir(exist_ok=True)
    (HERE / target / name).write_bytes(data)


# ---- rows: the columns of the target, one by one and together ----
D, moment = decimal.Decimal, dt.datetime(2026, 1, 2, 3, 4, 5, 678901)
texts = ["a", None, "é, \"q\" \\ {}()\n\t", "a text that is longer than sixteen bytes"]
pairs = pa.struct([("a", pa.string()), ("b", pa.int64())])
columns = [
    pa.array([True, None, False, True]), pa.array([1, None, -2**63, 2**63 - 1]), pa.array(texts),
    pa.array([D("1.5"), None, D("-1234567890123456789.1234567"), D(0)], pa.decimal128(38, 7)),
    pa.array([bytes(range(16)), None, bytes(16), b"x" * 16], pa.binary(16)), pa.nulls(4),
    pa.array([{"a": "x", "b": 1}, None, {"a": None, "b": None}, {"a": "", "b": 2}], pairs),
    pa.array([texts, None, [], ["NULL", ""]], pa.list_(pa.string())),
    pa.array([[("k", 1), ("", None)], None, [], [("k", 1)]], pa.map_(pa.string(), pa.int64())),
    pa.array([D("1.5"), None, D("-99999.999"), D(0)], pa.decimal32(9, 3)),
    pa.array([0, None, -719529, 20000], pa.int32()).cast(pa.date32()), pa.array([moment, None, dt.datetime(1, 1, 1), moment], pa.timestamp("us", "UTC")),
    pa.array([(1, 2, 3000), None, (-14, -3, -14706000000000), (0, 0, 0)], pa.month_day_nano_interval()),
    pa.array([0, None, 86399999999, 1], pa.int64()).cast(pa.time64("us")), pa.array([b"\0\xff", None, b"", b"\\a"]),
    pa.array([0.1, None, 1e300, float("nan")]), pa.array([moment, None, moment, moment], pa.timestamp("ns")),
    pa.array([2**64 - 1, None, 0, 1], pa.uint64()), pa.array([D("1.50"), None, D("0.33333333333333333333"), D(7)], pa.decimal128(38, 20)),
    pa.array([[["a"], None, []], None, [], [texts]], pa.list_(pa.list_(pa.string()))),
    pa.array([[{"a": "x", "b": 1}, None], None, [], [{"a": None, "b": 2}]], pa.list_(pairs))]


def described(arrays, pick, how):
    b = Batch(arrays)
    data = bytes([pick, how, b.rows]) + b"".join(bytes(n) for n in b.nodes)
    return data + b"".join(struct.pack("<hh", *pair) for pair in b.buffers) + bytes(b.body)


for i, column in enumerate(columns):
    for how in (0, 1, 2, 4, 7, 0x29, 0xf1):
        if how in (0, 4) or i % 3 == how % 3:
            seed("fuzz_pg_rows", f"c{i}-{how}", described([column], i, how))
for how in (0, 1, 2, 3, 4, 0x78, 0xb0):
    seed("fuzz_pg_rows", f"all-{how}", described(columns, len(columns), how))

# ---- parameters: by the place of their type in types.def ----
types = ["bool", "bytea", "char", "name", "int8", "int2", "int2vector", "int4", "regproc", "text", "oid", "xid", "cid", "oidvector", "json", "xml",
         "pg_node_tree", "float4", "float8", "unknown", "aclitem", "bpchar", "varchar", "date", "time", "timestamp", "timestamptz", "interval", "timetz",
         "bit", "varbit", "numeric", "regprocedure", "regclass", "regtype", "record", "uuid", "jsonb", "regnamespace", "regrole"]
TEXT = {"bool": ["t", " off "], "bytea": ["\\x4142", "a\\\\\\101"], "int8": ["-42", "9223372036854775808"], "text": ["é"], "float8": ["1.5e3", "NaN", "-inf"],
        "float4": ["3.4e38"], "date": ["2020-01-31", "8-Jan-1999", "0044-03-15 BC", "infinity"], "time": ["10:20:30.5", "12:00 AM"],
        "timestamp": ["Wed Dec 17 07:37:16 1997 PST", "20200131T102030"], "timestamptz": ["2020-01-31 10:20:30.123456+05:30", "2020-03-29 02:30 Europe/Berlin"],
        "interval": ["1 year 2 mons -3 days 04:05:06.7", "P1Y2M3DT4H5M6S", "@ 1 hour ago", "1-2 3 4:05:06"], "numeric": ["-123.4500", "1e-10", "NaN", "0.00010000"],
        "uuid": ["{6ecd8c99-4036-403d-bf84-cf8400f67836}"], "jsonb": ["{}"], "oid": ["-1"]}
for name, words in TEXT.items():
    for i, word in enumerate(words):
        seed("fuzz_pg_param", f"{name}-{i}", bytes([types.index(name), 24]) + word.encode())
ARRAYS = {"int8": "{1,NULL,-3}", "text": '{"a b",NULL,"NULL","\\"\\\\",x\\ y}', "numeric": "[2:3]={1.5,2e3}", "date": "{{2020-01-01},{infinity}}", "bytea": '{"\\\\x41"}',
          "timestamptz": "{2020-01-01 10:00+02}", "interval": '{"1 day"}', "uuid": "{6ecd8c99-4036-403d-bf84-cf8400f67836}", "bool": "{}"}
for name, word in ARRAYS.items():
    seed("fuzz_pg_param", f"array-{name}", bytes([types.index(name), 2]) + word.encode())
BINARY = {"bool": b"\1", "int8": bytes(8), "int2": b"\xff\xfe", "float8": struct.pack(">d", 1.5), "date": struct.pack(">i", 7000), "time": struct.pack(">q", 5),
          "timestamptz": struct.pack(">q", -1), "interval": struct.pack(">qii", 1, 2, 3), "numeric": struct.pack(">HhHHHH", 2, 0, 0x4000, 3, 12, 3450), "jsonb": b"\1{}"}
for name, data in BINARY.items():
    seed("fuzz_pg_param", f"binary-{name}", bytes([types.index(name), 1]) + data)
seed("fuzz_pg_param", "binary-array", bytes([types.index("int4"), 3]) + struct.pack(">iiIiiiiiii", 1, 1, 23, 3, 1, 4, 7, -1, 4, 9))
seed("fuzz_pg_param", "binary-array-2", bytes([types.index("text"), 3]) + struct.pack(">iiIiiii", 2, 0, 25, 1, 1, 2, 1) + b"\0\0\0\1a\0\0\0\0")

# ---- zones ----
for name in ("UTC", "Europe/Berlin", "America/St_Johns", "Africa/Casablanca", "EST5EDT", "Asia/Kolkata"):
    data = pathlib.Path("/usr/share/zoneinfo", name).read_bytes()
    if len(data) < 4000:
        seed("fuzz_pg_zone", name.replace("/", "-"), b"\0" + data)
for i, words in enumerate(["EST5EDT", "CET-1CEST,M3.5.0,M10.5.0/3", "<+0330>-3:30", "XXX3EDT4,0/0,J365/23", "AEST-10AEDT,M10.1.0,M4.1.0/3", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1"]):
    seed("fuzz_pg_zone", f"words-{i}", b"\1" + words.encode())
