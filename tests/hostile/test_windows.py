"""Flow control turned against us, and peers that read or write a byte at a time: what waits for them is bounded and has an end."""
import socket
import struct
import time

import pytest

import people
import wire
from peerdoor import Door
from fixtures import LONG, SCALE, Server, client
from server import pss, wait_until
from transcripts import Good
from wire import DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, HEADERS, Peer, call, frame, window

pytestmark = pytest.mark.timeout(300 if LONG else 90)
INFO = wire.SERVICE + "GetFlightInfo"


@pytest.fixture(scope="module")
def good(door):
    return Good(door)


def initial(size):
    return frame(wire.SETTINGS, 0, 0, struct.pack(">HI", 4, size))


def data_in(frames):
    return sum(len(f.body) for f in frames if f.kind == DATA)


def test_window_zero(door, good):
    """Nothing may be sent: nothing is, but the answers that need no window; a byte of room, a byte."""
    with Peer(door, pairs=((4, 0),)) as peer:
        peer.send(call(1, "DoGet", good.authorization, good.get) + call(3, "DoAction", "Bearer nobody", b""))
        assert peer.answer(3) == 16
        assert data_in(peer.receive(0.5)) == 0
        peer.send(window(1, 1))
        assert data_in(peer.receive(2)) == 1
        assert data_in(peer.receive(0.3)) == 0
        peer.send(window(1, 1 << 20))
        assert peer.answer(1) == 0


def test_window_past_its_end(door, good):
    with Peer(door, room=False) as peer:
        peer.send(window(0, 2**31 - 1))
        assert peer.hung_up(5) and peer.goaway == 3
    with Peer(door) as peer:  # of a call: that call alone
        peer.send(call(1, "DoGet", good.authorization, good.get, end=False) + window(1, 2**31 - 1) + call(3, "DoGet", good.authorization, good.get))
        assert peer.answer(1) == -1 and peer.resets[1] == 3
        assert peer.answer(3) == 0
    with Peer(door) as peer:  # by SETTINGS: the calls that it concerns
        peer.send(call(1, "DoGet", good.authorization, good.long_get, end=False) + window(1, 2**31 - 70000) + initial(2**31 - 1))
        assert peer.answer(1) == -1 and peer.resets[1] == 3
    with Peer(door) as peer:
        peer.send(initial(2**31))
        assert peer.hung_up(5) and peer.goaway == 3
    for stream in (0, 1):
        with Peer(door) as peer:
            peer.send(call(1, "DoGet", good.authorization, good.get, end=False) + window(stream, 0))
            assert peer.answer(1, 5) in (-1, -2), stream


def test_window_below_zero(door, good):
    """SETTINGS take back what was given: the window is negative until it is made good, and the answer is whole."""
    with Peer(door, pairs=((4, 60000),)) as peer:
        peer.send(call(1, "DoGet", good.authorization, good.long_get))
        got = 0
        while got < 60000:
            got += data_in(peer.receive())
        peer.send(initial(0) + window(1, 59999))
        assert data_in(peer.receive(0.5)) == 0
        peer.send(window(1, 2))
        assert data_in(peer.receive(2)) == 1
        for size in (65535, 0, 1, 2**31 - 1 - 200000, 100):  # up and down
            peer.send(initial(size))
            got += data_in(peer.receive(0.2))
        assert peer.ping() and peer.goaway is None


def test_window_by_the_byte(door, good):
    with Peer(door, pairs=((4, 0),)) as peer:
        peer.send(call(1, "DoGet", good.authorization, good.long_get))
        time.sleep(0.5)
        for _ in range(200):
            if not peer.send(window(1, 1) * 100):
                break
            peer.receive(0.01)
        assert peer.hung_up(10)
        assert peer.goaway in (None, ENHANCE_YOUR_CALM)


def test_frames_of_any_size(door, good):
    for size, fine in ((16383, False), (16384, True), ((1 << 24) - 1, True), (1 << 24, False)):
        with Peer(door, pairs=((5, size), (4, 1 << 24))) as peer:
            peer.send(call(1, "DoGet", good.authorization, good.long_get))
            largest, got = 0, 0
            while fine and got < 12 << 20 and not peer.ended:
                for f in peer.receive():
                    if f.kind == DATA:
                        got, largest = got + len(f.body), max(largest, len(f.body))
            assert peer.hung_up(5) and peer.goaway == 1 if not fine else largest == min(size, largest) and (size == 16384 or largest > 200000), (size, largest)


def test_ping_is_not_behind_the_data(door, good):
    """64 MiB could be sent at once and wait. The answer to a PING stands behind the frame that is on its way and what the kernel
    has taken, not behind all of it."""
    with Peer(door, pairs=((4, 2**31 - 1),), receive_buffer=65536) as peer:
        peer.send(call(1, "DoGet", good.authorization, good.long_get))
        got = data_in(peer.receive())
        time.sleep(1)  # the server fills what it may
        peer.send(frame(wire.PING, 0, 0, b"are you?"))
        behind = begun = 0
        while not begun and got < 64 << 20:
            for f in peer.receive():
                got += len(f.body)
                behind += len(f.body)
                if f.kind == wire.PING and f.flags & 1:
                    begun = behind
        print(f"\na PING's answer came after {begun >> 10} KiB")
        assert begun and begun < 2 << 20, f"behind {behind >> 10} KiB"


# ---- slow ----

@pytest.fixture(scope="module")
def strict():
    """A server whose patience is short."""
    times = {"greeting-time": "2s", "stranger-time": "4s", "stall-time": "3s", "write-time": "3s", "idle-timeout": "2s", "slow-reader": "1s", "workers": 2}
    with Server(people.lineitem(SCALE) / "mesh", settings=times) as server:
        with client(server, "lea", "bench") as lea:
            yield Door(server, "Bearer " + lea.token)


def dribble(peer, data, every=0.25):
    """A byte now and then until the server hangs up: how long it took."""
    begun = time.monotonic()
    for at in range(len(data)):
        if not peer.send(data[at:at + 1]) or peer.ended:
            break
        peer.receive(every)
        if peer.ended or 1 in peer.resets or 1 in peer.statuses:
            break
    return time.monotonic() - begun


def test_slow_writers(strict):
    good = Good(strict)
    head = frame(HEADERS, END_HEADERS, 1, wire.request(INFO, good.authorization))
    slow = {
        "nothing at all": b"",
        "the preface": wire.PREFACE,
        "a header block": wire.PREFACE + wire.settings() + frame(HEADERS, 0, 1, wire.request(INFO, good.authorization)),
    }
    for name, data in slow.items():
        with Peer(strict, greet=False) as peer:
            begun = time.monotonic()
            peer.send(data[:-1])
            assert peer.hung_up(6), name
            assert time.monotonic() - begun < 5, name
    with Peer(strict, greet=False) as peer:
        assert dribble(peer, slow["a header block"]) < 6
    with Peer(strict) as peer:  # a message, by the byte: it moves, but not so that it would ever arrive
        peer.send(head)
        message = frame(DATA, 0, 1, wire.message(b"x" * 200))
        assert dribble(peer, message) < 8
        assert peer.over(1) or peer.ended
    with Peer(strict) as peer:  # or never: an endless call
        peer.send(head)
        assert peer.answer(1, 8) in (4, -1)


def test_strangers_do_not_stay(strict):
    """Who has not signed in is shown out, also when he keeps asking; who has is not."""
    with Peer(strict) as silent, Peer(strict) as asking, Peer(strict) as known:
        known.send(call(1, "GetFlightInfo", strict.token, Good(strict).info))
        assert known.answer(1) == 0
        begun, stream = time.monotonic(), 1
        while not asking.ended and time.monotonic() - begun < 8:
            asking.send(call(stream, "GetFlightInfo", "Bearer nobody", b""))
            asking.answer(stream, 1)
            known.send(call(stream + 2, "ListActions", strict.token, b""))
            assert known.answer(stream + 2) == 0
            stream += 2
            time.sleep(0.2)
        assert asking.ended and time.monotonic() - begun < 7
        assert silent.hung_up(1)
        assert known.ping()


def test_a_long_statement_is_not_idle(strict):
    """Nothing moves for longer than the idle time: it is the server that works."""
    with client(strict, "fay", "bench") as fay:
        begun = time.monotonic()
        rows = fay.query("select count(*) from range(20000) a(x), range(16000) b(y) where (x * y) % 7919 = 3", timeout=60)
        took = time.monotonic() - begun
    assert rows.num_rows == 1
    print(f"\n{took:.1f} s, idle at 2")


def test_slow_readers(strict):
    """They have asked for much and read next to nothing: the server lets them go, and what it held for them."""
    good, before = Good(strict), pss(strict.server.pid)
    peers = []
    for kind in range(12):
        peer = Peer(strict, pairs=((4, (0, 1, 2**31 - 1)[kind % 3]),), receive_buffer=4096)
        peer.send(call(1, "DoGet", good.authorization, good.long_get))
        peers.append(peer)
    for _ in range(20):
        time.sleep(0.3)
        for peer in peers:
            peer.receive(0.01, most=1)
    for peer in peers[:2]:
        assert peer.until(lambda: 1 in peer.resets, 5), "a window that is shut"
    assert wait_until(lambda: strict.open_descriptors() <= strict.descriptors + 11, 10), "who takes no bytes stays"
    for peer in peers:
        peer.close()
    assert wait_until(lambda: pss(strict.server.pid) < before + (24 << 20), 15), f"{before >> 20} MiB before, {pss(strict.server.pid) >> 20} after"


def test_half_closed(door, good):
    """We have said all there is and still listen: a whole answer comes. The other half closed: nobody is written to for long."""
    with Peer(door, pairs=((4, 2**31 - 1),)) as peer:
        peer.send(call(1, "DoGet", good.authorization, good.get))
        peer.s.shutdown(socket.SHUT_WR)
        assert peer.hung_up(10)
    with Peer(door, pairs=((4, 2**31 - 1),)) as peer:
        peer.send(call(1, "DoGet", good.authorization, good.long_get))
        peer.receive()
        peer.s.shutdown(socket.SHUT_RD)
        peer.s.close()
    door.settled()
