"""Files written under older schemas, read by field id: renamed, reordered, added, dropped and promoted, at every depth."""
import decimal
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guard_tool import Refused
from shop import worker


def field(i, name, kind):
    return {"id": i, "name": name, "type": kind}


def struct(*members):
    return {"type": "struct", "fields": list(members)}


def listed(i, kind):
    return {"type": "list", "fields": [field(i, "element", kind)]}


def mapped(k, key, v, value):
    return {"type": "map", "fields": [field(k, "key", key), field(v, "value", value)]}


def dec(precision, scale):
    return {"type": "decimal", "precision": precision, "scale": scale}


def scan(raw, groups, rows=""):
    return {"raw": raw, "groups": [{"physical": p, "paths": paths} for p, paths in groups], "rows": rows,
            "columns": [{"name": f["name"], "expression": f"\"f{f['id']}\"", "type": f["type"], "leakproof": True} for f in raw]}


def rows_of(tool, description):
    return worker().execute(tool.scan(description) ).fetchall()


def written(folder, name, table):
    path = str(folder / name)
    pq.write_table(table, path)
    return path


def test_renamed_reordered_added_dropped_promoted(tool, tmp_path):
    old = written(tmp_path, "old.parquet", pa.table({
        "was_b": pa.array([1.5, None], pa.float32()), "gone": ["x", "y"], "a": pa.array([1, 2], pa.int32()),
        "d": pa.array([decimal.Decimal("1.23"), None], pa.decimal128(5, 2)), "at": pa.array([1, 2], pa.date32())}))
    new = written(tmp_path, "new.parquet", pa.table({
        "a": pa.array([3], pa.int64()), "b": pa.array([2.5], pa.float64()), "d": pa.array([decimal.Decimal("9999999.99")], pa.decimal128(12, 2)),
        "c": ["new"], "at": pa.array([86400_000_000], pa.timestamp("us"))}))
    raw = [field(1, "a", "long"), field(2, "b", "double"), field(3, "c", "string"), field(4, "d", dec(12, 2)), field(6, "at", "timestamp")]
    older = [field(2, "was_b", "float"), field(5, "gone", "string"), field(1, "a", "int"), field(4, "d", dec(5, 2)), field(6, "at", "date")]
    newer = [field(1, "a", "long"), field(2, "b", "double"), field(4, "d", dec(12, 2)), field(3, "c", "string"), field(6, "at", "timestamp")]
    got = sorted(rows_of(tool, scan(raw, [(older, [old]), (newer, [new])])))
    assert [r[:4] for r in got] == [(1, 1.5, None, decimal.Decimal("1.23")), (2, None, None, None), (3, 2.5, "new", decimal.Decimal("9999999.99"))]
    assert [r[4].isoformat() for r in got] == ["1970-01-02T00:00:00", "1970-01-03T00:00:00", "1970-01-02T00:00:00"]


def test_a_name_used_again_is_another_column(tool, tmp_path):
    path = written(tmp_path, "f.parquet", pa.table({"salary": [777], "x": [1]}))
    raw = [field(9, "salary", "long"), field(1, "x", "long")]  # dropped, then added again: id 9, not 2
    assert rows_of(tool, scan(raw, [([field(2, "salary", "long"), field(1, "x", "long")], [path])])) == [(None, 1)]


def test_swapped_names(tool, tmp_path):
    path = written(tmp_path, "f.parquet", pa.table({"a": [1], "b": [2]}))
    raw = [field(1, "b", "long"), field(2, "a", "long")]
    assert rows_of(tool, scan(raw, [([field(1, "a", "long"), field(2, "b", "long")], [path])])) == [(1, 2)]


def test_nested_by_id(tool, tmp_path):
    inner = pa.struct([("zip", pa.int32()), ("old street", pa.string()), ("gone", pa.int32())])
    path = written(tmp_path, "n.parquet", pa.table({
        "home": pa.array([{"zip": 1, "old street": "s", "gone": 5}, None], inner),
        "items": pa.array([[{"zip": 7, "old street": "q", "gone": None}, None], None], pa.list_(inner)),
        "props": pa.array([[("k", {"zip": 3, "old street": "r", "gone": 1})], None], pa.map_(pa.string(), inner)),
        "deep": pa.array([[[1, 2], None], []], pa.list_(pa.list_(pa.int32())))}))

    def members(first):
        return struct(field(first, "zip", "int"), field(first + 1, "old street", "string"), field(first + 2, "gone", "int"))

    def wanted(first):
        return struct(field(first + 1, "street", "string"), field(first + 50, "added", "date"), field(first, "zip", "long"))
    physical = [field(1, "home", members(10)), field(2, "items", listed(20, members(21))), field(3, "props", mapped(30, "string", 31, members(32))), field(4, "deep", listed(40, listed(41, "int")))]
    raw = [field(1, "home", wanted(10)), field(2, "items", listed(20, wanted(21))), field(3, "props", mapped(30, "string", 31, wanted(32))), field(4, "deep", listed(40, listed(41, "long")))]
    assert rows_of(tool, scan(raw, [(physical, [path])])) == [
        ({"street": "s", "added": None, "zip": 1}, [{"street": "q", "added": None, "zip": 7}, None], {"k": {"street": "r", "added": None, "zip": 3}}, [[1, 2], None]),
        (None, None, None, [])]


def test_members_whose_names_differ_in_case_alone(tool, tmp_path):
    path = written(tmp_path, "c.parquet", pa.table({"s": pa.array([{"a": 1, "b": 3}], pa.struct([("a", pa.int32()), ("b", pa.int32())]))}))
    raw = [field(1, "s", struct(field(3, "b", "int"), field(2, "A", "int")))]
    assert rows_of(tool, scan(raw, [([field(1, "s", struct(field(2, "a", "int"), field(3, "b", "int")))], [path])])) == [({"b": 3, "A": 1},)]
    # The engine would call the second of them by a name of its own making: both are read by their places.
    path = written(tmp_path, "d.parquet", pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "A", "b"]))
    physical = [field(1, "a", "long"), field(2, "A", "long"), field(3, "b", "long")]
    assert rows_of(tool, scan([field(2, "A", "long"), field(3, "b", "long")], [(physical, [path])])) == [(2, 3)]
    assert rows_of(tool, scan([field(1, "a", "long")], [(physical, [path])])) == [(1,)]
    with pytest.raises(Refused):  # two that a person would see
        tool.scan(scan([field(1, "a", "long"), field(2, "A", "long")], [(physical, [path])]))


def test_bytes_and_texts(tool, tmp_path):
    path = written(tmp_path, "b.parquet", pa.table({"t": pa.array([b"\xc3\xbc"]), "b": ["abc"], "u": pa.array([bytes(range(16))], pa.binary(16)), "f": pa.array([b"abcd"], pa.binary(4))}))
    physical = [field(1, "t", "binary"), field(2, "b", "string"), field(3, "u", {"type": "fixed", "length": 16}), field(4, "f", {"type": "fixed", "length": 4})]
    raw = [field(1, "t", "string"), field(2, "b", "binary"), field(3, "u", "uuid"), field(4, "f", "binary")]
    (row,) = rows_of(tool, scan(raw, [(physical, [path])]))
    assert (row[0], row[1], str(row[2]), row[3]) == ("ü", b"abc", "00010203-0405-0607-0809-0a0b0c0d0e0f", b"abcd")


def test_no_files(tool):
    raw = [field(1, "a", "int"), field(2, "s", struct(field(3, "x", listed(4, dec(38, 10))), field(5, "q\"q", mapped(6, "int", 7, "timestamptz"))))]
    cursor = worker().execute(tool.scan(scan(raw, [])))
    assert cursor.fetchall() == []
    assert [str(d[1]) for d in cursor.description] == ["INTEGER", 'STRUCT(x DECIMAL(38,10)[], "q""q" MAP(INTEGER, TIMESTAMP WITH TIME ZONE))']


def test_every_type_of_a_column_that_is_missing(tool, tmp_path):
    path = written(tmp_path, "m.parquet", pa.table({"x": [1]}))
    kinds = ["boolean", "int", "long", "float", "double", dec(9, 3), "date", "time", "timestamp", "timestamptz", "timestamp_ns", "string", "uuid", {"type": "fixed", "length": 3}, "binary", "unknown",
             listed(50, "int"), struct(field(51, "a b", "int")), mapped(52, "string", 53, "int")]
    raw = [field(10 + i, f"c{i}", k) for i, k in enumerate(kinds)]
    assert rows_of(tool, scan(raw, [([field(1, "x", "long")], [path])])) == [(None,) * len(kinds)]


@pytest.mark.parametrize("kinds", [("string", "int"), ("int", "string"), ("long", "int"), ("double", "float"), (dec(9, 2), dec(9, 3)), (dec(9, 2), dec(8, 2)), ("int", listed(5, "int")), ("timestamp", "date"), ("double", "long")])
def test_other_changes_are_refused(tool, kinds):
    with pytest.raises(Refused) as refused:
        tool.scan(scan([field(1, "a", kinds[1])], [([field(1, "a", kinds[0])], ["/p"])]))
    assert refused.value.kind.lower() == "unsupported" and "/p" not in refused.value.shown


def test_paths(tool, tmp_path):
    names = ["it's.parquet", "ü {a,b} %2F #.parquet", "hive=3", "back\\slash.parquet", 'dq".parquet', "$1 ? no".replace("?", "!"), "--.parquet"]
    paths = [written(tmp_path, n, pa.table({"x": [i]})) for i, n in enumerate(names)]
    os.makedirs(tmp_path / "hive=7")
    paths.append(written(tmp_path / "hive=7", "z.parquet", pa.table({"x": [99]})))
    columns = [field(1, "x", "long")]
    assert sorted(rows_of(tool, scan(columns, [(columns, paths)]))) == [(i,) for i in range(len(names))] + [(99,)]
    for bad in ("a*.parquet", "a?.parquet", "a[1].parquet", ""):
        with pytest.raises(Refused):
            tool.scan(scan(columns, [(columns, [bad])]))


def test_plain_columns_stay_plain(tool, tmp_path):
    """Where nothing differs the engine sees a column reference, and reads only the columns and row groups it needs."""
    path = written(tmp_path, "p.parquet", pa.table({"a": [1, 2], "b": ["x", "y"]}))
    columns = [field(1, "a", "long"), field(2, "b", "string")]
    text = tool.scan(scan(columns, [(columns, [path])], '"f1" > 1'))
    assert '"a" AS "f1"' in text and "CAST" not in text
    plan = worker().execute(f"explain select b from ({text})").fetchall()[0][1]
    assert "f1>1" in plan.replace(" ", "") or "a>1" in plan.replace(" ", "")


def test_column_names_are_quoted(tool, tmp_path):
    path = written(tmp_path, "q.parquet", pa.table({'we"ird "" name': [1], "select": [2], "f1": [3]}))
    physical = [field(2, 'we"ird "" name', "long"), field(3, "select", "long"), field(4, "f1", "long")]
    raw = [field(2, 'x"; drop table y; --', "long"), field(3, "from", "long"), field(4, "f1", "long")]
    assert rows_of(tool, scan(raw, [(physical, [path])])) == [(1, 2, 3)]
