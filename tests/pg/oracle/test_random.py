"""Statements that nobody wrote: the same seed is the same statement on both sides. HS_ORACLE_SEED and HS_ORACLE_STATEMENTS say from
where and how many; with HAILSTORM_LONG there are twenty times as many."""
import collections
import os

import sides
import statements

FIRST = int(os.environ.get("HS_ORACLE_SEED", 1))
COUNT = int(os.environ.get("HS_ORACLE_STATEMENTS", 600)) * (20 if os.environ.get("HAILSTORM_LONG", "") not in ("", "0") else 1)

# A numeric's digits are its column's here, and a value's there (differences.txt: zeros); the rest has to be the same.
NEAR = 1e-11


def test_random(postgres, door):
    wrong, states, rows = [], collections.Counter(), 0
    for seed in range(FIRST, FIRST + COUNT):
        text = statements.statement(seed)
        want, got = postgres.ask(text, binary=False), door.ask(text, binary=False)
        found = sides.difference(text, want, got, near=NEAR)
        states[want.state or "answers"] += 1
        rows += len(want.text)
        if found:
            wrong.append(f"{seed} {found}: {text}\n    postgres: {want}\n    door:     {got}")
    print(f"{COUNT} statements from seed {FIRST}, {rows} rows: {dict(states)}")
    assert states["answers"] > COUNT * 0.8
    assert not wrong, f"{len(wrong)} of {COUNT}\n" + "\n".join(wrong[:40])
