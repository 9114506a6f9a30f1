select * from orders;
select o.id, o.region as r, sum(amount), avg(qty), count(*), count(distinct region) filter (where ok) from sales.orders o group by 1, region having sum(amount) > 10 order by r desc, 1 limit 5 offset 2;
select qty / 2, qty % 2, price / 2, amount / 3, -qty, - 5, -5, -(5), 2147483648, 1e5, 1.50 from orders;
select 'a' || region, region like 'a%', region like 'a\_%', region ilike 'x', region not like 'b' escape '#', region similar to 'a|b', region ~ '^a', region !~* 'b' from orders;
select day + 1, day - day, day - date '2020-01-01', at + interval '1' day, at - '1 day', '2020-01-01' < day, day between '2020-01-01' and '2020-02-01', at::date, seen::date, seen at time zone 'Europe/Berlin' from orders;
select extract(year from seen), date_part('epoch', at), date_trunc('month', at), to_char(at, 'YYYY') from orders