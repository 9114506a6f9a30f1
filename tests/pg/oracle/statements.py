"""SELECT statements drawn from a seed: typed expressions over the small tables, joins, groups, windows, set operations, sub-queries.
What differs by nature is not drawn: order without ORDER BY, division by zero, floating point sums over many rows."""
import random

INT, NUM, FLT, TEXT, BOOL, DATE, TS, SPAN = "int", "num", "flt", "text", "bool", "date", "ts", "span"
TABLES = {
    "emp": {"id": INT, "name": TEXT, "dept_id": INT, "salary": NUM, "hired": DATE, "boss": INT, "bonus": FLT, "active": BOOL},
    "dept": {"id": INT, "name": TEXT, "city": TEXT},
    "sales": {"id": INT, "day": DATE, "region": TEXT, "product": TEXT, "qty": INT, "price": NUM},
    "texts": {"id": INT, "s": TEXT, "u": TEXT},
    "times": {"id": INT, "d": DATE, "ts": TS},
}
CONSTANTS = {
    INT: ["0", "1", "2", "7", "-3", "100", "NULL::int"], NUM: ["0.5", "1.25", "-3.10", "100.00", "nullif(1.5, 1.5)"],
    FLT: ["0.5::float8", "-2.25::float8", "3::float8"], TEXT: ["'a'::text", "'Bonn'::text", "''::text", "'x y'::text", "NULL::text", "'EU'::text"],
    BOOL: ["true", "false", "NULL::bool"], DATE: ["date '2024-02-29'", "date '2016-06-01'"],
    TS: ["timestamp '2024-02-29 10:20:30'", "timestamp '2000-01-01'"], SPAN: ["interval '1 month'", "interval '2 days 03:00'", "interval '-1 day'"],
}
# result: templates with the types of their holes
MADE = {
    INT: ["({int} + {int})", "({int} - {int})", "({int} * 3)", "({int} / nullif({int} % 7, 0))", "({int} % 5)", "abs({int})", "length({text})", "(- {int})",
          "({date} - {date})", "coalesce({int}, {int})", "greatest({int}, {int})", "least({int}, {int})", "nullif({int}, {int})", "position('a' IN {text})",
          "CASE WHEN {bool} THEN {int} ELSE {int} END", "round({num})::int", "ascii({text})", "mod({int}, 4)", "({int} & 7)"],
    NUM: ["({num} + {num})", "({num} - {int})", "({num} * {int})", "({num} / nullif({int}, 0))", "round({num}, 1)", "abs({num})", "trunc({num})", "ceil({num})",
          "floor({num})", "extract(year FROM {date})", "extract(day FROM {ts})", "coalesce({num}, {num})", "{int}::numeric", "({int} / 4.0)", "mod({num}, 3)"],
    FLT: ["({flt} * {flt})", "({flt} + {int})", "({flt} / 4)", "{int}::float8", "{num}::float8", "abs({flt})", "sqrt(abs({flt}))", "date_part('month', {date})"],
    TEXT: ["({text} || {text})", "upper({text})", "lower({text})", "left({text}, 3)", "right({text}, 2)", "substring({text} FROM 2 FOR 3)", "trim({text})",
           "replace({text}, 'a', 'b')", "coalesce({text}, 'none')", "lpad({text}, 6, '*')", "{int}::text", "{date}::text", "split_part({text}, 'e', 1)",
           "CASE WHEN {bool} THEN {text} ELSE {text} END", "concat({text}, {int}, {text})", "repeat({text}, 2)", "reverse({text})",
           "to_char({date}, 'YYYY-MM')", "md5({text})", "({text} || {int})", "nullif({text}, '')", "translate({text}, 'ab', 'xy')", "{num}::text", "{bool}::text"],
    BOOL: ["({int} < {int})", "({int} = {int})", "({num} >= {num})", "({text} = {text})", "({text} < {text})", "({text} LIKE '%a%')", "({text} ILIKE 'B%')",
           "({date} > {date})", "({bool} AND {bool})", "({bool} OR {bool})", "(NOT {bool})", "({int} IS NULL)", "({text} IS NOT NULL)", "({int} IN (1, 2, {int}))",
           "({int} BETWEEN 1 AND {int})", "({int} IS DISTINCT FROM {int})", "({bool} IS TRUE)", "({text} ~ '^[A-M]')", "({ts} < {date})", "({num} <> {int})",
           "({text} NOT IN ('a', 'Bonn'))", "({int} = ANY (ARRAY[1, 3, 5]))"],
    DATE: ["({date} + {small})", "({date} - {small})", "({ts})::date", "coalesce({date}, {date})", "greatest({date}, {date})", "(date_trunc('month', {ts}))::date"],
    TS: ["({ts} + {span})", "({date} + {span})", "date_trunc('month', {ts})", "date_trunc('hour', {ts})", "{date}::timestamp", "({ts} - {span})"],
    SPAN: ["({span} + {span})", "({span} * 2)", "(- {span})", "({ts} - {ts})", "justify_days({span})"],
}
AGGREGATES = ["count(*)", "count({int})", "sum({int})", "min({int})", "max({num})", "sum({num})", "avg({int})", "avg({num})", "min({text})", "max({date})",
              "bool_and({bool})", "bool_or({bool})", "count(DISTINCT {int})", "count(DISTINCT {text})", "string_agg({word}, ',' ORDER BY {word} COLLATE \"C\")",
              "array_agg({whole} ORDER BY {whole})", "count(*) FILTER (WHERE {bool})", "sum({int}) FILTER (WHERE {bool})", "max({ts})", "min({bool}::int)"]
WINDOWS = ["row_number() OVER (ORDER BY {key})", "rank() OVER (ORDER BY {plain})", "dense_rank() OVER (PARTITION BY {plain} ORDER BY {key})",
           "lag({int}) OVER (ORDER BY {key})", "lead({text}, 2) OVER (ORDER BY {key})", "sum({int}) OVER (PARTITION BY {plain})",
           "avg({int}) OVER (ORDER BY {key} ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)", "count(*) OVER (PARTITION BY {plain} ORDER BY {key})",
           "first_value({text}) OVER (PARTITION BY {plain} ORDER BY {key})", "max({num}) OVER (ORDER BY {key})", "ntile(4) OVER (ORDER BY {key})"]


class Draw:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.columns = {}  # type: [expression]
        self.key, self.word, self.whole = "1", "'w'", "1"

    def pick(self, options):
        return self.rng.choice(options)

    def use(self, tables):
        """tables: [(name, alias)]"""
        self.columns = {}
        for name, alias in tables:
            for column, kind in TABLES[name].items():
                self.columns.setdefault(kind, []).append(f"{alias}.{column}")
        self.word = self.pick(self.columns.get(TEXT) or ["'w'::text"])
        self.whole = self.pick(self.columns[INT])
        self.key = ", ".join(f"{alias}.id" for _, alias in tables)

    def hole(self, name, depth):
        if name == "key":
            return self.key
        if name == "word":
            return self.word
        if name == "whole":
            return self.whole
        if name == "small":
            return self.pick(["1", "30", "-7", "365"])
        if name == "plain":
            return self.pick([c for k in (INT, TEXT, BOOL) for c in self.columns.get(k, [])])
        return self.make(name, depth - 1)

    def fill(self, template, depth):
        out, rest = "", template
        while "{" in rest:
            before, _, rest = rest.partition("{")
            name, _, rest = rest.partition("}")
            out += before + self.hole(name, depth)
        return out + rest

    def make(self, kind, depth):
        have = self.columns.get(kind)
        chance = self.rng.random()
        if depth <= 0 or chance < 0.35:
            return self.pick(have) if have and self.rng.random() < 0.8 else self.pick(CONSTANTS[kind])
        return self.fill(self.pick(MADE[kind]), depth)

    def any(self, depth):
        return self.make(self.pick([INT, NUM, FLT, TEXT, BOOL, DATE, TS, SPAN]), depth)

    def source(self):
        first = self.pick(list(TABLES))
        if self.rng.random() < 0.55:
            self.use([(first, "a")])
            return f"{first} a"
        second = self.pick([t for t in TABLES if t not in ("sales",)])
        self.use([(first, "a"), (second, "b")])
        join = self.pick(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        on = self.pick(["a.id = b.id", "a.id = b.id + 1", "a.id % 5 = b.id"])
        return f"{first} a {join} {second} b ON {on}"

    def where(self):
        return f" WHERE {self.make(BOOL, 3)}" if self.rng.random() < 0.6 else ""

    def plain(self):
        source = self.source()
        columns = [self.any(3) for _ in range(self.rng.randrange(1, 5))]
        distinct = "DISTINCT " if self.rng.random() < 0.15 else ""
        return f"SELECT {distinct}{', '.join(columns)} FROM {source}{self.where()}"

    def grouped(self):
        source, where = self.source(), self.where()
        keys = [self.make(self.pick([INT, TEXT, BOOL, DATE]), 1) for _ in range(self.rng.randrange(0, 3))]
        keys = [k for k in keys if any(f"{a}." in k for a in "ab")]
        aggregates = [self.fill(self.pick(AGGREGATES), 2) for _ in range(self.rng.randrange(1, 4))]
        group = ""
        if keys:
            how = self.pick(["{}", "{}", "{}", "ROLLUP ({})", "CUBE ({})"])
            group = " GROUP BY " + how.format(", ".join(str(i + 1) for i in range(len(keys))) if how == "{}" else ", ".join(keys))
        having = " HAVING count(*) > 1" if keys and self.rng.random() < 0.3 else ""
        return f"SELECT {', '.join(keys + aggregates)} FROM {source}{where}{group}{having}"

    def windowed(self):
        source = self.source()
        columns = [self.fill(self.pick(WINDOWS), 1) for _ in range(self.rng.randrange(1, 3))]
        return f"SELECT {self.key}, {', '.join(columns)} FROM {source}{self.where()}"

    def combined(self):
        kinds = [self.pick([INT, TEXT, DATE, BOOL]) for _ in range(self.rng.randrange(1, 3))]
        sides = []
        for _ in range(2):
            source = self.source()
            sides.append(f"SELECT {', '.join(self.make(k, 2) for k in kinds)} FROM {source}{self.where()}")
        return f" {self.pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT'])} ".join(sides)

    def nested(self):
        source = self.source()
        outer = f"SELECT {self.key}, {self.any(2)} FROM {source} WHERE "
        inner = self.pick(["a.id IN (SELECT dept_id FROM emp x WHERE x.id < {n})", "EXISTS (SELECT 1 FROM dept x WHERE x.id = a.id)",
                           "a.id > (SELECT min(x.id) FROM texts x WHERE x.id % {n} = 1)", "NOT EXISTS (SELECT 1 FROM emp x WHERE x.boss = a.id)",
                           "a.id = ANY (SELECT x.id FROM times x)"])
        return outer + inner.replace("{n}", str(self.rng.randrange(2, 9)))

    def shared(self):
        inner = self.plain()
        return f"WITH w AS ({inner}) SELECT count(*) FROM w"

    def statement(self):
        return self.pick([self.plain, self.plain, self.plain, self.grouped, self.grouped, self.windowed, self.combined, self.nested, self.shared])()


def statement(seed):
    return Draw(seed).statement()
