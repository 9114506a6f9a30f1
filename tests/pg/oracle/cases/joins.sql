SELECT e.id, d.name FROM emp e JOIN dept d ON d.id = e.dept_id ORDER BY e.id

SELECT e.id, d.name FROM emp e LEFT JOIN dept d ON d.id = e.dept_id ORDER BY e.id

SELECT e.id, d.name FROM emp e RIGHT JOIN dept d ON d.id = e.dept_id ORDER BY e.id, d.name

SELECT e.id, d.name FROM emp e FULL JOIN dept d ON d.id = e.dept_id ORDER BY e.id, d.name

SELECT e.id, d.id FROM emp e CROSS JOIN dept d WHERE e.id < 3 ORDER BY 1, 2

SELECT id, e.name, d.name FROM emp e JOIN dept d USING (id) ORDER BY id

SELECT * FROM emp e JOIN dept d USING (id) ORDER BY id

SELECT * FROM dept NATURAL JOIN (VALUES (1, 'x'), (2, 'y')) AS v (id, w) ORDER BY id

SELECT e.name, b.name FROM emp e LEFT JOIN emp b ON e.boss = b.id ORDER BY e.id

SELECT e.id, d.city FROM emp e LEFT JOIN dept d ON d.id = e.dept_id AND d.city = 'Bonn' ORDER BY e.id

SELECT d.name, count(e.id) FROM dept d LEFT JOIN emp e ON e.dept_id = d.id GROUP BY d.name ORDER BY d.name

SELECT d.name, x.id FROM dept d, LATERAL (SELECT id FROM emp WHERE dept_id = d.id ORDER BY id LIMIT 1) x ORDER BY 1

SELECT d.name, x.id FROM dept d LEFT JOIN LATERAL (SELECT id FROM emp WHERE dept_id = d.id ORDER BY id DESC LIMIT 1) x ON true ORDER BY d.name

SELECT n.n_name, r.r_name FROM nation n JOIN region r ON n.n_regionkey = r.r_regionkey ORDER BY n.n_name LIMIT 5

SELECT r_name, count(*) FROM region, nation, customer WHERE r_regionkey = n_regionkey AND n_nationkey = c_nationkey GROUP BY r_name ORDER BY r_name

SELECT a.id, b.id FROM dept a JOIN dept b ON a.id < b.id ORDER BY 1, 2

SELECT (e.*)  FROM dept e ORDER BY 1

SELECT j.* FROM (emp e JOIN dept d ON e.dept_id = d.id) AS j (a, b, c, dd, ee, f, g, h, i, jj, k) WHERE j.a = 1

SELECT count(*) FROM lineitem l JOIN orders o ON l.l_orderkey = o.o_orderkey WHERE o.o_orderpriority = '1-URGENT'

SELECT o_orderpriority, count(*) FROM orders WHERE EXISTS (SELECT 1 FROM lineitem WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate) GROUP BY 1 ORDER BY 1

SELECT e.id FROM emp e JOIN dept d ON e.dept_id = d.nosuch

SELECT id FROM emp JOIN dept ON true

SELECT e.id, t.d FROM emp e LEFT JOIN times t ON t.id = e.id AND t.d > e.hired ORDER BY e.id

SELECT s.s, n.i4 FROM texts s FULL JOIN nums n ON n.id = s.id + 8 ORDER BY s.id, n.id

SELECT g, e.id FROM generate_series(1, 4) g LEFT JOIN emp e ON e.dept_id = g AND e.active ORDER BY g, e.id
