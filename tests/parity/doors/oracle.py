"""No door but the oracle itself: `run.py --door oracle` shows that the suite's own plumbing and every query work."""
import datetime as dt
import math
import uuid

import duckdb
import pyarrow as pa

NAME = "oracle"
Refused = duckdb.Error


def bound(value):
    """A parameter of the type in which an Arrow client sends it: 7 travels as int64, where DuckDB's own client would bind the smallest that
    holds it, and a NaN would be NULL."""
    if value is None:
        return None
    kind = duckdb.from_arrow(pa.table({"p": pa.array([value])})).types[0]
    if isinstance(value, pa.MonthDayNano):
        assert not value.months
        value = dt.timedelta(days=value.days, microseconds=value.nanoseconds // 1000)
    return duckdb.Value("nan" if isinstance(value, float) and math.isnan(value) else value, kind)


def with_uuids(table, description):
    """DuckDB's own client makes text of a UUID in Arrow; Arrow has a type for it."""
    for at, (name, kind, *_) in enumerate(description):
        if str(kind) == "UUID":
            values = [None if v is None else uuid.UUID(v) for v in table.column(at).to_pylist()]
            table = table.set_column(at, name, pa.array([None if v is None else v.bytes for v in values], pa.uuid()))
    return table


class Connection:
    def __init__(self, database):
        self.database = database

    def query(self, sql, params=None):
        from answers import to_arrow
        answer = self.database.execute(sql, [bound(p) for p in params or []])
        description = answer.description
        return with_uuids(to_arrow(answer), description)

    def close(self):
        self.database.close()
