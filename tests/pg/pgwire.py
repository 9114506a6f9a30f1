"""PostgreSQL's protocol by hand, for what no driver would send: messages, SCRAM-SHA-256, and nothing that helps."""
import base64
import hashlib
import hmac
import os
import socket
import struct

SALTED = {}


class Ended(Exception):
    """The other side closed."""


def message(kind, body=b""):
    return kind + struct.pack("!i", len(body) + 4) + body


def startup(user, database, version=196608, **more):
    pairs = {"user": user, "database": database, **more}
    body = struct.pack("!i", version) + b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in pairs.items()) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def query(sql):
    return message(b"Q", sql.encode() + b"\0")


def extended(sql, rows=0):
    return (message(b"P", b"\0" + sql.encode() + b"\0\0\0") + message(b"B", b"\0\0\0\0\0\0\0\0") + message(b"D", b"P\0") + message(b"E", b"\0" + struct.pack("!i", rows)) + message(b"S"))


SSL_REQUEST = struct.pack("!ii", 8, 80877103)
GSS_REQUEST = struct.pack("!ii", 8, 80877104)


def cancel_request(pid, secret):
    return struct.pack("!iii", 16, 80877102, pid) + struct.pack("!i", secret)


class Wire:
    def __init__(self, server, source=None, timeout=20):
        self.s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if source:
            self.s.bind((source, 0))
        self.s.settimeout(timeout)
        self.s.connect(("127.0.0.1", server.pg_port))
        self.buffer = b""
        self.parameters, self.key = {}, None

    def send(self, data):
        self.s.sendall(data)

    def take(self, n):
        while len(self.buffer) < n:
            part = self.s.recv(1 << 16)
            if not part:
                raise Ended
            self.buffer += part
        out, self.buffer = self.buffer[:n], self.buffer[n:]
        return out

    def next(self):
        """(kind, body)"""
        head = self.take(5)
        return head[:1], self.take(struct.unpack("!i", head[1:])[0] - 4)

    def until(self, kinds=b"Z"):
        """All messages up to one of these kinds."""
        out = []
        while True:
            kind, body = self.next()
            out.append((kind, body))
            if kind == b"S" and body.count(b"\0") >= 2:
                name, value, _ = body.split(b"\0", 2)
                self.parameters[name.decode()] = value.decode()
            if kind == b"K":
                self.key = struct.unpack("!ii", body[:8])
            if kind in kinds:
                return out

    def first(self):
        """client-first"""
        self.nonce = base64.b64encode(os.urandom(12)).decode()
        bare = f"n=,r={self.nonce}"
        body = ("n,," + bare).encode()
        return message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(body)) + body)

    def final(self, server_first, password):
        fields = dict(part.split("=", 1) for part in server_first.decode().split(","))
        key = (password, fields["s"], fields["i"])
        if key not in SALTED:
            SALTED[key] = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
        client = hmac.digest(SALTED[key], b"Client Key", "sha256")
        unproved = f"c=biws,r={fields['r']}"
        said = f"n=,r={self.nonce},{server_first.decode()},{unproved}"
        signature = hmac.digest(hashlib.sha256(client).digest(), said.encode(), "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(client, signature))).decode()
        return message(b"p", f"{unproved},p={proof}".encode())

    def sign_in(self, user, password, database="demo", **more):
        """Up to ReadyForQuery, or (b"E", body) that came instead."""
        self.send(startup(user, database, **more))
        kind, body = self.next()
        if kind != b"R":
            return kind, body
        self.send(self.first())
        kind, body = self.next()
        if kind != b"R":
            return kind, body
        self.send(self.final(body[4:], password))
        last = self.until(b"ZE")[-1]
        return None if last[0] == b"Z" else last

    def close(self):
        self.s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def words(body):
    """Of an ErrorResponse: {letter: text}"""
    return {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}
