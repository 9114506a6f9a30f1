"""Files left out by what a statement asks: their bounds are about hidden rows, too, and the engine chooses the side of a join that it reads first
by how many files there are; when that side is empty the other, which fails, is never run. So an error, or none, would tell a hidden minimum."""
NUMBER, TITLE, DEFENCE = 28, "files left out by what is asked", "hidden-bounds"
CONDITIONS = ["n > 100000", "n < 0", "n between -900000000 and -1", "not n <= 100", "n in (-888000000, 5000)", "d < 0 and n < 1000", "m < 1", "ts < '2000-01-01'", "ts > timestamp '9000-01-01 00:00:00'", "id > 100 and n > 60",
              "v like 'ZQX%'", "starts_with(u, 'ZQXA')", "v = '-5'", "js > '{' || '{'", "hx >= 'ZQX' and hx < 'ZQY'", "region = 'US' and n > 5", "region is null", "zone is null and m = 0", "n = 0 and id > 100"]
SEMI = "select count(x) from (select (v || 'x')::int as x, id from {{T}} where n <> 3 limit 5) p semi join (select id from {{T}} where {0}) q using (id)"
STATEMENTS = [SEMI.format(c) for c in CONDITIONS] + [
    f"select count(x) from (select 1 from {{T}} where {c}) q, (select max((v || 'x')::int) as x from {{T}}) p" for c in CONDITIONS] + [
    f"select (select count(*) from {{T}} where {c}) + max((v || 'x')::int) from {{T}}" for c in CONDITIONS[:6]] + [
    f"select id, (v || 'x')::int from {{T}} where {c}" for c in CONDITIONS] + [
    f"select count(*), max((v || 'x')::int) from {{T}} where ({c}) and 1 // (n - n) > 0" for c in CONDITIONS] + [
    f"select id from {{T}} where {c} union all select max((v || 'x')::int) from {{T}}" for c in CONDITIONS[:6]] + [
    f"select id, m from {{T}} where {c} or id = 7 order by m, id limit 5" for c in CONDITIONS]
