copy (select 1) to stdout binary;
declare c binary cursor with hold for select * from orders;
explain (format json) select 1;
select pg_get_constraintdef(k.oid), obj_description(c.oid, 'pg_class'), col_description(c.oid, 1), format_type(23, -1), pg_get_userbyid(10) from pg_constraint k, pg_class c;
select json_build_object('a', 1), '{"a":1}'::json->'a', '{"a":1}'::jsonb->>'a' ;
select 1 as a, 'x' as b, null as c