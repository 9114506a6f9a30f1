#!/usr/bin/env python3
"""Writes the seeds of fuzz_flight: python3 src/front/flight/test/corpus/write_corpus.py. Needs pyarrow and h2 (build/venv)."""
import pathlib
import struct
import sys

import h2.config
import h2.connection
import pyarrow as pa

HERE = pathlib.Path(__file__).parent / "fuzz_flight"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[5] / "tests" / "lib"))
from flightsql import any_of, field  # noqa: E402

METHODS = ["Handshake", "GetFlightInfo", "PollFlightInfo", "GetSchema", "DoGet", "DoPut", "DoAction", "ListActions", "ListFlights", "DoExchange"]


def seal(purpose, *fields):
    """As the fake of the tests seals."""
    return purpose + b"|" + bytes(b ^ 0x5a for b in b"".join(fields))


def handle(purpose, sql, bound=b""):
    return seal(purpose, field(1, sql), field(2, bound), field(3, "ana"), bytes([4 << 3]) + b"\xff" * 8 + b"\x7f")


def call(name, method, *messages):
    (HERE / name).write_bytes(bytes([1, METHODS.index(method)]) + b"".join(struct.pack("<H", len(m)) + m for m in messages))


def command(body):
    return field(1, 2) + field(2, body)


call("handshake", "Handshake", field(1, 0) + field(2, field(2, "ana") + field(3, "secret")))
call("statement", "GetFlightInfo", command(any_of("CommandStatementQuery", "rows 3 batches 2")))
call("path", "GetFlightInfo", field(1, 1) + field(3, ["sales", "orders"]))
call("poll", "PollFlightInfo", command(any_of("CommandStatementQuery", "rows 1 batches 1")))
call("schema", "GetSchema", command(any_of("CommandGetSqlInfo")))
call("prepared", "GetFlightInfo", command(any_of("CommandPreparedStatementQuery", handle(b"flight-prepared", "echo"))))
call("ticket", "DoGet", field(1, any_of("TicketStatementQuery", handle(b"flight-ticket", "rows 2 batches 2", b"pin"))))
for name in ["GetCatalogs", "GetDbSchemas", "GetTableTypes", "GetExportedKeys", "GetCrossReference", "GetXdbcTypeInfo"]:
    call(f"get-{name}", "DoGet", field(1, any_of("Command" + name)))
call("tables", "DoGet", field(1, any_of("CommandGetTables", "mesh", "%", "o_ders", ["TABLE", "VIEW"], True)))
call("keys", "DoGet", field(1, any_of("CommandGetPrimaryKeys", "mesh", "sales", "orders")))
call("info", "DoGet", field(1, field(1, "type.googleapis.com/arrow.flight.protocol.sql.CommandGetSqlInfo") + field(2, field(1, bytes([0, 8, 0xfc, 3])))))
for name, body in {"CreatePreparedStatement": any_of("ActionCreatePreparedStatementRequest", "echo"), "ClosePreparedStatement": any_of("ActionClosePreparedStatementRequest", b"x"),
                   "CloseSession": b"", "GetSessionOptions": b"", "BeginTransaction": any_of("ActionBeginTransactionRequest"),
                   "SetSessionOptions": field(1, field(1, "catalog") + field(2, field(1, "mesh"))) + field(1, field(1, "x") + field(2, b"")),
                   "CancelFlightInfo": field(1, field(3, field(1, field(1, any_of("TicketStatementQuery", b"sealed"))))),
                   "CancelQuery": any_of("ActionCancelQueryRequest", field(3, field(1, field(1, any_of("TicketStatementQuery", b"sealed")))))}.items():
    call(f"action-{name}", "DoAction", field(1, name) + field(2, body))
call("actions", "ListActions", b"")
call("flights", "ListFlights", b"")


def data_messages(batch):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    reader, out = pa.ipc.MessageReader.open_stream(sink.getvalue()), []
    while True:
        try:
            m = reader.read_next_message()
        except StopIteration:
            return out
        out.append(field(2, m.metadata.to_pybytes()) + (b"\xc2\x3e" + field(0, m.body.to_pybytes())[1:] if m.body is not None else b""))


schema, rows = data_messages(pa.record_batch([pa.array([41]), pa.array(["ä"]), pa.array([1.5])], names=["a", "b", "c"]))
descriptor = field(1, command(any_of("CommandPreparedStatementQuery", handle(b"flight-prepared", "echo"))))
call("bind", "DoPut", descriptor + schema, rows)
call("update", "DoPut", field(1, command(any_of("CommandStatementUpdate", "delete"))))


def connection(name, requests):
    c = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    c.initiate_connection()
    for method, message in requests:
        stream = c.get_next_available_stream_id()
        c.send_headers(stream, [(":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", f"/arrow.flight.protocol.FlightService/{method}"),
                                ("content-type", "application/grpc"), ("te", "trailers"), ("grpc-timeout", "10S"), ("authorization", "Bearer hss_ana")])
        c.send_data(stream, b"\0" + struct.pack(">I", len(message)) + message, end_stream=True)
    (HERE / name).write_bytes(b"\0" + c.data_to_send())


connection("connection", [("GetFlightInfo", command(any_of("CommandStatementQuery", "rows 3 batches 2"))), ("ListActions", b""),
                          ("DoGet", field(1, any_of("TicketStatementQuery", handle(b"flight-ticket", "rows 2 batches 2", b"pin"))))])


# ---- fuzz_session: steps (what, which, ...) over several calls of one connection ----
SESSION = HERE.parent / "fuzz_session"
SESSION.mkdir(exist_ok=True)


def begin(slot, method, proof=0):
    return bytes([0, slot, METHODS.index(method) + 10 * proof])


def say(slot, body):
    return bytes([2, slot]) + struct.pack("<H", len(body)) + body


def end(slot):
    return bytes([4, slot])


def reset(slot):
    return bytes([5, slot])


def whole(slot, method, body, proof=0):
    return begin(slot, method, proof) + say(slot, body) + end(slot)


RUN, HOLD, GO, RELEASE, WAIT, NO_WAIT, LATER = (bytes(b) for b in ((6, 0), (7, 1), (7, 0), (8, 0), (9, 1), (9, 0), (10, 200)))


def ticket(sql):
    return field(1, handle(b"flight-ticket", sql))


def info(sql):
    return command(any_of("CommandStatementQuery", sql))


session = {
    "overlap": b"".join(whole(i, "GetFlightInfo", info(f"rows {i} batches 2")) for i in range(4)) + RUN,
    "streams": HOLD + b"".join(whole(i, "DoGet", ticket("rows 50 batches 9")) for i in range(4)) + RUN + reset(1) + RUN + GO + RUN,
    "waiting": whole(0, "DoGet", ticket("wait")) + RUN + reset(0) + whole(1, "DoGet", ticket("wait")) + RUN + RELEASE + RUN,
    "held": WAIT + whole(0, "GetFlightInfo", info("rows 3 batches 1")) + RUN + NO_WAIT + RELEASE + RUN + LATER,
    "sign-in": whole(0, "Handshake", b"", 2) + whole(1, "GetFlightInfo", info("rows 1 batches 1"), 2) + reset(0) + RUN,
    "strangers": b"".join(whole(i, "GetFlightInfo", info("rows 1 batches 1"), 3 + i % 2) for i in range(8)) + RUN,
    "others": whole(0, "GetFlightInfo", info("slow")) + RUN + whole(1, "DoGet", ticket("slow"), 1) + RUN + RELEASE + RUN,
    "poll": whole(0, "PollFlightInfo", info("wait")) + RUN + LATER + RELEASE + RUN,
    "raw": whole(0, "DoGet", ticket("rows 9 batches 9")) + bytes([11, 0]) + struct.pack("<H", 9) + bytes(9) + RUN,
}
for name, steps in session.items():
    (SESSION / name).write_bytes(steps)
