"""A relation whose name holds SQL, named by a qualified star: the engine's own printer forgets the quotes, and its text reads the file.
Beside it, all the other names that could fall out of their quotes."""
NUMBER, TITLE, DEFENCE = 25, "names that are SQL", "printer"
FILE = "z.* from read_text('{secret}/words.txt') z --"
ALLOWED = "z.* from parquet_metadata('{file}') z --"  # a file that the statement itself may read
NAMES = [FILE, ALLOWED, "z.v from read_parquet('{file}') z --", "z\".* from read_text('{secret}/words.txt') z --", "x\"; select * from read_text('{secret}/words.txt'); --", "a' || (select content from read_text('{secret}/words.txt')) || '", "a\\\"b", "ZQ\u00dc\u00df \u202e x", "\u0000a", "a\nb", "select", "*", "a.b", "a\"\"b", "hs_scan_0", "HS_SCAN_0", "", " ", "x" * 300, "'; drop view hs_scan_0; --", "/*", "$1", "?", "f16", "1e400"]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


STATEMENTS = [f"select {quoted(n)}.* from {{T}} as {quoted(n)}" for n in NAMES] + [f"select id as {quoted(n)} from {{T}}" for n in NAMES] + [f"with {quoted(n)} as (select id from {{T}}) select {quoted(n)}.* from {quoted(n)}" for n in NAMES] + [
    f"select {quoted(n)} from (select id as {quoted(n)} from {{T}}) order by {quoted(n)}" for n in NAMES] + [f"select t.{quoted(n)} from {{T}} t" for n in NAMES] + [f"select * exclude ({quoted(n)}) from {{T}}" for n in NAMES] + [f"select {quoted(n)}(id) from {{T}}" for n in NAMES] + [f"select id::{quoted(n)} from {{T}}" for n in NAMES] + [f"select {{{{{quoted(n)}: 1}}}} from {{T}}" for n in NAMES] + [
    f"select * from {quoted(n)}" for n in NAMES] + [f"select * from {{D}}.{quoted(n)}" for n in NAMES] + [f"select sum(id) over {quoted(n)} from {{T}} window {quoted(n)} as (order by id)" for n in NAMES] + [f"select id collate {quoted(n)} from {{T}}" for n in NAMES] + [f"select list_transform([1], lambda {quoted(n)}: {quoted(n)} + 1) from {{T}}" for n in NAMES] + [f"select count(*) from {{T}} a join {{T}} b using ({quoted(n)})" for n in NAMES] + [
    f"select * rename (id as {quoted(n)}) from {{T}}" for n in NAMES] + [f"select x.{quoted(n)} from (values (1)) x({quoted(n)})" for n in NAMES] + [
    "select \"z.* from {D}.vaulta z --\".* from {T} as \"z.* from {D}.vaulta z --\"", "select 'a''b', 'a\\', E'\\'; select 1; --', $$a$$, $x$ ' $x$", "select '\u0000'", "select 1e400, -1e400, 1e-400, 99999999999999999999999999999999999999999", "select {{'a\"b': 1, 'a''b': 2}}", "select map {{'a\"': 1}}", "select x.\"a'b\" from (select {{'a''b': 1}} as x)", "with x as materialized (select * from {T}) select count(*) from x", "select interval '1' \"day; select 1\"", "select * from {T} at (version => '1) ; select 1; --')", "select U&'\\0041', X'41', '\\x41'::blob, B'01'", "select id from {T} --", "select id from {T} /* ; */", "select id from {T};;;", "select id from {T}; --x", "select id from {T}; select id from {T}",
    ("select $1, $2", ["'; drop view x; --", "\"' || getenv('ZQX_SECRET') || '"]), ("select $1 as \"$1\"", ["\u0000'"]), ("select ?::varchar", ["read_text('{secret}/words.txt')"]),
]
