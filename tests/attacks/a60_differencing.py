"""Two statements whose conditions differ by one row: the difference of their sums is that row."""
import aggregates

NUMBER, TITLE, DEFENCE = 60, "aggregates of conditions that differ by a row", "aggregate-differences"
STATEMENTS = []
SUM = "select sum(id) from {T}"
LESS = [" where not {ONE}", " where v <> 'v003' or n <> 0", " where v <> 'v003' or n > 0", " where not (v = 'v003' and n in (0))", " where (v < 'v003' or v > 'v003') or n between 1 and 100000", " where v is distinct from 'v003' or n is distinct from 0"]
INSIDE = [(" where n < 40", " where n < 40 and not {ONE}"), (" where v in ('v003', 'v004')", " where v = 'v004' or (v = 'v003' and n > 0)"), (" where n = 0 or n = 1", " where n = 1 or (n = 0 and v <> 'v003')"), (" where flag", " where flag and not {ONE}")]


def probe(attempt):
    pairs = [("", less) for less in LESS] + INSIDE + [(b, a) for a, b in INSIDE]
    aggregates.run(attempt, [("conditions a row apart", [SUM + a, SUM + b], aggregates.both) for a, b in pairs])
