select 1 into x;
insert into orders values (1);
select * from (select 1, 2) x;
select 1 + ;
select relname from pg_class where relname operator(pg_catalog.~) '^(orders)$' collate pg_catalog.default;
select b'101', x'1f', interval '1 year 2 mons', timestamp with time zone '2020-01-01 00:00:00+01', time '10:00', date 'today'