"""The rule language once more, from the words of doc/rules.md alone: no code is shared with the server. A rule comes as the
tree that src/policy/test/rule_json.h writes."""
import calendar
import math
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal, getcontext

getcontext().prec = 100
FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)


class Asker:
    """Who asks, when, and the lookups there are."""

    def __init__(self, attributes, now=datetime(1970, 1, 1), purpose=None, workspace=None, lookups=None):
        self.attributes, self.lookups = attributes, lookups or {}
        minute = now.replace(second=0, microsecond=0)
        self.facts = {"purpose": purpose, "workspace": workspace, "today": now.date(),
                      "now": minute.replace(tzinfo=timezone.utc), "time_of_day": minute.time(),
                      "weekday": now.isoweekday()}


class Scope:
    """What names mean: the row, or the element of the list around, and the row behind it."""

    def __init__(self, row, asker, element=None, inside=False):
        self.row, self.asker, self.element, self.inside = row, asker, element, inside

    def within(self, element):
        return Scope(self.row, self.asker, element, True)


def names_of(path):
    names, at = [], 0
    while at < len(path):
        if path[at] == '"':
            end = at + 1
            while path[end] != '"' or path[end + 1:end + 2] == '"':
                end += 2 if path[end] == '"' else 1
            names.append(path[at + 1:end].replace('""', '"'))
            at = end + 2
        else:
            end = path.find(".", at) if "." in path[at:] else len(path)
            names.append(path[at:end])
            at = end + 1
    return names


def field(rule, scope):
    names, base = names_of(rule[1]), rule[2] if len(rule) > 2 else 0
    value = scope.element if scope.inside and base != 2 else scope.row
    for name in names[1:] if base else names:
        value = None if value is None else value[name]
    return value


def literal(kind, text):
    if kind == 0:
        return None
    if kind == 1:
        return text == "true"
    if kind in (2, 3):
        return Decimal(text)
    if kind == 4:
        return text
    inner = text.split("'")[1]
    return {5: date, 6: datetime, 8: time}[kind].fromisoformat(inner)


# ---- values ----

def is_float(v):
    return isinstance(v, float)


def exact(v):
    return Decimal(v) if isinstance(v, int) and not isinstance(v, bool) else v


def tame(v):
    """A double that arithmetic takes, or NULL."""
    v = float(v)
    return v if v == 0 or 1e-150 <= abs(v) <= 1e150 else None


def inexact(op, a, b):
    a, b = tame(a), tame(b)
    if a is None or b is None or (op == "/" and b == 0):
        return None
    return {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "/": a.__truediv__}[op](b)


def cut_off(a, b, decimals=6):
    """a / b toward zero."""
    units = (abs(a) * 10 ** decimals) // abs(b)
    return units / 10 ** decimals * (1 if (a < 0) == (b < 0) else -1)


SCALES = {"amount": 2, "discount": 2, "price": 2}


def is_constant(rule):
    return rule[0] == "literal" or (rule[0] in ("+", "-", "*", "/", "%", "neg") and all(map(is_constant, rule[1:])))


def scale_of(rule, scope):
    """How many decimals an exact number has, by its type."""
    op = rule[0]
    if is_constant(rule):
        value = operand(rule, scope)
        return 0 if value is None else max(0, -value.normalize().as_tuple().exponent)
    if op == "field":
        return SCALES.get(names_of(rule[1])[-1], 0)
    scales = [scale_of(r, scope) for r in rule[1:] if r[0] != "span"]
    if op == "/":
        return max(6, scales[0])
    return sum(scales) if op == "*" else max(scales, default=0)


def move(moment, unit, count):
    day = moment if not isinstance(moment, datetime) else moment.date()
    try:
        if unit in ("years", "months"):
            month = day.year * 12 + day.month - 1 + count * (12 if unit == "years" else 1)
            year, month = month // 12, month % 12 + 1
            if not 1 <= year <= 9999:
                return None
            to = date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
            return to if day is moment else moment.replace(year=to.year, month=to.month, day=to.day)
        return moment + timedelta(**{unit: count})
    except OverflowError:
        return None


def arithmetic(op, a, b, decimals=6):
    if a is None or b is None:
        return None
    if isinstance(b, tuple):
        unit, count = b
        return None if count is None else move(a, unit, int(count) * (1 if op == "+" else -1))
    if isinstance(a, date):
        return Decimal((a - b).days)
    if is_float(a) or is_float(b):
        return inexact(op, a, b)
    a, b = exact(a), exact(b)
    if op in "/%" and b == 0:
        return None
    if op == "/":
        return cut_off(a, b, decimals)
    return {"+": a + b, "-": a - b, "*": a * b, "%": a - b * int(cut_off(a, b, 0)) if b else None}[op]


def operand(rule, scope):
    op = rule[0]
    if op == "literal":
        return literal(rule[1], rule[2])
    if op == "principal":
        return scope.asker.attributes.get(rule[1])
    if op == "request":
        return scope.asker.facts[rule[1]]
    if op == "field":
        return field(rule, scope)
    if op == "span":
        return rule[1], operand(rule[2], scope)
    if op == "neg":
        return arithmetic("-", Decimal(0), operand(rule[1], scope))
    if op in ("+", "-", "*", "/", "%"):
        left, right = operand(rule[1], scope), operand(rule[2], scope)
        decimals = max(6, scale_of(rule[1], scope)) if op == "/" and not is_float(left) else 6
        return arithmetic(op, left, right, decimals)
    return truth(rule, scope)


# ---- truth ----

def unknown(*values):
    return any(v is None or (is_float(v) and math.isnan(v)) for v in values)


def compare(op, a, b):
    if unknown(a, b):
        return None
    if is_float(a) or is_float(b):
        a, b = float(a), float(b)
    if op in ("=", "<>"):
        return (a == b) == (op == "=")
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]


def both(a, b):
    return False if a is False or b is False else None if a is None or b is None else True


def negate(a):
    return None if a is None else not a


def all_of(outcomes):
    result = True
    for outcome in outcomes:
        result = both(result, outcome)
    return result


def any_of(outcomes):
    return negate(all_of(negate(o) for o in outcomes))


def is_in(left, items):
    return None if unknown(left) else any_of(compare("=", left, item) for item in items)


def elements(value):
    return [{"key": k, "value": v} for k, v in value.items()] if isinstance(value, dict) else value


def looked_up(rule, scope):
    *_, name, column = names_of(rule[1])
    rows = scope.asker.lookups[name]
    outcomes = [len(rule) < 4 or truth(rule[3], Scope(row, scope.asker)) for row in rows]
    return [row[column] for row, outcome in zip(rows, outcomes) if outcome is True] + [None] * (None in outcomes)


def listed(rules, scope):
    items = []
    for rule in rules:
        value = operand(rule, scope)
        items += value if isinstance(value, list) else [value]
    return items


def truth(rule, scope):
    op, args = rule[0], rule[1:]
    if op in ("literal", "principal", "field", "request"):
        return operand(rule, scope)
    if op in ("and", "or"):
        return (all_of if op == "and" else any_of)(truth(a, scope) for a in args)
    if op == "not":
        return negate(truth(args[0], scope))
    if op in ("any", "all"):
        value = operand(args[0], scope)
        if value is None:
            return None
        return (any_of if op == "any" else all_of)(truth(args[1], scope.within(e)) for e in elements(value))
    if op == "lookup":
        return is_in(operand(args[1], scope), looked_up(rule, scope))
    if op == "in":
        return is_in(operand(args[0], scope), listed(args[1:], scope))
    values = [operand(a, scope) for a in args]
    if op == "is null":
        return values[0] is None
    if op == "between":
        return both(compare(">=", values[0], values[1]), compare("<=", values[0], values[2]))
    if op in ("starts", "ends", "contains"):
        if unknown(*values):
            return None
        text, part = values
        return {"starts": text.startswith(part), "ends": text.endswith(part), "contains": part in text}[op]
    return compare(op, *values)
