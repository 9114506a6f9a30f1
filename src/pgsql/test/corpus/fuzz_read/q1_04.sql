select current_setting('server_version'), current_setting('nosuch', true), set_config('search_path', '', false);
select has_table_privilege('orders', 'select'), has_schema_privilege('sales', 'CREATE'), pg_table_is_visible(c.oid) from pg_class c;
select $1::int, $2, id from orders where id = $3 and region = $4 and qty = any($5) limit $6;
select count(*) from orders group by grouping sets ((region), (), (region, ok)), rollup(qty), cube(qty, id);
select distinct on (region) region, id from orders order by region, id desc;
values (1, 'a'), (2, null) order by 1