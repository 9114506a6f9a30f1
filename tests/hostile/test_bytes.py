"""Bytes that are no protocol, and good conversations cut and damaged at every place."""
import random
import struct

import pytest

import wire
from fixtures import LONG
from transcripts import Good, descriptor, field, flight_data, wire_bytes
from wire import END_HEADERS, END_STREAM, Peer, call, frame, message

pytestmark = pytest.mark.timeout(1200 if LONG else 60)
EVERY = 1 if LONG else 2


@pytest.fixture(scope="module")
def good(door):
    return Good(door)


def test_garbage(door):
    """Every connection is hung up on, and soon: nothing is waited for that cannot come."""
    dice = random.Random(5)
    said = [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 4096, b"\xff" * 4096,
            wire.PREFACE[:-1] + b"X", wire.PREFACE + b"\xff" * 9, wire.PREFACE + frame(wire.DATA, 0, 0, b"x"), b"A" * 100000]
    said += [dice.randbytes(dice.randrange(24, 3000)) for _ in range(2000 if LONG else 100)]
    said += [wire.PREFACE + wire.settings() + dice.randbytes(dice.randrange(40, 3000)) for _ in range(2000 if LONG else 100)]
    for data in said:
        with Peer(door, greet=False) as peer:
            peer.send(data)
            try:
                peer.s.shutdown(1)
            except OSError:
                pass
            assert peer.hung_up(5), data[:40]


def test_the_good_ones_are_good(door, good):
    for name, said in good.conversations().items():
        with Peer(door) as peer:
            peer.send(said)
            assert peer.answer(1) == 0, name


@pytest.mark.parametrize("name", ["GetFlightInfo", "DoGet", "DoPut", "Handshake"])
def test_cut_at_every_byte(door, good, name):
    """Cut off there: the connection ends on our side, by FIN for one, in the middle of everything by RST for the other."""
    said = wire.PREFACE + wire.settings() + good.conversations()[name]
    for cut in range(len(said)):
        with Peer(door, greet=False) as peer:
            peer.send(said[:cut])
            if cut % 2:
                peer.s.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: close sends RST
    door.settled()


@pytest.mark.parametrize("name", ["GetFlightInfo", "DoGet", "DoPut"])
def test_half_closed_at_every_byte(door, good, name):
    """Our side says no more but listens: the server ends by itself, and without an answer it never promised."""
    said = wire.PREFACE + wire.settings() + good.conversations()[name]
    whole = 0
    for cut in [*range(0, len(said), EVERY), len(said)]:
        with Peer(door, greet=False) as peer:
            peer.send(said[:cut])
            peer.s.shutdown(1)
            assert peer.hung_up(10), f"cut at {cut} of {len(said)}"
            whole += peer.statuses.get(1) == 0
    assert whole <= 1


@pytest.mark.parametrize("name", ["GetFlightInfo", "DoPut"])
def test_in_pieces_of_one_byte(door, good, name):
    said = wire.PREFACE + wire.settings() + good.conversations()[name]
    with Peer(door, greet=False) as peer:
        for at in range(len(said)):
            peer.send(said[at:at + 1])
        assert peer.answer(1) == 0


class Many:
    """Calls one after the other on few connections; each must end with a status, and none may cost the connection."""

    def __init__(self, door, authorization):
        self.door, self.authorization, self.peer, self.stream, self.seen = door, authorization, None, -1, {}

    def say(self, method, *messages, raw=None):
        if self.peer is None or self.stream > 2000:
            self.close()
            self.peer, self.stream = Peer(self.door), -1
        self.stream += 2
        if raw is None:
            said = call(self.stream, method, self.authorization, *messages)
        else:
            head = frame(wire.HEADERS, END_HEADERS, self.stream, wire.request(wire.SERVICE + method, self.authorization))
            said = head + frame(wire.DATA, END_STREAM, self.stream, raw)
        self.peer.send(said)
        status = self.peer.answer(self.stream)
        assert status is not None and status >= 0, f"{status} {self.peer.goaway} {method} {[m[:60] for m in messages]} {raw and raw[:60]}"
        self.seen[status] = self.seen.get(status, 0) + 1
        return status

    def close(self):
        if self.peer:
            self.peer.close()
            self.peer = None


@pytest.fixture
def many(door, good):
    opened = Many(door, good.authorization)
    yield opened
    opened.close()


def damaged(data, every=1):
    """The bytes with one place made wrong: a bit, all bits, none, and what makes a length huge or negative."""
    for at in range(0, len(data), every):
        for change in (data[at] ^ 1, data[at] ^ 0x80, 0xff, 0x7f, 0):
            if change != data[at]:
                yield data[:at] + bytes([change]) + data[at + 1:]


def test_damaged_requests(many, good):
    for body in damaged(good.info):
        many.say("GetFlightInfo", body)
    for body in damaged(good.get, EVERY):
        many.say("DoGet", body)
    assert set(many.seen) <= {0, 3, 5, 7, 8, 9, 12, 16}, many.seen


def test_damaged_parameters(many, good):
    """Flatbuffers of schema and batch, and the buffers of the batch: each byte wrong once."""
    schema, batch = good.put
    for body in damaged(flight_data(good.schema_message), EVERY):
        many.say("DoPut", field(1, descriptor(good.put_command)) + body, batch)
    for body in damaged(batch, EVERY):
        many.say("DoPut", schema, body)
    assert set(many.seen) <= {0, 3, 8, 12}, many.seen
    assert many.seen.get(3, 0) > 100


def test_lengths_that_lie(many, good):
    huge = [0, 1, 2**31 - 1, 2**31, 2**32 - 1]
    for size in huge:  # gRPC: the prefix against what follows
        many.say("GetFlightInfo", raw=message(good.info, size))
        many.say("DoPut", raw=message(good.put[0], size))
        many.say("DoPut", raw=message(good.put[0]) + message(good.put[1], size))
    for flag in (1, 2, 255):
        assert many.say("GetFlightInfo", raw=message(good.info, flag=flag)) in (12, 13)
    varints = [b"\xff" * 9 + b"\x01", b"\xff" * 10, b"\xff" * 20, b"\xff\xff\xff\xff\x0f", b"\xff\xff\xff\xff\x07", b"\x80" * 9 + b"\x00", b"\x80"]
    for number in varints:  # protobuf: a field's length, nested or not
        for tag in (b"\x0a", b"\x12", b"\x08", b"\x0b", b"\xfa\xff\xff\xff\x0f"):
            many.say("GetFlightInfo", tag + number + b"abc")
            many.say("GetFlightInfo", b"\x08\x02\x12" + bytes([len(tag + number)]) + tag + number)
            many.say("DoGet", tag + number)
            many.say("DoAction", tag + number + good.info)
    for depth in (10, 1000, 5000):  # groups in groups
        many.say("GetFlightInfo", b"\x0b" * depth)
    size = struct.pack("<I", 2**32 - 1)
    bad = [b"", b"\x00" * 4, b"\xff" * 64, size * 4, struct.pack("<iI", 8, 0) * 50]
    for header in bad:
        many.say("DoPut", field(1, descriptor(good.put_command)) + wire_bytes(2, header) + wire_bytes(1000, b""))
        many.say("DoPut", good.put[0], wire_bytes(2, header) + wire_bytes(1000, b"\x00" * 64))
    for cut in range(0, len(good.batch_message), 8):  # the body shorter than its buffers say
        many.say("DoPut", good.put[0], flight_data(good.batch_message)[:cut])
    many.say("DoPut", *[good.put[0]] * 50)
    many.say("DoPut", good.put[0], *[good.put[1]] * 50)
    assert set(many.seen) <= {0, 3, 8, 12, 13, 5, 16}, many.seen


def test_messages_larger_than_allowed(door, good):
    """What is past the limit is not stored: the call is refused at the prefix, whatever follows."""
    for method, size in (("GetFlightInfo", 2 << 20), ("DoPut", 8 << 20), ("DoGet", 64 << 20), ("Handshake", 20000)):
        with Peer(door) as peer:
            authorization = None if method == "Handshake" else good.authorization
            peer.send(frame(wire.HEADERS, END_HEADERS, 1, wire.request(wire.SERVICE + method, authorization)))
            peer.send(frame(wire.DATA, 0, 1, message(b"", size)) + frame(wire.DATA, 0, 1, b"x" * 16000))
            assert peer.answer(1) in (8, 3), method


def test_frames_that_lie(door, good):
    """A frame longer than we allow, a length past its end, padding longer than the frame: the connection ends."""
    head = frame(wire.HEADERS, END_HEADERS, 1, wire.request(wire.SERVICE + "GetFlightInfo", good.authorization))
    for said in (frame(wire.DATA, 0, 1, b"x", 1 << 24 - 1), head + frame(wire.DATA, 0, 1, b"x", (1 << 24) - 1), head + frame(wire.DATA, 8, 1, b"\xffabc"),
                 frame(wire.HEADERS, END_HEADERS | 8, 1, b"\xff\x83"), frame(wire.PING, 0, 0, b"123"), frame(wire.WINDOW, 0, 0, b"12345"),
                 frame(wire.RST, 0, 1, b"123"), frame(wire.SETTINGS, 0, 0, b"12345"), frame(wire.SETTINGS, 1, 0, b"123456"),
                 frame(wire.GOAWAY, 0, 0, b"123"), frame(wire.PUSH, 4, 1, struct.pack(">I", 2)), frame(wire.CONTINUATION, 4, 1, b"")):
        with Peer(door) as peer:
            peer.send(said)
            assert peer.hung_up(5), said[:20]
            assert peer.goaway, said[:20]
