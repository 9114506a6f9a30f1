"""Frames, headers and streams by the thousand: the peer that sends them is told to be calm and hung up on, while others are served."""
import struct
import threading
import time

import pytest

import wire
from fixtures import LONG, client
from transcripts import Good
from wire import CONTINUATION, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS, Peer, call, frame, literal

pytestmark = pytest.mark.timeout(300 if LONG else 60)
NUMBER = 200000 if LONG else 20000
INFO = wire.SERVICE + "GetFlightInfo"


@pytest.fixture(scope="module")
def good(door):
    return Good(door)


class Other:
    """A good client that asks all the time, on a thread of its own: what it had to wait."""

    def __init__(self, door):
        self.door, self.took, self.over = door, [], False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        with client(self.door, "fay", "bench") as fay:
            while not self.over or len(self.took) < 3:
                begun = time.monotonic()
                assert fay.query("select 1").num_rows == 1
                self.took.append(time.monotonic() - begun)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join(30)
        assert self.took and max(self.took) < 3, f"the other waited {max(self.took, default=99):.1f} s"


FLOODS = {
    "ping": frame(wire.PING, 0, 0, b"12345678"),
    "settings": frame(wire.SETTINGS, 0, 0, struct.pack(">HI", 4, 65535)),
    "priority": frame(wire.PRIORITY, 0, 1, struct.pack(">IB", 3, 7)),
    "window update": wire.window(0, 1),
    "empty data": frame(wire.DATA, 0, 1),
    "padding alone": frame(wire.DATA, 8, 1, b"\x00"),
    "unknown": frame(0x42, 0, 0, b"x"),
    "reset of nothing": frame(wire.RST, 0, 1, struct.pack(">I", 8)),
    "goaway": frame(wire.GOAWAY, 0, 0, bytes(8)),
    "acknowledged settings": frame(wire.SETTINGS, 1, 0),
}


@pytest.mark.parametrize("name", FLOODS)
def test_frames(door, good, name):
    with Peer(door, room=False) as peer, Other(door):
        peer.send(frame(HEADERS, END_HEADERS, 1, wire.request(INFO, good.authorization)))
        block = FLOODS[name] * 1000
        for _ in range(NUMBER // 1000):
            if not peer.send(block):
                break
        assert peer.hung_up(10), "a flood without an end"
        assert peer.goaway in (None, ENHANCE_YOUR_CALM, 1, 5), peer.goaway  # None: our own bytes on their way met a closed socket


def test_slow_floods_are_no_floods(door, good):
    """What clients do who measure the bandwidth: a ping for each piece that they read."""
    with Peer(door, pairs=((4, 1 << 20),)) as peer:
        peer.send(call(1, "DoGet", good.authorization, good.long_get))
        pings = 0
        while not peer.over(1) and not peer.ended and pings < 3000:
            data = sum(len(f.body) for f in peer.receive() if f.kind == wire.DATA)
            if data:
                peer.send(frame(wire.PING, 0, 0, b"measured") + wire.window(0, data) + wire.window(1, data))
                pings += 1
        assert not peer.ended and peer.goaway is None, f"after {pings} pings"


def test_continuations(door, good):
    for block in (b"", b"\x00\x01x\x01y", b"\x00"):
        with Peer(door) as peer, Other(door):
            peer.send(frame(HEADERS, 0, 1, wire.request(INFO, good.authorization)))
            for _ in range(NUMBER // 1000):
                if not peer.send(frame(CONTINUATION, 0, 1, block) * 1000):
                    break
            assert peer.hung_up(10)


def test_rapid_reset(door, good):
    """Statements asked for and reset at once: each is taken back, the peer is stopped, nobody waits."""
    for method, said in (("DoGet", good.long_get), ("GetFlightInfo", good.info)):
        with Peer(door) as peer, Other(door):
            for i in range(NUMBER // 20):
                stream = 2 * i + 1
                if not peer.send(call(stream, method, good.authorization, said) + frame(wire.RST, 0, stream, struct.pack(">I", 8))):
                    break
            assert peer.hung_up(10)


def test_made_to_reset(door, good):
    """The same, but it is the server that has to say it: windows past their end, data after the end, malformed requests."""
    over = struct.pack(">I", 2**31 - 1)
    shapes = [lambda s: call(s, "DoGet", good.authorization, good.get, end=False) + frame(wire.WINDOW, 0, s, over),
              lambda s: frame(HEADERS, END_HEADERS | END_STREAM, s, b"\x83"),
              lambda s: frame(HEADERS, END_HEADERS | END_STREAM, s, wire.request(INFO, good.authorization, literal("Upper", "x"))),
              lambda s: frame(HEADERS, END_HEADERS, s, wire.request(INFO, good.authorization, literal("content-length", "3"))) + frame(wire.DATA, 1, s, b"abcd")]
    for shape in shapes:
        with Peer(door) as peer, Other(door):
            for i in range(NUMBER // 20):
                if not peer.send(shape(2 * i + 1)):
                    break
            assert peer.hung_up(10)


# ---- headers ----

def test_headers_past_their_limits(door, good):
    """More of them, larger ones, one that is huge: an answer in words, and the connection goes on."""
    many = [literal(f"x-{i}", "y") for i in range(400)]
    with Peer(door) as peer:
        for i, more in enumerate((many, [literal("x-large", "y" * 40000)], [literal("x" * 40000, "y")], [literal("x-large", "y" * 3000)] * 20)):
            block = wire.request(INFO, good.authorization, *more)
            said, rest = frame(HEADERS, END_STREAM if len(block) > 16384 else 5, 2 * i + 1, block[:16384]), block[16384:]
            while rest:
                said, rest = said + frame(CONTINUATION, 0 if len(rest) > 16384 else END_HEADERS, 2 * i + 1, rest[:16384]), rest[16384:]
            peer.send(said)
            assert peer.answer(2 * i + 1) in (8, -1), i
        assert peer.ping()


def test_bombs(door, good):
    """One byte names an entry of the table: small blocks are lists of 44 MB. They cost the server no more than their bytes."""
    bomb = wire.request(INFO, good.authorization) + literal("x", "b" * 4000, 0x40) + b"\xbe" * 11000
    with Peer(door) as peer, Other(door):
        before = door.processor_seconds()
        for i in range(100):
            peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, bomb if i == 0 else wire.request(INFO) + b"\xbe" * 15000))
            assert peer.answer(2 * i + 1) == -1
        assert peer.ping()
        assert door.processor_seconds() - before < 1.5, "100 bombs of 15 KiB"


def broken_blocks():
    start = b"\x83\x86"
    yield "index 0", start + b"\x80"
    yield "index past the table", start + wire.integer(100, 7, 0x80)
    yield "index past all", start + b"\xff" + b"\xff" * 8 + b"\x0f"
    yield "a number without an end", start + b"\xff" * 30
    yield "a name longer than the block", start + b"\x00" + wire.integer(1 << 20, 7) + b"x"
    yield "a value longer than anything", start + b"\x00\x01x" + b"\x7f" + b"\xff" * 5 + b"\x07"
    yield "Huffman: the end symbol", start + b"\x00\x84\xff\xff\xff\xff\x01y"
    yield "Huffman: padding of zeros", start + b"\x00\x01x\x81\x00"
    yield "Huffman: padding too long", start + b"\x00\x01x\x82\x1f\xff"
    yield "a table larger than allowed", wire.integer(1 << 20, 5, 0x20) + start
    yield "a table change in the middle", start + b"\x20"
    yield "a table of two to the 62", b"\x3f" + b"\xff" * 8 + b"\x3f" + start
    yield "evicted: named after the table shrank", literal("x", "y", 0x40) + b"\x20" + b"\xbe"


@pytest.mark.parametrize("name,block", list(broken_blocks()), ids=[n for n, _ in broken_blocks()])
def test_broken_header_compression(door, name, block):
    with Peer(door) as peer:
        peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, block))
        assert peer.hung_up(5)
        assert peer.goaway in (9, 1), peer.goaway


def test_the_table_grows_and_shrinks(door, good):
    """Its size changed at every request, entries pushed out at every header: the same answers, no growth."""
    with Peer(door) as peer:
        for i in range(2000 if LONG else 300):
            change = b"".join(wire.integer(size, 5, 0x20) for size in (0, 4096 - i % 3))
            entries = b"".join(literal(f"x-{i}-{j}", "v" * (50 + j), 0x40) for j in range(60))
            peer.send(frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, change + wire.request(INFO, good.authorization) + entries))
            assert peer.answer(2 * i + 1) in (3, 13)
        assert peer.ping()


# ---- streams ----

def test_streams_without_an_end(door, good):
    """As many as there may be, none of them ever finished; the next is refused, the others go on."""
    with Peer(door) as peer, Other(door):
        for i in range(200):
            peer.send(frame(HEADERS, END_HEADERS, 2 * i + 1, wire.request(INFO, good.authorization)))
        assert peer.until(lambda: len(peer.resets) >= 72, 10), len(peer.resets)
        assert set(peer.resets.values()) == {7}
        peer.send(frame(wire.DATA, END_STREAM, 1, wire.message(good.info)))
        assert peer.answer(1) == 0


def test_streams_out_of_order(door, good):
    for streams in ((5, 3), (2,), (0,), (7, 7)):
        with Peer(door) as peer:
            for stream in streams:
                peer.send(frame(HEADERS, END_HEADERS, stream, wire.request(INFO, good.authorization)))
            assert peer.until(lambda: peer.ended or peer.goaway == 1 or 7 in peer.resets, 5), streams
    with Peer(door) as peer:
        peer.send(frame(HEADERS, END_HEADERS, 2**31 - 1, wire.request(INFO, good.authorization)) +
                  frame(wire.DATA, END_STREAM, 2**31 - 1, wire.message(good.info)))
        assert peer.answer(2**31 - 1) == 0
