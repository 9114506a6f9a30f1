"""Statements by subject, in cases/*.sql: one a paragraph. Both sides answer the same, names, types, text and binary, or the same
SQLSTATE; but for those with a line `-- differs: REASON` above them, whose reasons are in differences.txt, which must differ still,
and those with `-- near: REASON`, where only digits behind the twelfth or the number of zeros may differ."""
import collections
import pathlib

import pytest

import sides

HERE = pathlib.Path(__file__).resolve().parent
FILES = sorted((HERE / "cases").glob("*.sql"))


def reasons():
    pairs = (line.split(": ", 1) for line in (HERE / "differences.txt").read_text().splitlines() if line and not line.startswith("#"))
    return dict(pairs)


def cases(path):
    """(statement, how, reason); how is "", "differs" or "near"."""
    for paragraph in path.read_text().split("\n\n"):
        how = reason = ""
        lines = []
        for line in paragraph.splitlines():
            if line.startswith(("-- differs: ", "-- near: ")):
                how, reason = line[3:].split(": ", 1)
            elif not line.startswith("--"):
                lines.append(line)
        if any(lines):
            yield "\n".join(lines).strip().rstrip(";"), how, reason


def look(postgres, door, path):
    """(how many as they should be, those that are not)."""
    good, wrong, seen = 0, [], collections.Counter()
    for statement, how, reason in cases(path):
        want, got = postgres.ask(statement), door.ask(statement)
        found = sides.difference(statement, want, got, near=1e-12 if how == "near" else 0)
        if how:
            seen[reason] += 1
        if (found is None) == (how != "differs"):
            good += 1
        else:
            wrong.append(f"{found or 'no difference any more'}: {statement}\n    postgres: {want}\n    door:     {got}")
    return good, wrong, seen


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_cases(postgres, door, path):
    good, wrong, seen = look(postgres, door, path)
    unknown = set(seen) - set(reasons())
    print(f"{path.stem}: {good} as they should be, {sum(seen.values())} of them known to differ")
    assert not unknown, unknown
    assert not wrong, f"{len(wrong)} of {good + len(wrong)}\n" + "\n".join(wrong)


def test_every_reason_is_used():
    used = {reason for path in FILES for _, how, reason in cases(path) if how}
    assert used == set(reasons())
