"""Many at once: five hundred who ask, five thousand who say nothing, answers cut off in the middle, and nonsense where TLS is spoken."""
import random
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

import people
import wire
from peerdoor import Door
from fixtures import LONG, SCALE, Server, client
from server import pss
from transcripts import Good
from wire import DATA, Peer, call, frame

pytestmark = pytest.mark.timeout(600 if LONG else 90)
WHOLE = ((4, 2**31 - 1),)


@pytest.fixture(scope="module")
def good(door):
    return Good(door)


def test_five_hundred_at_once(door, good):
    """Each on a connection of its own, twice over: all are answered."""
    peers = [Peer(door, source=f"127.0.0.{2 + i % 50}") for i in range(500)]
    try:
        for turn in (1, 3):
            for peer in peers:
                peer.send(call(turn, "GetFlightInfo", good.authorization, good.info) if turn == 1 else call(turn, "DoGet", good.authorization, good.get))
            statuses = [peer.answer(turn, 60) for peer in peers]
            assert set(statuses) == {0}, {s: statuses.count(s) for s in set(statuses)}
    finally:
        for peer in peers:
            peer.close()
    door.settled()


def test_forty_calls_on_each_of_twenty(door, good):
    peers = [Peer(door, pairs=WHOLE) for _ in range(20)]
    try:
        for peer in peers:
            peer.send(b"".join(call(2 * i + 1, "DoGet", good.authorization, good.get) for i in range(40)))
        for peer in peers:
            assert peer.until(lambda p=peer: len(p.statuses) + len(p.resets) == 40, 60)
            assert set(peer.statuses.values()) == {0} and not peer.resets
    finally:
        for peer in peers:
            peer.close()


def test_five_thousand_who_say_nothing(door, good):
    """Half of them not even the preface. Others are served meanwhile; afterwards nothing is left of them."""
    number, before = 5000, pss(door.server.pid)
    held = []
    try:
        for i in range(number):
            peer = Peer(door, source=f"127.0.1.{1 + i % 200}", greet=i % 2 == 0)
            held.append(peer.s)
        begun = time.monotonic()
        with client(door, "fay", "bench") as fay:
            assert fay.query("select 1").num_rows == 1
        took = time.monotonic() - begun
        memory = pss(door.server.pid)
        print(f"\n{number} connections; served in {took * 1e3:.0f} ms; {(memory - before) / number / 1024:.1f} KiB each")
        assert took < 5
        assert memory - before < number * 40 * 1024
    finally:
        for s in held:
            s.close()
    door.settled(seconds=30)


def test_one_address_does_not_take_all(door):
    """More than its share from one address: they are closed at once, another address is let in."""
    peers = [Peer(door, source="127.0.2.1") for _ in range(2100)]
    try:
        refused = sum(1 for p in peers[2000:] if p.hung_up(5))
        assert refused == 100
        with Peer(door, source="127.0.2.2") as other:
            assert other.ping()
    finally:
        for peer in peers:
            peer.close()
    door.settled(seconds=30)


def test_cut_in_the_middle_of_an_answer(door, good):
    """At any byte of a long answer, by RST: its statement is taken back, its worker goes on to others."""
    dice = random.Random(6)
    for i in range(300 if LONG else 60):
        peer = Peer(door, pairs=WHOLE)
        peer.send(call(1, "DoGet", good.authorization, good.long_get))
        until, got = dice.randrange(0, 4 << 20), 0
        while got < until and not peer.ended:
            peer.receive(5, most=max(1, min(1 << 16, until - got)))
            got = peer.read
        peer.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
    door.settled(seconds=30)


def test_many_cut_at_the_same_moment(door, good):
    peers = [Peer(door, pairs=WHOLE) for _ in range(40)]
    for peer in peers:
        peer.send(call(1, "DoGet", good.authorization, good.long_get))
    time.sleep(1)
    for peer in peers:
        peer.close()
    door.settled(seconds=30)


def test_streams_cancelled_in_the_middle(door, good):
    """The connection stays: calls on it come and go half read, and the last one is whole."""
    with Peer(door, pairs=((4, 1 << 20),)) as peer:
        for i in range(40):
            stream = 2 * i + 1
            peer.send(call(stream, "DoGet", good.authorization, good.long_get))
            peer.until(lambda: peer.read > 100000 * (i + 1), 20)
            peer.send(frame(wire.RST, 0, stream, struct.pack(">I", 8)))
        peer.send(call(99, "DoGet", good.authorization, good.get))
        assert peer.answer(99, 30) == 0


# ---- TLS ----

@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"], check=True, capture_output=True)
    settings = {"tls-certificate": folder / "certificate.pem", "tls-key": folder / "key.pem", "workers": 2, "greeting-time": "2s"}
    with Server(people.lineitem(SCALE) / "mesh", settings=settings) as server:
        yield server, ssl_context(folder / "certificate.pem")


def ssl_context(certificate, protocols=("h2",)):
    context = ssl.create_default_context(cafile=str(certificate))
    context.set_alpn_protocols(list(protocols))
    return context


def dial(server):
    s = socket.create_connection((server.host, server.port), 10)
    s.settimeout(6)
    return s


def drained(s):
    """Reads until the other side hangs up; False when it does not."""
    try:
        while s.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def hello(context):
    """The first flight of a good client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    talk = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        talk.do_handshake()
    return outgoing.read()


def test_tls_is_spoken(secure):
    server, context = secure
    with Peer(server, tls=context) as peer:
        assert peer.ping()


def test_tls_nonsense(secure):
    server, context = secure
    good, dice = hello(context), random.Random(7)
    said = [b"", b"GET / HTTP/1.1\r\n\r\n", wire.PREFACE + wire.settings(), b"\x16\x03\x01\xff\xff" + b"\x00" * 100, b"\x15\x03\x03\x00\x02\x02\x28",
            b"\x14\x03\x03\x00\x01\x01", b"\x17\x03\x03\x40\x00" + b"x" * 16384, b"\x80\x2e\x01\x03\x01" + b"\x00" * 50, good[:1], good[:5], good[:-1],
            good + good, good + b"\x17\x03\x03\x00\x05hello"]
    said += [good[:at] + bytes([good[at] ^ 1 << dice.randrange(8)]) + good[at + 1:] for at in range(0, len(good), 1 if LONG else 7)]
    socks = []
    for data in said:
        s = dial(server)
        try:
            s.sendall(data)
        except OSError:
            pass
        socks.append(s)
    assert all(drained(s) for s in socks), "a handshake without an end"
    for s in socks:
        s.close()
    with Peer(server, tls=context) as peer:
        assert peer.ping()


def test_tls_cut_and_dribbled(secure):
    """Cut in the middle of the handshake, after it, in the middle of a record; a byte a second has an end."""
    server, context = secure
    good = hello(context)
    for cut in range(0, len(good), 5):
        with dial(server) as s:
            s.sendall(good[:cut])
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with dial(server) as s:
        begun = time.monotonic()
        try:
            for byte in good:
                s.sendall(bytes([byte]))
                time.sleep(0.1)
                if time.monotonic() - begun > 6:
                    break
        except OSError:
            pass
        assert drained(s) and time.monotonic() - begun < 6
    for _ in range(20):  # a whole handshake, then half a record that says it is long
        peer = Peer(server, tls=context)
        raw = socket.socket(fileno=peer.s.detach())
        raw.sendall(b"\x17\x03\x03\x40\x00" + b"half")
        raw.close()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_versions_and_protocols(secure, tmp_path):
    """Old versions, other protocols by ALPN, renegotiation: refused."""
    server, context = secure
    for change in ("old", "http/1.1"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if change == "old":
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        else:
            context.set_alpn_protocols([change])
        with dial(server) as s, pytest.raises(OSError):
            context.wrap_socket(s)


def test_a_crowd_of_handshakes(secure):
    """Forty begin and stop, over and over, a signature of ours each: who finishes his is served."""
    server, context = secure
    good, over = hello(context), threading.Event()

    def begin():
        while not over.is_set():
            socks = [dial(server) for _ in range(20)]
            for s in socks:
                s.sendall(good)
            for s in socks:
                s.close()
    threads = [threading.Thread(target=begin) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        begun = time.monotonic()
        for _ in range(3):
            with Peer(server, tls=context) as peer:
                assert peer.ping()
        took = (time.monotonic() - begun) / 3
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert took < 8, f"{took:.1f} s to come in"
