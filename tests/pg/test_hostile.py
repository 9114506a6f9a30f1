"""Who does not keep to the protocol, or comes in crowds: the server lives, others are served, nothing is left behind."""
import pathlib
import random
import resource
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import threading
import time

import psycopg
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "lib"), str(ROOT / "tests" / "pg")]

import people  # noqa: E402
import pgwire  # noqa: E402
from pgwire import Ended, Wire, extended, message, query, words  # noqa: E402
from server import LONG, Server, pss  # noqa: E402

pytestmark = pytest.mark.timeout(600 if LONG else 120)
WHO = ("otto", "otto-demo")
LONG_SQL = "select a.id, repeat('x', 300) as x from sales.orders a, sales.orders b"


@pytest.fixture(scope="module")
def server():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    settings = {"workers": 2, "pg-connections-per-person": 6000, "statements-per-person": 1000, "queue": 1000, "queue-wait": "60s", "connections": 6000}
    with Server(people.demo() / "mesh", settings=settings) as running:
        yield running


@pytest.fixture(autouse=True)
def still_served(request):
    yield
    if "server" in request.fixturenames:
        seen = request.getfixturevalue("server")
        assert seen.alive(), seen.words()[-3000:]
        begun = time.monotonic()
        with psycopg.connect(host="127.0.0.1", port=seen.pg_port, user="ana", password="ana-demo", dbname="demo", connect_timeout=10) as good:
            assert good.execute("select 1").fetchone() == (1,)
        assert time.monotonic() - begun < 10


def signed_in(server, **more):
    wire = Wire(server, **more)
    assert wire.sign_in(*WHO) is None
    return wire


def gone(wire, seconds=5):
    """The other side closes; whatever it says before."""
    wire.s.settimeout(seconds)
    try:
        while wire.s.recv(1 << 16):
            pass
        return True
    except ConnectionError:
        return True
    except TimeoutError:
        return False


# ---- bytes ----

def conversation():
    return [query("select 1"), extended("select id from sales.orders limit 3"), query("begin; declare c cursor for select 1; fetch c; commit"),
            message(b"P", b"s\0select $1::int + 1\0\0\1" + struct.pack("!i", 23)) + message(b"B", b"\0s\0\0\1\0\1\0\1" + struct.pack("!i", 4) + struct.pack("!i", 7) + b"\0\1\0\1") + message(b"E", b"\0\0\0\0\0") + message(b"S"),
            query("copy (select 1) to stdout"), message(b"F", struct.pack("!i", 1) + b"\0\0\0\0\0\0"), message(b"C", b"Ss\0") + message(b"H") + message(b"S"), message(b"X")]


def test_start_cut_at_every_byte(server):
    start = pgwire.startup(WHO[0], "demo", application_name="cut", options="-c statement_timeout=0")
    for at in range(len(start)):
        with Wire(server) as wire:
            wire.send(start[:at])
    with Wire(server) as wire:
        wire.send(start)
        _, body = wire.next()
        first = wire.first()
    for at in range(0, len(first), 3):
        with Wire(server) as wire:
            wire.send(start)
            wire.next()
            wire.send(wire.first()[:at])
    for at in range(0, 110, 3):
        with Wire(server) as wire:
            wire.send(start)
            wire.next()
            wire.send(wire.first())
            _, body = wire.next()
            wire.send(wire.final(body[4:], WHO[1])[:at])


def test_conversation_cut_at_every_byte(server):
    parts = b"".join(conversation())
    for at in range(0, len(parts), 1 if LONG else 2):
        with signed_in(server) as wire:
            wire.send(parts[:at])


def test_conversation_byte_by_byte(server):
    """However it is cut, the answer is the same."""
    parts = b"".join(conversation()[:4])
    with signed_in(server) as one, signed_in(server) as other:
        one.send(parts)
        for at in range(len(parts)):
            other.send(parts[at:at + 1])
        for _ in range(4):
            assert one.until() == other.until()


def test_damaged_bytes(server):
    """Any byte another: answered, refused or hung up, and never a hang of the whole."""
    dice = random.Random(7)
    parts = b"".join(conversation()[:-1])
    places = range(len(parts)) if LONG else dice.sample(range(len(parts)), 120)
    for at in places:
        damaged = bytearray(parts)
        damaged[at] ^= dice.choice((1, 0x80, 0xff))
        with signed_in(server) as wire:
            wire.send(bytes(damaged) + message(b"S") + message(b"X"))
            wire.s.shutdown(socket.SHUT_WR)
            assert gone(wire), f"byte {at}"


@pytest.mark.parametrize("length", [0, 1, 4, 7, 8, 9, 10001, 2**31 - 1, -1, -2**31])
def test_lengths_of_a_start(server, length):
    with Wire(server) as wire:
        wire.send(struct.pack("!ii", length, 196608) + b"user\0otto\0")
        if length not in (10001, 9):
            wire.s.shutdown(socket.SHUT_WR)
            assert gone(wire)


@pytest.mark.parametrize("kind", [b"Q", b"P", b"B", b"E", b"D", b"C", b"S", b"H", b"F", b"d", b"c", b"f", b"p", b"X", b"?", b"\0", b"\xff"])
def test_lengths_of_messages(server, kind):
    for length in (-1, 0, 3, 2**31 - 1, 2**30, -2**31):
        with signed_in(server) as wire:
            wire.send(kind + struct.pack("!i", length) + b"abc")
            assert gone(wire) or length > 4, (kind, length)
    for body in (b"", b"\0", b"x", b"\0\0", b"\xff" * 40, b"\0" * 40, b"S", b"Sx"):
        with signed_in(server) as wire:
            wire.send(message(kind, body) + message(b"S") + message(b"X"))
            assert gone(wire), (kind, body)


def test_other_first_words(server):
    with Wire(server) as wire:
        wire.send(pgwire.GSS_REQUEST)
        assert wire.take(1) == b"N"
        wire.send(pgwire.SSL_REQUEST)
        assert wire.take(1) == b"N"  # no certificate here
        assert wire.sign_in(*WHO) is None
    with Wire(server) as wire:
        for _ in range(50):
            try:
                wire.send(pgwire.SSL_REQUEST)
            except ConnectionError:
                break
        assert gone(wire)
    with Wire(server) as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert gone(wire)
    for version in (0, 131072, 196609, 262144, 0x7fffffff):
        with Wire(server) as wire:
            wire.send(pgwire.startup(*WHO[:1], "demo", version=version))
            wire.s.shutdown(socket.SHUT_WR)
            assert gone(wire)


def test_before_signing_in_nothing_is_answered(server):
    for early in (query("select 1"), extended("select 1"), message(b"p", b""), message(b"p", b"MD5\0"), message(b"d", b"x" * 1000), message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", -1)), message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", 2**31 - 1)),
                  message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", 9) + b"n,a=o,n=x"), message(b"p", b"SCRAM-SHA-256-PLUS\0" + struct.pack("!i", 6) + b"p=x,,n")):
        with Wire(server) as wire:
            wire.send(pgwire.startup(WHO[0], "demo"))
            wire.next()
            wire.send(early)
            wire.s.shutdown(socket.SHUT_WR)
            said = []
            try:
                while True:
                    said.append(wire.next()[0])
            except (Ended, ConnectionError):
                pass
            assert b"Z" not in said and b"D" not in said and b"T" not in said


def test_cancels_of_strangers(server):
    with signed_in(server) as wire:
        pid, secret = wire.key
        wire.send(query("select count(*) from sales.orders a, sales.orders b where a.id + b.id > 0"))
        for wrong in ((pid, secret ^ 1), (pid + 1, secret), (0, 0), (pid, 0)):
            with Wire(server) as other:
                other.send(pgwire.cancel_request(*wrong))
                assert gone(other)
        assert wire.until()[-2][0] == b"C"
    with signed_in(server) as wire:
        wire.send(query("select count(*) from sales.orders a, sales.orders b, sales.orders c where a.id + b.id + c.id > 0"))
        time.sleep(0.5)
        with Wire(server) as other:
            other.send(pgwire.cancel_request(*wire.key))
            assert gone(other)
        said = wire.until()
        assert said[-2][0] == b"E" and words(said[-2][1])["C"] == "57014"


# ---- what one connection can make the server do and keep ----

def parse(name, sql, types=()):
    return message(b"P", name.encode() + b"\0" + sql.encode() + b"\0" + struct.pack("!H", len(types)) + struct.pack(f"!{len(types)}I", *types))


def bind(portal, name=b"", binary=False):
    return message(b"B", portal + b"\0" + name + b"\0\0\0\0\0\0\1" + struct.pack("!h", binary))


def execute(portal, rows=0):
    return message(b"E", portal + b"\0" + struct.pack("!i", rows))


def state_of(said):
    return [words(body)["C"] for kind, body in said if kind == b"E"]


def asked(wire, data):
    wire.send(data)
    return wire.until()


class Neighbour(threading.Thread):
    """Another connection, which asks for next to nothing over and over: how long it waits at most."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.worst, self.go = server, 0, True

    def run(self):
        with signed_in(self.server) as wire:
            while self.go:
                begun = time.perf_counter()
                asked(wire, query("show datestyle"))
                self.worst = max(self.worst, time.perf_counter() - begun)
                time.sleep(0.005)

    def __enter__(self):
        self.start()
        time.sleep(0.2)
        return self

    def __exit__(self, *_):
        self.go = False
        self.join()


def test_a_description_that_is_used_late(server):
    """What a row's values are looked up in (composites, regclass) may be gone by then, and is another one."""
    for sql in ("select address from sales.customers", "select 'sales.orders'::regclass", "select array[c] from (select address from sales.customers) as c"):
        with signed_in(server) as wire:
            asked(wire, query("begin"))
            said = asked(wire, parse("", sql) + bind(b"p") + message(b"D", b"Pp\0") + message(b"S"))
            assert not state_of(said), said
            asked(wire, query("declare c cursor for " + sql))
            time.sleep(2.5)  # as long as a catalog is kept, and the tick behind it
            text = asked(wire, execute(b"p", 1) + message(b"S"))
            assert text[0][0] == b"D"
            time.sleep(2.5)
            cursor = asked(wire, query("fetch 1 from c; fetch 1 from c"))
            assert text[0] == [m for m in cursor if m[0] == b"D"][0]


@pytest.mark.parametrize("text", ["/**/" * 250000, "/*" * 400000, "select 1 " + "/*+*/" * 200000, "/*" * 200000 + "*/" * 200000], ids=lambda t: t[:12])
def test_comments_without_end(server, text):
    with signed_in(server) as wire:
        begun = time.monotonic()
        assert state_of(asked(wire, query(text))) == ["54000"]
        assert time.monotonic() - begun < 5


def test_whoever_hangs_up_stops_nobody(server):
    """A long statement is read and translated on the pool; the loop does not wait for it."""
    number = 6000
    text = "with " + ",".join(f"w{i} as (select 1)" for i in range(number)) + " select 1 from " + ",".join(f"w{i}" for i in range(number))
    with Neighbour(server) as neighbour:
        for turn in range(6):
            wire = signed_in(server)
            wire.send(query(text))
            time.sleep(0.03 * turn)
            if turn % 2:
                with Wire(server) as other:
                    other.send(pgwire.cancel_request(*wire.key))
                    gone(other)
                assert state_of(wire.until())
            wire.close()
    print(f"\nwhile others hung up over long statements one waited {neighbour.worst * 1e3:.0f} ms at most")
    assert neighbour.worst < 1


def test_a_text_of_many_statements_lets_others_in(server):
    with Neighbour(server) as neighbour, signed_in(server) as wire:
        asked(wire, query("commit;reset all;" * 15000))
        asked(wire, query("set timezone to 'Europe/Berlin';commit;" * 15000))
    print(f"\nbeside texts of 30,000 statements one waited {neighbour.worst * 1e3:.0f} ms at most")
    assert neighbour.worst < 1


def test_what_a_connection_prepares_is_counted(server):
    """Also what is made of it: printed text, search paths, what a description told."""
    before = pss(server.pid)
    with signed_in(server) as wire:
        asked(wire, query("set search_path = " + ",".join("sales" for _ in range(580))))
        for i in range(400):
            assert not state_of(asked(wire, parse(f"p{i}", "select 1") + message(b"S")))
        path = pss(server.pid) - before
        codes = set()
        for i in range(150):
            codes.update(state_of(asked(wire, parse(f"d{i}", "select 1", [23] * 65535) + message(b"D", f"Sd{i}".encode() + b"\0") + message(b"S"))))
        assert codes == {"53400"}
        asked(wire, query("deallocate all"))
        for i in range(150):
            codes.update(state_of(asked(wire, parse(f"d{i}", "show all", [23] * 65535) + message(b"D", f"Sd{i}".encode() + b"\0") + message(b"S"))))
        assert codes == {"53400"}
        grown = pss(server.pid) - before
        print(f"\n400 statements under a long search path {path >> 20} MiB; with types and descriptions {grown >> 20} MiB")
        assert path < 24 << 20 and grown < 120 << 20


def test_a_portal_that_is_executed_often(server):
    columns = ",".join("1" for _ in range(1600))
    with signed_in(server) as wire:
        asked(wire, query("begin"))
        assert not state_of(asked(wire, parse("", f"select {columns} from generate_series(1,30000)") + bind(b"p") + execute(b"p", 1) + message(b"S")))
        asked(wire, execute(b"p", 1) * 100 + message(b"S"))
        before = pss(server.pid)
        for _ in range(60):
            assert not state_of(asked(wire, execute(b"p", 1) * 100 + message(b"S")))
        grown = pss(server.pid) - before
        print(f"\n6,000 Executes of one row of 1,600 columns: {grown >> 10} KiB")
        assert grown < 12 << 20


def test_thousands_of_prepared_statements(server):
    with Neighbour(server) as neighbour, signed_in(server) as wire:
        for i in range(0, 4000, 250):
            assert not state_of(asked(wire, b"".join(parse(f"s{k}", "select 1") for k in range(i, i + 250)) + message(b"S")))
        assert [b for k, b in asked(wire, query("select count(*) from pg_prepared_statements")) if k == b"D"] == [b"\0\1\0\0\0\x044000"]
    print(f"\nbeside 4,000 prepared statements one waited {neighbour.worst * 1e3:.0f} ms at most")


# ---- floods ----

def flood(wire, data, seconds=10):
    """Sends until the other side takes no more or hangs up; nothing is read."""
    wire.s.settimeout(1)
    sent, until = 0, time.monotonic() + seconds
    try:
        while time.monotonic() < until and sent < 64 << 20:
            sent += wire.s.send(data)
    except (TimeoutError, ConnectionError):
        pass
    return sent


@pytest.mark.parametrize("data", [message(b"S") * 2000, message(b"H") * 2000, query("") * 2000, query("select 1") * 200, extended("select 1") * 50, message(b"P", b"\0select 1\0\0\0") * 500,
                                  b"".join(message(b"P", f"s{i}".encode() + b"\0select 1\0\0\0") for i in range(3000)), message(b"d", b"x" * 60000), query("select " + "x" * 60000), query("not sql") * 200,
                                  query("select 1;" * 3000)], ids=lambda d: f"{d[:1].decode()}{len(d)}")
def test_floods_that_read_nothing(server, data):
    before = pss(server.pid)
    wires = [signed_in(server) for _ in range(4 if LONG else 2)]
    try:
        for wire in wires:
            flood(wire, data, 4 if LONG else 1)
        grown = pss(server.pid) - before
        assert grown < 256 << 20, f"{grown >> 20} MiB"
    finally:
        for wire in wires:
            wire.close()


def test_answers_that_nobody_reads(server):
    before = pss(server.pid)
    wires = [signed_in(server) for _ in range(20)]
    try:
        for wire in wires:
            wire.send(query(LONG_SQL))
        time.sleep(3)
        grown = pss(server.pid) - before
        print(f"\n20 answers that nobody reads: {grown >> 20} MiB")
        assert grown < 400 << 20
    finally:
        for wire in wires:
            wire.close()


def test_a_thousand_half_open_starts(server):
    held = []
    for i in range(1000):
        wire = Wire(server, source=f"127.0.3.{1 + i % 50}")
        wire.send(pgwire.startup(WHO[0], "demo")[:17] if i % 2 else b"\0")
        held.append(wire)
    with signed_in(server) as wire:
        wire.send(query("select 1"))
        assert wire.until()[-2][0] == b"C"
    for wire in held:
        wire.close()


# ---- passwords ----

def attempt(server, name, password, source):
    with Wire(server, source=source) as wire:
        begun = time.perf_counter()
        kind, body = wire.sign_in(name, password)
        assert kind == b"E"
        return time.perf_counter() - begun, words(body)


def test_a_wrong_password_and_a_wrong_name_are_the_same(server):
    times, said = {}, {}
    for round_ in range(24):
        for name in ("ana", "nobody", "root"):
            took, text = attempt(server, name, "wrong", f"127.0.4.{1 + round_}")
            times.setdefault(name, []).append(took)
            said.setdefault(name, set()).add(str({k: v.replace(name, "NAME") for k, v in text.items()}))
    assert said["ana"] == said["nobody"] == said["root"], said
    medians = {name: statistics.median(t) * 1e3 for name, t in times.items()}
    print(f"\nto a refusal: {', '.join(f'{n} {m:.2f} ms' for n, m in medians.items())}")
    assert max(medians.values()) < 2 * min(medians.values()) + 1


def test_guesses_are_limited(server):
    codes = [attempt(server, "fred", "wrong", "127.0.5.1")[1]["C"] for _ in range(14)]
    assert codes[:10] == ["28P01"] * 10 and codes[10] != "28P01", codes
    with Wire(server, source="127.0.5.1") as wire:
        assert wire.sign_in("fred", "fred-demo")[0] == b"E"  # waits now, also with the right one
    with Wire(server, source="127.0.5.2") as wire:
        assert wire.sign_in("fred", "fred-demo") is None  # nobody else does
    codes = [attempt(server, "nobody2", "wrong", "127.0.5.1")[1]["C"] for _ in range(12)]
    assert codes[9] == "28P01" and codes[11] != "28P01"  # a name that does not exist waits like one that does


# ---- crowds ----

def test_five_thousand_idle(server):
    number, before = 5000, pss(server.pid)
    held = []
    try:
        for i in range(number):
            held.append(signed_in(server, source=f"127.0.1.{1 + i % 200}"))
        begun = time.monotonic()
        with psycopg.connect(host="127.0.0.1", port=server.pg_port, user="ana", password="ana-demo", dbname="demo") as good:
            assert good.execute("select count(*) from sales.orders").fetchone()[0] > 0
        took = time.monotonic() - begun
        memory = pss(server.pid)
        each = (memory - before) / number / 1024
        print(f"\n{number} idle connections, signed in; one more served in {took * 1e3:.0f} ms; {each:.1f} KiB each")
        assert took < 5 and each < 64
    finally:
        for wire in held:
            wire.close()


def test_two_hundred_active(server):
    wires = [signed_in(server, source=f"127.0.6.{1 + i % 50}") for i in range(200)]
    try:
        for turn in range(2):
            for wire in wires:
                wire.send(query("select id, region from sales.orders order by id limit 50"))
            for wire in wires:
                wire.s.settimeout(90)
                said = wire.until()
                assert [k for k, _ in said].count(b"D") == 50, said[-2]
    finally:
        for wire in wires:
            wire.close()


def test_cut_in_the_middle_of_an_answer(server):
    dice = random.Random(9)
    for i in range(200 if LONG else 16):
        wire = signed_in(server)
        wire.send(query(LONG_SQL if i % 2 else f"copy ({LONG_SQL}) to stdout (format binary)"))
        left = dice.randrange(0, 2 << 20)
        while left > 0:
            part = wire.s.recv(min(left, 1 << 16))
            assert part
            left -= len(part)
        wire.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.close()


def test_many_cut_at_the_same_moment(server):
    wires = [signed_in(server) for _ in range(40)]
    for wire in wires:
        wire.send(query(LONG_SQL))
    time.sleep(1)
    for wire in wires:
        wire.close()


# ---- TLS ----

@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"], check=True, capture_output=True)
    settings = {"tls-certificate": folder / "certificate.pem", "tls-key": folder / "key.pem", "workers": 1, "greeting-time": "2s", "stranger-time": "3s"}
    with Server(people.demo() / "mesh", settings=settings) as running:
        running.root = folder / "certificate.pem"
        yield running


def tls(server, **more):
    return psycopg.connect(host="localhost", hostaddr="127.0.0.1", port=server.pg_port, user="ana", password="ana-demo", dbname="demo", sslrootcert=str(server.root), connect_timeout=10, **more)


@pytest.mark.parametrize("how", [{"sslmode": "verify-full"}, {"sslmode": "verify-full", "channel_binding": "require"}, {"sslmode": "verify-full", "sslnegotiation": "direct"}, {"sslmode": "verify-full", "sslnegotiation": "direct", "channel_binding": "require"},
                                 {"sslmode": "require", "channel_binding": "disable"}, {"sslmode": "disable"}], ids=str)
def test_tls_and_channel_binding(secure, how):
    with tls(secure, **how) as c:
        assert c.execute("select count(*) from sales.orders").fetchone()[0] > 0
        assert bool(c.pgconn.ssl_in_use) == (how["sslmode"] != "disable")


def test_channel_binding_wants_tls(secure):
    with pytest.raises(psycopg.OperationalError):
        tls(secure, sslmode="disable", channel_binding="require")


def test_nothing_in_plain_text_behind_the_request(secure):
    for behind in (b"x", pgwire.startup(*WHO[:1], "demo"), b"\x16\x03\x01"):
        with Wire(secure) as wire:
            wire.send(pgwire.SSL_REQUEST + behind)
            assert gone(wire)
    with Wire(secure) as wire:
        wire.send(pgwire.SSL_REQUEST)
        assert wire.take(1) == b"S"
        wire.send(pgwire.startup(*WHO[:1], "demo"))
        assert gone(wire)


def test_handshakes_have_their_time(secure):
    for words_ in (b"", pgwire.SSL_REQUEST, b"\x16\x03\x01\x02", b"\0\0"):
        with Wire(secure) as wire:
            wire.send(words_)
            assert gone(wire, 8), words_


def test_direct_tls_wants_its_protocol(secure):
    context = ssl.create_default_context(cafile=secure.root)
    for protocols, good in ((["postgresql"], True), (["h2"], False), ([], False)):
        if protocols:
            context.set_alpn_protocols(protocols)
        else:
            context = ssl.create_default_context(cafile=secure.root)
        wire = Wire(secure)
        try:
            wire.s = context.wrap_socket(wire.s, server_hostname="localhost")
            assert wire.sign_in("ana", "ana-demo") is None
            assert good
            wire.send(pgwire.SSL_REQUEST)  # no TLS within TLS
            assert gone(wire)
        except (ssl.SSLError, Ended, ConnectionError):
            assert not good
        finally:
            wire.close()
