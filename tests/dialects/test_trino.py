"""The same decisions in Trino 476: 10,000 cases and more, one policy over one row each, in a session whose zone is not ours.
`make test-peers` runs it; Trino comes by `tools/setup peers`."""
import os

import dialect_engines as engines
import dialect_rows as rows
from test_postgres import compare

COUNT = int(os.environ.get("HS_DIALECT_POLICIES", 300))


def test_decisions(trino):
    duck = engines.Duck()
    decisions = engines.lines("--decisions", 1_000_000, COUNT)
    cells = sum(compare(d, "trino", trino.answer(d), duck.answer(d["duckdb"])) for d in decisions)
    exact = sum(d["trino"]["fit"] == "exact" for d in decisions)
    assert len(decisions) * rows.ROWS > COUNT * rows.ROWS / 2 and cells > 2 * COUNT and exact > len(decisions) * 2 / 3
    print(f"{len(decisions) * rows.ROWS} cases, {cells} cells, {exact} of {len(decisions)} row predicates exact")
    print(engines.drawn(decisions, "trino"))
