SELECT count(*), count(salary), count(DISTINCT dept_id) FROM emp

SELECT sum(id), avg(id), min(id), max(id) FROM emp

SELECT sum(salary), avg(salary), min(salary), max(salary) FROM emp

SELECT sum(bonus), min(bonus), max(bonus) FROM emp

SELECT avg(bonus) FROM emp

SELECT dept_id, count(*), sum(salary), avg(salary) FROM emp GROUP BY dept_id ORDER BY dept_id

SELECT dept_id, avg(id) FROM emp GROUP BY dept_id ORDER BY dept_id

SELECT active, count(*) FROM emp GROUP BY active ORDER BY active

SELECT dept_id AS d, count(*) AS n FROM emp GROUP BY d HAVING count(*) > 2 ORDER BY d

SELECT sum(qty), avg(qty), min(qty), max(qty), count(qty) FROM sales

SELECT region, product, sum(qty), avg(price) FROM sales GROUP BY region, product ORDER BY region, product

SELECT region, sum(qty * price) FROM sales GROUP BY region ORDER BY region

SELECT sum(qty) FILTER (WHERE region = 'EU'), count(*) FILTER (WHERE qty > 10) FROM sales

SELECT avg(qty) FILTER (WHERE region = 'EU') FROM sales

SELECT sum(DISTINCT qty), count(DISTINCT qty), avg(DISTINCT qty) FROM sales

SELECT bool_and(active), bool_or(active), every(active) FROM emp

SELECT bit_and(id), bit_or(id), bit_xor(id) FROM emp

SELECT string_agg(name, ',' ORDER BY id) FROM emp

SELECT string_agg(name, ', ' ORDER BY name DESC) FROM emp WHERE dept_id = 1

SELECT dept_id, string_agg(name, '-' ORDER BY id) FROM emp GROUP BY dept_id ORDER BY dept_id

SELECT array_agg(id ORDER BY id) FROM emp WHERE id < 5

SELECT array_agg(dept_id ORDER BY id) FROM emp

SELECT array_agg(name ORDER BY name COLLATE "C") FROM emp

SELECT array_agg(DISTINCT dept_id ORDER BY dept_id) FROM emp

SELECT array_agg(salary ORDER BY id) FROM emp

SELECT array_agg(hired ORDER BY id) FROM emp WHERE id < 4

-- near: float8
SELECT stddev(qty), variance(qty), stddev_pop(qty), var_pop(qty) FROM sales

SELECT stddev(bonus), var_pop(bonus) FROM emp

SELECT stddev(salary) FROM emp WHERE id = 1

SELECT corr(id, bonus), covar_pop(id, bonus), covar_samp(id, bonus) FROM emp

SELECT regr_count(id, bonus), regr_slope(id, bonus), regr_intercept(id, bonus), regr_r2(id, bonus) FROM emp

SELECT regr_avgx(id, bonus), regr_avgy(id, bonus), regr_sxx(id, bonus), regr_sxy(id, bonus), regr_syy(id, bonus) FROM emp

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY salary) FROM emp

SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY bonus) FROM emp

SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY salary), percentile_disc(0.1) WITHIN GROUP (ORDER BY name COLLATE "C") FROM emp

SELECT percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY id) FROM emp

SELECT mode() WITHIN GROUP (ORDER BY dept_id) FROM emp

SELECT count(*), sum(id) FROM emp WHERE false

SELECT avg(id), stddev(id), string_agg(name, ','), array_agg(id), bool_and(active) FROM emp WHERE false

SELECT max(name), min(name) FROM emp

SELECT max(hired), min(hired) FROM emp

SELECT min(ts), max(ts), min(t), max(t), min(tz), max(tz) FROM times

SELECT sum(i8) FROM nums WHERE id < 6

-- differs: range
SELECT sum(i8), avg(i8) FROM nums WHERE id IN (6, 9)

SELECT sum(f4), avg(f4) FROM nums WHERE id < 6

SELECT sum(m), min(m), max(m) FROM nums

SELECT avg(n) FROM nums

SELECT avg(m) FROM nums WHERE id IN (2, 4, 9)

SELECT max(f8), min(f8) FROM nums

SELECT sum(i4::bigint * i4) FROM nums WHERE id IN (6, 7)

SELECT sum(i4) FROM nums

-- differs: more-functions
SELECT max(b) FROM nums

SELECT count(nosuch) FROM emp

SELECT sum(name) FROM emp

SELECT sum(sum(id)) FROM emp

SELECT dept_id FROM emp WHERE sum(id) > 3 GROUP BY dept_id

SELECT dept_id, count(*) FROM emp GROUP BY 1 ORDER BY 2 DESC, 1

SELECT dept_id % 2 AS odd, count(*) FROM emp GROUP BY odd ORDER BY odd

SELECT extract(year FROM hired) AS y, count(*) FROM emp GROUP BY 1 ORDER BY 1

SELECT date_trunc('month', day) AS m, sum(qty) FROM sales GROUP BY 1 ORDER BY 1

SELECT to_char(day, 'YYYY-MM') AS m, count(*) FROM sales GROUP BY m ORDER BY m

SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*) FROM lineitem WHERE l_shipdate <= date '1998-12-01' - interval '90' day GROUP BY l_returnflag, l_linestatus ORDER BY 1, 2

SELECT sum(l_extendedprice * l_discount) AS revenue FROM lineitem WHERE l_shipdate >= date '1994-01-01' AND l_shipdate < date '1994-01-01' + interval '1' year AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24

SELECT 100.00 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END) / sum(l_extendedprice * (1 - l_discount)) AS promo FROM lineitem, part WHERE l_partkey = p_partkey AND l_shipdate >= date '1995-09-01' AND l_shipdate < date '1995-10-01'

SELECT json_agg(id ORDER BY id) FROM dept

SELECT json_object_agg(name, id ORDER BY id) FROM dept

SELECT sum(ts - timestamp '2024-01-01') FROM times WHERE id IN (1, 2)

-- differs: more-functions
SELECT any_value(id) FROM dept WHERE id = 1

SELECT grouping(dept_id) FROM emp GROUP BY dept_id ORDER BY 1 LIMIT 1
