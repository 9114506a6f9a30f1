"""No value shows, but whether an error comes tells that a row is there."""
NUMBER, TITLE, DEFENCE = 2, "errors as existence oracles", "fence"
EXPRESSIONS = ["1 // m", "1 % m", "n + 9223372036854775000", "n * 9223372036854775807", "-n - 9223372036854775807", "abs(n - 1)", "n << 62", "factorial(n::int)",
               "ts + interval '8000 years'", "ts + interval (n) year", "date_add(ts, interval '9000 years')", "log(m)", "ln(d)", "sqrt(d)", "acos(d / 100)", "gamma(d)",
               "chr(n::int)", "repeat('x', n)", "lpad(v, m, '')", "array_extract(arr, 1)", "arr[1]", "list_extract(arr, m)", "arr[m:]", "range(n)",
               "regexp_matches('abc', re)", "regexp_replace('abc', re, 'x')", "regexp_extract('abc', re, m::int)", "'abc' similar to re", "v like u escape hx",
               "bit_count(n)", "n::bit::varchar", "make_date(n, 1, 1)", "make_timestamp(n)", "to_years(n::int)", "epoch_ms(n)", "epoch_ns(ts)", "make_timestamp_ms(n)", "make_timestamp_ns(n)", "to_timestamp(d)", "'abc' ~ re", "regexp_full_match('abc', re)", "strftime(ts, v)", "printf(v, 1)", "format(v, 1)",
               "substr(v, m, n)", "v[m]", "decode(encode(v))", "list_aggregate(arr, 'max')", "generate_series(1, n)", "round(d, m::int)", "width_bucket(d, 0, 10, m::int)",
               "to_base(n, m::int + 1)", "set_bit('0101'::bit, n::int, 1)", "json_extract(js, v)", "getbit(n::bit, 0)", "sum(n)", "sum(n * n)", "product(d)",
               "bitstring_agg(n)", "bitstring_agg(id)", "bitstring_agg(m)", "bitstring_agg(cell)", "bitstring_agg(n, 0, 100)", "approx_quantile(d, 0.5)", "quantile_cont(d, 0.9)",
               "stddev(d)", "var_pop(n)", "skewness(d)", "kurtosis(n)", "regr_slope(n, m)", "histogram(n)", "approx_count_distinct(id)", "max(arr)", "string_agg(v, '')",
               "error(v)", "list_resize(arr, n)", "nextafter(d, 1)", "fmod(d, m)", "divide(n, m)", "n ** n", "pow(d, n)", "n & m", "array_position(arr, n)"]
AGGREGATES = ("sum", "product", "bitstring", "approx", "quantile", "stddev", "var_", "skew", "kurt", "regr", "hist", "max", "string_agg")
STATEMENTS = [f"select {e} as x from {{T}}" for e in EXPRESSIONS] + [
    f"select count(*) from {{T}} where ({e}) is not null" for e in EXPRESSIONS if not e.startswith(AGGREGATES)] + [
    f"select id from {{T}} where region <> 'XX' and ({e}) is not null" for e in EXPRESSIONS if not e.startswith(AGGREGATES)] + [
    "select case when count(*) > 60 then 1 // 0 end from {T}",
    "select (select id from {T} where id > 1000000)",
    "select (select id from {T} where region = 'US')",
    "select 1 // (select count(*) from {T} where region = 'US')",
    "select 10 // (select max(m) from {T} where n < 0)",
    "select count(*) from {T} where region = 'US' and 1 // (id - id) = 1",
    "select exists (select 1 from {T} where id >= 777000000)",
    "select count(*) from {T} where region is null or region like 'eu%' or region like 'EU_'",
    "select count(*) from {T} where not (region = 'EU')",
    "select count(*) from {T} where region is distinct from 'EU'",
    "select count(*) from {T} where region collate nocase = 'eu'",
    "select count(*) from {T} where region > 'EU'",
    "select count(*) from {T} where (region <> 'EU') is null",
    "select min(id), max(id), count(*), count(distinct region), min(n), max(n) from {T}",
    "select sum(id), sum(hash(v)), bit_xor(id) from {T}",
    "select n from {T} a where n > all (select b.n - 1000 from {T} b)",
    "select count(*) from {T} a full join {T} b on a.id = b.id + 1000000",
    "select count(*) from {T} a left join {T} b on b.id = 777000001 or b.region = 'US' where b.id is not null",
    "select count(*) from {T} a anti join {T} b on a.region = b.region",
    "select region, count(*) from {T} group by all",
    "select region, zone, count(*) from {T} group by cube (region, zone)",
    "select * from {T} where id not in (select id from {T} where region = 'EU')",
    "select id from {T} except select id from {T} where region = 'EU'",
    "select count(*) from {T} positional join {T} b",
    "select a.id, b.id from {T} a asof join {T} b on a.id > b.id",
    ("select count(*) from {T} where region = ?", ["US"]),
    ("select count(*) from {T} where id >= ?", [777000000]),
]
