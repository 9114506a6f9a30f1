"""HTTP/2 and gRPC as bytes, written by hand: a peer that may say anything at all. Nothing here keeps a rule of the protocol unless a
test asks for it; answers are read as frames, and of their headers only what a test needs (the grpc-status, which nghttp2 writes plainly)."""
import socket
import struct
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS = 1, 4
SERVICE = "/arrow.flight.protocol.FlightService/"
ENHANCE_YOUR_CALM = 11
STATUS_NAME = bytes.fromhex("9acac8b21234da8f")  # "grpc-status" in HPACK's Huffman code


def frame(kind, flags, stream, body=b"", size=None):
    """size: what the header says, when it is to lie."""
    return struct.pack(">I", len(body) if size is None else size)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


def settings(*pairs):
    """Without a dynamic table for the answers: their status can then be read with one look."""
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *p) for p in ((1, 0), *pairs)))


def window(stream, more):
    return frame(WINDOW, 0, stream, struct.pack(">I", more))


def integer(value, bits, first=0):
    """HPACK's integer (RFC 7541 section 5.1)."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = bytearray([first | most]), value - most
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return integer(len(value), 7) + value


def literal(name, value, kind=0):
    """kind 0: without indexing, 0x40: into the table."""
    return bytes([kind]) + text(name) + text(value)


def request(path, authorization=None, *more):
    """A header block of a gRPC call. 0x83 0x86: POST, http."""
    block = b"\x83\x86" + literal(":path", path) + literal(":authority", "x") + literal("content-type", "application/grpc") + literal("te", "trailers")
    if authorization:
        block += literal("authorization", authorization)
    return block + b"".join(more)


def message(body, size=None, flag=0):
    return bytes([flag]) + struct.pack(">I", len(body) if size is None else size) + body


def call(stream, method, authorization=None, *messages, end=True, more=()):
    """The bytes of a whole call."""
    out = frame(HEADERS, END_HEADERS, stream, request(SERVICE + method, authorization, *more))
    body = b"".join(message(m) for m in messages)
    for at in range(0, len(body), 16384):
        out += frame(DATA, 0, stream, body[at:at + 16384])
    return out + (frame(DATA, END_STREAM, stream) if end else b"")


class Frame:
    def __init__(self, kind, flags, stream, body):
        self.kind, self.flags, self.stream, self.body = kind, flags, stream, body

    def status(self):
        """The grpc-status in this header block, None when there is none."""
        at = self.body.find(STATUS_NAME)
        if at < 0:
            return None
        size = self.body[at + len(STATUS_NAME)]
        return int(self.body[at + len(STATUS_NAME) + 1:at + len(STATUS_NAME) + 1 + size])

    def __repr__(self):
        return f"{self.kind}/{self.flags:x}/{self.stream}/{self.body[:16].hex()}"


def parse(data):
    """Whole frames, and the bytes that are left."""
    frames, at = [], 0
    while len(data) - at >= 9:
        size = int.from_bytes(data[at:at + 3], "big")
        if len(data) - at < 9 + size:
            break
        frames.append(Frame(data[at + 3], data[at + 4], int.from_bytes(data[at + 5:at + 9], "big"), bytes(data[at + 9:at + 9 + size])))
        at += 9 + size
    return frames, data[at:]


class Peer:
    """One connection. `ended` after the server hung up; GOAWAY's code is in `goaway`."""

    def __init__(self, server, source=None, greet=True, receive_buffer=None, pairs=(), tls=None, room=True):
        self.s = socket.socket()
        self.s.settimeout(20)
        if source:
            self.s.bind((source, 0))
        if receive_buffer:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.s.connect((server.host, server.port))
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.s = tls.wrap_socket(self.s, server_hostname="localhost")
        self.left, self.ended, self.goaway, self.read = b"", False, None, 0
        self.statuses, self.resets = {}, {}
        if greet:
            self.send(PREFACE + settings(*pairs) + (window(0, 2**31 - 65536) if room else b""))

    def send(self, data):
        """False when the server does not take it any more."""
        try:
            self.s.sendall(data)
            return True
        except (ConnectionError, TimeoutError, OSError):
            return False

    def receive(self, timeout=10, most=1 << 18):
        """The frames of one read."""
        self.s.settimeout(timeout)
        try:
            data = self.s.recv(most)
        except (TimeoutError, BlockingIOError):
            return []
        except OSError:
            data = b""
        self.read += len(data)
        self.ended = self.ended or not data
        frames, self.left = parse(self.left + data)
        for f in frames:
            self._note(f)
        return frames

    def _note(self, f):
        if f.kind == GOAWAY:
            self.goaway = int.from_bytes(f.body[4:8], "big")
        elif f.kind == HEADERS and f.flags & END_STREAM:
            self.statuses[f.stream] = f.status()
        elif f.kind == RST:
            self.resets[f.stream] = int.from_bytes(f.body, "big")
        elif f.kind == SETTINGS and not f.flags & 1:
            self.send(frame(SETTINGS, 1, 0))

    def until(self, condition, timeout=10):
        """Reads until condition() holds, the server hangs up or the time is over; says whether it holds."""
        over = time.monotonic() + timeout
        while not condition() and not self.ended:
            left = over - time.monotonic()
            if left <= 0:
                break
            self.receive(left)
        return condition()

    def over(self, stream):
        return stream in self.statuses or stream in self.resets

    def answer(self, stream, timeout=10):
        """The grpc-status of a stream; -1 it was reset, -2 the connection went, None nothing came."""
        self.until(lambda: self.over(stream), timeout)
        if stream in self.statuses:
            return self.statuses[stream]
        return -1 if stream in self.resets else -2 if self.ended else None

    def hung_up(self, timeout=10):
        return self.until(lambda: self.ended, timeout)

    def ping(self, timeout=10):
        """Is it answered?"""
        mark, seen = time.monotonic_ns().to_bytes(8, "big"), []
        self.send(frame(PING, 0, 0, mark))
        over = time.monotonic() + timeout
        while not self.ended and time.monotonic() < over:
            seen = [f for f in self.receive(over - time.monotonic()) if f.kind == PING and f.body == mark]
            if seen:
                return True
        return False

    def close(self):
        self.s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
