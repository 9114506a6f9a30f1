SELECT s, u, k FROM texts ORDER BY id

SELECT raw FROM texts ORDER BY id

SELECT length(s), char_length(u), octet_length(u), bit_length(s), length(raw), octet_length(raw) FROM texts ORDER BY id

SELECT upper(s), lower(s), initcap(s), reverse(u) FROM texts ORDER BY id

SELECT upper(u), lower(u) FROM texts ORDER BY id

SELECT substring(s, 2, 3), substring(s FROM 2), substring(s FOR 2), substr(s, -1, 4), substr(u, 3) FROM texts ORDER BY id

SELECT substring('hello', 2, -1)

SELECT left(s, 3), right(s, 3), left(u, -2), right(u, -2) FROM texts ORDER BY id

SELECT position('b' IN s), strpos(s, 'l'), position('' IN s) FROM texts ORDER BY id

SELECT split_part(s, ',', 1), split_part(s, ',', 2), split_part(s, ',', -1) FROM texts ORDER BY id

SELECT split_part('a', ',', 0)

SELECT lpad(s, 8), rpad(s, 8), lpad(s, 8, 'xy'), rpad(u, 8, 'ä') FROM texts ORDER BY id

SELECT trim(s), ltrim(s), rtrim(s), btrim(s, 'a '), trim(BOTH 'a' FROM s), trim(LEADING 'a' FROM s), trim(TRAILING 'c' FROM s) FROM texts ORDER BY id

SELECT replace(s, 'b', 'XX'), translate(s, 'abc', 'xy'), repeat(s, 2) FROM texts ORDER BY id

SELECT overlay('Txxxxas' PLACING 'hom' FROM 2 FOR 4), overlay('abcdef' PLACING 'ZZ' FROM 3)

SELECT concat(s, u), concat(s, NULL, 1, true, 1.50), concat_ws('-', s, NULL, k) FROM texts ORDER BY id

SELECT s || u, s || 1, 1 || s, s || NULL, s || 1.5, s || true FROM texts ORDER BY id

SELECT s || d FROM texts, times WHERE texts.id = 2 AND times.id = 1

SELECT ascii(s), ascii(u), chr(65), chr(8364) FROM texts ORDER BY id

SELECT chr(0)

SELECT md5(s), md5(u) FROM texts ORDER BY id

SELECT encode(raw, 'hex'), encode(raw, 'base64'), encode(raw, 'escape') FROM texts ORDER BY id

SELECT decode('616263', 'hex'), decode('YWJj', 'base64'), '\xdead'::bytea, 'abc'::bytea, sha256('abc'::bytea)

SELECT decode('6', 'hex')

SELECT substring(raw, 1, 2), raw || '\x00'::bytea, get_byte('\x0102'::bytea, 1) FROM texts ORDER BY id

SELECT format('Hello %s', s), format('%I is %L', s, u), format('|%10s|%-10s|', s, u), format('%1$s %1$s %%', s) FROM texts ORDER BY id

SELECT format('%s %s', 'a')

SELECT quote_ident(s), quote_literal(s), quote_nullable(s) FROM texts ORDER BY id

SELECT s LIKE 'a%', s LIKE '_', s NOT LIKE '%b%', s ILIKE 'A%', u LIKE '%\%%' FROM texts ORDER BY id

SELECT s LIKE 'a!%' ESCAPE '!', s LIKE s, '' LIKE '', 'a%' LIKE 'a\%' FROM texts ORDER BY id

SELECT s ~ '^[a-z]+$', s ~* 'abc', s !~ 'b', s !~* 'B' FROM texts ORDER BY id

SELECT s ~ '\d', s ~ '\s', u ~ '^.', s ~ '(a|b)c?$', s ~ '^$' FROM texts ORDER BY id

SELECT s SIMILAR TO '(a|b)%', s SIMILAR TO 'abc' FROM texts ORDER BY id

SELECT 'a' ~ '('

-- differs: back-references
SELECT 'aa' ~ '(a)\1'

SELECT regexp_replace(s, 'b', 'X'), regexp_replace(s, '[ab]', 'X', 'g'), regexp_replace(s, '(.)(.)', '\2\1'), regexp_replace(s, 'A', 'x', 'gi') FROM texts ORDER BY id

SELECT substring(s FROM 'b.'), substring(s FROM '(.)c'), regexp_match(s, 'b(.)') FROM texts ORDER BY id

SELECT regexp_split_to_array('a1b22c', '\d+'), regexp_count('abcabc', 'b'), regexp_like('abc', 'B', 'i'), regexp_substr('hello', 'l+')

SELECT regexp_matches('foobarbaz', 'ba.', 'g')

SELECT string_to_array(s, ','), string_to_array(s, NULL), string_to_array(s, ',', '') FROM texts ORDER BY id

SELECT array_to_string(ARRAY['a', NULL, 'c'], ','), array_to_string(ARRAY[1, NULL, 3], ',', '*')

SELECT starts_with(s, 'a'), s ^@ 'A' FROM texts ORDER BY id

SELECT s = 'a', s < 'b', s >= 'abc', s <> u FROM texts ORDER BY id

SELECT id FROM texts ORDER BY s, id

SELECT id FROM texts ORDER BY u DESC, id

SELECT min(s), max(s), min(u), max(u) FROM texts

SELECT s::varchar(3), s::char(4), length(s::char(4)), s::varchar FROM texts ORDER BY id

SELECT 'abc'::char(5) || 'x', 'abc'::char(5) = 'abc', 'abcdef'::varchar(3)

SELECT 'a'::"char", 'abc'::name

SELECT ''::text IS NULL, '' = '', length('')

SELECT E'tab\there', 'back\slash', E'\u00e9'

SELECT s IN ('a', 'ABC'), s BETWEEN 'a' AND 'b' FROM texts ORDER BY id

SELECT coalesce(s, 'none') || '!' FROM texts ORDER BY id

SELECT count(DISTINCT lower(s)) FROM texts

SELECT string_agg(s, '|' ORDER BY id) FROM texts

SELECT upper(NULL), length(NULL), NULL || 'a'

SELECT parse_ident('Foo."B a"'), to_hex(10)

-- differs: missing-functions
SELECT unistr('\0041'), normalize('a')

SELECT 'abc' < 'abd', 'Z' < 'a', 'ä' > 'z'

SELECT c_name, substring(c_phone FROM 1 FOR 2) AS cc FROM customer ORDER BY c_custkey LIMIT 3

SELECT p_type, split_part(p_type, ' ', 2) FROM part ORDER BY p_partkey LIMIT 5

SELECT count(*) FROM orders WHERE o_comment NOT LIKE '%special%requests%'

SELECT upper(1)

SELECT length(1)

SELECT regexp_match('foobar', '(o)(o)'), regexp_match('foobar', 'o+'), regexp_match('abc', 'z'), (regexp_match('a=1', '(\w)=(\d)'))[2]

SELECT regexp_matches('foobarbaz', '(b)(a)', 'g')

SELECT (regexp_matches('k=v', '(\w+)=(\w+)'))[2]

SELECT string_to_table('a,b', ',')

SELECT pg_size_pretty(1234567::bigint), pg_size_pretty(10240::bigint)

-- differs: optional-groups
SELECT regexp_match('abc', 'b(z)?')

SELECT regexp_match('foobar', '(o)(o)'), (regexp_match('a=1', '(\w)=(\d)'))[2], regexp_match('xyz', '(a)(b)')

SELECT regexp_matches('a1b2', '(\w)(\d)', 'g')

-- differs: from-a-place
SELECT regexp_replace('banana', 'a', 'o', 3)
