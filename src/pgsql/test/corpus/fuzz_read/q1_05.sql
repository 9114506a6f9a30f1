select amount::numeric, price::numeric, qty::text, price::text, region::varchar(3), region::"char", '5'::int, 'x'::bytea, true::int, id::int2 from orders;
select mixed, "Mixed" from orders;
select o from orders o;
select ctid from orders;
select tableoid from pg_class;
select * from orders for update