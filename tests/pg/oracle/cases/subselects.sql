SELECT (SELECT 1), (SELECT NULL::int)

SELECT id, (SELECT name FROM dept WHERE dept.id = emp.dept_id) FROM emp ORDER BY id

SELECT id, (SELECT count(*) FROM emp b WHERE b.boss = a.id) AS n FROM emp a ORDER BY id

SELECT id FROM emp WHERE salary > (SELECT avg(salary) FROM emp) ORDER BY id

SELECT id FROM emp e WHERE salary > (SELECT avg(salary) FROM emp WHERE dept_id = e.dept_id) ORDER BY id

SELECT name FROM dept d WHERE EXISTS (SELECT 1 FROM emp WHERE dept_id = d.id) ORDER BY name

SELECT name FROM dept d WHERE NOT EXISTS (SELECT FROM emp WHERE dept_id = d.id) ORDER BY name

SELECT id FROM emp WHERE dept_id IN (SELECT id FROM dept WHERE city = 'Bonn') ORDER BY id

SELECT id FROM dept WHERE id NOT IN (SELECT dept_id FROM emp)

SELECT id FROM dept WHERE id NOT IN (SELECT dept_id FROM emp WHERE dept_id IS NOT NULL)

SELECT id FROM emp WHERE salary > ALL (SELECT salary FROM emp WHERE dept_id = 1 AND salary IS NOT NULL) ORDER BY id

SELECT id FROM emp WHERE salary = ANY (SELECT max(salary) FROM emp GROUP BY dept_id) ORDER BY id

SELECT id FROM emp WHERE (dept_id, salary) IN (SELECT dept_id, max(salary) FROM emp GROUP BY dept_id) ORDER BY id

SELECT ARRAY(SELECT id FROM dept ORDER BY id)

SELECT x.d, x.n FROM (SELECT dept_id AS d, count(*) AS n FROM emp GROUP BY dept_id) x ORDER BY 1

SELECT (SELECT id FROM emp)

SELECT (SELECT id, name FROM emp WHERE id = 1)

SELECT * FROM (SELECT 1 AS a, 2 AS a) x

SELECT a FROM (SELECT 1 AS a, 2 AS a) x

SELECT count(*) FROM (SELECT DISTINCT region, product FROM sales) x

SELECT max(n) FROM (SELECT count(*) AS n FROM sales GROUP BY region) x

SELECT id FROM emp WHERE 2 = (SELECT count(*) FROM emp b WHERE b.dept_id = emp.dept_id AND b.active) ORDER BY id

SELECT s_name FROM supplier WHERE s_suppkey IN (SELECT ps_suppkey FROM partsupp WHERE ps_availqty > 9900) ORDER BY s_name LIMIT 5

SELECT 1 IN (1, NULL), 2 IN (1, NULL), 2 NOT IN (1, NULL)

SELECT EXISTS (SELECT 1 WHERE false), EXISTS (SELECT NULL)
