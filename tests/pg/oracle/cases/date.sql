SELECT d, t, ts, tz FROM times ORDER BY id

SELECT date '2024-03-15', time '10:20', timestamp '2024-03-15 10:20:30.5', timestamptz '2024-03-15 10:20+02'

SELECT d + 1, d - 1, d - date '2024-01-01' FROM times WHERE id < 8 ORDER BY id

SELECT d + interval '1 month', d - interval '1 day' FROM times WHERE id < 7 ORDER BY id

SELECT ts + interval '1 month 2 days 03:04:05' FROM times WHERE id < 7 ORDER BY id

SELECT ts - timestamp '2024-01-01 12:00' FROM times WHERE id < 7 ORDER BY id

SELECT tz - timestamptz '2024-01-01 12:00Z' FROM times WHERE id < 7 ORDER BY id

SELECT d + t, d + time '10:00' FROM times WHERE id < 7 ORDER BY id

SELECT t + interval '1 hour', t - interval '2 hours', t - time '01:00' FROM times WHERE id < 7 ORDER BY id

SELECT age(timestamp '2024-03-15', timestamp '2023-01-20'), age(timestamp '2023-01-20', timestamp '2024-03-15 10:00')

SELECT age(ts, timestamp '2000-01-31') FROM times WHERE id < 7 ORDER BY id

SELECT age(d, date '2000-02-29') FROM times WHERE id < 6 ORDER BY id

SELECT extract(year FROM d), extract(month FROM d), extract(day FROM d) FROM times ORDER BY id

SELECT extract(hour FROM ts), extract(minute FROM ts), extract(second FROM ts) FROM times ORDER BY id

SELECT extract(dow FROM d), extract(isodow FROM d), extract(doy FROM d), extract(week FROM d), extract(isoyear FROM d), extract(quarter FROM d) FROM times ORDER BY id

SELECT extract(century FROM d), extract(decade FROM d), extract(millennium FROM d), extract(julian FROM d) FROM times ORDER BY id

SELECT extract(epoch FROM ts), extract(epoch FROM d), extract(epoch FROM tz) FROM times ORDER BY id

SELECT extract(milliseconds FROM ts), extract(microseconds FROM ts) FROM times ORDER BY id

SELECT extract(hour FROM t), extract(minute FROM t), extract(second FROM t), extract(epoch FROM t) FROM times ORDER BY id

SELECT date_part('year', ts), date_part('second', ts), date_part('epoch', ts), date_part('dow', d) FROM times ORDER BY id

SELECT extract(timezone FROM tz) FROM times WHERE id < 4 ORDER BY id

SELECT extract(hour FROM d) FROM times WHERE id = 1

SELECT extract(nosuch FROM d) FROM times

SELECT date_trunc('year', ts), date_trunc('quarter', ts), date_trunc('month', ts), date_trunc('week', ts), date_trunc('day', ts) FROM times ORDER BY id

SELECT date_trunc('hour', ts), date_trunc('minute', ts), date_trunc('second', ts), date_trunc('milliseconds', ts) FROM times ORDER BY id

SELECT date_trunc('month', d), date_trunc('month', tz) FROM times ORDER BY id

SELECT date_trunc('decade', ts), date_trunc('century', ts), date_trunc('millennium', ts) FROM times ORDER BY id

SELECT date_trunc('day', tz, 'Europe/Berlin') FROM times WHERE id IN (1, 2, 9) ORDER BY id

SELECT date_bin('15 minutes', ts, timestamp '2001-01-01') FROM times WHERE id IN (2, 9) ORDER BY id

SELECT ts::date, ts::time, d::timestamp, tz::date, tz::timestamp FROM times ORDER BY id

SELECT ts::timestamptz, d::timestamptz FROM times ORDER BY id

SELECT d::text, t::text, ts::text, tz::text FROM times ORDER BY id

SELECT ts AT TIME ZONE 'UTC', tz AT TIME ZONE 'UTC' FROM times ORDER BY id

SELECT tz AT TIME ZONE 'Europe/Berlin', ts AT TIME ZONE 'America/New_York' FROM times WHERE id IN (1, 2, 9) ORDER BY id

SELECT timezone('Asia/Tokyo', tz) FROM times WHERE id = 9

SELECT d = ts, d < ts, d <= date '2024-02-29' FROM times ORDER BY id

SELECT id FROM times WHERE d > '2000-01-01' ORDER BY d

SELECT id FROM times WHERE ts BETWEEN '2024-01-01' AND '2024-12-31 23:59' ORDER BY id

SELECT id FROM times WHERE tz >= '2024-01-01 00:00+00' ORDER BY id

SELECT make_date(2024, 3, 15), make_time(10, 20, 30.5), make_timestamp(2024, 3, 15, 10, 20, 30.5)

SELECT make_date(2024, 13, 1)

SELECT date '2024-02-30'

SELECT date 'abc'

SELECT timestamp '2024-03-15 25:00'

SELECT date '20240315', date 'March 15, 2024', date '3/15/2024', date '15-Mar-2024'

SELECT '2024-03-15'::date, '10:20'::time, '2024-03-15T10:20:30Z'::timestamp, '2024-03-15 10:20:30.1234567'::timestamp

SELECT date 'epoch', date 'infinity', timestamp '-infinity'

SELECT date '0044-03-15 BC', timestamp '0001-01-01 00:00 BC'

SELECT k::date FROM texts WHERE id = 11

SELECT k::date FROM texts WHERE id = 12

SELECT k::date FROM texts WHERE id = 4

SELECT isfinite(d), isfinite(date 'infinity') FROM times WHERE id = 1

SELECT (date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', date '2024-03-01')

SELECT (timestamp '2024-01-01', interval '10 days') OVERLAPS (timestamp '2024-01-11', timestamp '2024-01-20')

SELECT to_char(ts, 'YYYY-MM-DD HH24:MI:SS'), to_char(d, 'DD.MM.YYYY') FROM times WHERE id < 8 ORDER BY id

SELECT to_char(timestamp '2024-03-05 15:07:09', 'Day, DD Month YYYY HH12:MI AM'), to_char(timestamp '2024-03-05', 'FMDay, FMDD FMMonth'), to_char(timestamp '2024-03-05', 'Dy Mon DDD WW IW Q J CC')

SELECT to_date('2024-03-15', 'YYYY-MM-DD'), to_date('15 Mar 2024', 'DD Mon YYYY'), to_timestamp('2024-03-15 10:20', 'YYYY-MM-DD HH24:MI')

SELECT to_timestamp(1700000000), to_timestamp(1700000000.5)

SELECT current_date = now()::date, now() = transaction_timestamp(), pg_typeof(now()), pg_typeof(current_date), pg_typeof(localtimestamp), pg_typeof(current_time)

SELECT current_timestamp > timestamptz '2020-01-01'

SELECT d + interval '1 day' = ts FROM times WHERE id = 1

SELECT max(d) - min(d) FROM times WHERE id IN (1, 2, 9)

SELECT d - 5 < d, d + 0 = d FROM times WHERE id = 1

SELECT extract(epoch FROM ts2 - ts1) FROM (VALUES (timestamp '2024-01-01', timestamp '2024-01-02 12:00')) v (ts1, ts2)

SELECT timestamp(0) '2024-03-15 10:20:30.5', '2024-03-15 10:20:30.126'::timestamp(2)

SELECT date '2024-03-15' - 1.5

SELECT ts + 1 FROM times

SELECT timestamp '2024-03-15 10:00' + interval '300000 years'

SELECT l_shipdate, l_receiptdate - l_shipdate, l_shipdate + 30 FROM lineitem ORDER BY l_orderkey, l_linenumber LIMIT 5

SELECT extract(year FROM o_orderdate) AS y, count(*), sum(o_totalprice) FROM orders GROUP BY 1 ORDER BY 1

SELECT date_trunc('quarter', o_orderdate)::date AS q, count(*) FROM orders GROUP BY 1 ORDER BY 1 LIMIT 5

SELECT pg_typeof(current_time), pg_typeof(localtime), pg_typeof(current_timestamp(0)), pg_typeof(localtimestamp(3)), pg_typeof(current_time(2))

SELECT date_trunc('second', current_timestamp(0)) = current_timestamp(0), extract(microseconds FROM current_timestamp(3))::int % 1000

SELECT extract(microseconds FROM localtime(0))::int % 1000000 = 0

SELECT timestamp(0) '2024-03-15 10:20:30.5', '2024-03-15 10:20:30.126'::timestamp(2), '2024-03-15 10:20:30.125'::timestamp(2)

SELECT ts::timestamp(0), ts::timestamp(1), ts::timestamp(3) FROM times ORDER BY id

SELECT tz::timestamptz(0), tz::timestamptz(3) FROM times ORDER BY id

SELECT t::time(0), t::time(1), t::time(3) FROM times ORDER BY id

SELECT time(0) '10:20:30.5', time(3) '23:59:59.9999', '10:20:30.6'::time(0)

SELECT '2024-03-15 10:20:30.129+02'::timestamptz(2), timestamptz(0) '2024-03-15 10:20:30.5+00'

SELECT cast(now() as timestamp(0)) IS NOT NULL, now()::timestamp(0)::text ~ ':\d\d$'

SELECT timestamp 'now' IS NOT NULL, date 'today' = current_date, date 'tomorrow' - date 'yesterday'

SELECT 'now'::timestamptz = now(), 'today'::date = current_date, 'yesterday'::date

SELECT * FROM generate_series(timestamp '2024-01-01', timestamp '2024-01-02', interval '0 day')

SELECT * FROM generate_series(1, 3, 0)

SELECT * FROM generate_series(1.5, 4.0, 0.5)

SELECT to_char(ts, 'YYYY"Q"Q'), to_char(ts, 'HH24:MI:SS.US'), to_char(ts, 'TMMonth'), to_char(tz, 'TZ OF') FROM times WHERE id < 4 ORDER BY id

SELECT timestamp '2024-03-15 10:00' AT TIME ZONE 'America/New_York', timestamptz '2024-03-15 10:00+00' AT TIME ZONE INTERVAL '-08:00'

SELECT isfinite(interval '1 day'), justify_hours(interval '49:00')

-- differs: timetz
SELECT timetz '10:20:30+02'

-- differs: timetz
SELECT current_time = current_time

-- differs: interval-fields
SELECT interval '1-2' year to month

-- differs: zone-names
SELECT '2024-03-15 10:00 America/New_York'::timestamptz

SELECT interval(0) '1.5 seconds', '1.25 s'::interval(1)

SELECT 'now'::time = localtime, timestamp(0) 'now' = localtimestamp(0)
