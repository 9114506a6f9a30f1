"""Writes the seeds of fuzz_pg: python write_pg_corpus.py (beside this file)."""
import pathlib
import struct

FOLDER = pathlib.Path(__file__).resolve().parent / "fuzz_pg"


def text(s):
    return s.encode() + b"\0"


def start(code, body=b""):
    return struct.pack(">ii", 8 + len(body), code) + body


def pairs(**kwargs):
    return b"".join(text(k) + text(v) for k, v in kwargs.items()) + b"\0"


def message(kind, body=b""):
    return kind.encode() + struct.pack(">i", 4 + len(body)) + body


def query(sql):
    return message("Q", text(sql))


def parse(name, sql, *types):
    return message("P", text(name) + text(sql) + struct.pack(">h", len(types)) + b"".join(struct.pack(">I", t) for t in types))


def bind(portal, name, values=(), formats=(), results=()):
    body = text(portal) + text(name) + struct.pack(">h", len(formats)) + b"".join(struct.pack(">h", f) for f in formats)
    body += struct.pack(">h", len(values))
    for v in values:
        body += struct.pack(">i", -1) if v is None else struct.pack(">i", len(v)) + v
    return message("B", body + struct.pack(">h", len(results)) + b"".join(struct.pack(">h", f) for f in results))


def execute(portal="", limit=0):
    return message("E", text(portal) + struct.pack(">i", limit))


def of(kind, what, name=""):
    return message(kind, what.encode() + text(name))


PROOF = message("p", text("SCRAM-SHA-256") + struct.pack(">i", 8) + b"n,,n=,r=") + message("p", b"secret")
SYNC = message("S")
SOME = "select id, text from sales.orders where text <> 'rows 3 batches 2'"
SEEDS = {
    "start": (0, start(80877104) + start(80877103) + start(196608, pairs(user="ana", database="mesh")) + PROOF + query("select 1")),
    "start-3-2": (16, start(196610, pairs(user="ana", options="-c extra_float_digits=3 --search-path=sales", client_encoding="UTF8")) + PROOF),
    "start-newer": (8, start(196615, pairs(user="ana", **{"_pq_.x": "1"})) + PROOF),
    "start-bad": (0, start(196608, b"user\0ana\0\0\0")),
    "token": (4, start(196608, pairs(user="token")) + message("p", text("hst_ana"))),
    "wrong": (0, start(196608, pairs(user="eve")) + message("p", text("SCRAM-SHA-256") + struct.pack(">i", 8) + b"n,,n=,r=") + message("p", b"no")),
    "cancel": (0, start(80877102, struct.pack(">ii", 1, 2))),
    "simple": (1, query("begin; " + SOME + "; show all; commit") + query("selec") + query("")),
    "simple-cut": (1 | 2 | 8, query(SOME + "; set DateStyle = 'ISO, DMY'; reset all")),
    "extended": (1 | 32, parse("s", "select id, text from orders where id = $1", 20) + of("D", "S", "s") + bind("p", "s", [b"7"], [0], [1])
                 + of("D", "P", "p") + execute("p", 2) + execute("p") + of("C", "P", "p") + of("C", "S", "s") + message("H") + SYNC),
    "infer": (1 | 2, parse("", "select id from orders where id = $1") + bind("", "", [b"7"]) + execute() + SYNC),
    "binary": (1, parse("", "select id from orders where id = $1", 20) + bind("", "", [struct.pack(">q", 7)], [1], [1, 0]) + execute() + SYNC),
    "skip": (1, parse("", "selec") + bind("", "") + execute() + SYNC + SYNC),
    "cursor": (1, query("begin; declare c scroll cursor with hold for " + SOME + "; fetch 2 from c; move prior in c; fetch last from c; commit")
               + of("D", "P", "c") + query("fetch absolute -2 from c; close c")),
    "copy": (1, query("copy (" + SOME + ") to stdout (format csv, header, force_quote (text))") + query("copy orders to stdout (format binary)")),
    "prepare": (1, query("prepare q(bigint) as select id from orders where id = $1; execute q(3); deallocate all")),
    "savepoint": (1, query("begin; savepoint a; set application_name = 'x'; selec") + query("rollback to a") + query("release a; commit and chain; abort")),
    "parameters": (1, query("set statement_timeout = '2s'; set local a.b = 'c'; show a.b; set time zone 'Europe/Paris'; discard all")),
    "waits": (1, query("select id from orders where text = 'wait'") + b"\x12" + query("select 1")),
    "system": (1, query("select relname from pg_class") + query("select name, setting from pg_settings") + query("select * from pg_cursors, pg_prepared_statements")),
    "fails": (1, query("select id from orders where text = 'hidden'") + query("select id from orders where text = 'late'")),
    "function": (1, message("F", struct.pack(">ihhh", 1, 0, 0, 0)) + message("d", b"x") + message("c") + message("f", text("x"))),
    "terminate": (1, message("X") + query("select 1")),
}

FOLDER.mkdir(exist_ok=True)
for name, (how, data) in SEEDS.items():
    (FOLDER / name).write_bytes(bytes([how]) + data)
