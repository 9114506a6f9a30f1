"""After everything that stands in this folder (so it is named): a good client is served as before, and what the peers took is back."""
import pytest

from server import pss, run, wait_until

pytestmark = pytest.mark.timeout(90)


def test_as_before(door):
    door.settled()
    assert wait_until(lambda: pss(door.server.pid) < door.memory + (32 << 20), 20, every=0.5), \
        f"{door.memory >> 20} MiB before, {pss(door.server.pid) >> 20} MiB after"
    now = min(door.latency(40) for _ in range(3))
    print(f"\nselect 1: {door.usual * 1e3:.2f} ms before, {now * 1e3:.2f} ms after; server {door.memory / 1e6:.1f} MB before, "
          f"{pss(door.server.pid) / 1e6:.1f} MB after; descriptors {door.descriptors} and {door.open_descriptors()}")
    assert now < 2 * door.usual + 0.005


def test_the_audit_is_whole(door):
    door.stopped = True
    assert door.server.stop() == 0
    status, out, err = run("audit", "verify", "--state", door.server.state)
    assert status == 0, out + err
    begun = [line for line in door.server.audit_lines() if '"intent"' in line]
    ended = [line for line in door.server.audit_lines() if '"outcome"' in line]
    assert len(begun) == len(ended) > 500, f"{len(begun)} intents, {len(ended)} outcomes"
