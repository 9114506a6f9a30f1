"""The planner folds conditions by the bounds of whole files: an arm of OR that is always true takes a failing arm away with it, so that an
error, or none, tells a hidden minimum, maximum or NULL. One data file is needed for exact bounds: the first snapshot has one."""
NUMBER, TITLE, DEFENCE = 27, "conditions folded by statistics", "statistics"
AT_FIRST = "{T} at (version => {snap0})"
CONDITIONS = ["n < 100000", "n > -5", "n <= 60", "n between -1000 and 1000", "ts < timestamp '2027-01-01'", "ts > timestamp '1970-01-01'", "born > date '1900-01-01'", "d < 1e6", "id < 100000",
              "n is not null", "v < 'zzz'", "m < 1000", "cell < 1000000", "salary < 10000000"]
STATEMENTS = [f"select count(b) from (select ((v || 'x')::int = 1 or ({c})) as b from {AT_FIRST})" for c in CONDITIONS] + [
    f"select count(x) from (select 1 from {AT_FIRST} where {c}) q, (select max((v || 'x')::int) as x from {AT_FIRST}) p" for c in CONDITIONS] + [
    f"select count(case when {c} then 1 else (v || 'x')::int end) from {AT_FIRST}" for c in CONDITIONS] + [
    f"select count(*) from (select {c} as b, n from {AT_FIRST}) where b or (1 // (n - n)) > 0" for c in CONDITIONS] + [
    f"select coalesce({c}, (v || 'x')::int > 0) from {AT_FIRST} limit 1" for c in CONDITIONS]
