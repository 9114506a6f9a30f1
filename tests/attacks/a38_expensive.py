"""Patterns and lists that take for ever, or all the memory: the person's own statement ends, nobody else waits, and how it ends is not about hidden rows."""
import shutil
import time

NUMBER, TITLE, DEFENCE = 38, "expressions that blow up", "plain"
STATEMENTS = ["select count(*) from {T} where regexp_matches(note, '^(Z|Q|X|A)+(\\s|[a-z])*(\\d)*$')", "select count(*) from {T} where regexp_matches(ssn, '(.*)(.*)(.*)(.*)(.*)ZQX')", "select count(*) from {T} where regexp_matches(v, '(a*)*$') and region <> 'EU'", "select regexp_replace(note, '(.?){60}.{60}', 'x') from {T} order by id limit 5", "select regexp_matches('a', '(a{1000}){1000}')", "select regexp_matches('a', '((a{100}){100}){100}')", "select regexp_extract_all(repeat('ab', 500), '(a|b|ab)*')[1] is null", "select regexp_matches('x', '(?=x)')", "select regexp_matches('x', '\\1')", "select regexp_matches('x', repeat('(', 2000))", "select regexp_matches('x', repeat('(', 900) || repeat(')', 900))", "select 'a' similar to repeat('(a|', 300) || 'b' || repeat(')', 300)",
              "select repeat('a', 26) like '%a%a%a%a%a%a%b'", "select count(*) from {T} where repeat(region, 20) like '%E%U%E%U%E%U%E%U%x'", "select length(repeat(repeat('x', 100000), 100000))", "select length(repeat(v, 1000000000)) from {T}", "select len(range(10000000000))", "select list_resize([1], 100000000000)", "select factorial(100000)", "select count(*) from {T} where len(range(n)) > 100", "select json_valid(repeat('[', 100000))", "select len(json_extract('[' || repeat('1,', 100000) || '1]', '$[*]'))", "select levenshtein(repeat('a', 3000), repeat('b', 3000))"]
SLOW = "select count(*) from range(100000000) a, range(100000000) b where a.range * b.range % 7 = 3"
BIG = ["select lpad('x', 2000000000, 'y')[1]", "select printf('%1000000000d', 1)", "select format('{:1000000000}', 1)", "select max(len(list(repeat('x', 100000) || range))) from range(1000000)", "select count(*) from range(20000) where repeat('a', 3000) || range like '%a%a%a%a%a%a%a%a_%a%a%a%a%b'"]
WITNESS = SLOW


def probe(attempt):
    folder, server = attempt.own_server(settings={"statement-time": "2s", "workers": 2, "memory": "512MiB"})
    try:
        with server:
            door = type(attempt.door)(server)
            eve, root = door.connect("eve", "eve-attack"), door.connect("root", "root-attack")
            before = eve.ask("select count(*), max(id) from alpha.people").shape()
            for sql in (SLOW, *BIG):
                begun = time.monotonic()
                got = eve.ask(sql)
                took = time.monotonic() - begun
                attempt.check((not got.ok or sql != SLOW) and took < 30, f"{sql} ended after {took:.1f} s with {got.words()}")
                attempt.check(server.alive() and root.ask("select count(*) from alpha.people").ok, f"nobody is served after {sql}")
            attempt.check(eve.ask("select count(*), max(id) from alpha.people").shape() == before, "her own answers are others afterwards")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
