-- near: zeros
SELECT ARRAY[1, 2, 3], ARRAY['a', 'b'], ARRAY[1.5, 2], '{1,2}'::int[], ARRAY[]::int[]

SELECT ARRAY[1, NULL, 3], ARRAY['a b', 'c,d', NULL, 'NULL', '', '"q"', '\'::text]

SELECT (ARRAY[1, 2, 3])[1], (ARRAY[1, 2, 3])[4], (ARRAY[1, 2, 3])[0], (ARRAY[1, 2, 3])[-1]

SELECT (ARRAY[1, 2, 3, 4])[2:3], (ARRAY[1, 2, 3, 4])[:2], (ARRAY[1, 2, 3, 4])[3:]

SELECT array_length(ARRAY[1, 2], 1), array_length(ARRAY[]::int[], 1), array_upper(ARRAY[1, 2], 1), array_lower(ARRAY[1, 2], 1), cardinality(ARRAY[1, 2, 3]), array_ndims(ARRAY[1])

SELECT ARRAY[1, 2] || ARRAY[3], ARRAY[1] || 2, 0 || ARRAY[1]

SELECT array_append(ARRAY[1], 2), array_prepend(0, ARRAY[1]), array_cat(ARRAY[1], ARRAY[2]), array_remove(ARRAY[1, 2, 1], 1), array_replace(ARRAY[1, 2, 1], 1, 9)

SELECT array_position(ARRAY['a', 'b'], 'b'), array_position(ARRAY['a', 'b'], 'z'), array_positions(ARRAY[1, 2, 1], 1)

SELECT ARRAY[1, 2] @> ARRAY[1], ARRAY[1] <@ ARRAY[1, 2], ARRAY[1, 2] && ARRAY[2, 3], ARRAY[1, 2] = ARRAY[1, 2], ARRAY[1] < ARRAY[2]

SELECT 2 = ANY (ARRAY[1, 2]), 3 = ANY (ARRAY[1, NULL]), 1 <> ALL (ARRAY[2, 3]), 5 > ALL (ARRAY[1, 2])

SELECT unnest(ARRAY[1, 2]), unnest(ARRAY['a', 'b'])

SELECT * FROM unnest(ARRAY[1, 2, 3], ARRAY['a', 'b']) AS u (n, w)

-- differs: dimensions
SELECT ARRAY[[1, 2], [3, 4]], (ARRAY[[1, 2], [3, 4]])[2][1]

SELECT ARRAY[date '2024-01-01', NULL], ARRAY[true, false], ARRAY[1.50, 2.25], ARRAY[1::float8, 0.5]

-- differs: array-of-text
SELECT '{a,"b c",NULL}'::text[], '{1,2,3}'::text::int[]

SELECT array_agg(x ORDER BY x)::text FROM (VALUES (2), (1)) v (x)

SELECT generate_subscripts(ARRAY[5, 6], 1)

SELECT ARRAY(SELECT id FROM dept ORDER BY id DESC)

SELECT string_to_array('1,2,3', ',')::int[]

SELECT array_fill(0, ARRAY[3])

SELECT '{1,x}'::int[]

SELECT ARRAY[1, 'a']

SELECT 1 = ANY (NULL::int[]), 1 <> ALL (NULL::int[]), 1 = ANY ('{}'::int[]), 1 = ALL ('{}'::int[])

SELECT id FROM dept WHERE (id = ANY (NULL::int[])) IS NULL ORDER BY id

SELECT id FROM dept WHERE NOT (id = ANY (NULL::int[]))

SELECT array_dims(ARRAY[1, 2, 3]), array_dims('{}'::int[])

SELECT ARRAY[1, 2] @> ARRAY[1], ARRAY[1, 2] <@ ARRAY[1, 2, 3], ARRAY[1, 2] && ARRAY[3], ARRAY[1, NULL] @> ARRAY[NULL]::int[], ARRAY[]::int[] <@ ARRAY[1]

SELECT ARRAY[1, 2] || 3, 0 || ARRAY[1], ARRAY[1] || ARRAY[2, 3], ARRAY[1] || NULL, NULL || ARRAY['a'], ARRAY['a'] || 'b'::text

SELECT ARRAY['a'] || '{b}'

SELECT string_agg(name, ',' ORDER BY 'x') FROM dept WHERE id = 1

SELECT string_agg(name, ',' ORDER BY NULL) FROM dept WHERE id = 1

SELECT string_agg(id::text, NULL ORDER BY id) FROM dept

SELECT trim_array(ARRAY[1, 2, 3], 1)

SELECT concat(VARIADIC ARRAY['a', 'b']), format('%s-%s', VARIADIC ARRAY['a', 'b']), concat_ws(',', VARIADIC ARRAY['x', NULL, 'y'])

SELECT json_build_array(VARIADIC ARRAY['a', 'b'])

SELECT num_nulls(1, NULL, 2), num_nonnulls(1, NULL, 2)

SELECT '[1,2]'::jsonb ?| NULL IS NULL, ARRAY[1] @> NULL IS NULL

-- differs: variadic
SELECT concat(VARIADIC string_to_array('a,b', ','))

-- differs: separator
SELECT string_agg(name, name ORDER BY id) FROM dept

-- differs: lists-of-lists
SELECT array_agg(ARRAY[id, id]) FROM dept
