"""Planned for one, run for another: views that run as their maker, plans kept over a change of role, the same text from two people at once."""
import concurrent.futures

NUMBER, TITLE, DEFENCE = 17, "planned as one person, run as another", "ticket-principal"
FINE = {"pg": r"^reset role"}  # there is no other than one's own
NEVER_OK = r"^(select \* from hs_scan|select hs_scan_0\.\* from {T}$|set |reset |create )|f15|fenced\."
STATEMENTS = [
    "select current_user, session_user, user, current_role, current_database(), current_schema()", "set role root", "set session authorization root", "reset role", "create view v with (security_invoker = false) as select * from {T}", "create or replace view people as select * from {T}", "create temp macro m() as table select * from {T}",
    "select * from hs_scan_0, hs_scan_1", "select hs_scan_0.* from {T}", "select * from (select * from {T}) hs_scan_0 limit 0", "with hs_scan_0 as (select 1 as id) select * from hs_scan_0, {T} limit 3", "with people as (select 1 as x) select * from people", "with {T} as (select 1) select 1", "select count(*) from {T} hs_scan_1, {T} hs_scan_0", "select count(*) from {T} a, {D}.staff b, {D}.claims c",
    "with \"raw\" as (select 1 as \"f1\") select * from \"raw\", {T} limit 2", "select \"raw\".f1 from {T}", "select fenced.id from {T}", "select seen.region from {T}", "select \"seen\".* from {T}", "select \"fenced\".\"f15\" from {T}", "select f15, \"f16\", F17 from {T}", "select count(\"f2\") from {T}",
]
SAME = ["select * from alpha.people order by id", "select count(*), min(id), max(id), count(distinct region), max(salary) from alpha.people", "select region, count(*), max(note) from alpha.staff group by region order by all", "select id, (select max(b.id) from alpha.people b) as top from alpha.people order by id limit 5"]


def probe(attempt):
    """Three people, the same text, at once and again: each one's answer stays what it is alone."""
    alone = {(who, sql): attempt.ask(who, sql).shape() for who in ("root", "eve", "mal") for sql in SAME}
    attempt.check(len({str(alone[who, SAME[1]]) for who in ("root", "eve", "mal")}) == 3, "three people should see three different things")

    def again(work):
        return work, attempt.ask(*work).shape()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for work, shape in pool.map(again, [w for _ in range(4) for w in alone]):
            attempt.check(shape == alone[work], f"{work[0]}'s answer changed while others asked {work[1]}")
    # Planned as root, run as eve: by handle and by ticket, before and after eve asked the same herself.
    attempt.foreign_handles(SAME[:2])
    attempt.foreign_tickets(SAME[:2])
