"""Iceberg's read-restrictions, read as a trusted engine reads them: the row filter with two truth values, then the
projections. In both orders that readers give their doubles (-0.0 before 0.0 and NaN last, or as the hardware has it) the
rows are our own engine's, or fewer where the printer says so, and no cell shows more."""
import os
import struct

import pytest

import dialect_engines as engines
import dialect_rows as rows

COUNT = int(os.environ.get("HS_DIALECT_POLICIES", 300))
IDS = {}


def describe(kind, node, path):
    """Field id -> (path, type)."""
    IDS[node] = (path, kind)


for number, name in enumerate(rows.TYPES, 1):
    describe(rows.TYPES[name], number, [name])
for number, name in ((50, "street"), (51, "city"), (52, "geo")):
    describe(rows.TYPES["customer"][name], number, ["customer", name])
for number, name in ((53, "lat"), (54, "lon")):
    describe("double", number, ["customer", "geo", name])


def total_order(x):
    """Java's order of doubles."""
    bits = struct.unpack(">q", struct.pack(">d", float("nan") if x != x else x))[0]
    return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF) - 1


def ordered(kind, value, total):
    if kind in ("double", "float"):
        value = float(value)
        return total_order(value) if total else value
    if kind.startswith("decimal"):
        return rows.Decimal(value)
    if kind == "timestamp" or kind == "timestamptz":
        return rows.moment(value)
    return value.encode() if kind == "string" else value


def constant(kind, node):
    assert set(node) == {"type", "value", "data-type"} and node["type"] == "literal"
    name = {"decimal2": "decimal(10, 2)", "decimal4": "decimal(20, 4)"}.get(kind, kind)
    assert node["data-type"] == name
    if kind == "uuid":
        assert node["value"] == node["value"].lower()
    if kind == "int":
        assert -2**31 <= node["value"] < 2**31
    return node["value"]


class Filter:
    def __init__(self, row, total):
        self.row, self.total = row, total

    def value(self, node):
        assert node.keys() == {"type", "id"} and node["type"] == "reference"
        path, kind = IDS[node["id"]]
        value = self.row
        for step in path:
            value = None if value is None else value[step]
        return kind, value

    def holds(self, e):
        if isinstance(e, bool):
            return e
        op = e["type"]
        if op in ("and", "or"):
            left, right = self.holds(e["left"]), self.holds(e["right"])
            return left and right if op == "and" else left or right
        if op == "not":
            return not self.holds(e["child"])
        if "child" in e:
            kind, value = self.value(e["child"])
            if op in ("in", "not-in"):
                among = [ordered(kind, constant(kind, v), self.total) for v in e["values"]]
                return value is not None and (ordered(kind, value, self.total) in among) == (op == "in") or \
                    value is None and op == "not-in"
            return {"is-null": value is None, "not-null": value is not None,
                    "is-nan": value == "NaN", "not-nan": value != "NaN"}[op]
        kind, value = self.value(e["left"])
        right = constant(kind, e["right"])
        if value is None:
            return op.startswith("not-")
        if op in ("starts-with", "not-starts-with"):
            return value.startswith(right) == (op == "starts-with")
        a, b = ordered(kind, value, self.total), ordered(kind, right, self.total)
        return {"eq": a == b, "not-eq": a != b, "lt": a < b, "lt-eq": a <= b, "gt": a > b, "gt-eq": a >= b}[op]


class Fixed:
    """What stands for every value of a type, and for NULL: whoever sees it has seen nothing."""

    def __init__(self, value):
        self.value = value


def fixed(kind):
    if isinstance(kind, dict):
        return {k: fixed(t) for k, t in kind.items()}
    return [] if isinstance(kind, list) else {} if isinstance(kind, tuple) else rows.FIXED[kind]


def act(action, kind, value):
    if action == "mask-to-fixed-value":  # the one that keeps no NULL
        return Fixed(fixed(kind))
    if value is None or action == "replace-with-null":
        return None
    assert action in ("truncate-to-year", "truncate-to-month")
    month = "01" if action == "truncate-to-year" else value[5:7]
    rest = {"date": "", "timestamp": "T00:00:00", "timestamptz": "T00:00:00+00:00"}[kind]
    return f"{value[:4]}-{month}-01{rest}"


def project(node, kind, value, actions):
    """The value at a field, its projection applied; a field with one hides those below it."""
    if node in actions:
        return act(actions[node], kind, value)
    if value is None:
        return None
    if isinstance(kind, dict):
        ids = {"street": 50, "city": 51, "geo": 52, "lat": 53, "lon": 54, "sku": 61, "price": 62, "text": 72, "by": 73}
        return {k: project(ids[k], t, value[k], actions) for k, t in kind.items()}
    if isinstance(kind, list):
        return [project(60 if node == 6 else 180, kind[0], v, actions) for v in value]
    if isinstance(kind, tuple):
        return {k: project(71, kind[1], v, actions) for k, v in value.items()}
    return value


def allowed(got, want):
    """Like shows_no_more, where the fixed value shows nothing, either; members the person does not see are gone."""
    if isinstance(got, dict) and isinstance(want, dict):
        return all(allowed(v, want.get(k)) for k, v in got.items())
    if isinstance(got, list) and isinstance(want, list):
        return len(got) == len(want) and all(map(allowed, got, want))
    return got is None or isinstance(got, Fixed) or got == want


def test_decisions():
    duck = engines.Duck()
    everything = {"rows": "", "columns": [{"name": c["name"], "sql": f'"f{c["id"]}"'} for c in engines.schema()["columns"]]}
    raw = duck.answer(everything)
    decisions, exact, exact_rows, cases = engines.lines("--decisions", 2_000_000, COUNT), 0, 0, 0
    for d in decisions:
        iceberg = d["iceberg"]
        if iceberg["fit"] == "refused":
            continue
        want, told = duck.answer(d["duckdb"]), iceberg["restrictions"]
        actions = {p["field-id"]: p["action"] for p in told.get("required-column-projections", [])}
        assert actions.get(1) != "replace-with-null"  # the one required column
        condition = told.get("required-row-filter", True)
        seen = {n for n, row in raw.items() if Filter(row, True).holds(condition)}
        assert seen == {n for n, row in raw.items() if Filter(row, False).holds(condition)}, d["seed"]
        assert seen <= set(want), d["seed"]
        names = [c["name"] for c in d["duckdb"]["columns"]]
        exact += iceberg["fit"] == "exact"
        exact_rows += seen == set(want)
        cases += len(raw)
        for n in seen:
            for number, (name, kind) in enumerate(rows.TYPES.items(), 1):
                got = project(number, kind, raw[n][name], actions)
                if iceberg["fit"] == "exact" and name in names and not isinstance(kind, (dict, list, tuple)):
                    assert (got.value if isinstance(got, Fixed) else got) == want[n][name], (d["seed"], n, name)
                shown = want[n].get(name)  # whole, where a condition lifts the mask: then a mask shows less
                assert shown == raw[n][name] or allowed(got, shown), (d["seed"], n, name, got, shown)
        if iceberg["fit"] == "exact":
            assert seen == set(want), d["seed"]
    assert exact > COUNT / 50 and exact_rows > COUNT / 3
    print(f"{cases} cases, {exact} of {len(decisions)} decisions exact, {exact_rows} with every row")


@pytest.mark.parametrize("bits", [(-0.0, 0.0), (-1.0, -0.0), (1.0, float("nan")), (-2.0, -1.0)])
def test_total_order(bits):
    assert total_order(bits[0]) < total_order(bits[1])
