"""Compares two answers cell by cell. What is normalised, and nothing else:

- string, large_string and string_view are one type; so are the list kinds, binary kinds, and a dictionary and its values
- a time zone's name in a timestamp's type ("UTC", "Etc/UTC", "+00:00"): all are instants
- row order, unless the statement says ORDER BY: then the columns of its keys must come in the expected order
- float cells to 1e-12 relative
"""
import datetime as dt
import decimal
import math
import re

import pyarrow as pa
import pyarrow.types as t


def plain_type(kind):
    if t.is_dictionary(kind):
        return plain_type(kind.value_type)
    if t.is_string(kind) or t.is_large_string(kind) or t.is_string_view(kind):
        return "string"
    if t.is_binary(kind) or t.is_large_binary(kind) or t.is_binary_view(kind):
        return "binary"
    if t.is_map(kind):
        return f"map<{plain_type(kind.key_type)},{plain_type(kind.item_type)}>"
    if t.is_list(kind) or t.is_large_list(kind) or t.is_list_view(kind) or t.is_large_list_view(kind):
        return f"list<{plain_type(kind.value_type)}>"
    if t.is_struct(kind):
        return "struct<" + ",".join(f"{f.name}:{plain_type(f.type)}" for f in kind) + ">"
    if t.is_timestamp(kind):
        return f"timestamp[{kind.unit}{',tz' if kind.tz else ''}]"
    return str(kind)


def cells(table):
    return [tuple(row) for row in zip(*(column.to_pylist() for column in table.columns))] if table.num_columns else []


def _key(value):
    """Sorts anything beside anything: NULL first, then by kind; floats last of all so that their last digit decides nothing."""
    if value is None:
        return (0, "")
    if isinstance(value, float):
        return (9, "nan" if math.isnan(value) else f"{value:.9e}", value if value == value else 0.0)
    if isinstance(value, bool):
        return (1, value)
    if isinstance(value, (int, decimal.Decimal)):
        return (2, value)
    if isinstance(value, dict):
        return (3, tuple((k, _key(v)) for k, v in value.items()))
    if isinstance(value, (list, tuple)):
        return (4, tuple(_key(v) for v in value))
    if isinstance(value, dt.datetime):
        return (5, value.isoformat())
    return (6, type(value).__name__, value.isoformat() if hasattr(value, "isoformat") else value)


def row_key(row):
    fixed = tuple(_key(v) for v in row if not isinstance(v, float))
    return fixed, tuple(_key(v) for v in row if isinstance(v, float))


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b)) or (math.isfinite(a) and math.isfinite(b) and abs(a - b) <= 1e-12 * max(abs(a), abs(b)))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return type(a) is type(b) and a == b


def order_of(sql, names):
    """Positions of the answer's columns that the outermost ORDER BY names; None when there is no ORDER BY, [] when its keys do not show."""
    text = re.sub(r"'[^']*'", "''", sql.lower())
    at = text.rfind("order by")
    if at < 0 or text.count("(", at) != text.count(")", at):
        return None
    keys = re.split(r"\blimit\b|\boffset\b|;|$", text[at + 8:])[0]
    out = []
    for key in keys.split(","):
        name = re.sub(r"\s+(asc|desc)\b|\s+nulls\s+(first|last)\b", "", key.strip()).strip()
        lowered = [n.lower() for n in names]
        if name.isdigit():
            out.append(int(name) - 1)
        elif name.split(".")[-1] in lowered:
            out.append(lowered.index(name.split(".")[-1]))
        else:
            break
    return out


def differences(expected, got, sql, limit=5):
    """(number of differing cells, first few in words)"""
    words = []
    if expected.column_names != got.column_names:
        return max(1, expected.num_rows) * max(expected.num_columns, 1), [f"columns {got.column_names}, expected {expected.column_names}"]
    wrong = 0
    for a, b in zip(expected.schema, got.schema):
        if plain_type(a.type) != plain_type(b.type):
            wrong += max(1, expected.num_rows)
            words.append(f"column {a.name}: type {b.type}, expected {a.type}")
    left, right = cells(expected), cells(got)
    if len(left) != len(right):
        return wrong + abs(len(left) - len(right)) * max(1, expected.num_columns), [*words, f"{len(right)} rows, expected {len(left)}"]
    keys = order_of(sql, expected.column_names)
    if keys:
        for i, (a, b) in enumerate(zip(left, right)):
            bad = [k for k in keys if not same(a[k], b[k])]
            wrong += len(bad)
            if bad and len(words) < limit:
                words.append(f"row {i} out of order: {b}, expected {a}")
    for a, b in zip(sorted(left, key=row_key), sorted(right, key=row_key)):
        bad = [i for i in range(len(a)) if not same(a[i], b[i])]
        wrong += len(bad)
        if bad and len(words) < limit:
            words.append(f"{[(expected.column_names[i], b[i], 'expected', a[i]) for i in bad[:3]]}")
    return wrong, words[:limit]


def to_arrow(relation):
    """A DuckDB result as a pyarrow Table, also when a newer client answers with a reader."""
    out = relation.to_arrow_table() if hasattr(relation, "to_arrow_table") else relation.fetch_arrow_table()
    return out if isinstance(out, pa.Table) else out.read_all()
