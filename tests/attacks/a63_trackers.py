"""Trackers: more than two statements, no two of which are near each other, that together are one row."""
import aggregates

NUMBER, TITLE, DEFENCE = 63, "trackers", "aggregate-differences"
STATEMENTS = []
SUM = "select sum(id) from {T}"


def probe(attempt):
    aggregates.run(attempt, [
        ("individual tracker", [SUM + " where v = 'v003'", SUM + " where v = 'v003' and not n = 0"], aggregates.both),
        ("general tracker", [SUM + " where {ONE} or flag", SUM + " where {ONE} or not flag", SUM], aggregates.both),
        ("general tracker over many", [SUM + " where {ONE} or n < 400", SUM + " where {ONE} or n >= 400", "select flag, sum(id) from {T} group by flag"], aggregates.both),
        ("double tracker", [SUM + " where {ONE} or (flag and n < 400)", SUM + " where {ONE} or not (flag and n < 400)", SUM + " where flag and n < 400", SUM + " where not (flag and n < 400)"], aggregates.both),
        ("a tracker behind ten others", [*(SUM + f" where n between {i * 50} and {i * 50 + 700}" for i in range(4)), SUM + " where {ONE} or flag", SUM + " where {ONE} or not flag", SUM], aggregates.both),
    ])
