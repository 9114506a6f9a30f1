"""Statements of a length or depth that nobody writes: refused in our words or answered; the server and everyone else's statements live on."""
NUMBER, TITLE, DEFENCE = 49, "very long and very deep statements", "plain"
DEEP = [("(", ")"), ("abs(", ")"), ("[", "]"), ("not ", ""), ("-", ""), ("(select ", ")"), ("case when true then ", " end"), ("{{'a': ", "}}"), ("cast(", " as int)"), ("coalesce(", ", 1)"), ("list_transform([1], lambda x: ", ")")]
STATEMENTS = [f"select {a * n}1{b * n} from {{T}} limit 1" for a, b in DEEP for n in (50, 400, 3000)] + [
    f"select {' + '.join(['n'] * n)} from {{T}} order by id limit 2" for n in (300, 5000)] + [f"select {', '.join(['ssn'] * n)} from {{T}} limit 1" for n in (200, 4000)] + [f"select count(*) from {{T}} where id in ({', '.join(map(str, range(n)))})" for n in (1000, 60000)] + [f"select count(*) from {{T}} where {' or '.join(['id = 777000001'] * n)}" for n in (100, 6000)] + [
    f"{'select id from {T} union all ' * n}select 1" for n in (20, 900)] + [f"select count(*) from {{T}} t0 {' '.join(f'join {{T}} t{i} using (id)' for i in range(1, n))}" for n in (3, 12, 400)] + [f"select * from {'(select * from ' * n}{{T}}{')' * n} order by id limit 1" for n in (40, 900)] + [f"with {', '.join(f'c{i} as (select * from ' + (f'c{i - 1}' if i else '{T}') + ')' for i in range(n))} select count(*) from c{n - 1}" for n in (20, 300)] + [
    f"select '{'x' * n}' || note from {{T}} order by id limit 1" for n in (10000, 900000, 1100000)] + [f"select 1 as \"{'x' * n}\" from {{T}} limit 1" for n in (1000, 200000)] + [f"select id from {{T}} {' ' * 500000} order by id limit 1", f"select id from {{T}} /*{'x' * 500000}*/ order by id limit 1", f"select {'1' * 100000} from {{T}}", f"select id.{'.'.join(['x'] * 3000)} from {{T}}", f"select {'$1 +' * 2000} 1 from {{T}}", f"select ${'9' * 400} from {{T}}", "select $1000000 from {T}", f"select max({'distinct ' * 9}id) from {{T}}"]


def probe(attempt):
    attempt.check(attempt.server.alive(), "the server ended")
    got = attempt.ask("eve", "select count(*), max(id) from alpha.people")
    attempt.check(got.ok and got.rows == [(60, 59)], f"afterwards: {got.words()}")
