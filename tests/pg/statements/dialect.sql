select * from orders
select o.id, o.region as r, sum(amount), avg(qty), count(*), count(distinct region) filter (where ok) from sales.orders o group by 1, region having sum(amount) > 10 order by r desc, 1 limit 5 offset 2
select qty / 2, qty % 2, price / 2, amount / 3, -qty, - 5, -5, -(5), 2147483648, 1e5, 1.50 from orders
select 'a' || region, region like 'a%', region like 'a\_%', region ilike 'x', region not like 'b' escape '#', region similar to 'a|b', region ~ '^a', region !~* 'b' from orders
select day + 1, day - day, day - date '2020-01-01', at + interval '1' day, at - '1 day', '2020-01-01' < day, day between '2020-01-01' and '2020-02-01', at::date, seen::date, seen at time zone 'Europe/Berlin' from orders
select extract(year from seen), date_part('epoch', at), date_trunc('month', at), to_char(at, 'YYYY') from orders
select 'orders'::regclass, 'sales.orders'::regclass::oid, c.oid::regclass from pg_class c where c.oid = 'pg_class'::regclass
select 'nosuch'::regclass
select x from orders
select * from nosuch
select * from lines
select a.*, b.name from orders a join people b using (id)
select * from orders a join people b using (id) order by id
select * from orders natural join people
select id from orders union select id from people order by id desc nulls last limit 3
with recursive t(n) as (values (1) union all select n+1 from t where n < 100) select sum(n) from t
with t as materialized (select id from orders) select * from t where id in (select id from people) and exists (select 1 from t)
select row_number() over (partition by region order by amount desc), sum(qty) over w, lag(qty) over (order by id rows between 1 preceding and current row exclude ties) from orders window w as (order by id)
select tags[1], nums[2:3], tags[qty], (address).a, (address).*, array[1,2], array(select id from orders), '{a,b}'::text[], 1 = any(nums), region = any('{a,b}'), region <> all(array['x','y']) from orders
select * from generate_series(1,3) as g, unnest(array['a','b']) with ordinality as u(v, n)
select i.indkey[0], generate_subscripts(indkey, 1), unnest(indkey) from pg_index i
select case when qty > 1 then 'a' else null end, coalesce(region, 'x'), greatest(qty, 2), nullif(region, ''), qty is distinct from 3, ok is true, ok is not unknown from orders
select (qty, id) = (1, 2), (qty, id) in (select 1, 2), row(1,2) from orders
select current_date, current_timestamp, now(), current_user, current_schema, current_database(), version(), localtimestamp, session_user
select current_setting('server_version'), current_setting('nosuch', true), set_config('search_path', '', false)
select has_table_privilege('orders', 'select'), has_schema_privilege('sales', 'CREATE'), pg_table_is_visible(c.oid) from pg_class c
select $1::int, $2, id from orders where id = $3 and region = $4 and qty = any($5) limit $6
select count(*) from orders group by grouping sets ((region), (), (region, ok)), rollup(qty), cube(qty, id)
select distinct on (region) region, id from orders order by region, id desc
values (1, 'a'), (2, null) order by 1
select amount::numeric, price::numeric, qty::text, price::text, region::varchar(3), region::"char", '5'::int, 'x'::bytea, true::int, id::int2 from orders
select mixed, "Mixed" from orders
select o from orders o
select ctid from orders
select tableoid from pg_class
select * from orders for update
select 1 into x
insert into orders values (1)
select * from (select 1, 2) x
select 1 + 
select relname from pg_class where relname operator(pg_catalog.~) '^(orders)$' collate pg_catalog.default
select b'101', x'1f', interval '1 year 2 mons', timestamp with time zone '2020-01-01 00:00:00+01', time '10:00', date 'today'
select percentile_cont(0.5) within group (order by amount), string_agg(region, ',' order by id), array_agg(distinct region), mode() within group (order by qty) from orders
select substring('abc' from 2 for 1), position('a' in 'b'), trim(both 'x' from region), overlay('abc' placing 'x' from 2) from orders
select lower(region) as x, region from orders where lower(region) = 'a' order by x, lower(region)
select t.typname from pg_type t where (typreceive != 0) and typtype != 'r' and typreceive::text != 'array_recv'
select (information_schema._pg_expandarray(i.indkey)).n from pg_index i
select k.x, k.n from pg_index i, information_schema._pg_expandarray(i.indkey) as k(x, n)
select null union select day from orders
select '2020-01-01' union select day from orders
select id from orders where day > '2020-01-01'::date and at >= '2020-01-01 00:00:00' and seen < '2020-01-01T00:00:00Z' and amount > 5
select * from orders o left join lateral (select * from people p where p.id = o.id) x on true
copy orders(id, region) to stdout with (format csv, header)
copy (select 1) to stdout binary
declare c binary cursor with hold for select * from orders
explain (format json) select 1
select pg_get_constraintdef(k.oid), obj_description(c.oid, 'pg_class'), col_description(c.oid, 1), format_type(23, -1), pg_get_userbyid(10) from pg_constraint k, pg_class c
select json_build_object('a', 1), '{"a":1}'::json->'a', '{"a":1}'::jsonb->>'a' 
select 1 as a, 'x' as b, null as c
select 1 where 1 in (1,2) and 'a' in ('a') and 2 not in (select id from orders)
select 1e3, 1.5e-3, 12e-1, -1.5e2, 1e40, .5e1
select (qty, id) = (1, 2), (qty, id) < (1, 2), (qty,id) in ((1,2),(3,4)), (qty, id) in (select qty, id from orders), (qty,id) >= (1,'2') from orders
select case when 1 then 2 end
select 1 where 'true'
select 1 where 5
select '1' + '2'
select null || 'a', greatest(null, null)
select 1 where exists (select from orders)
select rank() from orders
select '99999999999'::int
select * from json_array_elements('[1]')
select regexp_matches('a','b')
select 'abc'::char(5) || 'x', 'abc'::char(5)
select (timestamp '2024-01-01', interval '10 days') overlaps (timestamp '2024-01-11', timestamp '2024-01-20')
select * from (select 1 as a, 2 as a) x
select x.* from (select 1, 2, 3 as b) x
select a from (select 1 as a, 2 as a) x
select t.* from orders t join people p using (id)
SELECT * FROM unnest(ARRAY[1, 2, 3], ARRAY['a', 'b']) AS u (n, w)
select * from unnest(array[1],array[2]) with ordinality
select '1'+'2'
select e, e.value from json_array_elements('[1]') e