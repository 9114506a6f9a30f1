"""Ways to have rows that only the PostgreSQL door has (COPY in each form, cursors, binary values, row values as text), and where it says an
error lies: none knows more than SELECT."""
NUMBER, TITLE, DEFENCE = 71, "COPY, cursors, and the places of errors", [("mask", "marker"), ("row-rule", "marker")]
DOORS = {"pg"}
DESCRIBE = True
STATEMENTS = [
    "select {absent:sekrat} from {T}", "select\n  id,\n  {absent:sekrat}\nfrom {T}", "select '\u00e9\U0001f600', {absent:sekrat} from {T}", "select t.{absent:bonusa} + 1 from {T} t", "select (t).{absent:sekrat} from {T} t", "select (home).{absent:membera} from {T}", "select id from {T} order by {absent:loosea}", "select id from {T} where {absent:ghosta} is null", "select * from {D}.{absent:vaulta}", "select 1 from {D}.people p join {D}.{absent:vaulta} v using (id)", "select count(*) from {absent:gloom}.things", "select id from {T} group by {absent:sekrat}", "select row_to_json(t) from {T} t order by id limit 3", "select t::text from {T} t order by id limit 3", "select to_json(t) from {T} t order by id limit 3", "select json_agg(t) from (select * from {T} order by id limit 2) t", "select t from {T} t order by id limit 3", "select (t).* from {T} t order by (t).id limit 3", "select row(t.*) from {T} t order by id limit 2", "select array_agg(ssn order by id) from {T}", "select string_agg(note, ',' order by id) from {T}",
    "select salary::int / 0 from {T}", "select 1 / (n - n) from {T} where note like '%ZQX%'", "select (ssn || note)::int from {T}", "select to_char(born, 'YYYY-MM-DD') from {T} order by id limit 3", "select note ~ 'ZQX' from {T} order by id limit 3", "select ssn ~* '7770' from {T} order by id limit 3", "select regexp_replace(note, '(.)', '\\1', 'g') from {T} order by id limit 3", "select substring(ssn from 1 for 4) from {T} order by id limit 3", "select overlay(note placing 'x' from 1) from {T} order by id limit 3", "select position('Z' in note) from {T} order by id limit 3", "select tags[1], arr[1:2] from {T} order by id limit 3", "select 'x' = any(tags) from {T} order by id limit 3", "select id from {T} where note = any(array['ZQXA note 1']) order by 1", "select id from {T} where salary between 777000000 and 889000000", "select width_bucket(salary, 0, 10, 4) from {T} order by id limit 3", "select id from {T} fetch first 3 rows only", "select count(*) filter (where note like '%ZQX%') from {T}", "select percentile_cont(0.5) within group (order by n) from {T}", "table {T}", "table {D}.{absent:vaulta}", "values ((select max(note) from {T}))", "select id, ctid, xmin, tableoid::regclass from {T} limit 1", "select id from only {T} order by id limit 2", "select * from {T} for update", "declare c cursor for select {absent:sekrat} from {T}", "prepare p1 as select {absent:sekrat} from {T}", "explain select {absent:sekrat} from {T}", "copy {D}.{absent:vaulta} to stdout", "copy {T} ({absent:sekrat}) to stdout", "copy (select {absent:sekrat} from {T}) to stdout", "copy {D}.{absent:vaulta} from stdin",
]
FORMS = ["", "(format csv, header)", "(format binary)", "(format csv, force_quote *)", "with (format text, null 'ZZ')"]


def probe(attempt):
    eve = attempt.person("eve")
    for side in ("alpha", "omega"):
        want = attempt.ask("eve", f"select count(*) from {side}.people")
        attempt.check(want.ok, f"{side}: {want.words()}")
    for form in FORMS:
        for what in ("{D}.people", "(select * from {D}.people)", "{D}.people (id, ssn, note, salary)", "(select ssn, note, email, pin from {D}.staff)", "{D}.claims", "(table {D}.ledger)"):
            got = [eve.copy(f"copy {what.replace('{D}', d)} to stdout {form}") for d in ("alpha", "omega")]
            for d, outcome in zip(("alpha", "omega"), got):
                attempt.check(outcome.ok, f"{d}: copy {what} {form}: {outcome.words()}")
                found = marked(outcome)
                if found:
                    attempt.attempt.leak("marker", f"copy {what} {form}", str(found[:3]))
            sizes = [len("".join(cell for row in o.rows or [] for cell in row)) for o in got]
            attempt.check(sizes[0] == sizes[1], f"copy {what} {form}: {sizes} bytes")
    for refused in ("copy alpha.people to '/tmp/x'", "copy alpha.people to program 'cat'", "copy alpha.people from stdin", "copy alpha.vaulta to stdout", "copy alpha.people (sekrat) to stdout", "copy (select bonusa from alpha.people) to stdout", "copy gloom.things to stdout", "copy (select 1; select 2) to stdout", "copy (insert into alpha.people values (1) returning *) to stdout", "copy pg_authid to stdout"):
        outcome = eve.copy(refused)
        attempt.check(not outcome.ok, f"answered: {refused}: {outcome.words()}")
        attempt.look(refused, outcome.text)
    for text in ("select * from {}.people order by id", "select ssn, note, home from {}.staff order by id"):
        shapes = []
        for d in ("alpha", "omega"):
            plain = attempt.ask("eve", text.format(d))
            eve.ask("begin")
            eve.ask(f"declare c scroll cursor for {text.format(d)}")
            parts = [attempt.ask("eve", fetch) for fetch in ("fetch 5 from c", "move 3 in c", "fetch backward 2 from c", "fetch last from c", "fetch absolute 4 from c", "fetch all from c")]
            eve.ask("commit")
            attempt.check(parts[0].ok and parts[0].rows == plain.rows[:5], f"{d}: a cursor's first rows are {parts[0].words()}")
            shapes.append([p.shape()[0] + str(len(p.rows or [])) for p in parts])
        attempt.check(shapes[0] == shapes[1], f"a cursor over {text}: {shapes}")


def marked(outcome):
    from outcome import markers
    return markers(outcome.everything(), "")
