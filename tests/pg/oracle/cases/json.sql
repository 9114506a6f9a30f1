SELECT '{"a": 1}'::json, '{"b": 2, "a": 1}'::jsonb, '[1, 2]'::json

SELECT '{"a": {"b": [10, 20]}}'::json -> 'a' -> 'b' -> 1, '{"a": "x"}'::json ->> 'a', '[1, 2]'::json ->> 0

SELECT '{"a": {"b": 1}}'::json #> '{a,b}', '{"a": {"b": "x"}}'::json #>> '{a,b}'

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

SELECT * FROM json_each('{"a": 1, "b": "x"}')

SELECT '{"a": 1}'::jsonb @> '{"a": 1}', '{"a": 1}'::jsonb ? 'a'

SELECT json_agg(name ORDER BY id) FROM dept

SELECT json_agg(json_build_object('id', id, 'n', name) ORDER BY id) FROM dept WHERE id < 3

SELECT jsonb_agg(id ORDER BY id), jsonb_object_agg(name, id) FROM dept WHERE id < 3

SELECT 'x'::json

SELECT '{"a": 1'::jsonb

SELECT jsonb_pretty('{"a": 1}')

SELECT json_extract_path_text('{"a": {"b": 2}}', 'a', 'b')

SELECT u::uuid FROM ids ORDER BY id

SELECT 'x'::uuid

SELECT u::uuid::text = u, upper(u)::uuid = u::uuid FROM ids ORDER BY id

SELECT j::json -> 'a', j::json -> 'b', j::json -> 'b' -> 2 -> 'c', j::json ->> 'b' FROM ids WHERE id = 1

SELECT j::jsonb -> 'a', j::jsonb -> 'b', j::jsonb ->> 'b', j::jsonb #> '{b,2}', j::jsonb #>> '{b,2,c}' FROM ids WHERE id = 1

SELECT j::json #> '{b,2}', j::json #>> '{b,2}', j::json #> '{b,0}', j::json -> 'nosuch', j::json ->> 'd', j::json -> 'd' FROM ids WHERE id = 1

SELECT '{ "a" :  [1,  2 ] }'::json -> 'a', '{ "a" :  [1,  2 ] }'::jsonb -> 'a', '{ "a" :  [1,  2 ] }'::json ->> 'a'

SELECT '{"a":1.50,"b":1e2}'::json -> 'a', '{"a":1.50,"b":1e2}'::jsonb -> 'b', '{"a":1.50}'::jsonb ->> 'a', '{"a":1.50}'::json ->> 'a'

SELECT '{"a":"x\u00e9y\n"}'::json -> 'a', '{"a":"x\u00e9y\n"}'::json ->> 'a', '{"a":"x\u00e9y\n"}'::jsonb -> 'a'

SELECT '{"a":1,"a":2}'::json -> 'a', '{"a":1,"a":2}'::jsonb -> 'a'

SELECT '{"a.b":1,"c d":2,"":3}'::json -> 'a.b', '{"a.b":1,"c d":2,"":3}'::json ->> 'c d', '{"":3}'::json -> ''

SELECT json_agg(d) FROM (SELECT id, name FROM dept ORDER BY id) d

SELECT json_agg(d ORDER BY id) FROM dept d

SELECT * FROM jsonb_each('{"b": 1, "a": "x", "c": null}')

SELECT * FROM json_each('{"b": 1, "a": "x", "c": [1,  2]}')

SELECT * FROM json_each_text('{"b": 1, "a": "x", "c": null}')

SELECT key, value FROM jsonb_each_text('{"b": 1, "a": "x"}') ORDER BY key

SELECT i.id, e.key, e.value FROM ids i, jsonb_each(i.j::jsonb) e WHERE i.id = 1 ORDER BY 1, 2

SELECT * FROM jsonb_array_elements('[1, {"a": 2}, "x"]'), json_array_elements_text('["q", null]') t

SELECT value FROM json_array_elements('[{"a":  1}, 2]')

SELECT jsonb_array_length('{"a":1}')

SELECT '{"a": 1}'::jsonb ? 'a', '{"a": 1}'::jsonb ? 'b', '["a"]'::jsonb ? 'a'

SELECT '{"a": 1, "b": 2}'::jsonb ?| ARRAY['b', 'c'], '{"a": 1, "b": 2}'::jsonb ?& ARRAY['a', 'c']

SELECT '{"a": 1}'::jsonb = '{"a":1}'::jsonb, '{"b":1,"a":2}'::jsonb = '{"a":2,"b":1}'::jsonb, '1.0'::jsonb = '1'::jsonb

SELECT '{"a": 1}'::json = '{"a":1}'::json

SELECT jsonb_pretty('{"a": [1, 2]}')

SELECT jsonb_strip_nulls('{"a": null, "b": 1}'), json_strip_nulls('{"a":null,"b":1}')

SELECT jsonb_extract_path('{"a": {"b": 2}}', 'a', 'b'), jsonb_extract_path_text('{"a": {"b": "x"}}', 'a', 'b'), json_extract_path('{"a": [1,  2]}', 'a')

SELECT '5'::jsonb::int, 'true'::jsonb::bool, '1.5'::jsonb::numeric, '"x"'::jsonb::text, '{"a":1}'::json::jsonb, '{"a" :1}'::json::text

SELECT '{"a":[{"b":1},{"b":2}]}'::jsonb #> '{a,1,b}', '{"a":[{"b":1},{"b":2}]}'::jsonb #>> ARRAY['a', '0', 'b'], '[1,2]'::jsonb #> '{-1}'

SELECT json_array_elements('{"a":1}')

-- differs: missing-functions
SELECT jsonb_set('{"a": 1}', '{a}', '2')

-- differs: missing-functions
SELECT * FROM json_to_record('{"a":1}') AS x (a int)

-- differs: missing-functions
SELECT jsonb_path_query('{"a": [1, 2]}', '$.a[*]')

SELECT '{"a": 1}'::jsonb || '{"b": 2}', '[1]'::jsonb || '[2]', '{"a": 1, "b": 2}'::jsonb - 'a', '[1, 2]'::jsonb - 0, '[1]'::jsonb || '2'

SELECT 'a' || 'b', 'a' < 'B', 'abc' = 'ABC', 'a' <> 'b'

SELECT '{"a": 1}'::json = '{"a":1}'::json

-- differs: jsonb-order
SELECT '1'::jsonb < '2'::jsonb
