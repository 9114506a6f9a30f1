"""Errors: their texts hold nothing but words of ours and of the statement, their places lie in the statement, and they come for visible reasons only."""
import re

NUMBER, TITLE, DEFENCE = 40, "texts and places of errors", [("mask+error-text", "marker"), ("row-rule+error-text", "marker")]
STATEMENTS = [
    "select ssn::int from {T}", "select note::date from {T}", "select pin::uuid from {T} order by id", "select nick::double from {T}", "select home.street::int from {T}", "select tags::int[] from {T}", "select home::int from {T}", "select salary::tinyint from {T}", "select region::int from {T}", "select zone::date from {T} where id = 1", "select (region || zone)::bigint from {T}", "select string_agg(region, ',')::int from {T}", "select max(v)::date from {T}", "select strptime(note, '%d') from {T}", "select strptime(region, '%d') from {T}", "select regexp_matches('a', re || '(') from {T}", "select json(note) from {T}", "select json_extract(js, '$[') from {T}", "select from_hex(region) from {T}", "select from_base64(region) from {T}", "select decode(encode(ssn)::blob || '\\xff'::blob) from {T}",
    "select list_extract(arr, ssn) from {T}", "select map([region, region], [1, 2]) from {T}", "select map([note, note], [1, 2]) from {T}", "select struct_extract(home, note) from {T}", "select date_trunc(region, ts) from {T}", "select date_part(note, ts) from {T}", "select extract(zone from ts) from {T}", "select printf(region || '%d', zone) from {T}", "select format('{{}} {{:d}}', region, ssn) from {T}", "select chr(-n::int) from {T}", "select timezone(region, ts) from {T}", "select ts at time zone note from {T}", "select time_bucket(interval (n) days, ts) from {T}", "select interval (ssn) days from {T}", "select to_base(n, m::int * 40) from {T}", "select make_date(1, n, n) from {T}", "select array_value(1, 2)::int[3], region from {T}", "select (region)::region from {T}", "select {T}.id::note from {T}",
    "select (select region from {T})", "select (select id from {T} where region <> 'EU')", "select id from {T} where id = (select id from {T} b where b.m = {T}.m)", "select 'ssn is ' || ssn::int from {T}", "select case when id > 3 then note::int else 0 end from {T} order by id", "select sum(region) from {T}", "select id + region from {T}", "select region + 1 from {T}", "select note - interval '1 day' from {T}", "select [id, note] from {T}", "select [1, region] from {T}", "select id in ('x', note) from {T}", "select id = note from {T}", "select greatest(id, ssn) from {T}", "select coalesce(salary, note) from {T}", "select id from {T} union select note::int from {T}", "select id from {T} limit (select n from {T})", "select id from {T} limit (select max(note) from {T})", "select * from range((select note from {T} limit 1))",
    "select ssn::int from {T} where", "select ssn ssn ssn from {T}", "select 'ZQ' || from {T}", "select (1", "select 1 +", "from {T} where where", "select\n\n\n  nocolumn\nfrom {T}", "select /* \u00e9\u00e9\u00e9 */ nocolumn from {T}", "select '\U0001f600' || nocolumn from {T}", "select $x$ ", "select 'abc", "select \"abc", "select 1e", "select 0x", "select .. from {T}", "select \u00a0 id from {T}", "select id from {T} where id = 1 and and", "select doc::int from {D}.claims", "select plate::int from {D}.claims", "select place::date from {D}.claims", "select codes::int[] from {D}.claims", "select amount::tinyint from {D}.claims", "select json_extract(doc, '$.who.ssn')::int from {D}.claims", "select cell::varchar::int, secret::int from {D}.ledger",
    ("select ?::int", ["ZQ note"]), ("select id from {T} where id = ?", ["x"]), ("select id from {T} where ssn::int = ?", [1]), ("select region::int + ? from {T}", [1]),
]


def probe(attempt):
    """A place that is named lies in the statement, whatever the engine was asked in its stead."""
    for text in STATEMENTS:
        if isinstance(text, str) and "{D}" not in text:
            sql = text.replace("{T}", "alpha.people").replace("{{", "{").replace("}}", "}")
            got = attempt.ask("eve", sql)
            for number in re.findall(r"position (\d+)", got.text):
                attempt.check(1 <= int(number) <= len(sql.encode()) + 1, f"a place beyond the statement: {got.text} for {sql}")
            attempt.check("hs_scan" not in got.text and "f15" not in got.text and "hs_" not in got.text.replace("hs_x", ""), f"insides of the server in {got.text}")
