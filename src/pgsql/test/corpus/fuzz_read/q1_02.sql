select * from orders a join people b using (id) order by id;
select * from orders natural join people;
select id from orders union select id from people order by id desc nulls last limit 3;
with recursive t(n) as (values (1) union all select n+1 from t where n < 100) select sum(n) from t;
with t as materialized (select id from orders) select * from t where id in (select id from people) and exists (select 1 from t);
select row_number() over (partition by region order by amount desc), sum(qty) over w, lag(qty) over (order by id rows between 1 preceding and current row exclude ties) from orders window w as (order by id)