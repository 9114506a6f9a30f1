SELECT id, row_number() OVER (ORDER BY id) FROM emp ORDER BY id

SELECT id, rank() OVER (ORDER BY dept_id), dense_rank() OVER (ORDER BY dept_id) FROM emp ORDER BY id

SELECT id, percent_rank() OVER (ORDER BY dept_id), cume_dist() OVER (ORDER BY dept_id) FROM emp ORDER BY id

SELECT id, ntile(3) OVER (ORDER BY id) FROM emp ORDER BY id

SELECT id, lag(id) OVER (ORDER BY id), lead(id) OVER (ORDER BY id) FROM emp ORDER BY id

SELECT id, lag(id, 2, -1) OVER (ORDER BY id), lead(name, 3, 'none') OVER (ORDER BY id) FROM emp ORDER BY id

SELECT id, first_value(name) OVER (PARTITION BY dept_id ORDER BY id), last_value(name) OVER (PARTITION BY dept_id ORDER BY id) FROM emp ORDER BY id

SELECT id, nth_value(name, 2) OVER (PARTITION BY dept_id ORDER BY id) FROM emp ORDER BY id

SELECT id, sum(id) OVER (PARTITION BY dept_id ORDER BY id) FROM emp ORDER BY id

SELECT id, sum(salary) OVER (ORDER BY id), avg(salary) OVER (ORDER BY id) FROM emp ORDER BY id

SELECT id, avg(id) OVER (PARTITION BY dept_id) FROM emp ORDER BY id

SELECT id, count(*) OVER () FROM emp ORDER BY id

SELECT id, sum(id) OVER w, max(id) OVER w FROM emp WINDOW w AS (PARTITION BY active ORDER BY id) ORDER BY id

SELECT id, sum(id) OVER (w ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM emp WINDOW w AS (ORDER BY id) ORDER BY id

SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM emp ORDER BY id

SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM emp ORDER BY id

SELECT id, sum(id) OVER (ORDER BY id RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING) FROM emp ORDER BY id

SELECT id, sum(id) OVER (ORDER BY dept_id GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM emp ORDER BY id

SELECT id, count(*) OVER (ORDER BY hired RANGE BETWEEN '1 year' PRECEDING AND CURRENT ROW) FROM emp ORDER BY id

SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM emp ORDER BY id

SELECT id, count(*) FILTER (WHERE active) OVER (ORDER BY id) FROM emp ORDER BY id

SELECT dept_id, sum(salary) AS s, rank() OVER (ORDER BY sum(salary) DESC) FROM emp GROUP BY dept_id ORDER BY dept_id

SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY dept_id ORDER BY id DESC) AS rn FROM emp) x WHERE rn = 1 ORDER BY id

SELECT id, salary - lag(salary) OVER (ORDER BY id) AS diff FROM emp ORDER BY id

SELECT id, string_agg(name, '') OVER (ORDER BY id) FROM emp ORDER BY id LIMIT 4

SELECT id, array_agg(id) OVER (ORDER BY id ROWS 1 PRECEDING) FROM emp ORDER BY id LIMIT 4

SELECT id, bool_and(active) OVER (ORDER BY id) FROM emp ORDER BY id

-- near: float8
SELECT id, stddev(id) OVER (ORDER BY id) FROM emp ORDER BY id LIMIT 3

SELECT day, sum(sum(qty)) OVER (ORDER BY day) FROM sales WHERE day < '2024-01-15' GROUP BY day ORDER BY day

SELECT id, rank() OVER (ORDER BY salary DESC NULLS LAST) FROM emp ORDER BY id

SELECT ntile(0) OVER () FROM emp

SELECT nth_value(id, 0) OVER () FROM emp

SELECT id FROM emp WHERE row_number() OVER () = 1

SELECT rank() FROM emp
