"""Everything that is no plain aggregate over dimensions: rows, extremes, expressions, conditions on what may only be summed up."""
import aggregates

NUMBER, TITLE, DEFENCE = 64, "ways around an aggregate-only rule", "aggregate-only"
STATEMENTS = []
WAYS = [
    "select * from {T} limit 1", "select id from {T} where n = 0", "select min(id), max(id) from {T}", "select v, arg_max(id, n) from {T} group by v", "select list(id) from {T} where n = 0", "select sum(id) filter (where id = 3) from {T}",
    "select sum(case when id = 3 then cell end) from {T}", "select count(*) from {T} where id = 3", "select sum(id) from {T} where id < 20", "select v, count(*) from {T} group by v having sum(id) = 3", "select sum(distinct id) from {T} where n = 0",
    "select sum(id) over (order by id rows 0 preceding) from {T}", "select count(*) from {T} group by id", "select sum(id) from {T} group by secret", "select a.id from {T} a join {T} b using (id) limit 1", "select (select id from {T} where n = 0 limit 1)",
    "with x as (select id from {T}) select sum(id) from x where id = 3", "select sum(id) from (select * from {T} where id = 3)", "select sum(id) from {T} using sample 1 rows", "select quantile_disc(id, 0.5) from {T}", "select id, count(*) from {T} group by rollup (id)",
    "select string_agg(secret, ',') from {T}", "select first(id) from {T}", "select histogram(id) from {T}", "select sum(id ^ 2) from {T} where n = 0", "select bit_xor(id) from {T}", "select count(*) from {T} order by (select max(id) from {T})",
    "select sum(id) from {T} union all select id from {T}", "select approx_top_k(id, 3) from {T}", "select entropy(id) from {T}", "select checksum from (select bit_xor(hash(id)) as checksum from {T})", "select count(distinct id) from {T} where n = 0",
    "select sum(id) from {T} qualify row_number() over (order by id) = 1", "select distinct on (v) id from {T}", "select unnest(list(id)) from {T} where n = 0", "select corr(id, n) from {T}", "select sum(id) from {T}, range(2)",
]


def probe(attempt):
    aggregates.run(attempt, [("all of them", [w.format(T=aggregates.T) for w in WAYS], any)])
