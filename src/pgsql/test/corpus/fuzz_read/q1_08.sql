select k.x, k.n from pg_index i, information_schema._pg_expandarray(i.indkey) as k(x, n);
select null union select day from orders;
select '2020-01-01' union select day from orders;
select id from orders where day > '2020-01-01'::date and at >= '2020-01-01 00:00:00' and seen < '2020-01-01T00:00:00Z' and amount > 5;
select * from orders o left join lateral (select * from people p where p.id = o.id) x on true;
copy orders(id, region) to stdout with (format csv, header)