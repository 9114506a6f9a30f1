"""What the executor runs over values of hidden rows: src/engine/apart.c. The engine's functions, as many as it has, are asked over files with
hostile hidden rows and over the same files without: whether a statement fails may not depend on them. The engine's next version is
looked at by the same sweep. HAILSTORM_LONG=1 asks everything (some 60,000 expressions, minutes)."""
import datetime as dt
import decimal
import itertools
import os
import random
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guard_tool import Refused
from shop import plain_scan, worker

HERE = os.path.dirname(__file__)
LONG = os.environ.get("HAILSTORM_LONG", "") not in ("", "0")
BIG = 2**63 - 1
NAN, INF = float("nan"), float("inf")


def one(name):
    return {"id": {"a": 91, "b": 92}[name], "name": name, "type": {"a": "string", "b": "long"}[name]}


def listed(kind):
    return {"type": "list", "fields": [{"id": 90, "name": "element", "type": kind}]}


# name: (Iceberg type, Arrow type, visible values, hidden values)
COLUMNS = {
    "v": ("string", pa.string(), str, ["ZQX", "", "(", "%", "\\", "a\\", "-1", "9" * 400, "\u00fc\u202e", "[", "{", "null", "x" * 3000, " ", "1e400", "nan"]),
    "js": ("string", pa.string(), '{{"k": {0}, "l": [1]}}'.format, ["ZQX", '{"k":', "[", "", '{"k": "x"}', "nan"]),
    "da": ("string", pa.string(), lambda i: f"2026-01-{i % 28 + 1:02}", ["ZQX", "2026-02-31", "", "infinity", "99999-01-01"]),
    "hx": ("string", pa.string(), lambda i: f"{i:04x}", ["ZQX!", "abc", ""]),
    "b64": ("string", pa.string(), lambda i: "AAAA", ["ZQX!", "abc", "=", "A"]),
    "re": ("string", pa.string(), lambda i: f"a{i % 7}", ["(", "[", "a{1001}", "\\", "*", "(?P<", "(?i"]),
    "esc": ("string", pa.string(), lambda i: "!", ["ab", "!!", "xyz"]),
    "part": ("string", pa.string(), lambda i: ["day", "month"][i % 2], ["ZQX", ""]),
    "n": ("long", pa.int64(), lambda i: i % 20 + 1, [0, -1, BIG, -BIG - 1, 2**31, -2**31, 65536, 256, 1000000]),
    "k": ("int", pa.int32(), lambda i: i % 20 + 1, [0, -1, 2**31 - 1, -2**31, 65536]),
    "d": ("double", pa.float64(), lambda i: (i % 20 + 1) / 32, [0.0, -1.0, NAN, INF, -INF, 1e300, -1e300, 5e-324]),
    "f": ("float", pa.float32(), lambda i: (i % 20 + 1) / 32, [0.0, -1.0, NAN, INF, -INF, 1e38]),
    "p": ({"type": "decimal", "precision": 18, "scale": 2}, pa.decimal128(18, 2), lambda i: decimal.Decimal(i % 20 + 1) / 4, [decimal.Decimal("0.00"), decimal.Decimal("9999999999999999.99")]),
    "b": ("boolean", pa.bool_(), lambda i: True, [False]),
    "day": ("date", pa.date32(), lambda i: dt.date(2020, 1, i % 28 + 1), [dt.date(9999, 12, 31), dt.date(1, 1, 1)]),
    "ts": ("timestamp", pa.timestamp("us"), lambda i: dt.datetime(2020, 1, i % 28 + 1), [dt.datetime(9999, 12, 31, 23), dt.datetime(1, 1, 1)]),
    "tz": ("timestamptz", pa.timestamp("us", "UTC"), lambda i: dt.datetime(2020, 1, i % 28 + 1), [dt.datetime(9999, 12, 31, 23), dt.datetime(1, 1, 1)]),
    "ti": ("time", pa.time64("us"), lambda i: dt.time(1, 2, i % 28), [dt.time(23, 59, 59, 999999)]),
    "bl": ("binary", pa.binary(), lambda i: b"a%d" % i, [b"\xff\xfe", b"", b"\0" * 3000, b"\xc3"]),
    "ln": (listed("long"), pa.list_(pa.int64()), lambda i: [i % 20 + 1, 2], [[], [0], [-1], [BIG, BIG], [None], None, [-BIG - 1], [1] * 5000]),
    "lt": (listed("string"), pa.list_(pa.string()), lambda i: [str(i)], [[], ["ZQX"], ["("], [None], ["x"] * 5000]),
    "ld": (listed("double"), pa.list_(pa.float64()), lambda i: [i / 32, .5], [[], [NAN], [0.0], [1.0], [None, 1.0], [1.0, 2.0, 3.0]]),
    "st": ({"type": "struct", "fields": [one("a"), one("b")]}, pa.struct([("a", pa.string()), ("b", pa.int64())]), lambda i: {"a": str(i), "b": i % 20 + 1}, [{"a": "ZQX", "b": 0}, {"a": "(", "b": BIG}, {"a": None, "b": -BIG - 1}]),
    "mp": ({"type": "map", "fields": [{"id": 93, "name": "key", "type": "string"}, {"id": 94, "name": "value", "type": "long"}]}, pa.map_(pa.string(), pa.int64()), lambda i: [(str(i), i % 20 + 1)], [[("ZQX", 0)], [], [("(", BIG)]]),
}
TEXTS = ["v", "js", "da", "hx", "b64", "re", "esc", "part"]
OF_TYPE = {"VARCHAR": TEXTS, "JSON": ["js"], "DOUBLE": ["d", "n"], "FLOAT": ["f"], "DECIMAL": ["p"], "BOOLEAN": ["b"], "DATE": ["day"], "TIMESTAMP": ["ts"], "TIMESTAMP WITH TIME ZONE": ["tz"],
           "TIME": ["ti"], "BLOB": ["bl", "v"], "INTERVAL": ["to_days(k)"], "BIT": ["n::bit"], "STRUCT": ["st"], "MAP": ["mp"], "INTEGER": ["k"], "SMALLINT": ["k"], "TINYINT": ["k"], **dict.fromkeys(["BIGINT", "HUGEINT", "UBIGINT", "UINTEGER"], ["n"])}
ANY = ["v", "n", "d", "day", "ts", "ln", "lt", "st", "mp", "bl", "p"]
CONSTANTS = {"VARCHAR": ["'a'", "'day'", "'$.k'", "'%Y-%m-%d'", "'[0-9]'", "'sum'", "'1'"], "DOUBLE": ["0.5", "2"], "FLOAT": ["0.5"], "BOOLEAN": ["true"], "DATE": ["date '2020-01-01'"], "TIMESTAMP": ["timestamp '2020-01-01'"],
             "TIMESTAMP WITH TIME ZONE": ["timestamptz '2020-01-01'"], "INTERVAL": ["interval 1 day"], "BLOB": ["'a'::blob"], "LIST": ["[1]", "['a']", "[0.5, 0.5]"], "BIT": ["'101'::bit"], "JSON": ["'{}'"], "STRUCT": ["{'a': '1'}"], "MAP": ["map(['1'], [1])"]}
LAMBDAS = ["lambda x: x", "lambda x: x::int", "lambda x: x > 3", "lambda x, y: x"]
CASTS = re.findall(r"\w+(?:\([^)]*\))?(?:\[\d*\])*", "BIGINT INTEGER TINYINT UTINYINT HUGEINT DOUBLE FLOAT DECIMAL(4,2) BOOLEAN DATE TIMESTAMP TIMESTAMPTZ TIME INTERVAL UUID BLOB BIT JSON VARCHAR INT[] VARCHAR[] TIMESTAMP_NS STRUCT(a INT, b INT) MAP(INT, INT) INT[2]")
OTHERS = ["v similar to re", "'abc' similar to re", "'a' ~ v", "v like 'a' escape esc", "'abc' like v escape '!'", "v ilike re", "v[n]", "ln[n]", "v[n:]", "ln[1:n]", "st.b + 9223372036854775000", "1 // n", "1 % n", "n * n * n * n", "-n", "case when true then v::int end",
          "if(n > 0, 1 // n, 1)", "interval (n) year", "day + k", "ts + to_years(k)", "columns('v')::int", "mp['1']", "mp[v]", "st['a']::int", "st.a::int", "[st.a::int]", "ts at time zone v", "unnest([v])::int", "js->>'$.k'", "[x for x in ln if 1 // x > 0]", "list_reduce(lt, lambda a, b: (a::int + b::int)::varchar)",
          "case when n > 0 then lt end = ln", "coalesce(lt, ['1']) = ln", "(case when n > 0 then lt end)::int[]", "nullif(lt, ['x']) = ln", "n between v and v", "v in (1, 2)", "u.n = v", "case when v > 3 then 1 end", "coalesce(v, '1')::int + 1", "lt = ln", "ld = lt", "max(v::int)", "sum(n::smallint)", "upper(v)::int"]


def arguments(kind, constant):
    kind = (kind or "ANY").upper()
    if kind == "LAMBDA":
        return LAMBDAS
    if kind.endswith("]"):
        return CONSTANTS["LIST"] if constant else ["ln", "lt", "ld", "[v]", "[n]", "[d]"]
    kind = re.match(r"STRUCT|MAP|DECIMAL|.*", kind)[0]
    return CONSTANTS.get(kind, ["'a'", "1", "2"]) if constant else OF_TYPE.get(kind, ANY)


def calls(name, kinds):
    """One argument of columns and the others constant (what goes over a dictionary), then columns alone."""
    for at in range(len(kinds)):
        options = [arguments(k, i != at)[:9 if i == at else 7] for i, k in enumerate(kinds)]
        yield from itertools.islice(itertools.product(*options), 200 if kinds[at] != "LAMBDA" else 0)
    if len(kinds) > 1:
        yield from itertools.islice(itertools.product(*(arguments(k, False)[:4] for k in kinds)), 60)


def expressions(names):
    signatures = worker().execute("select function_name, function_type, parameter_types, varargs from duckdb_functions() where function_type in ('scalar', 'aggregate', 'macro')").fetchall()
    for name, what, kinds, more in signatures:
        kinds = [None if what == "macro" else k for k in kinds] + ([more] * (1 if kinds else 2) if more else [])
        for given in calls(name, kinds) if name in names else []:
            if re.fullmatch(r"[a-z_]\w*", name):
                yield f"{name}({', '.join(given)})"
            elif len(given) in (1, 2):
                yield f"{f'({given[0]}) ' if len(given) == 2 else ''}{name} ({given[-1]})"


def around_casts():
    for column in COLUMNS:
        for kind in CASTS:
            yield from (f"{column}::{kind}", f"[{column}]::{kind}[]", f"{{'a': {column}}}::struct(a {kind})", f"list_transform([{column}], lambda x: x::{kind})", f"try_cast({column} as {kind})")


def allowed(word):
    with open(os.path.join(HERE, "..", "..", "src", "engine", "guard_functions.def"), encoding="utf-8") as f:
        return {line.split('"')[1] for line in f if line.startswith(word)}


class Ground:
    """The same visible rows in two files, one of them with hidden rows between."""

    def __init__(self, folder):
        self.con = {hidden: worker(threads=1) for hidden in (True, False)}
        columns = [{"id": i + 1, "name": name, "type": c[0]} for i, (name, c) in enumerate([("region", ("string",)), *COLUMNS.items()])]
        self.scan = {}
        for hidden in (True, False):
            path = str(folder / f"{hidden}.parquet")
            rows = []
            for i in range(60):
                rows.append({"region": "EU", **{name: c[2](i) for name, c in COLUMNS.items()}})
                rows.extend([{"region": "US", **{name: c[3][i % len(c[3])] for name, c in COLUMNS.items()}}] if hidden and i < 16 else [])
            pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema([("region", pa.string()), *((name, c[1]) for name, c in COLUMNS.items())])), path)
            self.scan[hidden] = plain_scan(columns, [path], "\"f1\" = 'EU'")

    def views(self, tool):
        for hidden in (True, False):
            for apart in ("nothing", "nested", "all"):
                self.con[hidden].execute(f"create or replace view hs_{apart} as {tool.scan(self.scan[hidden], '', apart)}")

    def fails(self, hidden, expression, view):
        try:
            self.con[hidden].execute(f"select {expression} as x from hs_{view} as u").fetchall()
            return None
        except Exception as error:
            return str(error)[:160]

    def tells(self, expression, view):
        """Fails, and only where there are hidden rows."""
        error = self.fails(True, expression, view)
        return error if error and not re.match(r"Binder|Catalog|Parser|Not impl", error) and not self.fails(False, expression, view) else None


@pytest.fixture(scope="module")
def ground(tool, tmp_path_factory):
    made = Ground(tmp_path_factory.mktemp("dictionaries"))
    made.views(tool)
    return made


def told(tool, ground, some):
    """(expression, error) for those that tell of hidden rows, read as the statement is read."""
    found, asked = [], 0
    for expression in some:
        try:
            view = tool.apart(f"select {expression} as x from t as u")
        except Refused:
            continue
        asked += 1
        error = ground.tells(expression, view)
        found.extend([(expression, view, error)] if error else [])
    assert asked > len(some) // 2
    return found


def test_a_fence_alone_does_not_hold(ground):
    """Were it so, all of this could go."""
    bare = ["list_transform([v], lambda x: x::int)", "regexp_replace('a', re, 'b')", "epoch_ms(n)", "chr(k)", "v[n]", "[ln]::tinyint[][]", "date_diff(part, day, day)"]
    assert sum(bool(ground.tells(e, "nothing")) for e in bare) >= 5


def test_honest_functions_tell_the_truth(tool, ground):
    some = sorted(set(expressions(allowed("HONEST("))))
    plain = [e for e in some if tool.apart(f"select {e} as x from t as u") != "all"]
    assert len(plain) > 200
    assert told(tool, ground, plain) == []


def test_no_expression_tells_of_hidden_rows(tool, ground):
    some = sorted({*expressions(allowed(("ALLOW(", "HONEST("))), *around_casts()})
    assert len(some) > 30000
    chosen = some if LONG else random.Random(11).sample(some, 2500)
    assert told(tool, ground, sorted({*chosen, *OTHERS})) == []


@pytest.mark.parametrize("apart", ["nested", "all"])
def test_values_are_the_same(tool, ground, apart):
    for column in COLUMNS:
        plain, own = (ground.con[True].execute(f"select {column}::varchar as x, typeof({column}) as t from hs_{view} order by all").fetchall() for view in ("nothing", apart))
        assert plain == own, column


def test_odd_values_are_the_same(tool, tmp_path):
    path = str(tmp_path / "odd.parquet")
    rows = [{"d": -0.0, "ld": [-0.0, NAN, None], "st": {"a": -0.0}, "s": "a\0b", "bl": b"\0"}, {"d": None, "ld": None, "st": None, "s": None, "bl": None}, {"d": NAN, "ld": [], "st": {"a": None}, "s": "", "bl": b""}]
    kinds = {"d": pa.float64(), "ld": pa.list_(pa.float64()), "st": pa.struct([("a", pa.float64())]), "s": pa.string(), "bl": pa.binary()}
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(list(kinds.items()))), path)
    columns = [{"id": 1, "name": "d", "type": "double"}, {"id": 2, "name": "ld", "type": listed("double")}, {"id": 3, "name": "st", "type": {"type": "struct", "fields": [{"id": 95, "name": "a", "type": "double"}]}}, {"id": 4, "name": "s", "type": "string"}, {"id": 5, "name": "bl", "type": "binary"}]
    scan, con = plain_scan(columns, [path]), worker()
    asked = [repr(sorted(map(repr, con.execute(tool.scan(scan, "", apart)).fetchall()))) for apart in ("nothing", "all")]
    assert asked[0] == asked[1] and "-0.0" in asked[0]
