SELECT '{"a": 1}'::json, '{"b": 2, "a": 1}'::jsonb, '[1, 2]'::json

SELECT '{"a": {"b": [10, 20]}}'::json -> 'a' -> 'b' -> 1, '{"a": "x"}'::json ->> 'a', '[1, 2]'::json ->> 0

SELECT '{"a": {"b": 1}}'::json #> '{a,b}', '{"a": {"b": "x"}}'::json #>> '{a,b}'

-- differs: json-text
SELECT j::json -> 'a', j::json ->> 'b' FROM ids WHERE id = 1

SELECT j::jsonb FROM ids ORDER BY id

SELECT json_build_object('a', 1, 'b', 'x', 'c', NULL, 'd', true, 'e', 1.5)

SELECT json_build_array(1, 'x', NULL, true), jsonb_build_object('b', 1, 'a', 2)

SELECT to_json('a"b'::text), to_json(1.50), to_json(true), to_json(date '2024-01-01'), to_json(timestamp '2024-01-01 10:00'), to_json(ARRAY[1, 2])

SELECT row_to_json(d) FROM dept d ORDER BY id

SELECT row_to_json(x) FROM (SELECT id, name FROM emp WHERE id < 3) x ORDER BY x.id

SELECT json_array_length('[1, 2, 3]'), json_typeof('[1]'), json_typeof('1'), jsonb_typeof('null')

SELECT * FROM json_array_elements('[1, "a", null]')

SELECT json_array_elements_text('[1, "a"]')

SELECT json_object_keys('{"a": 1, "b": 2}')

-- differs: missing-functions
SELECT * FROM json_each('{"a": 1, "b": "x"}')

SELECT '{"a": 1}'::jsonb @> '{"a": 1}', '{"a": 1}'::jsonb ? 'a'

SELECT json_agg(name ORDER BY id) FROM dept

SELECT json_agg(json_build_object('id', id, 'n', name) ORDER BY id) FROM dept WHERE id < 3

SELECT jsonb_agg(id ORDER BY id), jsonb_object_agg(name, id) FROM dept WHERE id < 3

SELECT 'x'::json

SELECT '{"a": 1'::jsonb

-- differs: missing-functions
SELECT jsonb_pretty('{"a": 1}')

SELECT json_extract_path_text('{"a": {"b": 2}}', 'a', 'b')

SELECT u::uuid FROM ids ORDER BY id

SELECT 'x'::uuid

SELECT u::uuid::text = u, upper(u)::uuid = u::uuid FROM ids ORDER BY id
