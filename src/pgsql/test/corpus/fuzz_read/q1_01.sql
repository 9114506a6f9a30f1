select 'orders'::regclass, 'sales.orders'::regclass::oid, c.oid::regclass from pg_class c where c.oid = 'pg_class'::regclass;
select 'nosuch'::regclass;
select x from orders;
select * from nosuch;
select * from lines;
select a.*, b.name from orders a join people b using (id)