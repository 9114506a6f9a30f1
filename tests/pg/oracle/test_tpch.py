"""The 22 queries of TPC-H, as the benchmark's text has them, on both sides. A quotient's digits are near (differences.txt: zeros)."""
import pytest
import sides
from tables import tpch_extension


def queries():
    return tpch_extension().execute("SELECT query_nr, query FROM tpch_queries() ORDER BY query_nr").fetchall()


@pytest.mark.parametrize("number, text", queries(), ids=lambda v: f"q{v}" if isinstance(v, int) else "")
def test_query(postgres, door, number, text):
    statement = text.strip().rstrip(";")
    want, got = postgres.ask(statement), door.ask(statement)
    assert not want.state, want
    assert sides.difference(statement, want, got, near=1e-12) is None, f"\n  postgres: {want}\n  door:     {got}"
