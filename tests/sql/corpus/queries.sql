select * from sales.orders
select * from shop.sales.orders
select orders.id, sales.orders.region from sales.orders
select shop.sales.orders.id from sales.orders
select sales.orders.home.street from sales.orders
select orders.home.street, home.zip, home['zip'], (home).street from sales.orders
select o.home.zip from sales.orders o
select o.home.street, o.tags[1], o.tags[1:2], o.tags[2:], o.tags[:1], o.tags[-1], o.tags[1:3:2], o.tags[:-:2] from sales.orders as o
select ORDERS.ID, "orders"."Region" from SALES.Orders
select a.id, b.id from sales.orders a, sales.orders b where a.id = b.customer and a.id < 10
select sales.orders.id, hr.orders.id from sales.orders, hr.orders where sales.orders.id = hr.orders.id
select sales.orders.id from sales.orders join hr.orders on sales.orders.id = hr.orders.id where hr.orders.grade > 2
select * from sales.orders, hr.orders where sales.orders.id = hr.orders.id and sales.orders.amount > 10
select count(*), count(amount), sum(amount), avg(price), min(day), max(moment) from sales.orders
select region, count(*) as n from sales.orders group by region having count(*) > 3 order by n desc, region
select region, customer, sum(amount) from sales.orders group by 1, 2
select region, sum(amount) from sales.orders group by all
select region, customer, count(*) from sales.orders group by rollup (region, customer)
select region, customer, count(*), grouping(region), grouping_id(region, customer) from sales.orders group by cube (region, customer)
select region, customer, flag, count(*) from sales.orders group by grouping sets ((region), (customer, flag), ())
select count(*) from sales.orders group by ()
select region, customer, flag, count(*) from sales.orders group by rollup (region, customer), flag
select distinct region from sales.orders
select distinct on (region) region, id from sales.orders order by region, id
select * from sales.orders order by id limit 3
select * from sales.orders order by id limit 3 offset 2
select id from sales.orders order by id limit 10%
select id from sales.orders order by id limit (1 + 1)
select id from sales.orders order by id limit null
select id from sales.orders order by region desc nulls first, id asc nulls last limit 4
select id, region from sales.orders order by all
select id, region from sales.orders order by all desc nulls last
select id from sales.orders order by 1 desc
select id from sales.orders order by -id limit 1
select id from sales.orders order by lower(region) collate nocase, id
select id from sales.orders where region collate nocase = 'eu'
select id from sales.orders where region collate noaccent.nocase = 'eu'
select id from sales.orders where region = 'EU' and amount > 5.5 or flag
select id from sales.orders where not (region = 'EU' and amount > 5.5)
select id from sales.orders where region in ('EU', 'US') and id not in (1, 2, 3)
select id from sales.orders where (id, region) in ((1, 'EU'), (2, 'US'))
select id from sales.orders where (id, region) in (select customer, region from sales.orders)
select id from sales.orders where region is null or amount is not null
select id from sales.orders where flag is true or flag is not false
select id from sales.orders where flag is unknown
select id from sales.orders where flag = true
select id from sales.orders where region is distinct from 'EU'
select id from sales.orders where region is not distinct from null
select id from sales.orders where amount between 1 and 20.5 and day not between date '2020-01-01' and date '2020-02-01'
select id from sales.orders where region like 'E%' or note like '%x!%%' escape '!' or note not like 'n%'
select id from sales.orders where region ilike 'e_' or note not ilike 'N%'
select id from sales.orders where note similar to 'n.*' or note ~ '.*1' or note !~ 'q.*'
select id from sales.orders where region glob 'E*' or starts_with(note, 'n') or note ^@ 'no'
select id from sales.orders where regexp_matches(note, '[0-9]+')
select id from sales.orders where exists (select 1 from hr.orders h where h.id = orders.id)
select id from sales.orders where not exists (select 1 from hr.orders where hr.orders.id = sales.orders.id)
select id from sales.orders o where id in (select id from hr.orders)
select id from sales.orders o where id not in (select id from hr.orders where id is not null)
select id from sales.orders where amount > all (select grade from hr.orders)
select id from sales.orders where amount > any (select grade from hr.orders)
select id from sales.orders where id = any ([1, 2, 3])
select id from sales.orders where id <> all ([1, 2, 3])
select (select max(amount) from sales.orders) as top
select id, (select max(grade) from hr.orders h where h.id = o.id) as g from sales.orders o
select id, (select sum(x.amount) from sales.orders x where x.region = o.region) as s from sales.orders o
select array(select id from sales.orders order by id limit 3) as ids
select case when amount > 10 then 'big' when amount is null then 'none' else 'small' end as size from sales.orders
select case region when 'EU' then 1 when 'US' then 2 end as n from sales.orders
select if(flag, 1, 2) as a, ifnull(region, '-') as b, coalesce(region, note, '-') as c, nullif(region, 'EU') as d from sales.orders
select id::varchar, amount::double, price::integer, day::timestamp, '1'::int, cast(id as decimal(10, 2)) from sales.orders
select try_cast(note as int), try_cast(region as date), try(id / 0) from sales.orders
select id::varchar(3), id::bigint::hugeint, price::float, price::decimal, id::utinyint from sales.orders where id < 100
select tags::varchar[], home::struct(street varchar, zip bigint), props::map(varchar, bigint), [1, 2]::int[2] from sales.orders
select '{"a": 1}'::json -> 'a', '{"a": {"b": "c"}}'::json -> 'a' ->> 'b', json '{"a": [1]}' ->> '$.a[0]'
select json_extract('{"a": 1}', '$.a'), json_object('k', id) from sales.orders where id < 3
select [1, 2, 3], [], {'a': 1, 'b c': 'x'}, map {'k': 1}, map([1], ['x']), (1, 'a'), row(1, 2), array[1, 2], struct_pack(q := 1)
select {'a': {'b': [{'c': 1}, {'c': 2}]}}.a.b[2].c as deep
select list_transform(tags, lambda x: x || '!') from sales.orders
select list_transform(tags, x -> upper(x)) from sales.orders
select list_filter([1, 2, 3, 4], lambda x, i: x > 1 and i < 4), list_reduce([1, 2, 3], lambda a, b: a + b), list_reduce([1, 2], (a, b) -> a * b, 10)
select [x * 2 for x in [1, 2, 3] if x > 1], [x for x in tags] from sales.orders
select list_sort(tags), list_contains(tags, 'a'), len(tags), list_distinct(tags), tags || ['z'], tags && ['a'], tags @> ['a'] from sales.orders
select list_aggregate([1, 2, 3], 'sum'), list_sum([1, 2]), list_aggr([1, 2], 'MAX')
select unnest(tags) as tag, id from sales.orders
select unnest([{'a': 1, 'b': 2}], recursive := true)
select id, t.tag from sales.orders, unnest(tags) as t(tag)
select * from range(3)
select * from range(1, 10, 3) r(i)
select * from generate_series(1, 3) as g(x), generate_series(date '2020-01-01', date '2020-01-03', interval 1 day) as d(day)
select * from unnest([10, 20]) with ordinality as u(v, n)
select * from (values (1, 'a'), (2, 'b')) as v(n, s)
select * from (values (1), (2), (null))
values (1, 'x'), (2, 'y')
values (3), (1), (2) order by 1 limit 2
(values (1)) union all (values (2))
select * from (select id, region from sales.orders) as t(a, b) where a < 5
select a, b from sales.orders as t(a, b) where a < 5
select q.* from (select id from sales.orders) q
select orders.* from sales.orders
select * exclude (tags, home) from sales.orders
select * exclude (orders.tags, home) from sales.orders
select * exclude (sales.orders.tags) from sales.orders
select * replace (upper(region) as region, id + 1 as id) from sales.orders
select * rename (id as number) from sales.orders
select orders.* exclude (note) replace (1 as id) rename (region as area) from sales.orders
select columns('i.*') from sales.orders
select columns(*) from hr.orders
select columns(* exclude (grade)) from hr.orders
select columns(c -> c like 'g%') from hr.orders
select columns(lambda c: c like 'g%') from hr.orders
select columns([x for x in (*) if x like 'g%']) from hr.orders
select min(columns(*)), max(columns(orders.*)) from hr.orders
select coalesce(*columns(*)) from hr.orders
select * like 'g%' from hr.orders
select orders from hr.orders
select o from hr.orders o where o.grade > 1
select row_number() over (order by id) as n, id from sales.orders
select id, sum(amount) over (partition by region order by id) from sales.orders
select id, sum(amount) over (partition by region order by id rows between 1 preceding and 1 following) from sales.orders
select id, sum(amount) over (order by id rows unbounded preceding) from sales.orders
select id, sum(amount) over (order by id range between 2 preceding and current row exclude ties) from sales.orders
select id, count(*) over (order by day range between interval 3 day preceding and interval 1 day following) from sales.orders
select id, count(*) over (order by region groups between 1 preceding and current row exclude current row) from sales.orders
select id, avg(amount) over (rows between unbounded preceding and unbounded following) from sales.orders
select id, lag(id) over w, lead(id, 2) over w, lag(id, 1, -1) over w, first_value(id) over w, last_value(id ignore nulls) over w, nth_value(id, 2) over w from sales.orders window w as (partition by region order by id)
select id, rank() over (order by region), dense_rank() over (order by region), percent_rank() over (order by region), cume_dist() over (order by region), ntile(3) over (order by id) from sales.orders
select id, count(distinct region) over (order by id), sum(amount) filter (where flag) over (order by id) from sales.orders
select id, string_agg(region, ',' order by id desc) over (partition by flag) from sales.orders
select id from sales.orders qualify row_number() over (partition by region order by id) = 1
select region, sum(sum(amount)) over (order by region) from sales.orders group by region
select count(distinct region), count(*) filter (where flag), sum(distinct id), string_agg(region, '|' order by id), list(id order by id desc nulls last), array_agg(distinct region order by region) from sales.orders
select quantile_cont(amount, 0.5), percentile_cont(0.5) within group (order by price), mode() within group (order by region), median(id), percentile_disc(0.25) within group (order by id desc) from sales.orders
select arg_max(id, amount), max_by(id, price), approx_count_distinct(region), bool_and(flag), bit_or(id), histogram(region), first(id order by id), any_value(region order by id), stddev(price), corr(price, id) from sales.orders
select max(id, 3), min(amount, 2), arg_min(id, price, 2) from sales.orders
select extract(year from day), date_part('month', moment), date_trunc('month', day), day + 3, day - interval 1 month, moment + interval '1 hour 2 minutes', day - date '2020-01-01', age(moment, timestamp '2019-01-01') from sales.orders
select strftime(day, '%Y/%m'), strptime('2020-01-05', '%Y-%m-%d'), make_date(2020, 2, 3), last_day(day), dayname(day), epoch(moment) from sales.orders
select interval 3 day, interval '3' month, interval (id) hour, interval '1 year 2 months', to_seconds(3.5), interval 1 week, interval 2 quarter from sales.orders where id = 1
select timestamptz '2020-01-01 00:00:00+00', timestamp '2020-01-01 10:00:00' at time zone 'UTC', time '10:11:12', date '2020-02-29', timestamp_ns '2020-01-01 00:00:00.123456789'
select 1, -1, - 1, +1, 2147483647, 2147483648, -2147483648, 9223372036854775807, -9223372036854775808, 9223372036854775808, 170141183460469231731687303715884105727, -170141183460469231731687303715884105728, 340282366920938463463374607431768211455
select 1.5, -1.5, .5, 0.5, 00.5, 5., 0.05, 100.00, 12345678901234567890123456789.123456789, 1_000.5, -0.0
select 1e10, 1e400, -1e400, 1e-400, 1.7976931348623157e308, 5e-324, 0.1e0, -0e0, 1e0, 123456789012345678901234567890123456789012345.5
select 'nan'::double, 'inf'::double, '-inf'::float, 'infinity'::date, x'AB', '\xAA\x00'::blob, '101'::bit, uuid '00000000-0000-0000-0000-000000000001', true, false, null, null::int
select 'it''s', e'a\nb\t\'', $$dollar 'quoted'$$, $x$ $$ $x$, 'ünï — 漢字 🦆', '', ' ', '--', '/* */', '\', '"'
select "id" as "a ""quoted"" name", id as "select", id as "ü", id as "a.b", id as "*", id as "hs_scan_0" from sales.orders
select a+b*c-d/e%f//g, a ** b, a ^ b, a & b, a | b, a << 1, a >> 1, ~a, -a, @a, a!, a || b from (select 1 a, 2 b, 3 c, 4 d, 5 e, 6 f, 7 g)
select (-1) ^ 2, -1 ^ 2, (-2) ** 2, - (-1), - (1 + 2), not true, not not false, 1 - -1, 1 - (-(-1)), (-5) % 3, (-5)::varchar, (-1)::utinyint is null or true from (select 1) where false
select 1 = 1 and 2 < 3 or 4 >= 5 and not 6 <> 7
select 'a' < 'b', 'a' == 'a', 1 != 2, (1 < 2) = (2 < 3)
select greatest(1, 2, 3), least('a', 'b'), abs(-3), round(2.567, 2), floor(-1.5), pi(), sqrt(2), power(2, 10), mod(7, 3), 7 % 3, xor(5, 1), sign(-2)
select substring('hello' from 2 for 3), substring('hello', 2), left('hello', 2), position('l' in 'hello'), trim(both 'x' from 'xax'), trim(leading from '  a'), trim(' a '), rtrim('axx', 'x'), replace('abc', 'b', 'd'), split_part('a-b', '-', 2), concat('a', 1, null), concat_ws('-', 'a', 'b'), lpad('a', 3, '-'), repeat('ab', 2), reverse('abc'), format('{} {}', 'a', 1), printf('%d', 3)
select md5('a'), sha256('a'), hash(1) = hash(1), base64('a'::blob), hex(255), bin(5), chr(65), ascii('A'), levenshtein('ab', 'ac'), jaccard('ab', 'ac')
select current_date is not null, now() is not null, current_timestamp is not null, today() = current_date, random() between 0 and 1, gen_random_uuid() is not null, current_user is not null, current_schema is not null
select typeof(id), typeof(home) from sales.orders limit 1
select 'a'::varchar collate nocase = 'A'
select upper('x'), 'x' || 'y' || null, lower(region) from sales.orders order by id
select orders.region.upper() as u from sales.orders order by sales.orders.id
select region.lower() as r, region.lower().upper() from sales.orders order by id
select ('x').upper(), region.replace('E', 'e') from sales.orders
select id from sales.orders union select id from hr.orders
select id from sales.orders union all select id from hr.orders union all select 7
select id from sales.orders except select id from hr.orders
select id from sales.orders intersect all select id from hr.orders
select id from sales.orders except all select id from hr.orders intersect select 3
(select id from sales.orders order by id limit 2) union all (select id from hr.orders order by id desc limit 2) order by 1 desc limit 3
select id, region from sales.orders union by name select grade, id from hr.orders
select id from hr.orders union all by name select grade from hr.orders
select 1 as a union (select 2 union all select 2)
(select 1 except select 2) union all (select 3 intersect select 3)
with t as (select * from sales.orders) select count(*) from t
with t as (select id from sales.orders), u as (select id + 1 as id from t) select * from u join t using (id)
with orders as (select id from sales.orders where id < 3) select * from orders
with orders as (select id from sales.orders where id < 3) select orders.id, o.id from orders, sales.orders o where o.id = orders.id
with t(a, b) as materialized (select id, region from sales.orders), u as not materialized (select a from t) select u.a, t.b from t, u where t.a = u.a
with "Weird ""name" as (select 1 as x) select "Weird ""name".x, "weird ""NAME".* from "Weird ""name"
with t as (with t as (select 1 as x) select x + 1 as x from t) select * from t
with a as (select 1 as x), b as (select * from a union all select * from a) select count(*) from b, a
with t as (select 1 as x) select * from (with t as (select 2 as x) select * from t) q, t
with t as (select 1 as x) (select x from t) union all (with t as (select 5 as x) select x from t)
with x as (select id from sales.orders) select (select count(*) from x) as n, (with x as (select 1 as id) select count(*) from x) as m
with recursive r(n) as (select 1 union all select n + 1 from r where n < 10) select * from r
with recursive r as (select 1 as n, 0 as p union select n + p, n from r where n < 50) select sum(n) from r
with recursive tree(id, depth) as (select id, 0 from sales.orders where id = 1 union all select o.id, depth + 1 from sales.orders o join tree t on o.customer = t.id where depth < 3) select id, min(depth) from tree group by id
with recursive a as (select 1 as x), r(n) as (select x from a union all select n + 1 from r where n < 3), c as (select 9 union select 8) select * from r, c
select * from sales.orders o join hr.orders h on o.id = h.id
select o.id, h.grade from sales.orders o left join hr.orders h on o.id = h.id and h.grade > 1
select o.id, h.grade from sales.orders o right join hr.orders h on o.id = h.id
select o.id, h.id from sales.orders o full join hr.orders h on o.id = h.id + 3
select id, o.region, h.grade from sales.orders o join hr.orders h using (id)
select o.id from sales.orders o semi join hr.orders h on o.id = h.id
select o.id from sales.orders o anti join hr.orders h using (id)
select id, grade from sales.orders natural join hr.orders
select o.id, h.id from sales.orders o cross join hr.orders h where o.id < 3 and h.id < 3
select a.id from (sales.orders a join hr.orders b on a.id = b.id) left join (hr.orders c join hr.orders d using (id)) on c.id = a.id
select * from (sales.orders a join hr.orders b using (id)) as j where id < 5
select o.day, p.v from sales.orders o asof join (values (date '2020-01-01', 1), (date '2020-03-01', 2)) p(d, v) on o.day >= p.d
select o.day, p.v from sales.orders o asof left join (values (date '2020-02-01', 1)) p(day, v) using (day)
select * from (values (1), (2)) a(x) positional join (values (3), (4)) b(y)
select o.id, l.x from sales.orders o, lateral (select o.id + 1 as x) l
select o.id, l.n from sales.orders o left join lateral (select count(*) as n from hr.orders h where h.id = o.id) l on true
from sales.orders
from sales.orders select id where id < 3
from (from hr.orders where grade > 1) select count(*)
table hr.orders
select 1 where exists (from hr.orders)
select id as x, x + 1 as y from sales.orders where x > 3 order by y
select region as r, count(*) from sales.orders group by r having r is not null order by r
select #1, #2 from (select id, region from sales.orders)
select id from sales.orders where id in (values (1), (2))
select count(*) from (select * from sales.orders tablesample 100%)
select count(*) from sales.orders using sample 100 percent (bernoulli)
select count(*) from sales.orders tablesample reservoir(1000 rows) repeatable (7)
select count(*) <= 5 from (select * from sales.orders using sample 5 rows)
select map {'a': 1}['a'], props['x'], map_keys(props), cardinality(props), element_at(props, 'x') from sales.orders
select struct_extract(home, 'zip'), struct_insert(home, extra := 1), home = {'street': 's', 'zip': 1} from sales.orders
select date_diff('day', date '2020-01-01', day), date_add(day, interval 1 day), time_bucket(interval '1 month', day) from sales.orders
select id, region in ('EU') as eu, 'a' in tags as has from sales.orders
select sum(case when region = 'EU' then amount else 0 end) / nullif(sum(amount), 0) from sales.orders
select count(*) from sales.orders, sales.orders o2, sales.orders o3 where orders.id = o2.id and o2.id = o3.id
select max(length(note)), min(strlen(note)), sum(length(tags)) from sales.orders
select grouping(region), region from sales.orders group by grouping sets ((region), ())
select r.region, r.n from (select region, count(*) n from sales.orders group by region) r where r.n = (select max(n) from (select count(*) n from sales.orders group by region))
select id from sales.orders where day >= '2020-02-01' and moment < timestamp '2020-03-01 00:00:00' and day < date '2020-01-31' + interval 1 month
select id from sales.orders where amount = 12 or amount in (3, 4.50) or price > 0.5 or id = 5000000000
select id from sales.orders where flag or not flag
select id from sales.orders where 5 < id and 'EU' = region and date '2020-01-02' <= day
select h.id from hr.orders h left join sales.orders o on h.id = o.id where o.region = 'EU' and h.grade < 4
select h.id, o.id from hr.orders h full join sales.orders o on h.id = o.id where o.region = 'EU' or h.grade = 1
select id from sales.orders where id = 1 or (region = 'US' and not (amount < 10 or day is null))
select id from sales.orders tablesample 100% where region = 'EU'
select t.b from sales.orders as t(b, region) where t.region is not null and b < 9
select distinct on (region) id from sales.orders where id > 3 order by region, id
select id from (select * from sales.orders where region = 'EU' limit 5) where id > 0
select id from sales.orders where region = 'EU' qualify rank() over (order by id) <= 2
select orders.id from sales.orders where orders.region = 'EU' and sales.orders.amount > 3 and id between 2 and 12
select id from sales.orders natural join hr.orders where id > 2 and grade > 0
select id from sales.orders join hr.orders using (id) where id > 2 and region = 'EU'
select id from sales.orders where exists (select 1 from hr.orders where orders.id = sales.orders.id and orders.grade > 1)
select id from sales.orders where exists (select 1 from hr.orders where hr.orders.id = sales.orders.id and exists (select 1 from sales.orders o where o.id = hr.orders.id and orders.grade >= 0))
select id, (select count(*) from hr.orders where orders.id = sales.orders.id) from sales.orders
select id, (select max(orders.id) from sales.orders) from hr.orders
