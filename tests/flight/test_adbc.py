"""adbc_driver_flightsql (Go), through its DB-API: what an analyst's script does."""
import datetime as dt
import decimal
import threading
import time

import adbc_driver_manager
import pyarrow as pa
import pytest

ORDERS = "select id, region, amount from sales.orders order by id"


def one(cursor, sql, parameters=None):
    cursor.execute(sql, parameters)
    return cursor.fetch_arrow_table()


def test_wrong_password_is_refused(connect):
    with pytest.raises(adbc_driver_manager.Error) as e:
        connect("otto", "wrong")
    assert "user name or password is wrong" in str(e.value)


def test_an_unknown_name_gets_the_same_words(connect):
    with pytest.raises(adbc_driver_manager.Error) as e:
        connect("nobody-at-all", "wrong")
    assert "user name or password is wrong" in str(e.value)


def test_info(connect):
    info = connect().adbc_get_info()
    assert info["vendor_name"] == "hailstorm" and info["vendor_version"]


@pytest.mark.parametrize("depth", ["catalogs", "db_schemas", "tables", "all"])
def test_objects_at_every_depth(connect, depth):
    (catalog,) = connect().adbc_get_objects(depth=depth).read_all().to_pylist()
    assert catalog["catalog_name"] == "demo"
    if depth == "catalogs":
        assert catalog["catalog_db_schemas"] is None
        return
    schemas = {s["db_schema_name"]: s["db_schema_tables"] for s in catalog["catalog_db_schemas"]}
    assert list(schemas) == ["sales", "support"]
    if depth == "db_schemas":
        assert schemas["sales"] is None
        return
    tables = {t["table_name"]: t for t in schemas["sales"]}
    assert sorted(tables) == ["customers", "orders"] and tables["orders"]["table_type"] == "TABLE"
    columns = tables["orders"]["table_columns"]
    if depth == "all":
        assert [c["column_name"] for c in columns][:4] == ["id", "customer_id", "region", "amount"]


def test_objects_by_pattern(connect):
    found = connect().adbc_get_objects(depth="tables", db_schema_filter="s%s", table_name_filter="_rders").read_all().to_pylist()
    names = [t["table_name"] for c in found for s in c["catalog_db_schemas"] for t in s["db_schema_tables"] or []]
    assert names == ["orders"]


def test_table_schema_and_types(connect):
    connection = connect()
    schema = connection.adbc_get_table_schema("orders", db_schema_filter="sales")
    assert schema.field("amount").type == pa.decimal128(12, 2)
    assert schema.field("amount").metadata[b"ARROW:FLIGHT:SQL:SCALE"] == b"2"
    assert schema.field("placed_at").type == pa.timestamp("us", "UTC")
    assert connection.adbc_get_table_types() == ["TABLE"]


def test_each_person_sees_his_own(connect):
    rows = {who: one(connect(who).cursor(), "select count(*) n, count(distinct region) r from sales.orders").to_pylist()[0] for who in ["ana", "otto"]}
    assert rows["ana"]["r"] == 1 and rows["otto"]["r"] > 1 and rows["ana"]["n"] < rows["otto"]["n"]
    names = connect("ana").adbc_get_table_schema("tickets", db_schema_filter="support").names
    assert "body" not in names and "body" in connect("sue").adbc_get_table_schema("tickets", db_schema_filter="support").names


def test_hidden_is_the_same_as_absent(connect):
    cursor = connect("ana").cursor()
    words = []
    for column in ["body", "no_such_column"]:
        with pytest.raises(adbc_driver_manager.Error) as e:
            cursor.execute(f"select {column} from support.tickets")
        words.append(str(e.value).replace(column, "X"))
    assert words[0] == words[1]


def test_arrow_pandas_and_polars(connect):
    cursor = connect().cursor()
    table = one(cursor, ORDERS)
    cursor.execute(ORDERS)
    frame = cursor.fetch_df()
    cursor.execute(ORDERS)
    polar = cursor.fetch_polars()
    cursor.execute(ORDERS)
    batches = list(cursor.fetch_record_batch())
    assert table.num_rows == len(frame) == len(polar) == sum(b.num_rows for b in batches) > 5000
    assert frame["amount"].sum() == polar["amount"].sum() == sum(v for v in table["amount"].to_pylist() if v is not None)
    polars = pytest.importorskip("polars")
    assert polars.read_database(ORDERS, connect()).equals(polar)


@pytest.mark.parametrize("expression, value, arrow", [
    ("true", True, "bool"), ("cast(1 as tinyint)", 1, "int8"), ("cast(1 as smallint)", 1, "int16"), ("cast(1 as integer)", 1, "int32"), ("cast(1 as bigint)", 1, "int64"),
    ("cast(1 as utinyint)", 1, "uint8"), ("cast(1 as ubigint)", 1, "uint64"), ("cast(1.5 as float)", 1.5, "float"), ("cast(1.5 as double)", 1.5, "double"),
    ("cast('2020-01-02' as date)", dt.date(2020, 1, 2), "date32[day]"), ("cast('10:00:01' as time)", dt.time(10, 0, 1), "time64[us]"),
    ("cast('2020-01-02 03:04:05.678901' as timestamp)", dt.datetime(2020, 1, 2, 3, 4, 5, 678901), "timestamp[us]"),
    ("cast('2020-01-02 03:04:05+00' as timestamptz)", dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc), "timestamp[us, tz=UTC]"),
    ("'é'", "é", "string"), ("cast('x' as blob)", b"x", "binary"), ("[1, null, 3]", [1, None, 3], "list<element: int32>"),
    ("{'a': 1, 'b': 'x'}", {"a": 1, "b": "x"}, "struct<a: int32, b: string>"), ("map {'k': 1}", [("k", 1)], "map<string, int32>"), ("cast(null as varchar)", None, "string"),
])
def test_types_of_expressions(connect, expression, value, arrow):
    table = one(connect().cursor(), f"select {expression} as x")
    assert str(table.schema.field("x").type) == arrow and table["x"].to_pylist() == [value]


def test_uuid_has_its_extension(connect):
    table = one(connect().cursor(), "select cast('aa0e339e-03ef-2d59-ab17-7ae087e7190b' as uuid) as x")
    assert str(table.schema.field("x").type) == "extension<arrow.uuid>"
    assert str(table["x"].to_pylist()[0]) == "aa0e339e-03ef-2d59-ab17-7ae087e7190b"


@pytest.mark.parametrize("column, value", [("id", 17), ("region", "EU"), ("amount", decimal.Decimal("64.13")), ("region", None),
                                           ("placed_at", dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc))])
def test_parameters_are_bound_by_type(connect, column, value):
    cursor = connect().cursor()
    got = one(cursor, f"select * from sales.orders where {column} <= ? order by id", (value,))
    everything = one(cursor, "select * from sales.orders order by id").to_pylist()
    assert got.to_pylist() == [r for r in everything if value is not None and r[column] is not None and r[column] <= value]


def test_a_prepared_statement_runs_again_with_other_values(connect):
    cursor = connect().cursor()
    sql = "select id from sales.orders where id between ? and ? order by id"
    assert one(cursor, sql, (3, 5))["id"].to_pylist() == [3, 4, 5]
    assert one(cursor, sql, (7, 8))["id"].to_pylist() == [7, 8]
    assert len(cursor.adbc_prepare(sql)) == 2


def test_a_parameter_is_never_text_of_the_statement(connect):
    cursor = connect().cursor()
    assert one(cursor, "select id from sales.orders where region = ?", ("EU' or '1'='1",)).num_rows == 0


def test_batches_of_parameters_are_refused_with_words(connect):
    with pytest.raises(adbc_driver_manager.Error):
        connect().cursor().executemany("select * from sales.orders where id = ?", [(1,), (2,)])


@pytest.mark.parametrize("sql", ["insert into sales.orders select * from sales.orders", "delete from sales.orders", "create table x (i int)", "drop table sales.orders"])
def test_updates_are_refused(connect, sql):
    with pytest.raises(adbc_driver_manager.NotSupportedError):
        connect().cursor().execute(sql)


def test_ingestion_is_refused(connect):
    with pytest.raises(adbc_driver_manager.NotSupportedError):
        connect().cursor().adbc_ingest("x", pa.table({"i": [1]}))


def test_partitions(connect):
    cursor = connect().cursor()
    partitions, schema = cursor.adbc_execute_partitions("select id from sales.orders where id <= 3 order by id")
    assert len(partitions) == 1 and schema.names == ["id"]
    other = connect().cursor()
    other.adbc_read_partition(partitions[0])
    assert [r[0] for r in other.fetchall()] == [1, 2, 3]


def test_a_partition_is_for_one_person(connect):
    partitions, _ = connect("otto").cursor().adbc_execute_partitions("select * from sales.orders")
    with pytest.raises(adbc_driver_manager.Error) as e:
        cursor = connect("ana").cursor()
        cursor.adbc_read_partition(partitions[0])
        cursor.fetchall()
    assert "somebody else" in str(e.value)


def test_cancel_ends_it_and_the_next_statement_runs(connect):
    cursor = connect().cursor()
    cursor.execute("select count(*) from sales.orders a, sales.orders b, sales.orders c where a.id <> b.id + c.id")
    threading.Timer(0.5, cursor.adbc_cancel).start()
    begun = time.monotonic()
    with pytest.raises(adbc_driver_manager.Error) as e:
        cursor.fetchall()
    assert time.monotonic() - begun < 10 and "CANCELLED" in str(e.value)
    assert one(connect().cursor(), "select 1 as x")["x"].to_pylist() == [1]


def test_current_catalog(connect):
    assert connect().adbc_current_catalog == "demo"


@pytest.mark.parametrize("sql, value, answer", [("select ? as x", "ä", "ä"), ("select ? + 1 as x", 41, 42), ("select ? as x", None, None)])
def test_parameters_among_the_answers(connect, sql, value, answer):
    assert one(connect().cursor(), sql, (value,))["x"].to_pylist() == [answer]
