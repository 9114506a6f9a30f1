SELECT 7 / 2, -7 / 2, 7 % 3, -7 % 3, 7 % -3

SELECT 7.0 / 2, 1 / 3.0, 10.0 / 3, 100000 / 3.0, -1 / 3.0

SELECT 7::float8 / 2, 7 / 2::float8, 1::float4 / 3

SELECT 5::smallint / 2::smallint, 5::bigint / 2, 5::smallint / 2

SELECT id, i4 / 3, i4 % 3, i8 / 7, i8 % 7 FROM nums ORDER BY id

SELECT id, n / 3, n * 2, n + 1, n - 0.5 FROM nums ORDER BY id

SELECT id, f8 / 3, f8 * 2, f8 + 1 FROM nums ORDER BY id

-- near: zeros
SELECT id, n / nullif(i4, 0) FROM nums ORDER BY id

-- differs: digits
SELECT id, m / 7 FROM nums WHERE id NOT IN (6, 7) ORDER BY id

SELECT 1 / 0

SELECT 1.0 / 0

SELECT 1::float8 / 0

SELECT 1 % 0

SELECT i4 / (id - 1) FROM nums

SELECT 2147483647 + 1

SELECT 9223372036854775807 + 1

SELECT 100000 * 100000

SELECT 100000::bigint * 100000

SELECT i4 + 1 FROM nums WHERE id = 6

SELECT -i4 FROM nums WHERE id = 7

SELECT abs(i4) FROM nums WHERE id = 7

SELECT 32767::int2 + 1::int2

SELECT 1.1 + 2.22, 1.10 * 2.20, 3 - 0.5, 1.5 % 1, -1.5

SELECT 0.1::float8 + 0.2::float8, 1e10::float8, 1e15::float8, 1e-5::float8, 123456789.123::float8

SELECT i4, i8, f4, f8, n, m, b FROM nums ORDER BY id

SELECT round(2.5), round(-2.5), round(1.255, 2), round(1.5, 3), round(1234.5, -2)

SELECT round(2.5::float8), round(3.5::float8), round(-0.4::float8)

SELECT round(n), round(n, 1), round(n, 2), trunc(n), trunc(n, 1), ceil(n), floor(n) FROM nums ORDER BY id

SELECT round(f8), trunc(f8), ceil(f8), floor(f8) FROM nums WHERE id NOT IN (10, 12) ORDER BY id

-- near: zeros
SELECT round(n, id - 3) FROM nums WHERE id < 6 ORDER BY id

SELECT ceil(2), floor(2), round(2), trunc(2), ceiling(2.1), abs(-2), abs(-2.5), sign(-3), sign(-2.5)

SELECT 2.5::int, 3.5::int, -2.5::int, 2.5::float8::int, 3.5::float8::int, 0.5::numeric::int

SELECT 1e10::int

SELECT 300::smallint, 70000::smallint

SELECT 'NaN'::float8, 'inf'::float8, '-infinity'::float4

SELECT 1::numeric, 1.50::numeric, '1.50'::numeric, '1.5'::numeric(10,2), 12345.678::numeric(7,1)

SELECT 12345.678::numeric(4,1)

SELECT '12'::int, ' 12 '::int, '-5'::smallint, '9223372036854775807'::bigint, '1e3'::float8, '.5'::numeric

SELECT 'abc'::int

SELECT ''::int

SELECT '1.5'::int

SELECT '99999999999'::int

SELECT 'x'::float8

SELECT 'x'::numeric

SELECT '1e400'::float8

SELECT k::int FROM texts WHERE id IN (1, 2, 3) ORDER BY id

SELECT k::int FROM texts WHERE id = 4

SELECT k::int FROM texts WHERE id = 6

SELECT k::int FROM texts WHERE id = 7

SELECT k::numeric FROM texts WHERE id IN (1, 2, 5, 9) ORDER BY id

SELECT k::float8 FROM texts WHERE id IN (1, 2, 3, 5, 7, 9, 12) ORDER BY id

SELECT k::bool FROM texts WHERE id = 10

SELECT i4::text, i8::text, n::text, b::text FROM nums ORDER BY id

SELECT f4::text, f8::text FROM nums ORDER BY id

SELECT i4::float8, i4::numeric, i8::float8, n::float8, n::int FROM nums ORDER BY id

SELECT f8::numeric FROM nums WHERE id IN (1, 2, 3, 4, 5, 11) ORDER BY id

SELECT b::int FROM nums ORDER BY id

SELECT i4::bool FROM nums ORDER BY id

SELECT power(2, 10), power(2.5::float8, 2), 2 ^ 3, sqrt(2), cbrt(27.0::float8), exp(1), ln(10), log(100)

-- near: float8
SELECT power(2.0, 3), 2.0 ^ 0.5, sqrt(2.0), exp(1.0), ln(2.0), log(100.0), log(2, 8)

SELECT power(0, -1)

SELECT sqrt(-1)

SELECT ln(0)

SELECT exp(1000)

SELECT power(10, 400)

SELECT sin(1), cos(1), tan(1), asin(0.5), acos(0.5), atan(1), atan2(1, 2), degrees(1), radians(180), pi()

SELECT sinh(1), cosh(1), tanh(1), cot(1)

SELECT mod(7, 3), mod(-7, 3), mod(7.5, 2), div(7, 2), div(-7.5, 2)

SELECT mod(7, 0)

SELECT div(7, 0)

SELECT gcd(12, 18), lcm(4, 6), factorial(10)

SELECT width_bucket(5.35, 0.024, 10.06, 5), width_bucket(0, 1, 10, 3), width_bucket(10, 1, 10, 3)

SELECT 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 3, -8 >> 1

SELECT i4 & 7, i4 | 1, i4 # 3, ~i4, i4 << 2, i4 >> 1 FROM nums WHERE id < 6 ORDER BY id

SELECT |/ 25, ||/ 27, @ -5

SELECT scale(1.500), min_scale(1.500), trim_scale(1.500)

SELECT to_hex(255), to_hex(-1), to_hex(4294967296)

SELECT id FROM nums WHERE f8 = 'NaN'

SELECT id FROM nums WHERE f8 > 1e20 ORDER BY id

SELECT id FROM nums ORDER BY f8 DESC, id

SELECT id FROM nums ORDER BY f4, id

SELECT id FROM nums WHERE n > 2 AND n <= 99.995 ORDER BY id

SELECT id FROM nums WHERE i4 = i8 ORDER BY id

SELECT id FROM nums WHERE n = f8 ORDER BY id

SELECT 1 = 1.0, 1.0 = 1::float8, 2 > 1.5

SELECT 0.1::float4 = 0.1::float8

SELECT random() BETWEEN 0 AND 1

SELECT (1 + 2) * 3 - 4 / 2, 2 + 3 * 4 % 5, -2 ^ 2, 2 ^ 3 ^ 2

SELECT 1::int8 + 1::int4, 1::int2 + 1::int4, 1 + 1.5, 1.5 + 1::float8, 1::float4 + 1::int4

SELECT 12345678901234567890, 123456789012345678901234567890.5, 0.000000000000000000001

SELECT 1000000 * 1000000.5

SELECT sum(x) FROM (VALUES (1.5), (2.25), (3)) v (x)

SELECT avg(x) FROM (VALUES (1), (2), (4)) v (x)

SELECT x / 3 FROM (VALUES (1.00), (2.5), (1000)) v (x) ORDER BY 1

SELECT round(avg(price), 2), round(sum(price) / count(*), 4) FROM sales

SELECT round(100.0 * sum(qty) / (SELECT sum(qty) FROM sales), 2) FROM sales WHERE region = 'EU'

SELECT price * qty, price / qty FROM sales WHERE qty > 30 ORDER BY id LIMIT 5

SELECT cast(avg(qty) AS int), avg(qty)::numeric(10,2), avg(qty)::float8 FROM sales

SELECT sum(qty)::float8 / count(*) FROM sales

SELECT count(*) / 7, count(*) / 7.0, sum(qty) / 7 FROM sales

SELECT sum(i8) / 2 FROM nums WHERE id = 9

SELECT numeric '1.5' * interval '1 day'

SELECT 10 / 4 * 4, 10 / 4.0 * 4, 10 * 1.0 / 4

SELECT to_char(1234.5, '9,999.99'), to_char(-5, '999'), to_char(0.5, '0.99'), to_char(12, 'FM000')

SELECT to_number('1,234.5', '9,999.9')

SELECT 1 <=> 2

SELECT 1 + 'a'

SELECT 1 + '2'

SELECT '1' + '2'

SELECT true + 1

SELECT -9223372036854775808, 9223372036854775808

SELECT 1e308::float8 * 10

SELECT 1e308::float8 + 1e308::float8

SELECT -1e308::float8 - 1e308::float8

SELECT 3e38::float4 * 10::float4

SELECT 1e-300::float8 * 1e-300::float8

SELECT f8 * 1e300::float8 * 1e300 FROM nums WHERE id = 10

SELECT b'101', B'1010' & B'0110', B'101' || B'11', x'1F'

SELECT '101'::bit(3), '1012'::bit(4)

-- differs: float-sums
SELECT sum(x) FROM (VALUES (1e308::float8), (1e308::float8)) v (x)

-- differs: bits
SELECT b'101' << 1, ~b'101'

SELECT b'101', B'1010' & B'0110', B'101' || B'11', x'1F', b'101'::bit(5), b'1011'::bit(2), b'1011'::varbit, bit '11'

SELECT '1.50'::numeric, 1.50, numeric '1.500', cast('2.0' as numeric), '1.50'::numeric + 1

SELECT f8 * 2, f8 + f4, f4 * f4, f8 - id FROM nums WHERE id < 6 ORDER BY id
