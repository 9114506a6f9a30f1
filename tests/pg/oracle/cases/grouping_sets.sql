SELECT region, product, sum(qty) FROM sales GROUP BY ROLLUP (region, product) ORDER BY 1, 2, 3

SELECT region, product, count(*) FROM sales GROUP BY CUBE (region, product) ORDER BY 1, 2, 3

SELECT region, product, count(*) FROM sales GROUP BY GROUPING SETS ((region), (product), ()) ORDER BY 1, 2, 3

SELECT region, product, grouping(region, product), count(*) FROM sales GROUP BY CUBE (region, product) ORDER BY 1, 2, 3, 4

SELECT region, grouping(region), sum(price) FROM sales GROUP BY ROLLUP (region) ORDER BY 2, 1

SELECT grouping(region), avg(qty) FROM sales GROUP BY GROUPING SETS (region, ()) ORDER BY 1, 2

SELECT coalesce(region, 'all') AS r, count(*) FROM sales GROUP BY ROLLUP (region) HAVING count(*) > 50 ORDER BY 1, 2

SELECT dept_id, active, count(*) FROM emp GROUP BY dept_id, ROLLUP (active) ORDER BY 1, 2, 3

SELECT dept_id, active, count(*) FROM emp GROUP BY GROUPING SETS ((dept_id, active), (dept_id), ()) ORDER BY 1, 2, 3

SELECT grouping(active) AS g, sum(id) FROM emp GROUP BY ROLLUP (active) ORDER BY g, 2

SELECT count(*) FROM emp GROUP BY ()

SELECT count(*) FROM emp GROUP BY GROUPING SETS ((), ())
