"""A group of one, shown by itself, or found by subtracting the groups that are shown from their total."""
import aggregates

NUMBER, TITLE, DEFENCE = 62, "small groups, and the one that is missing", "small-groups"
STATEMENTS = []


def probe(attempt):
    def one(answers):
        return bool(answers[-1])
    few = [("alone", ["select sum(id) from {T} where {ONE}"], one), ("in a group", ["select v, n, sum(id) from {T} where n < 3 group by v, n"], one),
           ("with order and limit", ["select v, sum(id) from {T} where n = 0 group by v order by 2 limit 1"], one), ("by count", ["select v, count(*) from {T} where n < 1 group by v"], one),
           ("by average", ["select avg(id) from {T} where {ONE} group by v"], one)]
    # 80 rows of v004, and one of v003: what is withheld beside it must hide it in the total.
    total = ["select v, sum(id) from {T} where v = 'v004' or v = 'v005' or {ONE} group by v"]
    aggregates.run(attempt, few + [("the one that is missing", total, lambda a: bool(a[0]) and len(a[0]) >= 2)])
