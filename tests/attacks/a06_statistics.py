"""The optimizer's statistics are those of the raw files: minimum, maximum, NULLs, distinct counts."""
NUMBER, TITLE, DEFENCE = 6, "optimizer statistics", "function-list"
FINE = {"pg": r"pg_stat|reltuples"}  # relations of its own, without a row or with -1
NEVER_OK = r"stats\(|bitstring_agg|pg_stat|vector_type|duckdb_|parquet_"
STATEMENTS = [
    "select p.stats_min, p.stats_max, p.stats_null_count from {T} t, parquet_metadata('{file}') p limit 500",] + [
    f"select stats({c}) from {{T}} limit 1" for c in "id n m d v region ts arr salary ssn note pin cell born nick home tags".split()] + [
    f"select bitstring_agg({c}) as b from {{T}}" for c in ("id", "n", "m", "cell", "salary", "id % 1000", "n::int", "-n", "(id + 1)", "coalesce(cell, 0)", "least(n, 100000)", "case when n > 30 then cell end", "month(born)", "born")] + [
    "select length(bitstring_agg(m)) from {T}", "select length(bitstring_agg(n)) from {T} where n < 10", "select bitstring_agg(m) over () from {T}", "select bitstring_agg(distinct m) from {T}", "select bitstring_agg(m) filter (m > 3) from {T}", "select list_aggregate([m], 'bitstring_agg') from {T}", "select list_bitstring_agg([m]) from {T}", "select bitstring_agg(x) from (select m as x from {T} limit 3)",
    "select bitstring_agg(x) from (select unnest([m, m + 1]) as x from {T})", "select count(*) from {T} where stats(n) like '%777%'", "select stats(salary) is null from {T}", "select stats(struct_pack(a := salary)) from {T}", "select stats(list_value(n)) from {T}", "select approx_count_distinct(n), approx_count_distinct(v) from {T}",
    "select * from pg_stats", "select * from pg_statistic", "select * from pg_catalog.pg_stats", "show stats for {T}", "select reltuples from pg_class where relname = 'people'", "select estimated_size from duckdb_tables()", "select approx_top_k(v, 100) from {T}", "select vector_type(n) from {T} limit 1", "select typeof(n), typeof(salary), typeof(cell) from {T} limit 1",
    "select min(n), max(n) from {T}", "select count(*), count(n), count(region) from {T}", "select max(id) from {T} where id > 100", "select any_value(region) from {T} where region <> 'EU'", "select reservoir_quantile(n, 0.999, 8192) from {T}", "select sum(n), avg(n), sum(n::hugeint), sum(m) from {T}", "select n + 9223372036854775747 from {T}", "select n::smallint, m::utinyint from {T}",
]
