insert into sales.orders values (1)
update sales.orders set id = 1
delete from sales.orders
merge into sales.orders using hr.orders h on true when matched then delete
create table x as select 1
drop table sales.orders
copy sales.orders to '/tmp/x.csv'
copy (select 1) to '/tmp/x.csv'
attach '/tmp/x.db'
load json
install httpfs
pragma version
call pragma_version()
set threads = 4
reset threads
explain select 1
explain analyze select * from sales.orders
describe sales.orders
describe select 1
show tables
show all tables
summarize sales.orders
select * from (describe select 1)
select * from (summarize sales.orders)
select * from (show tables)
pivot sales.orders on region using sum(amount)
unpivot sales.orders on id, customer into name k value v
select * from sales.orders pivot (sum(amount) for region in ('EU', 'US'))
select * from sales.orders unpivot (v for k in (id, customer))
prepare q as select 1
execute q
begin
checkpoint
vacuum
export database '/tmp/x'
select 1; select 2
select * from 'file.parquet'
select * from "data/file.csv"
select * from 'https://example.com/x.json'
select * from '*.parquet'
select * from read_parquet('x.parquet')
select * from read_csv('x.csv')
select * from read_text('/etc/hostname')
select * from read_blob('/etc/hostname')
select * from glob('*')
select * from query('select 1')
select * from query_table('t')
select * from parquet_metadata('x')
select * from duckdb_views()
select * from duckdb_settings()
select * from pragma_version()
select * from json_execute_serialized_sql('{}')
select * from main.read_text('/etc/hostname')
select * from system.main.read_text('/etc/hostname')
select * from "read_text"('/etc/hostname')
select * from other.range(3)
select * from histogram_values(hr.orders, grade)
select stats(id) from sales.orders
select (select stats(id)) from sales.orders
select list_transform([1], lambda x: stats(x))
select current_setting('threads')
select getenv('HOME')
select getvariable('x')
select nextval('s')
select currval('s')
select setseed(0.5)
select error('x')
select sleep_ms(1)
select pg_sleep(1)
select write_log('x')
select json_serialize_sql('select 1')
select json_deserialize_sql('{}')
select hs_mask_hmac('x')
select main.hs_mask_hmac('x')
select hs_mask_hmac_token('5:sales,0:,', 'x')
select hs_mask_json('', 'x')
select hs_mask_ff1_long('0:,0:,0:,10:0123456789,1:9,', 1234567)
select system.main.stats(id) from sales.orders
select "STATS"(id) from sales.orders
select id.stats() from sales.orders
select sales.orders.id.stats() from sales.orders
select bitstring_agg(id) from sales.orders
select list_aggregate([1], 'bitstring_agg')
select list_aggr([1], 'stats')
select list_aggregate([1], 'su' || 'm')
select list_aggregate([1], $1)
select array_aggregate([1], (select 'sum'))
select __internal_compress_integral_utinyint(1, 2)
select create_sort_key(id) from sales.orders
select constant_or_null(1, 2)
select current_query()
select txid_current()
select in_search_path('a', 'b')
select make_type('int')
select cast(1 as mytype)
select 1::main.mytype
select 'a'::enum('a', 'b')
select 1::union(a int)
select '{}'::variant
select 'POINT(0 0)'::geometry
select 'a' collate de
select 'a' collate "nocase.de"
select $name
select $99999
select default
select export_state from (select 1) x where x.f(1)
select sum(id) export_state from sales.orders
select * from sales.orders at (version => id)
select * from sales.orders at (version => (select 1))
select * from sales.orders at (timestamp => now())
select * from sales.orders at (version => $1)
with t as (select 1) select * from t at (version => 1)
with recursive r(n, m) using key (n) as (select 1, 2 union select n + 1, m from r where n < 3) select * from r
select x.count(*) over () from (select 1 x)
select other.row_number() over ()
