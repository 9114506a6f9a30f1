SELECT 1

SELECT 1 AS a, 'x' AS b, NULL AS c, true AS d

SELECT 1, 2, 'a', 1.5, 1e3, -7

SELECT * FROM dept ORDER BY id

SELECT d.* FROM dept d ORDER BY d.id

SELECT id, name FROM emp WHERE dept_id = 2 ORDER BY id

SELECT ID, Name FROM EMP WHERE Dept_Id = 2 ORDER BY Id

SELECT "id", "name" FROM "emp" WHERE "dept_id" IS NULL

SELECT e.id AS "Emp Id" FROM emp AS e ORDER BY 1 LIMIT 3

SELECT id FROM emp ORDER BY id DESC LIMIT 3 OFFSET 2

SELECT id FROM emp ORDER BY id OFFSET 9 ROWS FETCH NEXT 2 ROWS ONLY

SELECT id FROM emp ORDER BY id FETCH FIRST ROW ONLY

SELECT DISTINCT dept_id FROM emp ORDER BY dept_id

SELECT DISTINCT dept_id, active FROM emp ORDER BY 1, 2

SELECT DISTINCT ON (dept_id) dept_id, id FROM emp ORDER BY dept_id, id DESC

SELECT id, salary FROM emp ORDER BY salary DESC, id

SELECT id, salary FROM emp ORDER BY salary ASC NULLS FIRST, id

SELECT id, salary FROM emp ORDER BY salary DESC NULLS LAST, id

SELECT id FROM emp ORDER BY dept_id DESC, id

SELECT id AS x FROM emp ORDER BY -id

SELECT name, length(name) AS n FROM emp ORDER BY n, name

SELECT id FROM emp WHERE salary > 800 AND active ORDER BY id

SELECT id FROM emp WHERE NOT active ORDER BY id

SELECT id FROM emp WHERE active IS NOT TRUE ORDER BY id

SELECT id FROM emp WHERE active IS UNKNOWN ORDER BY id

SELECT id FROM emp WHERE salary BETWEEN 600 AND 1500 ORDER BY id

SELECT id FROM emp WHERE salary NOT BETWEEN SYMMETRIC 1500 AND 600 ORDER BY id

SELECT id FROM emp WHERE dept_id IN (1, 3) ORDER BY id

SELECT id FROM emp WHERE dept_id NOT IN (1, 3) ORDER BY id

SELECT id FROM emp WHERE dept_id IS DISTINCT FROM 2 ORDER BY id

SELECT id FROM emp WHERE dept_id IS NOT DISTINCT FROM NULL ORDER BY id

SELECT id FROM emp WHERE (dept_id, active) = (1, true) ORDER BY id

SELECT id FROM emp WHERE (dept_id, id) > (2, 5) ORDER BY id

SELECT id FROM emp WHERE name LIKE '%n' ORDER BY id

SELECT id FROM emp WHERE name ILIKE 'B%' ORDER BY id

SELECT id FROM emp WHERE dept_id = ANY (ARRAY[1, 2]) ORDER BY id

SELECT id FROM emp WHERE dept_id = ANY ('{1,2}') ORDER BY id

SELECT id FROM emp WHERE dept_id <> ALL (ARRAY[1, 2]) ORDER BY id

SELECT 1 WHERE false

SELECT count(*) FROM emp WHERE false

SELECT 1 UNION SELECT 2 ORDER BY 1

SELECT 1 UNION ALL SELECT 1

SELECT dept_id FROM emp INTERSECT SELECT id FROM dept ORDER BY 1

SELECT id FROM dept EXCEPT SELECT dept_id FROM emp ORDER BY 1

SELECT dept_id FROM emp EXCEPT ALL SELECT id FROM dept ORDER BY 1

-- near: zeros
SELECT 1 AS a UNION SELECT 2.5 ORDER BY a

SELECT NULL UNION SELECT 1 ORDER BY 1

SELECT id FROM emp UNION SELECT NULL ORDER BY 1 NULLS FIRST LIMIT 2

(SELECT id FROM emp ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM emp ORDER BY id DESC LIMIT 1)

VALUES (1, 'a'), (2, 'b'), (3, NULL)

VALUES (1), (2) ORDER BY 1 DESC

TABLE dept

SELECT * FROM (VALUES (1, 'one'), (2, 'two')) AS t (n, w) ORDER BY n

SELECT t.w FROM (VALUES (1, 'one'), (2, 'two')) AS t (n, w) WHERE t.n = 2

SELECT emp.name FROM shop.emp WHERE emp.id = 1

SELECT shop.emp.name FROM shop.emp WHERE shop.emp.id = 1

SELECT oracle.shop.emp.id FROM emp

SELECT nosuch FROM emp

SELECT * FROM nosuch

SELECT emp.id FROM emp e

SELECT id FROM emp, dept

-- differs: function-list
SELECT nosuch(1)

SELEC 1

SELECT 1 +

SELECT id FROM emp GROUP BY dept_id

SELECT count(*) FROM emp HAVING count(*) > 3

SELECT a.id, b.id FROM emp a, emp b WHERE a.boss = b.id ORDER BY 1, 2

SELECT generate_series(1, 3)

SELECT * FROM generate_series(1, 5)

SELECT g FROM generate_series(1, 10, 3) g

SELECT g FROM generate_series(5, 1, -2) AS g

SELECT n * 2 AS m FROM generate_series(1, 3) AS s (n)

SELECT g::date FROM generate_series(timestamp '2024-01-01', '2024-01-05', '2 days') g

SELECT * FROM unnest(ARRAY[1, 2, NULL]) AS u

SELECT unnest(ARRAY['a', 'b'])

SELECT u.x, u.o FROM unnest(ARRAY['a', 'b']) WITH ORDINALITY AS u (x, o)

SELECT current_schema()

SELECT 'abc'::text, 'abc'::varchar(2), 'abc'::char(5)

SELECT 1::int2, 2::int4, 3::int8, 4::float4, 5::float8, 6::numeric, 7::numeric(10,2)

SELECT true, false, NULL::bool

SELECT 'x' 'y'

SELECT 'it''s', E'a\nb', $$dollar$$, U&'\0041'

SELECT 1 AS "A", 2 AS a, 3 AS "a b"

SELECT 1 AS select

SELECT id AS from FROM emp LIMIT 0

SELECT -id, +id, id FROM emp ORDER BY id LIMIT 2

SELECT abs(-3), upper('x'), coalesce(NULL, 1)

-- differs: record-binary
SELECT CASE WHEN true THEN 1 END, (SELECT 2), ARRAY[1], ROW(1, 'a')

SELECT count(*), max(id) FROM emp

-- differs: row-types
SELECT emp FROM emp WHERE id = 1

SELECT (e).name FROM emp e WHERE id = 1

SELECT id FROM emp WHERE id IN (SELECT boss FROM emp) ORDER BY id

SELECT id FROM emp e WHERE true ORDER BY e.id LIMIT ALL

SELECT id FROM emp LIMIT 0

SELECT id FROM emp LIMIT -1

SELECT 1 LIMIT NULL

SELECT id FROM emp TABLESAMPLE SYSTEM (100) ORDER BY id

SELECT * FROM ONLY dept ORDER BY id

-- differs: read-only
SELECT id FROM emp FOR UPDATE

SELECT 1 OPERATOR(pg_catalog.+) 2

SELECT name COLLATE "C" FROM emp ORDER BY name COLLATE "C"

SELECT pg_typeof(1), pg_typeof('x'::text), pg_typeof(1.5), pg_typeof(now()), pg_typeof(NULL)
