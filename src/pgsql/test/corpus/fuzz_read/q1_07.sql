select percentile_cont(0.5) within group (order by amount), string_agg(region, ',' order by id), array_agg(distinct region), mode() within group (order by qty) from orders;
select substring('abc' from 2 for 1), position('a' in 'b'), trim(both 'x' from region), overlay('abc' placing 'x' from 2) from orders;
select lower(region) as x, region from orders where lower(region) = 'a' order by x, lower(region);
select region as qty from orders group by qty order by qty;
select t.typname from pg_type t where (typreceive != 0) and typtype != 'r' and typreceive::text != 'array_recv';
select (information_schema._pg_expandarray(i.indkey)).n from pg_index i