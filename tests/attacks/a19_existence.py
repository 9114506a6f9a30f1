"""What one may not see must look exactly like what is not there: the same words, and no suggestion that knows better."""
NUMBER, TITLE, DEFENCE = 19, "errors and lists tell what exists", "catalog-visibility"
STATEMENTS = [
    "select * from {D}.{absent:vaulta}", "select * from {D}.\"{absent:vaulta}\"", "select * from {absent:vaulta}", "select * from target.{D}.{absent:vaulta}", "select count(*) from {D}.{absent:vaulta} v", "select 1 from {D}.{absent:vaulta} where false", "select {absent:vaulta}.id from {D}.{absent:vaulta}", "select * from {absent:gloom}.things", "select * from {absent:gloom}.people", "select * from target.{absent:gloom}.things", "select * from {absent:gloom}.things limit 0", "select * from {absent:gloom}.nothing",
    "select * from {D}.people, {D}.{absent:vaulta}", "select * from {D}.people where exists (select 1 from {D}.{absent:vaulta})", "with x as (select * from {D}.{absent:vaulta}) select 1", "select (select 1 from {D}.{absent:vaulta})", "select * from {D}.vault", "select * from {D}.peopel", "select * from {D}.{absent:vaulta} order by nocolumn", "select nocolumn from {D}.{absent:vaulta}", "select 1 union select 1 from {D}.{absent:vaulta}", "with {absent:vaulta} as (select 1) select * from {absent:vaulta}", "describe {D}.{absent:vaulta}",
    "select {absent:sekrat} from {T}", "select {absent:bonusa} from {T}", "select {absent:loosea} from {T}", "select {absent:ghosta} from {T}", "select {absent:aliasa} from {T}", "select t.{absent:sekrat} from {T} t", "select \"{absent:sekrat}\" from {T}", "select {D}.people.{absent:sekrat} from {D}.people", "select sum({absent:bonusa}) from {T}", "select 1 from {T} where {absent:sekrat} = 'x'", "select 1 from {T} order by {absent:sekrat}", "select count(*) from {T} group by {absent:sekrat}", "select * exclude ({absent:sekrat}) from {T}", "select * replace (1 as {absent:sekrat}) from {T}", "select * rename ({absent:sekrat} as x) from {T}", "select columns('{absent:sekrat}') from {T}",
    "select columns('se.*') from {T} order by all", "select columns('.*a$') from {T} order by all", "select {absent:sekrat} as x, 1 // 0 from {T}", "select count(*) from {T} a join {T} b using ({absent:sekrat})", "select count(*) from {T} a natural join (select 'x' as {absent:sekrat}) b", "select count(*) from {T} a natural join (select 1 as {absent:bonusa}, 1 as id) b", "from {T} select {absent:sekrat}", "select max({absent:sekrat}) over () from {T}", "select (select {absent:sekrat}) from {T}", "select id from {T} a where exists (select 1 from (select 1 as {absent:sekrat}) b where a.{absent:sekrat} = b.{absent:sekrat})",
    "select x from (select 1 as {absent:sekrat}) o, lateral (select {absent:sekrat} as x from {T}) i limit 1", "select (select max({absent:sekrat}) from {T}) from (select 5 as {absent:sekrat}) o", "select (select max({absent:bonusa}) from {T}) from (select 5 as {absent:bonusa}) o", "select home.{absent:membera} from {T}", "select struct_extract(home, '{absent:membera}') from {T}", "select home['{absent:membera}'] from {T}", "select {T}.home.{absent:membera} from {T}", "select home.* from {T} order by all", "select unnest(home) from {T} order by all", "select struct_extract_at(home, 3) from {T}", "select home[3] from {T}", "select home::struct(city varchar, street varchar, {absent:membera} varchar) from {T}", "select struct_insert(home, {absent:membera} := 1) from {T}", "select h.{absent:membera} from (select home as h from {T})",
    "select #25 from {T}", "select #26, #1 from {T}", "select * from {T} order by 25", "select * from {T} t(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z)", "select len(struct_keys(to_json({T}))) from {T} limit 1", "select json_keys(to_json(t)) from {T} t limit 1", "select t from {T} t limit 1", "select * from {T} limit 0", "select count(columns(*)) from {T}", "select * from information_schema.columns where column_name = '{absent:sekrat}'", "insert into {D}.{absent:vaulta} values (1)", "drop table {D}.{absent:vaulta}", "delete from {D}.{absent:vaulta}", ("select * from {D}.{absent:vaulta} where id = ?", [1]), ("select {absent:sekrat} from {T} where id = ?", [1]),
]


def probe(attempt):
    """The lists: only what is granted, and asking for what is not gives what asking for nothing gives."""
    listed = attempt.tables("eve")
    names = sorted((d, t) for _, d, t, *_ in listed)
    want = sorted((d, t) for d in ("alpha", "omega") for t in ("claims", "ledger", "people", "staff"))
    attempt.check(names == want, f"GetTables lists {names}")
    attempt.look("GetTables", str(listed))
    schemas = attempt.schemas("eve")
    attempt.check(sorted(s[1] for s in schemas) == ["alpha", "omega"], f"GetDbSchemas lists {schemas}")
    for pattern in ("gloom", "glaom", "%", "g%", "_loom", "alph_"):
        got = attempt.tables("eve", schema=pattern)
        bad = [row for row in got if row[1] not in ("alpha", "omega") or row[2] not in ("people", "staff", "claims", "ledger")]
        attempt.check(not bad, f"GetTables with schema pattern {pattern}: {bad}")
    attempt.same_lists("eve", "gloom", "glaom", "vaulta", "vaulte")
    attempt.check(not attempt.tables("nil"), f"nil, who is granted nothing, lists {attempt.tables('nil')}")
    for table in ("people", "staff", "claims", "ledger"):
        columns = {d: [c.replace(d, 'DOMAIN') for dd, t, c in attempt.columns("eve") if (dd, t) == (d, table)] for d in ("alpha", "omega")}
        attempt.check(columns["alpha"] == columns["omega"] and columns["alpha"], f"schemas of the twins' {table} differ: {columns}")
    outcome = attempt.ask("nil", "select * from alpha.people")
    absent = attempt.ask("nil", "select * from alpha.peopla")
    attempt.check(outcome.text.replace("people", "peopla") == absent.text, f"nil: a hidden table says {outcome.text!r}, none says {absent.text!r}")
    wrong, unknown = attempt.sign_in("eve", "wrong"), attempt.sign_in("noone", "wrong")
    attempt.check(wrong == unknown, f"a wrong password says {wrong!r}, a wrong name {unknown!r}")
