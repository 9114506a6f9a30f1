SELECT CASE WHEN 1 = 1 THEN 'a' ELSE 'b' END

SELECT CASE 3 WHEN 1 THEN 'one' WHEN 3 THEN 'three' END

SELECT id, CASE WHEN salary > 1000 THEN 'high' WHEN salary > 700 THEN 'mid' ELSE 'low' END FROM emp ORDER BY id

SELECT id, CASE dept_id WHEN 1 THEN 'x' WHEN 2 THEN 'y' END AS c FROM emp ORDER BY id

SELECT CASE WHEN NULL THEN 1 ELSE 2 END

-- near: zeros
SELECT CASE WHEN true THEN 1 ELSE 2.5 END, CASE WHEN false THEN 1 ELSE 2.5 END

SELECT CASE WHEN id > 1 THEN id ELSE NULL END FROM dept ORDER BY id

SELECT CASE WHEN i4 = 0 THEN NULL ELSE 100 / i4 END FROM nums WHERE id < 6 ORDER BY id

SELECT CASE WHEN true THEN 1 ELSE 1 / 0 END

SELECT coalesce(dept_id, -1), coalesce(name, 'x') FROM emp ORDER BY id

SELECT coalesce(NULL, NULL, 3), coalesce(NULL, 2.5), coalesce(bonus, id) FROM emp ORDER BY id LIMIT 2

SELECT nullif(1, 1), nullif(1, 2), nullif('a', 'b')

SELECT nullif(dept_id, 2) FROM emp ORDER BY id

-- near: zeros
SELECT greatest(1, 2, 3), least(1, NULL, 3), greatest(NULL, NULL), greatest('a', 'b'), least(1, 2.5)

-- near: zeros
SELECT greatest(dept_id, id), least(salary, 900) FROM emp ORDER BY id

SELECT CASE WHEN active THEN 'yes' WHEN NOT active THEN 'no' ELSE 'unknown' END FROM emp ORDER BY id

SELECT sum(CASE WHEN active THEN 1 ELSE 0 END), count(CASE WHEN active THEN 1 END) FROM emp

SELECT CASE WHEN name LIKE 'A%' THEN name END FROM emp ORDER BY id

SELECT CASE hired WHEN '2015-01-28' THEN 1 ELSE 0 END FROM emp ORDER BY id

SELECT CASE WHEN 1 THEN 2 END

SELECT CASE WHEN true THEN 'a' ELSE 1 END

SELECT true AND NULL, false AND NULL, true OR NULL, NOT NULL::bool

SELECT 1 = NULL, NULL IS NULL, 1 IS NOT NULL, NULL IS DISTINCT FROM NULL
