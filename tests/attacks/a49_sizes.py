"""Statements of a length or depth that nobody writes: refused in our words or answered; the server and everyone else's statements live on."""
import shutil
import time

NUMBER, TITLE, DEFENCE = 49, "very long and very deep statements", "plain"
DEEP = [("(", ")"), ("abs(", ")"), ("not ", ""), ("-", ""), ("case when true then ", " end"), ("cast(", " as int)"), ("coalesce(", ", 1)")]
COSTLY = [("(select ", ")"), ("list_transform([1], lambda x: ", ")"), ("[", "]"), ("{'a': ", "}"), ("abs(", ")")]  # these take the engine's planner for ever, or more than an answer can hold
WITNESS = f"select {'(select ' * 50}1{')' * 50}"
STATEMENTS = [f"select {a * n}1{b * n} from {{T}} limit 1" for a, b in DEEP for n in (50, 3000)] + [
    f"select {' + '.join(['n'] * n)} from {{T}} order by id limit 2" for n in (300, 5000)] + [f"select {', '.join(['ssn'] * n)} from {{T}} limit 1" for n in (200, 4000)] + [f"select count(*) from {{T}} where id in ({', '.join(map(str, range(n)))})" for n in (1000, 60000)] + [f"select count(*) from {{T}} where {' or '.join(['id = 777000001'] * n)}" for n in (100, 6000)] + [
    f"{'select id from {T} union all ' * n}select 1" for n in (20, 900)] + [f"select count(*) from {{T}} t0 {' '.join(f'join {{T}} t{i} using (id)' for i in range(1, n))}" for n in (3, 12, 400)] + [f"select * from {'(select * from ' * n}{{T}}{')' * n} order by id limit 1" for n in (40, 900)] + [f"with {', '.join(f'c{i} as (select * from ' + (f'c{i - 1}' if i else '{T}') + ')' for i in range(n))} select count(*) from c{n - 1}" for n in (20, 300)] + [
    f"select '{'x' * n}' || note from {{T}} order by id limit 1" for n in (10000, 900000, 1100000)] + [f"select 1 as \"{'x' * n}\" from {{T}} limit 1" for n in (1000, 200000)] + [f"select id from {{T}} {' ' * 500000} order by id limit 1", f"select id from {{T}} /*{'x' * 500000}*/ order by id limit 1", f"select {'1' * 100000} from {{T}}", f"select id.{'.'.join(['x'] * 3000)} from {{T}}", f"select {'$1 +' * 2000} 1 from {{T}}", f"select ${'9' * 400} from {{T}}", "select $1000000 from {T}", f"select max({'distinct ' * 9}id) from {{T}}"]


def probe(attempt):
    attempt.check(attempt.server.alive(), "the server ended")
    folder, server = attempt.own_server(settings={"statement-time": "2s", "workers": 2, "memory": "512MiB"})
    try:
        with server:
            door = type(attempt.door)(server)
            eve, root = door.connect("eve", "eve-attack"), door.connect("root", "root-attack")
            for a, b in COSTLY:
                begun = time.monotonic()
                got = eve.ask(f"select {a * 400}1{b * 400} from alpha.people limit 1")
                took = time.monotonic() - begun
                attempt.check(took < 30, f"{a} 400 deep ended after {took:.1f} s with {got.words()}")
                attempt.check(server.alive() and root.ask("select count(*) from alpha.people").ok, f"nobody is served after {a} 400 deep")
            got = eve.ask("select count(*), max(id) from alpha.people")
            attempt.check(got.ok and got.rows == [(60, 59)], f"afterwards: {got.words()}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
