"""Every case of h2spec, strict ones too, against this port. tools/setup peers builds it where Go is there."""
import pathlib
import re
import subprocess

import pytest

H2SPEC = pathlib.Path(__file__).resolve().parent.parent.parent / "build" / "peers" / "bin" / "h2spec"


@pytest.mark.skipif(not H2SPEC.exists(), reason="no h2spec: tools/setup peers builds it")
@pytest.mark.timeout(120)
def test_h2spec(door):
    done = subprocess.run([H2SPEC, "--strict", "--timeout", "10", "-h", door.host, "-p", str(door.port)], capture_output=True, text=True)
    counts = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", done.stdout)
    assert counts, done.stdout[-2000:] + done.stderr[-2000:]
    assert counts.groups() == ("146", "146", "0", "0"), done.stdout[done.stdout.find("Failures"):]
