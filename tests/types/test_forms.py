"""Types as files hold them: every physical form, at every depth, read through a real server. What is expected is what pyarrow reads from the
same file, or, where a file lacks the column, what the table's metadata says."""
import datetime as dt
import decimal
import pathlib
import sys
import uuid

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(ROOT / "tests" / "lib"), str(ROOT / "tests" / "fixtures")]

import run as fixtures_run  # noqa: E402
import tables as contracts  # noqa: E402
from server import Server  # noqa: E402
from small import Table  # noqa: E402

PARQUET = contracts.FIXTURES / "parquet-testing" / "data"
CASES = {}


def case(f):
    CASES[f.__name__] = f
    return f


def field(i, name, kind, **more):
    return {"id": i, "name": name, "required": False, "type": kind, **more}


def struct(*fields):
    return {"type": "struct", "fields": list(fields)}


def listed(i, kind):
    return {"type": "list", "element-id": i, "element-required": False, "element": kind}


def mapped(i, key, j, value):
    return {"type": "map", "key-id": i, "key": key, "value-id": j, "value-required": False, "value": value}


def with_id(i, name, kind, nullable=True):
    return pa.field(name, kind, nullable, {b"PARQUET:field_id": str(i).encode()})


def put(root, name, arrays, fields, **options):
    path = root / f"{name}.parquet"
    pq.write_table(pa.table(arrays, schema=pa.schema(fields)), path, **options)
    return path


def named(*entries):
    """A name mapping: (id, name) or (id, name, (...members))."""
    return [{"field-id": e[0], "names": [e[1]], **({"fields": named(*e[2])} if len(e) > 2 else {})} for e in entries]


# ---- each gives its table, and the rows as dicts, or a word of the refusal ----

@case
def nanoseconds(root):
    values = [0, -1, 1_700_000_000_123_456_789, None, -2_208_988_800_000_000_001]
    a = pa.array(values, pa.timestamp("ns"))
    nested = pa.array([[v] if v is not None else None for v in values], pa.list_(with_id(3, "element", pa.timestamp("ns"))))
    path = put(root, "ns", [a, nested], [with_id(1, "a", a.type), with_id(2, "l", nested.type)])
    table = Table(root, "nanoseconds", [field(1, "a", "timestamp_ns"), field(2, "l", listed(3, "timestamp_ns"))], [(path, ())])
    return table, [{"a": v, "l": None if v is None else [v]} for v in values]


@case
def zoned_nanoseconds(root):
    a = pa.array([1], pa.timestamp("ns", "UTC"))
    path = put(root, "tzns", [a, a], [with_id(1, "a", a.type), with_id(2, "b", a.type)])
    return Table(root, "zoned_nanoseconds", [field(1, "a", "timestamptz_ns")], [(path, ())]), "nanosecond timestamps with a time zone"


@case
def promoted(root):
    days = pa.array([dt.date(1969, 12, 31), None, dt.date(9999, 1, 1)], pa.date32())
    key = pa.map_(with_id(5, "key", pa.int32(), False), with_id(6, "value", pa.decimal128(5, 2)))
    pairs = pa.array([[(1, decimal.Decimal("1.50"))], [], None], key)
    path = put(root, "promoted", [days, pa.array([1.5, None, float("inf")], pa.float32()), pa.nulls(3, pa.null()), pairs],
               [with_id(1, "d", pa.date32()), with_id(2, "f", pa.float32()), with_id(3, "n", pa.null()), with_id(4, "m", key)])
    table = Table(root, "promoted", [
        field(1, "d", "timestamp"), field(2, "f", "double"), field(3, "n", "int", **{"initial-default": 9}),
        field(4, "m", mapped(5, "long", 6, "decimal(20, 2)"))], [(path, ())])
    return table, [{"d": dt.datetime(1969, 12, 31), "f": 1.5, "n": None, "m": [(1, decimal.Decimal("1.50"))]},
                   {"d": None, "f": None, "n": None, "m": []}, {"d": dt.datetime(9999, 1, 1), "f": float("inf"), "n": None, "m": None}]


@case
def identifiers(root):
    one, other = uuid.uuid4(), uuid.uuid4()
    u, f, t = pa.binary(16), pa.binary(3), pa.time64("us")
    s = pa.struct([with_id(4, "u", u), with_id(5, "f", f), with_id(6, "t", t)])
    pairs = pa.map_(with_id(8, "key", pa.string(), False), with_id(9, "value", u))
    path = put(root, "ids", [[[one.bytes, None, other.bytes], None], [{"u": other.bytes, "f": b"\0a\xff", "t": dt.time(23, 59, 59, 999999)}, None],
                             [[("k", one.bytes)], None]],
               [with_id(1, "l", pa.list_(with_id(2, "element", u))), with_id(3, "s", s), with_id(7, "m", pairs)])
    table = Table(root, "identifiers", [
        field(1, "l", listed(2, "uuid")), field(3, "s", struct(field(4, "u", "uuid"), field(5, "f", "fixed[3]"), field(6, "t", "time"))),
        field(7, "m", mapped(8, "string", 9, "uuid"))], [(path, ())])
    return table, [{"l": [one, None, other], "s": {"u": other, "f": b"\0a\xff", "t": dt.time(23, 59, 59, 999999)}, "m": [("k", one)]},
                   {"l": None, "s": None, "m": None}]


@case
def defaults_inside(root):
    """In structs, in structs of lists, in the values of maps; of a whole struct; of a required column."""
    inner = pa.struct([with_id(4, "x", pa.int32())])
    rows = [{"s": {"x": 1}, "l": [{"x": 2}, None]}, {"s": None, "l": None}]
    pairs = pa.map_(with_id(8, "key", pa.string(), False), with_id(9, "value", pa.struct([with_id(10, "x", pa.int32())])))
    path = put(root, "inside", [[r["s"] for r in rows], [r["l"] for r in rows], [[("k", {"x": 3})], None]],
               [with_id(1, "s", inner), with_id(2, "l", pa.list_(with_id(3, "element", pa.struct([with_id(5, "x", pa.int32())])))),
                with_id(7, "m", pairs)])
    late = {"initial-default": "it's \u0000\u00e9"}
    table = Table(root, "defaults_inside", [
        field(1, "s", struct(field(4, "x", "int"), field(20, "late", "string", **late), field(21, "none", "string"))),
        field(2, "l", listed(3, struct(field(22, "late", "date", **{"initial-default": "0001-01-01"}), field(5, "x", "long")))),
        field(7, "m", mapped(8, "string", 9, struct(field(10, "x", "int"), field(23, "late", "decimal(9, 2)", **{"initial-default": "-0.01"})))),
        {**field(24, "whole", struct({**field(25, "a", "long", **{"initial-default": -2**63}), "required": True}, field(26, "b", "string")),
                 **{"initial-default": {}}), "required": True}], [(path, ())])
    text, whole = "it's \u0000\u00e9", {"a": -2**63, "b": None}
    return table, [
        {"s": {"x": 1, "late": text, "none": None}, "l": [{"late": dt.date(1, 1, 1), "x": 2}, None],
         "m": [("k", {"x": 3, "late": decimal.Decimal("-0.01")})], "whole": whole},
        {"s": None, "l": None, "m": None, "whole": whole}]


LITERALS = [
    ("boolean", True, True), ("int", -2**31, -2**31), ("long", 2**63 - 1, 2**63 - 1), ("float", 1.17549435e-38, 1.1754943508222875e-38),
    ("double", 1.7976931348623157e308, 1.7976931348623157e308), ("double", -0.0, -0.0), ("decimal(38, 0)", "9" * 38, decimal.Decimal("9" * 38)),
    ("decimal(38, 38)", "-0." + "9" * 38, decimal.Decimal("-0." + "9" * 38)), ("date", "0001-01-01", dt.date(1, 1, 1)),
    ("date", "9999-12-31", dt.date(9999, 12, 31)), ("time", "00:00:00.000001", dt.time(0, 0, 0, 1)),
    ("timestamp", "0001-01-01T00:00:00.000001", dt.datetime(1, 1, 1, 0, 0, 0, 1)),
    ("timestamptz", "1969-12-31T23:59:59.999999+00:00", dt.datetime(1969, 12, 31, 23, 59, 59, 999999, dt.timezone.utc)),
    ("timestamp_ns", "1969-12-31T23:59:59.999999999", -1), ("string", "'; -- \\ $1 \u20ac", "'; -- \\ $1 \u20ac"), ("string", "", ""),
    ("uuid", "ffffffff-ffff-4fff-bfff-ffffffffffff", uuid.UUID("ffffffff-ffff-4fff-bfff-ffffffffffff")),
    ("uuid", "00000000-0000-4000-8000-000000000001", uuid.UUID("00000000-0000-4000-8000-000000000001")), ("fixed[2]", "00ff", b"\0\xff"),
    ("binary", "", b""), ("binary", "27005c", b"'\0\\")]


@case
def literals(root):
    path = put(root, "literals", [[1]], [with_id(1, "id", pa.int32())])
    fields = [field(2 + i, f"c{i}", kind, **{"initial-default": text}) for i, (kind, text, _) in enumerate(LITERALS)]
    return Table(root, "literals", [field(1, "id", "int"), *fields], [(path, ())]), [{"id": 1, **{f"c{i}": v for i, (_, _, v) in enumerate(LITERALS)}}]


@case
def from_the_partition(root):
    """Values of partitions, NULL before a default; files that differ in them are one scan."""
    path = put(root, "partition", [[1, 2]], [with_id(1, "id", pa.int32())])
    values = [("it's", -1, float("nan"), b"\0'", 5), (None, None, None, None, None), ("", 2**31 - 1, -0.0, b"", -1)]
    table = Table(root, "from_the_partition", [
        field(1, "id", "int"), field(2, "s", "string", **{"initial-default": "x"}), field(3, "i", "long", **{"initial-default": 7}), field(4, "d", "double"),
        field(5, "b", "binary"), field(6, "t", "timestamp")], [(path, v) for v in values],
        partition=[(2, "string"), (3, "int"), (4, "double"), (5, "bytes"), (6, "long")])
    moment = {5: dt.datetime(1970, 1, 1, 0, 0, 0, 5), -1: dt.datetime(1969, 12, 31, 23, 59, 59, 999999), None: None}
    return table, [{"id": i, "s": s, "i": n, "d": d, "b": b, "t": moment[t]} for s, n, d, b, t in values for i in (1, 2)]


@case
def twins(root):
    s = pa.struct([with_id(4, "x", pa.int32()), with_id(5, "X", pa.string())])
    path = put(root, "twins", [[1, 2], ["a", "b"], [{"x": 1, "X": "one"}, None], [7, 8]],
               [with_id(1, "id", pa.int64()), with_id(2, "ID", pa.string()), with_id(3, "s", s), with_id(6, "file_row_number", pa.int64())])
    table = Table(root, "twins", [field(1, "id", "long"), field(2, "other", "string"), field(3, "s", struct(field(5, "big", "string"), field(4, "x", "int"))),
                                  field(6, "file_row_number", "long")], [(path, ()), (path, ())])
    return table, 2 * [{"id": 1, "other": "a", "s": {"big": "one", "x": 1}, "file_row_number": 7}, {"id": 2, "other": "b", "s": None, "file_row_number": 8}]


@case
def unknown(root):
    path = put(root, "unknown", [[1], pa.nulls(1)], [with_id(1, "id", pa.int32()), with_id(2, "n", pa.null())])
    table = Table(root, "unknown", [field(1, "id", "int"), field(2, "n", "unknown"), field(3, "m", struct(field(4, "u", "unknown"), field(5, "x", "int")))],
                  [(path, ())])
    return table, [{"id": 1, "n": None, "m": None}]


def parts(*more):
    return pa.struct([pa.field("metadata", pa.binary(), False), pa.field("value", pa.binary()), *more])


@case
def variants(root):
    """As files hold them, whatever order the parts stand in; in lists, too."""
    five, turned = {"metadata": b"\x01\x00\x00", "value": b"\x0c\x05"}, pa.struct([pa.field("value", pa.binary()), pa.field("metadata", pa.binary(), False)])
    path = put(root, "variants", [[five, None], [[five, None], []], [five, five]],
               [with_id(1, "v", parts()), with_id(2, "l", pa.list_(with_id(3, "element", parts()))), with_id(4, "t", turned)])
    table = Table(root, "variants", [field(1, "v", "variant"), field(2, "l", listed(3, "variant")), field(4, "t", "variant"), field(5, "none", "variant")],
                  [(path, ())])
    return table, [{"v": five, "l": [five, None], "t": five, "none": None}, {"v": None, "l": [], "t": five, "none": None}]


@case
def variants_shredded(root):
    path = put(root, "shredded", [[{"metadata": b"\x01\x00\x00", "value": None, "typed_value": 5}]], [with_id(1, "v", parts(pa.field("typed_value", pa.int32())))])
    return Table(root, "variants_shredded", [field(1, "v", "variant")], [(path, ())]), "variants in shredded form"


@case
def variants_annotated(root):
    path = root / "annotated.parquet"
    duckdb.sql(f"copy (select 5::variant as v) to '{path}' (field_ids {{v: 1}})")
    return Table(root, "variants_annotated", [field(1, "v", "variant")], [(path, ())]), "variants"


@case
def lineage_beside(root):
    """Reserved ids in a file are not columns of the table, and do not stand in the way of its names."""
    path = put(root, "lineage", [[1], [5], [6], ["x"]], [with_id(1, "_row_id", pa.int64()), with_id(2147483540, "_ROW_ID", pa.int64()),
                                                          with_id(2147483539, "_last_updated_sequence_number", pa.int64()), with_id(2147483546, "file_path", pa.string())])
    return Table(root, "lineage_beside", [field(1, "_row_id", "long"), field(2, "pos", "long")], [(path, ())]), [{"_row_id": 1, "pos": None}]


# ---- files of the Parquet community: no ids, so a name mapping says which column is which ----

def theirs(name, file, fields, mapping, columns=None):
    def build(root):
        path = PARQUET / file
        rows = pq.read_table(path, columns=columns).to_pylist()
        return Table(root, name, fields, [(path, ())], mapping=mapping), rows
    build.__name__ = name
    CASES[name] = build


theirs("int32_decimal", "int32_decimal.parquet", [field(1, "value", "decimal(4, 2)")], named((1, "value")))
theirs("int64_decimal", "int64_decimal.parquet", [field(1, "value", "decimal(12, 2)")], named((1, "value")))
theirs("fixed_decimal", "fixed_length_decimal.parquet", [field(1, "value", "decimal(25, 2)")], named((1, "value")))
theirs("legacy_decimal", "fixed_length_decimal_legacy.parquet", [field(1, "value", "decimal(13, 2)")], named((1, "value")))
theirs("bytes_decimal", "byte_array_decimal.parquet", [field(6, "value", "decimal(4, 2)")], None)
theirs("old_list", "old_list_structure.parquet", [field(1, "a", listed(2, listed(3, "int")))], named((1, "a", [(2, "element", [(3, "element")])])))
theirs("repeated_alone", "repeated_primitive_no_list.parquet", [field(1, "Int32_list", listed(2, "int")), field(3, "String_list", listed(4, "string"))],
       named((1, "Int32_list", [(2, "element")]), (3, "String_list", [(4, "element")])), ["Int32_list", "String_list"])
theirs("nested_lists", "nested_lists.snappy.parquet", [field(1, "a", listed(2, listed(3, listed(4, "string")))), field(5, "b", "int")],
       named((1, "a", [(2, "element", [(3, "element", [(4, "element")])])]), (5, "b")))
theirs("nested_maps", "nested_maps.snappy.parquet", [field(1, "a", mapped(2, "string", 3, mapped(4, "int", 5, "boolean"))), field(6, "b", "int"), field(7, "c", "double")],
       named((1, "a", [(2, "key"), (3, "value", [(4, "key"), (5, "value")])]), (6, "b"), (7, "c")))
theirs("null_list", "null_list.parquet", [field(1, "emptylist", listed(2, "int"))], named((1, "emptylist", [(2, "element")])))
theirs("places", "geospatial/geospatial.parquet", [field(1, "wkt", "string"), field(2, "geometry", "geometry")], named((1, "wkt"), (2, "geometry")), ["wkt", "geometry"])
theirs("places_with_nan", "geospatial/geospatial-with-nan.parquet", [field(2, "geometry", "geometry")], named((2, "geometry")), ["geometry"])


@case
def int96(root):
    """Without a zone of its own: UTC under timestamptz, as it stands under timestamp. (A value beyond 64 bits of microseconds wraps around in
    the engine as it does in other readers: int96_from_spark.parquet ends with one.)"""
    moments = [dt.datetime(1970, 1, 1), dt.datetime(1969, 12, 31, 23, 59, 59, 999999), None, dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59)]
    a = pa.array(moments, pa.timestamp("us"))
    path = put(root, "int96", [a, a], [with_id(1, "a", a.type), with_id(2, "b", a.type)], use_deprecated_int96_timestamps=True)
    table = Table(root, "int96", [field(1, "a", "timestamptz"), field(2, "b", "timestamp")], [(path, ())])
    return table, [{"a": None if v is None else v.replace(tzinfo=dt.timezone.utc), "b": v} for v in moments]


@case
def no_ids(root):
    """Neither ids nor a mapping: position and name agree, of the wanted columns."""
    path = put(root, "no_ids", [[1], ["x"], [[1]]], [pa.field("id", pa.int32()), pa.field("name", pa.string()), pa.field("l", pa.list_(pa.int32()))])
    return Table(root, "no_ids", [field(1, "id", "int"), field(2, "name", "string"), field(9, "later", "int")], [(path, ())]), \
        [{"id": 1, "name": "x", "later": None}]


@case
def no_ids_moved(root):
    path = put(root, "moved", [["x"], [1]], [pa.field("name", pa.string()), pa.field("id", pa.int32())])
    return Table(root, "no_ids_moved", [field(1, "id", "int"), field(2, "name", "string")], [(path, ())]), "no field ids"


@case
def no_ids_nested(root):
    path = put(root, "no_ids_nested", [[1], [[1]]], [pa.field("id", pa.int32()), pa.field("l", pa.list_(pa.int32()))])
    return Table(root, "no_ids_nested", [field(1, "id", "int"), field(2, "l", listed(3, "int"))], [(path, ())]), "no field ids"


# ---- one server for all ----

@pytest.fixture(scope="module")
def served(tmp_path_factory):
    if not PARQUET.is_dir():
        pytest.skip("no fixtures at HAILSTORM_FIXTURES")
    root = tmp_path_factory.mktemp("types")
    built = {name: build(root) for name, build in CASES.items()}
    model = root / "model"
    contracts.write_model(model, [table for table, _ in built.values()])
    fixtures_run.add_person(model)
    with Server(model) as server, fixtures_run.connect(server) as connection:
        yield connection, built


def plain(v):
    if isinstance(v, float):
        return repr(v)
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, (list, tuple)):
        return [plain(x) for x in v]
    return v


def whole_numbers(column):
    """Nanoseconds as numbers: Python's own types have no such thing."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pa.int64())
    if pa.types.is_list(column.type) and pa.types.is_timestamp(column.type.value_type):
        return column.cast(pa.list_(pa.int64()))
    return column


@pytest.mark.parametrize("name", list(CASES))
def test_form(served, name):
    connection, built = served
    table, expected = built[name]
    if isinstance(expected, str):
        with pytest.raises(Exception) as why:
            fixtures_run.ask(connection, f"select * from fixtures.{name}")
        assert expected in str(why.value)
        return
    answer = fixtures_run.ask(connection, f"select * from fixtures.{name}")
    got = pa.table([whole_numbers(c) for c in answer.columns], names=answer.column_names).to_pylist()
    key = repr
    assert sorted(map(plain, got), key=key) == sorted(map(plain, expected), key=key)
    assert fixtures_run.ask(connection, f"select count(*) from fixtures.{name}").column(0)[0].as_py() == len(expected)
