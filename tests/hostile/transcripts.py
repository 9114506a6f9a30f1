"""Good conversations, to be cut and damaged: what a well-behaved client says for each of the four kinds of call."""
import base64
import struct

import pyarrow as pa

import wire
from fixtures import client
from flightsql import any_of, field

SQL = "select 1"


def descriptor(command):
    return field(1, 2) + field(2, command)


def flight_data(encapsulated, command=None):
    """FlightData of an encapsulated IPC message: its header and its body."""
    size = struct.unpack("<I", encapsulated[4:8])[0]
    header, body = encapsulated[8:8 + size], encapsulated[8 + size:]
    first = field(1, descriptor(command)) if command else b""
    return first + field(2, header) + wire_bytes(1000, body)


def wire_bytes(number, data):
    """A length-delimited field, also when it is empty or its number takes two bytes."""
    from flightsql import varint
    return varint(number << 3 | 2) + varint(len(data)) + data


def parameters():
    """Of several types: fixed, variable, with a NULL, nested."""
    return pa.record_batch([pa.array([7], pa.int64()), pa.array(["some words"]), pa.array([None], pa.int32()), pa.array([b"\x00\xff"]),
                            pa.array([True])], names=["$1", "$2", "$3", "$4", "$5"])


class Good:
    """Messages that the server takes, each for one call."""

    def __init__(self, door):
        self.authorization = door.token
        self.basic = "Basic " + base64.b64encode(b"fay:fay-bench").decode()
        with client(door, "lea", "bench") as lea:
            self.ticket = lea.plan(SQL).endpoints[0].ticket.ticket
            prepared = lea.prepare("select ? + 1, ? || 'x', ?, ?, ?")
            self.long_ticket = lea.plan("select * from bench.lineitem").endpoints[0].ticket.ticket
        batch = parameters()
        put = any_of("CommandPreparedStatementQuery", prepared.handle)
        self.schema_message, self.batch_message = batch.schema.serialize().to_pybytes(), batch.serialize().to_pybytes()
        self.put_command = put
        self.info = descriptor(any_of("CommandStatementQuery", SQL))
        self.put = [flight_data(self.schema_message, put), flight_data(self.batch_message)]
        self.get, self.long_get = field(1, self.ticket), field(1, self.long_ticket)

    def conversations(self):
        """name: (bytes after the preface, stream). The token's calls; Handshake proves by password."""
        said = {"GetFlightInfo": [self.info], "DoGet": [self.get], "DoPut": self.put}
        out = {name: wire.call(1, name, self.authorization, *messages) for name, messages in said.items()}
        out["Handshake"] = wire.call(1, "Handshake", self.basic, b"")
        return out
