"""Statements by chance, as trees: a part knows what smaller parts may stand in its place, so that a failing statement can be made smaller."""
import random

# Of a type: what is total over the visible rows and, where it can be, fails over hidden ones. {0} and {1} are of the types named.
COLUMNS = {
    "people": {"int": ["id", "n", "m", "cell", "salary"], "num": ["d"], "text": ["region", "zone", "v", "ssn", "note", "pin", "email", "nick", "token", "dt", "u", "js", "hx", "re", "home.city", "home.street"], "date": ["born"], "time": ["ts"], "ints": ["arr"], "texts": ["tags"], "any": ["home"]},
    "claims": {"int": ["id", "n", "amount", "pay"], "num": ["score"], "text": ["region", "grp", "place", "plate", "code", "acct", "doc", "memo"], "date": [], "time": ["seen"], "ints": ["marks"], "texts": ["codes"], "any": ["items"]},
}
COLUMNS["staff"] = COLUMNS["people"]
ONLY_PEOPLE = {  # of one people or staff, {a}
    "int": ["{a}.v::int", "1 // {a}.m", "({a}.js->>'k')::int", "{a}.n + 9223372036854775000", "length({a}.u::uuid::varchar)", "{a}.n::tinyint", "len({a}.arr)", "{a}.arr[1]", "ascii({a}.v)", "strlen(from_hex({a}.hx)::varchar)", "factorial({a}.m::int)::bigint", "list_sum(list_transform([{a}.v], lambda x: x::int))::bigint", "year({a}.ts)", "({a}.ts + interval '7000 years')::date - date '2020-01-01'"],
    "num": ["sqrt({a}.d)", "{a}.d::decimal(9, 2)::double", "ln({a}.d + 1)", "{a}.v::double", "log({a}.m)"],
    "text": ["{a}.u::uuid::varchar", "strftime({a}.dt::date, '%d.%m')", "regexp_replace({a}.v, {a}.re, '#')", "chr({a}.n::int + 65)", "json({a}.js)::varchar", "{a}.home::varchar", "repeat('x', {a}.n::int)", "array_to_string({a}.tags, '+')", "json_extract_string({a}.js, '$.l[0]')"],
    "bool": ["regexp_matches('ab', {a}.re)", "{a}.dt::date > date '2026-01-10'", "list_contains({a}.arr, {a}.n)", "{a}.home.street = '[redacted]'", "{a}.salary is null", "{a}.cell > 20", "{a}.ssn like '%1'", "{a}.id >= 777000000", "{a}.salary = 777000005", "{a}.note = 'ZQXA note 1'", "{a}.cell > 700000000"],
    "date": ["{a}.dt::date", "strptime({a}.dt, '%Y-%m-%d')::date", "make_date(2000 + {a}.n, 1, 1)"],
}
ONLY_TABLES = ("people", "staff")
LITERALS = {"int": ["0", "1", "7", "30", "59", "-1", "100000", "null::bigint", "5000000"], "num": ["0.5", "-2.25", "1e3", "10.0", "null::double"], "text": ["'EU'", "'US'", "'[redacted]'", "'****'", "''", "'note 1'", "'1'", "'EAST'", "'open'", "'vip'", "null::varchar"], "bool": ["true", "false", "null::boolean"],
            "date": ["date '1980-01-01'", "date '2026-01-15'", "date '1980-06-01'"], "time": ["timestamp '2026-01-02 03:00:00'", "timestamp '2026-03-05 04:00:00'", "timestamp '9999-01-01'"], "ints": ["[1, 2]", "[]::bigint[]", "[5, 6]"], "texts": ["['open']", "[]::varchar[]", "['[redacted]']"]}
FORMS = {
    "int": ["({int} + {int})", "({int} - {int})", "({int} % 7)", "abs({int})", "coalesce({int}, {int})", "case when {bool} then {int} else {int} end", "nullif({int}, {int})", "length({text})", "len({ints})", "len({texts})", "greatest({int}, {int})", "if({bool}, {int}, {int})", "year({date})", "hour({time})", "list_max({ints})", "date_diff('day', {date}, {date})", "sign({num})::bigint", "try_cast({text} as bigint)", "least({int}, {int}, 40)", "({int} * 3)", "round({num})::bigint", "instr({text}, {text})"],
    "num": ["({num} + {num})", "({int} / 4.0)::double", "coalesce({num}, {num})", "abs({num})", "floor({num})", "case when {bool} then {num} end", "try_cast({text} as double)", "({int})::double"],
    "text": ["upper({text})", "lower({text})", "({text} || {text})", "left({text}, 3)", "right({text}, 4)", "coalesce({text}, {text})", "case when {bool} then {text} else {text} end", "replace({text}, 'E', 'x')", "({int})::varchar", "nullif({text}, {text})", "reverse({text})", "md5({text})", "concat({text}, {int})", "array_to_string({texts}, ',')", "dayname({date})", "trim({text})", "regexp_extract({text}, '[0-9]+')"],
    "bool": ["{int} = {int}", "{int} < {int}", "{int} >= {int}", "{num} > {num}", "{text} = {text}", "{text} <> {text}", "{text} < {text}", "{text} like '%1%'", "{text} in ({text}, {text})", "{int} in ({int}, {int}, 5)", "{int} not in ({int}, 3)", "{int} between {int} and {int}", "({bool} and {bool})", "({bool} or {bool})", "not ({bool})", "({bool}) is null", "{text} is not null", "{int} is null", "{date} > {date}", "{time} <= {time}", "{text} is distinct from {text}", "{int} is not distinct from {int}", "list_contains({ints}, {int})", "list_contains({texts}, {text})", "starts_with({text}, {text})", "({bool}) is not true", "{ints} = {ints}", "regexp_matches({text}, '^[A-Z]')", "{text} ilike 'e%'", "{texts} > {texts}", "contains({text}, 'a')"],
    "date": ["({date} + 3)", "{time}::date", "date_trunc('month', {date})::date", "coalesce({date}, {date})"],
    "time": ["({time} + interval '1 day')", "date_trunc('day', {time})::timestamp", "{date}::timestamp"],
    "ints": ["list_sort({ints})", "list_transform({ints}, lambda x: x + 1)", "list_filter({ints}, lambda x: x > 3)", "[{int}, {int}]", "list_distinct({ints})", "({ints})[1:1]"],
    "texts": ["list_reverse({texts})", "[{text}]", "list_transform({texts}, lambda x: upper(x))", "list_filter({texts}, lambda x: x <> 'open')", "string_split({text}, '-')"],
}
# Conditions that are true of every visible row and fail over hidden ones, beside one that an engine may take for the cheaper.
RISKY = ["{a}.v::int >= 0", "1 // {a}.m >= 0", "{a}.u::uuid is not null", "{a}.dt::date is not null", "{a}.n::tinyint >= 0", "{a}.n + 9223372036854775000 > 0", "from_hex({a}.hx) is not null", "({a}.js->>'k') is not null", "regexp_matches('', {a}.re) is not null"]
AGGREGATES = {"int": ["count(*)", "count({int})", "count(distinct {text})", "sum({int})::bigint", "min({int})", "max({int})", "count(*) filter ({bool})", "max({int}) filter ({bool})", "bit_xor({int})", "arg_max({int}, ({int}, {id}))", "count(distinct {int})", "quantile_disc({int}, 0.5)", "count_if({bool})"],
              "text": ["min({text})", "max({text})", "string_agg({text}, ',' order by {id}, {text})", "max({text}) filter ({bool})", "first({text} order by {id}, {text})"], "num": ["max({num})", "min({num})", "avg({int})"], "bool": ["bool_and({bool})", "bool_or({bool})"], "ints": ["list({int} order by {id}, {int})", "list_sort(list(distinct {int}))"]}
WINDOWS = ["row_number() over (order by {ids})", "rank() over (order by {text})", "dense_rank() over (partition by {text} order by {int})", "sum({int}) over (partition by {text})", "count(*) over (partition by {int})", "max({int}) over (order by {ids} rows between 3 preceding and current row)", "lag({int}) over (order by {ids})", "lead({text}, 2) over (order by {ids})", "first_value({text}) over (partition by {text} order by {ids})", "count(*) over ()", "ntile(4) over (order by {ids})", "count(distinct {text}) over ()", "min({text}) over (order by {int} range between 5 preceding and 5 following)", "sum({int}) over (order by {ids} rows unbounded preceding exclude current row)", "cume_dist() over (order by {int})", "count(*) filter ({bool}) over (partition by {text})"]
TYPES = ("int", "num", "text", "bool", "date", "time", "ints", "texts")


class Part:
    """Text and parts; `smaller` may stand in its place."""

    def __init__(self, items, smaller=()):
        self.items, self.smaller = list(items), list(smaller)

    def __str__(self):
        return "".join(str(item) for item in self.items)

    def walk(self, path=()):
        yield path, self
        for i, item in enumerate(self.items):
            if isinstance(item, Part):
                yield from item.walk((*path, i))

    def put(self, path, other):
        if not path:
            return other
        items = list(self.items)
        items[path[0]] = items[path[0]].put(path[1:], other)
        return Part(items, self.smaller)


NOTHING = Part([])


def optional(*items):
    return Part(items, [NOTHING])


class Maker:
    def __init__(self, seed, tables=("people", "staff", "claims")):
        self.chance, self.tables, self.names = random.Random(seed), tables, 0

    def pick(self, of):
        return self.chance.choice(of)

    def maybe(self, share):
        return self.chance.random() < share

    def name(self, letter="t"):
        self.names += 1
        return f"{letter}{self.names}"

    # ---- expressions over a scope: [(alias, table or {column: type})] ----
    def leaf(self, kind, scope):
        literal = Part([self.pick(LITERALS[kind])])
        if not scope or self.maybe(0.15):
            return literal
        alias, table = self.pick(scope)
        if isinstance(table, dict):
            names = [n for n, k in table.items() if k == kind]
            return Part([f"{alias}.{self.pick(names)}"], [literal]) if names else literal
        special = ONLY_PEOPLE.get(kind) if table != "claims" else None
        if special and self.maybe(0.3):
            return Part([self.pick(special).replace("{a}", alias)], [literal])
        names = COLUMNS[table].get(kind)
        return Part([f"{alias}.{self.pick(names)}"], [literal]) if names else literal

    def filled(self, form, scope, depth):
        """The form with parts in its gaps."""
        items, rest, same = [], form, []
        while "{" in rest:
            before, _, rest = rest.partition("{")
            kind, _, rest = rest.partition("}")
            if kind == "id":
                part = Part([self.unique(scope)])
            elif kind == "ids":
                part = Part([", ".join(self.keys(scope))])
            else:
                part = self.expression(kind, scope, depth - 1)
                same.append((kind, part))
            items += [before, part]
        return Part([*items, rest]), same

    def expression(self, kind, scope, depth):
        if depth <= 0 or self.maybe(0.25) or kind not in FORMS:
            return self.leaf(kind, scope)
        if depth > 1 and self.maybe(0.04) and kind in ("int", "text", "bool"):
            return self.subquery(kind, scope, depth)
        part, inner = self.filled(self.pick(FORMS[kind]), scope, depth)
        part.smaller = [p for k, p in inner if k == kind] + [Part([LITERALS[kind][0]])]
        return part

    def subquery(self, kind, scope, depth):
        alias, table = self.name("s"), self.pick(self.tables)
        here = [(alias, table)]
        where = self.expression("bool", here + scope, 1)
        source = f" from alpha.{table} {alias} where "
        if kind == "bool":
            form = self.pick(["exists", "in", "not in"])
            if form == "exists":
                return Part(["exists (select 1", source, where, ")"], [Part(["true"])])
            return Part([self.leaf("int", scope), f" {form} (select {alias}.id", source, where, ")"], [Part(["true"])])
        what, _ = self.filled(self.pick([a for a in AGGREGATES[kind]]), here, 1)
        return Part(["(select ", what, source, where, ")"], [Part([LITERALS[kind][0]])])

    def unique(self, scope):
        return self.keys(scope)[0]

    def keys(self, scope):
        """What puts the rows of a scope into one order."""
        return [f"{alias}.{'id' if not isinstance(table, dict) else next(iter(table))}" for alias, table in scope] or ["1"]

    # ---- sources ----
    def source(self, depth):
        """(text, scope): a table, a join or a query in brackets."""
        alias, table = self.name(), self.pick(self.tables)
        part, scope = Part([f"alpha.{table} {alias}"]), [(alias, table)]
        if depth > 0 and self.maybe(0.25):
            inner, columns = self.plain(depth - 1)
            return Part(["(", inner, f") {alias}"]), [(alias, columns)]
        if depth > 0 and self.maybe(0.4):
            return self.join(part, scope, depth)
        return part, scope

    def join(self, left, scope, depth):
        alias, table = self.name(), self.pick(self.tables)
        form = self.pick(["join", "left join", "right join", "full join", "semi join", "anti join", "cross join", "asof join", "lateral"])
        both = [*scope, (alias, table)]
        first = scope[0][0]
        if form == "cross join":
            return Part([left, f" cross join (select * from alpha.{table} order by id limit 3) {alias}"]), both
        if form == "asof join":
            return Part([left, f" asof join alpha.{table} {alias} on {first}.id >= {alias}.id"]), both
        if form == "lateral":
            inner = self.expression("bool", both, 1)
            return Part([left, f", lateral (select {alias}i.id as k, {alias}i.n as n from alpha.{table} {alias}i where {alias}i.id = {first}.id) {alias}"], [left]), [*scope, (alias, {"k": "int", "n": "int"})] if inner else scope
        key = self.pick([f"{first}.id = {alias}.id", f"{first}.id = {alias}.id + 1", f"{first}.n = {alias}.n and {first}.region = {alias}.region", f"{first}.id = {alias}.n"])
        more = optional(" and ", self.expression("bool", both, 1)) if self.maybe(0.4) and form in ("join", "semi join", "anti join") else NOTHING
        return Part([left, f" {form} alpha.{table} {alias} on {key}", more]), scope if form.startswith(("semi", "anti")) else both

    # ---- queries ----
    def plain(self, depth):
        """A query without an order, and its columns: {name: type}. The first is a key wherever one can be had."""
        kind = self.pick(["rows", "rows", "rows", "groups", "groups", "windows", "union", "distinct", "with"])
        return getattr(self, kind)(depth)

    def where(self, scope, depth=2):
        people = [alias for alias, table in scope if isinstance(table, str) and table in ONLY_TABLES]
        if people and self.maybe(0.2):
            alias = self.pick(people)
            return optional(f" where {alias}.region <> 'XX' and ", self.pick(RISKY).replace("{a}", alias))
        return optional(" where ", self.expression("bool", scope, depth)) if self.maybe(0.6) else NOTHING

    def chosen(self, scope, depth, count):
        columns, items = {}, []
        for i in range(count):
            kind = self.pick(TYPES)
            columns[f"c{i}"] = kind
            items += [", " if i else "", Part([self.expression(kind, scope, depth)], [Part([LITERALS[kind][0]])]), f" as c{i}"]
        return columns, items

    def rows(self, depth):
        source, scope = self.source(depth)
        columns, items = self.chosen(scope, 2, self.chance.randint(1, 3))
        keys = self.keys(scope)
        return Part(["select ", ", ".join(f"{k} as k{i}" for i, k in enumerate(keys)), ", ", *items, " from ", source, self.where(scope)]), {**{f"k{i}": "int" for i in range(len(keys))}, **columns}

    def groups(self, depth):
        source, scope = self.source(depth)
        kind = self.pick(["int", "text", "bool", "date"])
        by = self.expression(kind, scope, 2)
        columns, items = {"g": kind}, ["select ", by, " as g"]
        for i in range(self.chance.randint(1, 3)):
            of = self.pick(list(AGGREGATES))
            form = self.pick(AGGREGATES[of])
            part, _ = self.filled(form, scope, 2)
            columns[f"a{i}"] = of
            items += [", ", Part([part], [Part([LITERALS[of][0]])]), f" as a{i}"]
        how = self.pick(["group by 1", "group by all", "group by 1", "group by rollup (1)"])
        if how == "group by rollup (1)":
            how = "group by all"
        having = optional(" having count(*) > ", str(self.pick([0, 1, 2, 10]))) if self.maybe(0.3) else NOTHING
        return Part([*items, " from ", source, self.where(scope), f" {how}", having]), columns

    def windows(self, depth):
        source, scope = self.source(0)
        part, _ = self.filled(self.pick(WINDOWS), scope, 1)
        qualify = optional(" qualify ", self.filled(self.pick(WINDOWS[:6]), scope, 1)[0], " is not null") if self.maybe(0.3) else NOTHING
        return Part([f"select {self.unique(scope)} as k0, ", Part([part], [Part(["1"])]), " as w from ", source, self.where(scope), qualify]), {"k0": "int"}

    def union(self, depth):
        kind = self.pick(["int", "text"])
        word = self.pick(["union all", "union", "except", "intersect", "except all", "intersect all"])
        sides = []
        for _ in range(2):
            source, scope = self.source(0)
            sides.append(Part(["select ", self.expression(kind, scope, 1), " as c0 from ", source, self.where(scope)]))
        return Part([sides[0], f" {word} ", sides[1]], sides), {"c0": kind}

    def distinct(self, depth):
        source, scope = self.source(depth)
        columns, items = self.chosen(scope, 2, self.chance.randint(1, 2))
        return Part(["select distinct ", *items, " from ", source, self.where(scope)]), columns

    def with_(self, depth):
        inner, columns = self.plain(max(0, depth - 1))
        name = self.name("w")
        how = self.pick(["", "materialized ", "not materialized "])
        scope = [(name, columns)]
        chosen, items = self.chosen(scope, 1, 2)
        return Part([f"with {name} as {how}(", inner, ") select ", *items, f" from {name}", self.where(scope, 1)]), chosen

    def __getattr__(self, name):
        if name == "with":
            return self.with_
        raise AttributeError(name)

    # ---- the three forms ----
    def same(self):
        query, columns = self.plain(2)
        if self.maybe(0.3):  # a total order, and so a limit
            return Part(["select * from (", query, ") q order by all", optional(" limit ", str(self.chance.randint(0, 20))), optional(" offset ", str(self.chance.randint(0, 5)))], [query])
        return query

    def thirds(self):
        source, scope = self.source(1)
        p = self.expression("bool", scope, 3)
        measure = self.pick(["count(*)", f"sum({self.unique(scope)})::bigint", "count(*)"])
        sides = [Part([f"coalesce((select {measure} from ", source, " where ", w, p, z, "), 0)"]) for w, z in (("(", ")"), ("not (", ")"), ("(", ") is null"))]
        return Part(["select ", sides[0], " + ", sides[1], " + ", sides[2], f" as parts, coalesce((select {measure} from ", source, "), 0) as whole"])

    def counts(self):
        source, scope = self.source(1)
        p = self.expression("bool", scope, 3)
        return Part(["select (select count(*) from ", source, " where ", p, ") as optimized, (select count(*) from (select (", p, ") as p from ", source, ") x where x.p) as selected, (select coalesce(sum(case when ", p, " then 1 else 0 end), 0)::bigint from ", source, ") as summed"])


FORMS_OF_CASES = ("same", "same", "same", "thirds", "counts")


def case(seed):
    """(form, statement) of a seed."""
    maker = Maker(seed)
    form = FORMS_OF_CASES[seed % len(FORMS_OF_CASES)]
    return form, getattr(maker, form)()
