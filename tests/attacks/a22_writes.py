"""What one may read masked must not be written elsewhere, and nothing here is written at all."""
NUMBER, TITLE, DEFENCE = 22, "writes", "select-only"
FINE = {"pg": r"^(begin|commit|rollback)$"}  # of transactions that only read
NEVER_OK = "."
WRITES = ["insert into {T} select * from {T}", "insert into {T} (id) values (1)", "insert into {T} values (1) returning *", "insert or replace into {T} (id) values (1)", "update {T} set note = ssn", "update {T} set id = 1 returning *", "delete from {T}", "delete from {T} where 1 // m > 0 returning *", "merge into {T} using {T} s on true when matched then delete", "create table x as select * from {T}", "create view x as select * from {T}", "create or replace view hs_scan_0 as select 1", "create temp view hs_scan_0 as select * from {T}",
          "create table {D}.x as select * from {T}", "drop table {T}", "drop view hs_scan_0", "alter table {T} add column x int", "alter view hs_scan_0 rename to y", "truncate {T}", "copy {T} to '{out}/written.parquet'", "select * into x from {T}", "with x as (insert into {T} values (1) returning *) select * from x", "with x as (delete from {T} returning *) select * from x", "begin", "commit", "rollback", "begin transaction; delete from {T}; commit", "create index i on {T}(ssn)", "create unique index i on {T}(pin)", "create schema x", "create sequence s", "create type t as enum (select ssn from {T})", "create macro m() as (select max(salary) from {T})", "comment on table {T} is 'x'", "grant select on {T} to eve", "set variable x = (select max(ssn) from {T})", "call x()", "select nextval('s')", "pragma memory_limit = '1GB'", "select setval('s', 1)", "create trigger x", "vacuum {T}", "analyze {T}", "deallocate x", "pivot {T} on region using count(*)", "unpivot {T} on id, n into name x value y", "select * from (pivot {T} on region using count(*))", "from {T} pivot (count(*) for region in ('EU', 'US'))"]
STATEMENTS = WRITES


def probe(attempt):
    """By the door's way for writes too; then the tables are what they were."""
    before = attempt.ask("root", "select count(*), sum(id), min(note) from alpha.people").rows
    for text in WRITES:
        attempt.update("eve", text)
        attempt.update("root", text)
    after = attempt.ask("root", "select count(*), sum(id), min(note) from alpha.people")
    attempt.check(after.ok and before == after.rows, f"the table was {before} and is {after.rows or after.text}")
