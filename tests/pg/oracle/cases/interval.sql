SELECT interval '1 year 2 months 3 days 04:05:06.789', interval '1 day', interval '-1 day', interval '0'

SELECT interval '1-2', interval 'P1Y2M3DT4H5M6S', interval '1 day ago', interval '1 mon -1 day'

SELECT interval '1.5 days', interval '1.5 months', interval '90 minutes', interval '1 week', interval '100 hours'

SELECT interval '3' day, interval '2' hour, interval '1' year, interval '5' month, interval '10' minute, interval '7' second

SELECT interval '1 month' * 2, interval '1 month' * 1.5, 2 * interval '1 day', interval '1 day' / 3, interval '1 month' / 2

SELECT interval '1 day' + interval '2 hours', interval '1 day' - interval '25 hours', -interval '1 day 2 hours'

SELECT interval '1 day' = interval '24 hours', interval '1 month' = interval '30 days', interval '1 year' > interval '364 days'

SELECT justify_days(interval '35 days'), justify_hours(interval '27 hours'), justify_interval(interval '1 mon -1 hour')

SELECT make_interval(1, 2, 3, 4, 5, 6, 7.5), make_interval(days => 10), make_interval(hours => 1, mins => 30)

SELECT extract(epoch FROM interval '1 month 1 day 01:00'), extract(hour FROM interval '100 hours'), extract(day FROM interval '40 days'), extract(month FROM interval '14 months'), extract(year FROM interval '14 months')

SELECT extract(second FROM interval '1 minute 30.5 seconds'), date_part('epoch', interval '1 year')

SELECT date_trunc('hour', interval '2 days 03:04:05')

SELECT interval '1 year 2 mons'::text, (interval '1 day')::text, (interval '-1 mon +2 days -03:00:00')::text

SELECT sum(x), avg(x), min(x), max(x) FROM (VALUES (interval '1 day'), (interval '12 hours')) v (x)

SELECT x FROM (VALUES (interval '1 day'), (interval '23 hours'), (interval '1 month')) v (x) ORDER BY x

SELECT interval 'abc'

SELECT interval '1 day' / 0

SELECT '04:05:06'::interval, '1 day'::text::interval

SELECT time '10:00'::interval, interval '30 hours'::time

SELECT ts - lag(ts) OVER (ORDER BY ts) FROM times WHERE id IN (1, 2, 9) ORDER BY ts

SELECT count(*) FROM orders WHERE o_orderdate >= date '1995-01-01' AND o_orderdate < date '1995-01-01' + interval '3 months'

SELECT to_char(interval '1 day 02:03:04', 'DD HH24:MI:SS')

SELECT interval '1 day' * 2.5::float8, interval '2 hours' * 3

SELECT interval '2147483647 years'
