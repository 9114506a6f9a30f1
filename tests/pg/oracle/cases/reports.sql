SELECT id, salary FROM emp ORDER BY salary DESC NULLS LAST FETCH FIRST 3 ROWS WITH TIES

SELECT dept_id FROM emp ORDER BY dept_id FETCH FIRST 2 ROWS WITH TIES

SELECT id, dept_id FROM emp ORDER BY dept_id DESC NULLS LAST OFFSET 1 FETCH NEXT 1 ROW WITH TIES

SELECT id FROM emp FETCH FIRST 2 ROWS WITH TIES

SELECT dept_id AS d FROM emp UNION ALL SELECT id FROM dept ORDER BY d FETCH FIRST 1 ROW WITH TIES

SELECT (d).name FROM dept d ORDER BY 1

SELECT (d).* FROM dept d ORDER BY 1

SELECT t FROM (SELECT 1 AS a, 'x' AS b) t

SELECT count(d), count(DISTINCT d) FROM dept d

SELECT d IS NULL, d IS NOT NULL FROM dept d ORDER BY id

SELECT d = d, d <> d, d < d FROM dept d WHERE id = 1

SELECT d::text FROM dept d ORDER BY id

SELECT 1 WHERE EXISTS (SELECT FROM dept)

SELECT 5000000::regtype, 23::regtype, 0::regtype, 'int'::regtype, 'integer[]'::regtype, 'nosuch'::regtype

SELECT 5000000::regtype

SELECT 23::regtype, 1043::regtype, 0::regtype

SELECT 4294967295::regclass, 1259::regclass, 'pg_class'::regclass

SELECT 999999::oid::regclass::text, 999999::oid::regtype::text, 999999::regproc, 999999::regnamespace, 999999::regrole

SELECT has_schema_privilege('nosuchschema', 'USAGE')

SELECT has_schema_privilege('shop', 'USAGE'), has_schema_privilege('pg_catalog', 'usage'), has_table_privilege('emp', 'SELECT'), has_schema_privilege('shop', 'CREATE') IS NOT NULL

SELECT has_table_privilege('nosuch', 'SELECT')

SELECT has_table_privilege('emp', 'nosuch')

SELECT has_column_privilege('emp', 'id', 'SELECT'), has_column_privilege('emp', 'nosuch', 'SELECT')

SELECT has_column_privilege('emp', 'id', 'SELECT')

SELECT has_database_privilege('oracle', 'CONNECT'), has_database_privilege('nosuch', 'CONNECT')

SELECT has_schema_privilege(999999, 'USAGE')

SELECT d.name, x.n FROM dept d, LATERAL (SELECT count(*) AS n FROM emp e WHERE e.dept_id = d.id) x ORDER BY 1

SELECT d.name, t.id, t.salary FROM dept d CROSS JOIN LATERAL (SELECT * FROM emp e WHERE e.dept_id = d.id ORDER BY salary DESC NULLS LAST, id LIMIT 2) t ORDER BY 1, 2

SELECT d.name, x.g FROM dept d, LATERAL generate_series(1, d.id) AS x (g) ORDER BY 1, 2

SELECT d.name, x.* FROM dept d LEFT JOIN LATERAL (SELECT max(salary) m, min(hired) h FROM emp e WHERE e.dept_id = d.id) x ON x.m > 3000 ORDER BY 1

SELECT DISTINCT ON (dept_id) dept_id, name, salary FROM emp ORDER BY dept_id, salary DESC NULLS LAST, id

SELECT DISTINCT ON (city) * FROM dept ORDER BY city, id

SELECT DISTINCT ON (dept_id % 2, active) dept_id, active, id FROM emp ORDER BY dept_id % 2, active, id

SELECT DISTINCT ON (1) dept_id, id FROM emp ORDER BY 1, 2 DESC

SELECT x.id FROM (SELECT DISTINCT ON (dept_id) id, dept_id FROM emp ORDER BY dept_id, id) x ORDER BY 1

SELECT count(*) FILTER (WHERE salary > 3000), sum(salary) FILTER (WHERE active), avg(id) FILTER (WHERE NOT active), string_agg(name, ',' ORDER BY id) FILTER (WHERE id < 4) FROM emp

SELECT dept_id, count(*) FILTER (WHERE active) AS a, count(*) FILTER (WHERE NOT active) AS i FROM emp GROUP BY dept_id ORDER BY 1

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY salary), percentile_disc(0.5) WITHIN GROUP (ORDER BY salary) FROM emp

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY salary DESC), percentile_disc(0.25) WITHIN GROUP (ORDER BY id DESC) FROM emp

SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY salary), percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY id) FROM emp

SELECT dept_id, percentile_cont(0.9) WITHIN GROUP (ORDER BY salary) FROM emp GROUP BY dept_id ORDER BY 1

SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY salary) FROM emp

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY salary) FILTER (WHERE active) FROM emp

SELECT mode() WITHIN GROUP (ORDER BY dept_id), mode() WITHIN GROUP (ORDER BY active DESC) FROM emp

SELECT mode() WITHIN GROUP (ORDER BY id) FROM emp

SELECT region, product, sum(qty), grouping(region, product) FROM sales GROUP BY ROLLUP (region, product) ORDER BY 1, 2, 4

SELECT region, product, sum(qty) FROM sales GROUP BY CUBE (region, product) ORDER BY grouping(region), grouping(product), 1, 2

SELECT region, product, count(*) FROM sales GROUP BY GROUPING SETS ((region), (product), ()) ORDER BY 1, 2, 3

SELECT region, product, count(*) FROM sales GROUP BY region, GROUPING SETS ((product), ()) ORDER BY 1, 2, 3

SELECT coalesce(region, 'all'), sum(qty) FROM sales GROUP BY ROLLUP (region) HAVING grouping(region) = 1 OR sum(qty) > 10 ORDER BY 2

SELECT region, extract(month FROM day) AS m, sum(qty) FROM sales GROUP BY ROLLUP (region, m) ORDER BY 1, 2, 3

SELECT count(*) FROM sales GROUP BY GROUPING SETS ((), ())

SELECT sum(qty) FROM sales WHERE false GROUP BY ROLLUP (region)

SELECT count(*) FROM sales WHERE false GROUP BY ()

SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING), sum(id) OVER (ORDER BY dept_id GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM emp ORDER BY id

SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING EXCLUDE CURRENT ROW), sum(id) OVER (ORDER BY dept_id RANGE UNBOUNDED PRECEDING EXCLUDE TIES), sum(id) OVER (ORDER BY dept_id GROUPS UNBOUNDED PRECEDING EXCLUDE GROUP) FROM emp ORDER BY id

SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE NO OTHERS) FROM emp ORDER BY id

SELECT day, sum(qty) OVER (ORDER BY day RANGE BETWEEN interval '7 days' PRECEDING AND CURRENT ROW) FROM sales ORDER BY id LIMIT 10

SELECT id, sum(qty) OVER (ORDER BY id RANGE BETWEEN 3 PRECEDING AND 1 FOLLOWING) FROM sales ORDER BY id LIMIT 10

SELECT id, first_value(name) OVER w, last_value(name) OVER w, nth_value(name, 2) OVER w FROM emp WINDOW w AS (PARTITION BY dept_id ORDER BY id) ORDER BY id

SELECT id, lag(id, 1, 0) OVER w, lead(id, 2, -1) OVER w, ntile(3) OVER w, percent_rank() OVER w, cume_dist() OVER w FROM emp WINDOW w AS (ORDER BY id) ORDER BY id

SELECT id, row_number() OVER (PARTITION BY dept_id ORDER BY salary DESC NULLS LAST, id), rank() OVER (ORDER BY dept_id), dense_rank() OVER (ORDER BY dept_id) FROM emp ORDER BY id

SELECT id, sum(salary) OVER (PARTITION BY dept_id), avg(salary) OVER (), count(*) OVER (PARTITION BY active), max(hired) OVER (ORDER BY id) FROM emp ORDER BY id

SELECT dept_id, sum(count(*)) OVER (ORDER BY dept_id) FROM emp GROUP BY dept_id ORDER BY 1

SELECT id, count(*) FILTER (WHERE active) OVER (ORDER BY id) FROM emp ORDER BY id

SELECT id, array_agg(id) OVER (ORDER BY id ROWS 1 PRECEDING), string_agg(name, ',') OVER (ORDER BY id) FROM emp WHERE id < 5 ORDER BY id

SELECT id, lag(salary) IGNORE NULLS OVER (ORDER BY id) FROM emp

SELECT id, sum(id) OVER w2 FROM emp WINDOW w AS (PARTITION BY dept_id), w2 AS (w ORDER BY id) ORDER BY id

SELECT ntile(0) OVER () FROM dept

SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN -1 PRECEDING AND CURRENT ROW) FROM dept

SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN NULL PRECEDING AND CURRENT ROW) FROM dept

SELECT nth_value(id, 0) OVER () FROM dept

SELECT (1, 2) = (1, 2), (1, 2) < (1, 3), (1, NULL) = (1, 2), (1, NULL) = (2, NULL), (1, 2) <> (1, NULL), (1, 2) IS DISTINCT FROM (1, NULL)

SELECT row(1, 2) IS NULL, row(NULL, NULL) IS NULL, row(1, NULL) IS NOT NULL, (1, 2) IN ((1, 2), (3, 4)), (1, 2) NOT IN ((1, NULL))

SELECT id FROM emp WHERE (dept_id, id) IN (SELECT id, id FROM dept) ORDER BY 1

SELECT id FROM emp WHERE (dept_id, id) >= (3, 4) ORDER BY 1

SELECT (dept_id, active) = ANY (SELECT 1, true) FROM emp ORDER BY id LIMIT 2

SELECT (1, 2) = (1, 2, 3)

SELECT 1 = ALL (SELECT id FROM dept), 1 <= ALL (SELECT id FROM dept), 3 > SOME (SELECT id FROM dept), 1 NOT IN (SELECT dept_id FROM emp)

SELECT (SELECT id FROM dept)

SELECT id, (SELECT name FROM dept d WHERE d.id = e.dept_id) FROM emp e ORDER BY id

WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n), count(*) FROM t

WITH RECURSIVE r AS (SELECT id, boss, name::text AS path FROM emp WHERE boss IS NULL UNION ALL SELECT e.id, e.boss, r.path || '>' || e.name FROM emp e JOIN r ON e.boss = r.id WHERE e.id <> e.boss) SELECT * FROM r ORDER BY id

WITH a AS (SELECT 1 AS x), b AS MATERIALIZED (SELECT x + 1 AS y FROM a) SELECT * FROM a, b

WITH RECURSIVE t AS (SELECT 1 AS n UNION SELECT (n + 1) % 4 FROM t) SELECT * FROM t ORDER BY 1

SELECT * FROM (SELECT 1) x

SELECT * FROM dept TABLESAMPLE bernoulli (100) ORDER BY id

SELECT a.* FROM dept a JOIN dept b USING (id) ORDER BY 1

SELECT * FROM dept a NATURAL JOIN dept b ORDER BY 1

SELECT * FROM (VALUES (1, 'a'), (2, NULL)) v (a, b) WHERE b IS NULL

SELECT CASE WHEN dept_id IS NULL THEN 'none' WHEN dept_id < 3 THEN 'low' ELSE 'high' END k, count(*) FROM emp GROUP BY k ORDER BY k

SELECT id FROM emp ORDER BY CASE WHEN active THEN 0 ELSE 1 END, id

SELECT id FROM emp ORDER BY salary USING >, id

SELECT id AS "a b", name "Q" FROM dept ORDER BY "a b"

SELECT 1 AS select, 2 "from"

SELECT dept.* FROM dept WHERE dept IS NOT NULL ORDER BY 1

SELECT * FROM dept LIMIT NULL OFFSET 2

SELECT * FROM dept ORDER BY id LIMIT ALL

SELECT * FROM dept LIMIT -1

SELECT * FROM dept ORDER BY 5

SELECT id FROM dept GROUP BY name

SELECT name FROM emp e WHERE EXISTS (SELECT 1 FROM dept d WHERE d.id = e.dept_id AND d.city = 'Bonn') ORDER BY 1

SELECT * FROM (SELECT id, row_number() OVER (ORDER BY id) rn FROM emp) s WHERE rn BETWEEN 3 AND 5 ORDER BY id

SELECT 1 FROM emp HAVING count(*) > 3

SELECT max(id) - min(id) AS spread, count(*) * 2 AS c FROM emp

SELECT date_trunc('month', hired)::date, count(*) FROM emp GROUP BY 1 ORDER BY 1

SELECT e.name AS "emp.name", d.name AS "dept.name" FROM emp e LEFT JOIN dept d ON e.dept_id = d.id ORDER BY e.id LIMIT 3

SELECT "T1"."id" AS "id", SUM("T1"."qty") AS "m" FROM "shop"."sales" "T1" GROUP BY "T1"."id" HAVING (COUNT(1) > 0) ORDER BY 1 LIMIT 3

SELECT "source"."region" AS "region", sum("source"."qty") AS "sum" FROM (SELECT "shop"."sales"."region" AS "region", "shop"."sales"."qty" AS "qty" FROM "shop"."sales") "source" GROUP BY "source"."region" ORDER BY "source"."region" ASC

SELECT CAST("sales"."day" AS TEXT) AS "d", CAST(TRUNC(EXTRACT(YEAR FROM "sales"."day")) AS INTEGER) AS "yr:day:ok" FROM "sales" ORDER BY "sales"."id" LIMIT 2

SELECT SUM(1) AS "cnt:ok" FROM sales HAVING (COUNT(1) > 0)

SELECT DATE_TRUNC('QUARTER', CAST(day AS TIMESTAMP)) AS "tqr:day:ok", SUM(price) FROM sales GROUP BY 1 ORDER BY 1

SELECT (CASE WHEN qty > 10 THEN 'many' ELSE 'few' END) AS "__timestamp", count(*) AS "COUNT(*)" FROM sales GROUP BY CASE WHEN qty > 10 THEN 'many' ELSE 'few' END ORDER BY 2 DESC LIMIT 1000

SELECT floor(("price" / 100)) * 100 AS bin, count(*) FROM sales GROUP BY floor(("price" / 100)) * 100 ORDER BY 1

SELECT ((CAST(extract(dow FROM day) AS integer) + 1)) AS dow, count(*) FROM sales GROUP BY 1 ORDER BY 1

SELECT $$time$$ AS metric, extract(epoch FROM date_trunc('day', ts))::bigint / 86400 * 86400 AS time FROM times WHERE ts BETWEEN '2024-01-01T00:00:00Z' AND '2024-12-31T00:00:00Z' ORDER BY 2

SELECT floor(extract(epoch from ts)/3600)*3600 AS "time" FROM times WHERE id < 4 ORDER BY id

SELECT current_user = session_user, current_role = user, current_catalog, current_schema

SELECT version() ~ '^PostgreSQL 15', current_setting('server_version_num')::int >= 150000

SELECT 1

SELECT * FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY['a', 'b', 'c'])) AS t (a, b)

SELECT generate_series(1, 3), generate_series(1, 2)

SELECT id, generate_series(1, id) FROM dept WHERE id < 3 ORDER BY 1, 2

SELECT coalesce(max(id), 0) FROM emp WHERE id > 100

SELECT nullif(city, 'Bonn') FROM dept ORDER BY id

SELECT bool_and(x), count(x) FROM (SELECT NULL::bool AS x) y

SELECT row_number() OVER () FROM dept

SELECT unnest(ARRAY[1,2]) + 1

SELECT x, count(*) FROM unnest(ARRAY['a','b','a']) x GROUP BY x ORDER BY x

SELECT every(id > 0), bool_or(id > 4) FROM dept

SELECT INTERVAL '1 day' * id FROM dept ORDER BY id

SELECT to_char(sum(salary), 'FM999,999,990.00') FROM emp

SELECT EXISTS(SELECT 1 FROM emp WHERE id = 99), NOT EXISTS(SELECT 1 FROM emp)

SELECT id::text::int, name::varchar, hired::timestamp, salary::float8, active::text, active::int FROM emp WHERE id < 3 ORDER BY id

SELECT l_returnflag, percentile_cont(0.5) WITHIN GROUP (ORDER BY l_quantity) FROM lineitem GROUP BY 1 ORDER BY 1

SELECT id FROM dept UNION SELECT dept_id FROM emp ORDER BY 1 NULLS FIRST LIMIT 3

SELECT id FROM dept UNION ALL (SELECT id FROM dept EXCEPT SELECT 1) ORDER BY 1

SELECT id, name FROM dept UNION SELECT 9, NULL ORDER BY 1

SELECT * FROM (SELECT dept_id, count(*) FROM emp GROUP BY dept_id ORDER BY count(*) DESC FETCH FIRST 1 ROW WITH TIES) x ORDER BY 1

-- differs: row-types
SELECT d FROM dept d ORDER BY id

-- differs: no-columns
SELECT FROM dept

-- differs: distinct-on
SELECT DISTINCT ON (dept_id) dept_id, id FROM emp ORDER BY id

-- differs: hypothetical
SELECT rank(3) WITHIN GROUP (ORDER BY id) FROM emp
