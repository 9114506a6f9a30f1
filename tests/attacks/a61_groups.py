"""Groups against groups: sums of groups less other groups, finer against coarser, and a row left out of one of many groups."""
import aggregates

NUMBER, TITLE, DEFENCE = 61, "groups that differ by a row from groups, or from sums of them", "aggregate-differences"
STATEMENTS = []
BY_V = "select v, sum(id) from {T}"


def probe(attempt):
    def same_group(key):
        return lambda answers: all(answers) and key in answers[0] and key in answers[1]
    aggregates.run(attempt, [
        ("a row less in one group, many in another", [BY_V + " group by v", BY_V + " where not {ONE} and not (v = 'v050' and n < 400) group by v"], same_group("v003")),
        ("the same the other way round", [BY_V + " where not {ONE} and not (v = 'v050' and n < 400) group by v", BY_V + " group by v"], same_group("v003")),
        ("all less the sum of groups", [BY_V + " where not {ONE} group by v", "select sum(id) from {T}"], aggregates.both),
        ("a group less the sum of finer ones", ["select flag, sum(id) from {T} where v = 'v003' and n > 0 group by flag", "select sum(id) from {T} where v = 'v003'"], aggregates.both),
        ("groups by another dimension", ["select n, sum(id) from {T} where n in (0, 1) and v <> 'v003' group by n", "select region, sum(id) from {T} where n in (0, 1) group by region"], aggregates.both),
    ])
