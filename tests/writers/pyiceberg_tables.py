"""Tables by PyIceberg, each a function that writes into a catalog and returns the table. The truth is what PyIceberg reads of each snapshot."""
import datetime as dt
import decimal
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.name_mapping import create_mapping_from_schema
from pyiceberg.transforms import (BucketTransform, DayTransform, HourTransform, IdentityTransform, MonthTransform, TruncateTransform, VoidTransform,
                                  YearTransform)
from pyiceberg.types import (BinaryType, BooleanType, DateType, DecimalType, DoubleType, FixedType, FloatType, IntegerType, ListType, LongType, MapType,
                             NestedField, StringType, StructType, TimestampType, TimestamptzType, TimeType, UUIDType)

UTC = dt.timezone.utc
ALL = Schema(
    NestedField(1, "flag", BooleanType()), NestedField(2, "i", IntegerType()), NestedField(3, "l", LongType()), NestedField(4, "f", FloatType()),
    NestedField(5, "d", DoubleType()), NestedField(6, "small", DecimalType(9, 2)), NestedField(7, "big", DecimalType(38, 10)), NestedField(8, "day", DateType()),
    NestedField(9, "at", TimeType()), NestedField(10, "local", TimestampType()), NestedField(11, "moment", TimestamptzType()), NestedField(12, "word", StringType()),
    NestedField(13, "ident", UUIDType()), NestedField(14, "fix", FixedType(3)), NestedField(15, "bin", BinaryType()))


def everything(count=12):
    """Rows of all types; each third value of a column is NULL, in another row for each."""
    def some(values, n):
        return [None if (i + n) % 3 == 0 else values[i % len(values)] for i in range(count)]
    return {
        "flag": some([True, False], 0), "i": some([-2**31, 2**31 - 1, 0, 17, -1], 1), "l": some([-2**63, 2**63 - 1, 5], 2), "f": some([1.5, float("nan"), -0.0, float("inf")], 0),
        "d": some([0.1, -1e300, float("nan"), 0.0], 1), "small": some([decimal.Decimal("1234567.89"), decimal.Decimal("-0.01"), decimal.Decimal("0.00")], 2),
        "big": some([decimal.Decimal("9999999999999999999999999999.9999999999"), decimal.Decimal("-1.0000000001")], 0),
        "day": some([dt.date(1969, 12, 31), dt.date(2024, 2, 29), dt.date(1, 1, 1), dt.date(9999, 12, 31)], 1),
        "at": some([dt.time(0, 0), dt.time(23, 59, 59, 999999)], 2),
        "local": some([dt.datetime(1969, 12, 31, 23, 59, 59, 999999), dt.datetime(2024, 3, 31, 2, 30)], 0),
        "moment": some([dt.datetime(2024, 1, 1, 12, tzinfo=UTC), dt.datetime(1900, 1, 1, 0, 0, 0, 1, tzinfo=UTC)], 1),
        "word": some(["", "a", "ünïcödé", "a word that is longer than sixteen", "a/b c=d"], 2),
        "ident": some([uuid.UUID(int=2**128 - 1).bytes, uuid.UUID(int=1).bytes], 0), "fix": some([b"\0\0\0", b"\xff\xfe\xfd"], 1), "bin": some([b"", b"\x80\xff", b"abc"], 2)}


def batch(table, rows, schema=None):
    return pa.Table.from_pydict(rows, schema=schema or table.schema().as_arrow())


def partitioned(transform, column):
    def write(catalog, name, version):
        field = ALL.find_field(column)
        table = catalog.create_table(name, ALL, partition_spec=PartitionSpec(PartitionField(field.field_id, 1000, transform, "part")),
                                     properties={"format-version": version})
        table.append(batch(table, everything()))
        table.append(batch(table, everything(5)))
        table.delete("l = 5")
        return table
    return write


def types(catalog, name, version):
    table = catalog.create_table(name, ALL, properties={"format-version": version})
    table.append(batch(table, everything()))
    table.append(batch(table, everything(1)))
    return table


NESTED = Schema(
    NestedField(1, "id", IntegerType(), required=True), NestedField(2, "f", FloatType()), NestedField(3, "price", DecimalType(7, 2)),
    NestedField(4, "home", StructType(NestedField(5, "street", StringType()), NestedField(6, "place", StructType(NestedField(7, "x", IntegerType()))))),
    NestedField(8, "points", ListType(9, StructType(NestedField(10, "p", IntegerType()), NestedField(11, "q", StringType())))),
    NestedField(12, "props", MapType(13, StringType(), 14, StructType(NestedField(15, "v", IntegerType())))), NestedField(16, "gone", StringType()))


def evolution(catalog, name, version):
    table = catalog.create_table(name, NESTED, properties={"format-version": version})
    table.append(batch(table, {
        "id": [1, 2, 3], "f": [0.1, None, float("nan")], "price": [decimal.Decimal("1.25"), None, decimal.Decimal("-9.99")],
        "home": [{"street": "s1", "place": {"x": 1}}, None, {"street": None, "place": None}],
        "points": [[{"p": 1, "q": "a"}, None], None, []], "props": [[("k", {"v": 1})], None, []], "gone": ["g", None, ""]}))
    with table.update_schema() as update:
        update.update_column("id", field_type=LongType())
        update.update_column("f", field_type=DoubleType())
        update.update_column("price", field_type=DecimalType(15, 2))
        update.add_column(("home", "since"), DateType())
        update.add_column(("home", "place", "y"), StringType())
        update.add_column(("points", "r"), LongType())
        update.add_column(("props", "w"), ListType(90, IntegerType(), False))
        update.rename_column(("home", "street"), "road")
        update.delete_column("gone")
    with table.update_schema() as update:
        update.add_column("gone", IntegerType())  # the name comes back for another column
        update.move_first("gone")
        update.move_before(("home", "since"), ("home", "road"))
        update.rename_column("f", "factor")
        update.move_after("price", "id")
    table.append(batch(table, {
        "gone": [7], "id": [2**40], "price": [decimal.Decimal("1234567890123.45")], "factor": [1e300],
        "home": [{"since": dt.date(2024, 2, 29), "road": "r", "place": {"x": 4, "y": "y4"}}],
        "points": [[{"p": 4, "q": "d", "r": 2**33}]], "props": [[("k4", {"v": 4, "w": [1, None]})]]}))
    with table.update_schema() as update:
        update.delete_column(("home", "place", "x"))
        update.rename_column(("points", "q"), "qq")
    table.delete("id = 2")
    return table


def small(catalog, name, version, **more):
    schema = Schema(NestedField(1, "id", IntegerType(), required=True), NestedField(2, "word", StringType()), NestedField(3, "amount", DecimalType(9, 2)),
                    identifier_field_ids=[1])
    return catalog.create_table(name, schema, properties={"format-version": version, **more})


def rows(table, ids, word="w"):
    return batch(table, {"id": list(ids), "word": [f"{word}{i}" if i % 4 else None for i in ids], "amount": [decimal.Decimal(i) / 4 for i in ids]})


def copy_on_write(catalog, name, version):
    table = small(catalog, name, version)
    table.append(rows(table, range(20)))
    table.append(rows(table, range(20, 30)))
    table.delete("id >= 5 and id < 8")
    table.overwrite(rows(table, range(100, 104)), overwrite_filter="id < 10")
    table.upsert(rows(table, range(25, 35), "upserted "))
    table.delete("word is null")
    table.overwrite(rows(table, range(3)))
    return table


def respecified(catalog, name, version):
    table = catalog.create_table(name, ALL, properties={"format-version": version})
    table.append(batch(table, everything(4)))
    for step in (lambda u: u.add_field("i", BucketTransform(4), "i_bucket"), lambda u: u.add_field("word", TruncateTransform(1), "word_start"),
                 lambda u: u.remove_field("i_bucket"), lambda u: u.add_field("day", MonthTransform(), "day_month"), lambda u: u.rename_field("day_month", "renamed"),
                 lambda u: u.remove_field("word_start"), lambda u: u.remove_field("renamed"), lambda u: u.add_identity("flag")):
        with table.update_spec() as update:
            step(update)
        table.append(batch(table, everything(4)))
    if version == "2":  # the first version keeps removed fields as void, and PyIceberg overwrites only what is identity
        table.dynamic_partition_overwrite(batch(table, everything(2)))
    return table


def refs(catalog, name, version):
    table = small(catalog, name, version)
    table.append(rows(table, range(5)))
    table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, "first").commit()
    table.manage_snapshots().create_branch(table.current_snapshot().snapshot_id, "side").commit()
    table.append(rows(table, range(5, 8)), branch="side")
    table.append(rows(table, range(50, 53)))
    with table.update_schema() as update:
        update.add_column("extra", LongType())
        update.rename_column("word", "renamed")
    table.delete("id = 1", branch="side")
    table.manage_snapshots().create_branch(table.current_snapshot().snapshot_id, "quo'ted branch").commit()
    return table


def merged_manifests(catalog, name, version):
    table = small(catalog, name, version, **{"commit.manifest-merge.enabled": "true", "commit.manifest.min-count-to-merge": "2", "write.metadata.compression-codec": "gzip"})
    for i in range(6):
        table.append(rows(table, range(i * 3, i * 3 + 3)))
    table.delete("id = 4")
    return table


def added_files(catalog, name, version):
    """Files without ids, one with other columns in another order, under a name mapping with a second name."""
    table = small(catalog, name, version)
    folder = table.location().removeprefix("file://") + "/brought"
    import os
    os.makedirs(folder)
    plain = pa.schema([pa.field("amount", pa.decimal128(9, 2)), pa.field("word", pa.string()), pa.field("id", pa.int32(), nullable=False)])
    pq.write_table(pa.Table.from_pydict({"amount": [decimal.Decimal("1.50"), None], "word": ["x", "y"], "id": [1, 2]}, schema=plain), f"{folder}/one.parquet")
    pq.write_table(pa.Table.from_pydict({"id": [3]}, schema=pa.schema([plain.field("id")])), f"{folder}/two.parquet")
    table.add_files([f"file://{folder}/one.parquet", f"file://{folder}/two.parquet"])
    with table.update_schema() as update:
        update.rename_column("word", "renamed")
        update.add_column("extra", StringType())
    with table.transaction() as change:
        change.set_properties(**{"schema.name-mapping.default": create_mapping_from_schema(NAMES_BEFORE).model_dump_json()})
    return table


NAMES_BEFORE = Schema(NestedField(1, "id", IntegerType(), required=True), NestedField(2, "word", StringType()), NestedField(3, "amount", DecimalType(9, 2)))


def many_row_groups(catalog, name, version):
    table = small(catalog, name, version, **{"write.parquet.row-group-limit": "1000", "write.parquet.page-row-limit": "100", "write.parquet.compression-codec": "gzip"})
    table.append(rows(table, range(9000)))
    table.delete("id >= 2000 and id < 2100")
    return table


def empty(catalog, name, version):
    return small(catalog, name, version)


# Not here: identity of uuid and of floating point, bucket of time, truncate of binary, which PyIceberg 0.12 stumbles over itself.
TRANSFORMS = {
    **{f"identity_{c}": (IdentityTransform(), c) for c in ("flag", "i", "l", "small", "big", "day", "at", "local", "moment", "word", "fix", "bin")},
    **{f"bucket_{c}": (BucketTransform(3), c) for c in ("i", "l", "small", "day", "local", "moment", "word", "ident", "fix", "bin")},
    **{f"truncate_{c}": (TruncateTransform(2), c) for c in ("l", "small", "word")},
    **{f"year_{c}": (YearTransform(), c) for c in ("day", "local", "moment")}, **{f"month_{c}": (MonthTransform(), c) for c in ("day", "local", "moment")},
    **{f"day_{c}": (DayTransform(), c) for c in ("day", "local", "moment")}, **{f"hour_{c}": (HourTransform(), c) for c in ("local", "moment")},
    "void_word": (VoidTransform(), "word")}

TABLES = {f"{function.__name__}_v{version}": (function, version)
          for function in (types, evolution, copy_on_write, respecified, refs, merged_manifests, added_files, many_row_groups, empty) for version in ("1", "2")}
TABLES.update({f"{name}_v{1 + n % 2}": (partitioned(*what), str(1 + n % 2)) for n, (name, what) in enumerate(TRANSFORMS.items())})
