"""Two small schemas as tables, and the same rows as Parquet files described to the scan printer."""
import duckdb

TABLES = {
    ("sales", "orders"): ("""select i::int as id, (i % 7)::int as customer, case when i % 9 = 0 then null else (i * 1.25)::decimal(12, 2) end as amount,
        ['EU', 'US', 'eu', null][i % 4 + 1] as region, date '2020-01-01' + (i * 3)::int as day, timestamp '2020-01-01 10:00:00' + interval (i) hour as moment,
        ['a', 'b', 'c'][1:i % 4] as tags, {'street': 'S' || i, 'zip': (1000 + i)::int} as home, map {'x': i::int} as props,
        case when i % 5 = 0 then null else 'note ' || i end as note, case i % 3 when 0 then true when 1 then false end as flag, (i / 3.0)::double as price
        from range(1, 41) r(i)""",
                          "int int decimal(12,2) string date timestamp list<string> struct<street:string,zip:int> map<string,int> string boolean double"),
    ("hr", "orders"): ("select (i * 2)::int as id, (i % 5)::int as grade from range(1, 16) r(i)", "int int"),
}


def type_of(word, ids):
    if word.startswith("decimal"):
        precision, scale = word[8:-1].split(",")
        return {"type": "decimal", "precision": int(precision), "scale": int(scale)}
    kind, _, inner = word.partition("<")
    if not inner:
        return word
    parts = inner[:-1].split(",")
    names = {"list": ["element"], "map": ["key", "value"]}.get(kind) or [p.split(":")[0] for p in parts]
    return {"type": kind, "fields": [{"id": next(ids), "name": n, "type": type_of(p.split(":")[-1], ids)} for n, p in zip(names, parts)]}


def fields(names, words):
    nested = iter(range(100, 1000))
    return [{"id": i + 1, "name": n, "type": type_of(w, nested)} for i, (n, w) in enumerate(zip(names, words.split()))]


def plain_scan(columns, paths, rows="", leakproof=True):
    return {"raw": columns, "groups": [{"physical": columns, "paths": paths}], "rows": rows,
            "columns": [{"name": c["name"], "expression": f"\"f{c['id']}\"", "type": c["type"], "leakproof": leakproof} for c in columns]}


def worker(**settings):
    """A connection as a worker opens it."""
    con = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False, **settings})
    con.execute("set TimeZone = 'UTC'")
    return con


class Shop:
    def __init__(self, folder):
        self.con = worker()
        self.con.execute("attach ':memory:' as shop; use shop")
        self.scans = {}
        for (schema, table), (select, words) in TABLES.items():
            path = f"{folder}/{schema}_{table}.parquet"
            self.con.execute(f"create schema if not exists {schema}; create table {schema}.{table} as {select}")
            self.con.execute(f"copy {schema}.{table} to '{path}' (row_group_size 2048)")
            names = [r[0] for r in self.con.execute(f"describe {schema}.{table}").fetchall()]
            self.scans[schema, table] = plain_scan(fields(names, words), [path])

    def printed(self, tool, sql):
        """Guards and prints the statement and makes its views; returns (printed, inside)."""
        refs = json_refs(tool, sql)
        scans = [self.scans[schema.lower(), name.lower()] for _, schema, name, _, _, _ in refs]
        printed, _, _, inside = tool.guard(sql, scans)
        for i, scan in enumerate(scans):
            self.con.execute(f"create or replace view hs_scan_{i} as {tool.scan(scan, inside[i])}")
        return printed, inside


def json_refs(tool, sql):
    import json
    return json.loads(tool.ask("guard", sql, tool.parse(sql))[1])


def answer(con, sql):
    """Column names and rows in an order of their own, as text: NaN equals itself there."""
    cursor = con.execute(sql)
    return [d[0] for d in cursor.description], sorted(map(repr, cursor.fetchall()))
