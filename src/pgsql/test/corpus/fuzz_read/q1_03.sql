select tags[1], nums[2:3], tags[qty], (address).a, (address).*, array[1,2], array(select id from orders), '{a,b}'::text[], 1 = any(nums), region = any('{a,b}'), region <> all(array['x','y']) from orders;
select * from generate_series(1,3) as g, unnest(array['a','b']) with ordinality as u(v, n);
select i.indkey[0], generate_subscripts(indkey, 1), unnest(indkey) from pg_index i;
select case when qty > 1 then 'a' else null end, coalesce(region, 'x'), greatest(qty, 2), nullif(region, ''), qty is distinct from 3, ok is true, ok is not unknown from orders;
select (qty, id) = (1, 2), (qty, id) in (select 1, 2), row(1,2) from orders;
select current_date, current_timestamp, now(), current_user, current_schema, current_database(), version(), localtimestamp, session_user