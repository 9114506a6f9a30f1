"""The masks that are C functions, for DuckDB in Python: `policy_examples_test --natives` answers line by line."""
import functools
import json
import os
import pathlib
import subprocess

import pyarrow
import pytest

BUILD = pathlib.Path(os.environ.get("HS_BUILD_DIR", pathlib.Path(__file__).resolve().parents[2] / "build"))
PROGRAM = pathlib.Path(os.environ.get("HS_POLICY_EXAMPLES", BUILD / "policy_examples_test"))


class Natives:
    """The masks that are C functions, in a process of their own; every domain's key is 'key'."""

    def __init__(self):
        self.process = subprocess.Popen([str(PROGRAM), "--natives"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.kinds = {}
        while line := self.process.stdout.readline().split():
            self.kinds[line[0]] = int(line[1])

    def call(self, name, setup, value, choice=-1):
        kind = self.kinds[name]
        raw = value.encode() if kind == 0 else value if kind == 1 else (value.hex() if kind == 3 else str(value)).encode()
        self.process.stdin.write(f"{name} {setup.encode().hex() or '-'} {raw.hex() or '-'} {choice}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if answer is None:
            return None
        return (lambda hexed: bytes.fromhex(hexed).decode(), bytes.fromhex, int, float.fromhex)[min(kind, 2 if kind > 3 else kind)](answer)

    def column(self, name, setups, values):
        """Arrow in, Arrow out: a time at the end of its range is a number there, and nothing that Python could not hold."""
        plain = values.cast(pyarrow.int64()) if self.kinds[name] > 3 else values
        answers = [None if v is None else self.call(name, s, v) for s, v in zip(setups.to_pylist(), plain.to_pylist())]
        return pyarrow.array(answers, type=plain.type).cast(values.type)

    def register(self, con):
        sql = ("VARCHAR", "BLOB", "BIGINT", "DOUBLE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_NS")
        for name, kind in self.kinds.items():
            if name == "hs_mask_json":  # its third argument is a bit a rule
                con.create_function(name, self.json, ["VARCHAR", "VARCHAR", "BIGINT"], "VARCHAR", type="arrow", null_handling="special")
                continue
            con.create_function(name, self.function(name), ["VARCHAR", sql[kind]], sql[kind], type="arrow", null_handling="special")

    def json(self, setups, values, choices):
        all_three = zip(*(combined(c).to_pylist() for c in (setups, values, choices)))
        return pyarrow.array([None if v is None else self.call("hs_mask_json", s, v, c) for s, v, c in all_three], type=pyarrow.string())

    def function(self, name):
        return lambda setups, values: self.column(name, combined(setups), combined(values))


def combined(values):
    return values.combine_chunks() if isinstance(values, pyarrow.ChunkedArray) else values


@functools.cache
def natives():
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM.name} is not built")
    return Natives()
