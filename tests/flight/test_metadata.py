"""What the door tells of itself and its tables: SqlInfo, types, columns, keys; each as the drivers of Arrow read it."""
import duckdb
import pyarrow as pa
import pytest
from flightsql import any_of, field

# Which member of the union carries which number: FlightSql.proto's words, and for ordinals what Arrow's drivers read.
TEXTS = [0, 1, 2, 6, 7, 504, 513, 514, 529, 530, 531]
FLAGS = [3, 4, 5, 9, 10, 11, 500, 501, 502, 506, 515, 516, 518, 519, 520, 521, 523, 524, 527, 532, 536, 537, 539, 556, 563, 565, 566, *range(572, 577)]
LONGS = [503, 505, 507, *range(541, 556), *range(557, 563)]
INTS = [8, 100, 101, 522, 525, 526, 528, 533, 534, 535, 538, 540, 564, *range(567, 572)]
LISTS = range(508, 513)
MEMBERS = {0: TEXTS, 1: FLAGS, 2: LONGS, 3: INTS, 4: LISTS, 5: [517]}


@pytest.fixture
def info(raw):
    client = raw()
    table = client.sql_info()
    return dict(zip(*(c.to_pylist() for c in table.columns)))


def test_every_number_of_sql_info(raw):
    table = raw().sql_info()
    numbers = table["info_name"].to_pylist()
    assert numbers == sorted([*range(12), 100, 101, *range(500, 577)]) and len(numbers) == 91
    members = table["value"].combine_chunks().chunk(0).type_codes.to_pylist() if isinstance(table["value"].combine_chunks(), pa.ChunkedArray) else table["value"].combine_chunks().type_codes.to_pylist()
    assert {n: m for n, m in zip(numbers, members)} == {n: m for m, ns in MEMBERS.items() for n in ns}


def test_sql_info_by_list(raw):
    client = raw()
    assert client.sql_info(508, 0, 508)["info_name"].to_pylist() == [0, 508]
    assert client.sql_info(99999, 577, 12)["info_name"].to_pylist() == []
    packed = field(1, "type.googleapis.com/arrow.flight.protocol.sql.CommandGetSqlInfo") + field(2, b"\x0a\x03\x08\xf4\x03")
    assert client.listing(packed)["info_name"].to_pylist() == [8, 500]


def test_what_sql_info_says_of_the_server(info):
    assert info[0] == "hailstorm" and info[1] and info[3] and info[4] and not info[5] and info[6] is None and info[7] is None
    assert info[8] == 0 and info[9] and not info[10] and info[100] == 3600000 and info[557] > 1 << 19


CALLS = {  # arguments of functions that do not take one number or one text
    "ATAN2": "1, 2", "MOD": "7, 3", "POW": "2, 3", "POWER": "2, 3", "GCD": "4, 6", "LCM": "4, 6", "PI": "", "ROUND": "1.26, 1", "CHR": "65", "CONCAT_WS": "'-', 'a', 'b'",
    "CONTAINS": "'abc', 'b'", "LEFT": "'abc', 2", "RIGHT": "'abc', 2", "LPAD": "'a', 3, ' '", "RPAD": "'a', 3, ' '", "POSITION": "'b' IN 'abc'", "REGEXP_EXTRACT": "'abc', 'b'",
    "REGEXP_MATCHES": "'abc', 'b'", "REGEXP_REPLACE": "'abc', 'b', 'x'", "REPEAT": "'a', 2", "REPLACE": "'abc', 'b', 'x'", "SPLIT_PART": "'a-b', '-', 1", "STARTS_WITH": "'abc', 'a'",
    "STRPOS": "'abc', 'b'", "SUBSTR": "'abc', 2", "SUBSTRING": "'abc', 2", "TRANSLATE": "'abc', 'b', 'x'", "CAST": "'1' AS INTEGER", "TRY_CAST": "'x' AS INTEGER", "COALESCE": "NULL, 1",
    "GREATEST": "1, 2", "LEAST": "1, 2", "IFNULL": "NULL, 1", "NULLIF": "1, 2", "DATE_DIFF": "'day', DATE '2020-01-01', DATE '2020-01-03'", "DATE_PART": "'year', DATE '2020-01-01'",
    "DATE_TRUNC": "'month', DATE '2020-01-05'", "EXTRACT": "year FROM DATE '2020-01-01'", "MAKE_DATE": "2020, 1, 2", "STRFTIME": "DATE '2020-01-02', '%Y'", "STRPTIME": "'2020', '%Y'", "NOW": "",
    "HOUR": "TIMESTAMP '2020-01-01 01:02:03'", "MINUTE": "TIMESTAMP '2020-01-01 01:02:03'", "SECOND": "TIMESTAMP '2020-01-01 01:02:03'", "EPOCH": "TIMESTAMP '2020-01-01 01:02:03'",
}
MEANINGS = {  # what ODBC and JDBC have these be
    "SIGN(-2.5)": -1, "MOD(7, 3)": 1, "CEILING(1.2)": 2, "ROUND(1.26, 1)": 1.3, "DEGREES(PI())": 180, "LOG10(100)": 2, "LCASE('Ä')": "ä", "UCASE('ä')": "Ä", "LENGTH('ä')": 1,
    "ASCII('A')": 65, "LEFT('abc', 2)": "ab", "SUBSTRING('abc', 2, 1)": "b", "IFNULL(NULL, 1)": 1, "DAYOFMONTH(DATE '2020-02-29')": 29, "DAYOFYEAR(DATE '2020-02-29')": 60,
    "QUARTER(DATE '2020-05-01')": 2, "MONTHNAME(DATE '2020-02-29')": "February", "DAYNAME(DATE '2020-02-29')": "Saturday", "NULL || 'a'": None, "'a_c' LIKE 'a\\_c' ESCAPE '\\'": True,
}


def test_every_function_that_is_listed_runs(raw, info):
    client, one = raw(), {509: "1", 510: "'a'", 511: "1", 512: "DATE '2020-01-02'"}
    columns = [f"{name}({CALLS.get(name, one[number])}) AS c{i}" if not name.startswith("CURRENT_") else f"{name} AS c{i}"
               for number in one for i, name in enumerate(info[number])]
    assert len(columns) > 90
    for column in columns:
        assert client.query(f"select {column}").num_rows == 1


@pytest.mark.parametrize("expression", MEANINGS)
def test_functions_mean_what_drivers_think(raw, expression):
    (value,) = raw().query(f"select {expression} as x")["x"].to_pylist()
    assert value == MEANINGS[expression] or abs(float(value) - MEANINGS[expression]) < 1e-9


def test_keywords_are_reserved_here(info):
    reserved = {r[0].upper() for r in duckdb.sql("select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'").fetchall()}
    assert set(info[508]) <= reserved and len(info[508]) > 25


SAMPLES = ["7::BIGINT", "'ab'::BLOB", "true", "'{}'::VARCHAR", "DATE '2020-01-01'", "1.5::DECIMAL(9,2)", "1.5::DOUBLE", "7::INTEGER", "INTERVAL 1 DAY", "INTERVAL 1 YEAR", "'ab'::BLOB",
           "'{}'::VARCHAR", "1.5::DECIMAL(38,9)", "1.5::FLOAT", "7::SMALLINT", "TIME '10:00:00'", "TIMESTAMP '2020-01-01 10:00:00'", "7::TINYINT", "'ab'::BLOB", "'{}'::VARCHAR"]
NAMES = ["BIGINT", "BLOB", "BOOLEAN", "VARCHAR", "DATE", "DECIMAL(9,2)", "DOUBLE", "INTEGER", "INTERVAL", "INTERVAL", "BLOB", "VARCHAR", "DECIMAL(38,9)", "FLOAT", "SMALLINT", "TIME",
         "TIMESTAMP", "TINYINT", "BLOB", "VARCHAR"]
TEXT_OF = {"BIGINT": "1", "BLOB": "ab", "BOOLEAN": "true", "VARCHAR": "x", "DATE": "2020-01-01", "DECIMAL(9,2)": "1.5", "DOUBLE": "1.5", "INTEGER": "1", "INTERVAL": "1 day",
           "DECIMAL(38,9)": "1.5", "FLOAT": "1.5", "SMALLINT": "1", "TIME": "10:00:00", "TIMESTAMP": "2020-01-01", "TINYINT": "1"}


def test_conversions_are_what_cast_does(raw, info):
    """400 pairs, each way round: what is listed works, and what is not listed is refused by the engine."""
    told = {(f, t) for f, ts in info[517] for t in ts}
    client, wrong, works = raw(), [], {}
    for f in range(20):
        for t in range(20):
            sample = SAMPLES[f].format(TEXT_OF[NAMES[t]])
            key = (sample, NAMES[t])
            if key not in works:
                try:
                    works[key] = client.query(f"select CAST({sample} AS {NAMES[t]}) IS NULL AS x")["x"].to_pylist() == [False]
                except pa.ArrowException:
                    works[key] = False
            if works[key] != ((f, t) in told):
                wrong.append((f, t, works[key]))
    assert not wrong and len(told) > 200


def test_rules_of_sql(raw, info):
    client = raw()
    many = "(select * from (values (2), (null), (1)) v(x))"
    assert info[507] == 3 and client.query(f"select x from {many} order by x")["x"].to_pylist() == [1, 2, None] and client.query(f"select x from {many} order by x desc")["x"].to_pylist() == [2, 1, None]
    assert info[503] == info[505] == 1 and client.query('select ID, "Id" from SALES."Orders" limit 1').num_columns == 2
    assert info[514] == "$" and client.query("select 1 as a$b").column_names == ["a$b"]
    assert info[538] == 15 and info[540] == 3 and info[528] == 6 and info[539] and info[521] and info[520]
    for sql in ["select 1 where 1 = (select 1)", "select 1 where exists (select 1)", "select 1 where 1 in (select 1)", "select 1 where 1 >= all (select 1)", "select 1 union select 1",
                "select 1 union all select 1", f"select count(*) from {many} a full outer join {many} b on a.x = b.x", f"select x from {many} a where x = (select max(x) from {many} b where b.x = a.x)",
                f"select count(*) from {many} group by x", f"select 1 from {many} order by x + 1"]:
        assert client.query(sql).num_rows > 0
    assert info[560] == 256
    with pytest.raises(pa.ArrowException):
        client.query("select count(*) from " + ", ".join(f"sales.orders o{i}" for i in range(257)))


# ---- types ----
def test_types_by_number(raw):
    client = raw()
    table = client.listing(any_of("CommandGetXdbcTypeInfo"))
    rows = table.to_pylist()
    order = [(r["data_type"], r["type_name"]) for r in rows]
    assert order == sorted(order) and len(order) == 27 and table.schema.field("type_name").nullable is False
    for number in {r["data_type"] for r in rows} | {1, -4, 1111}:
        request = field(1, "type.googleapis.com/arrow.flight.protocol.sql.CommandGetXdbcTypeInfo") + field(2, field(1, number % (1 << 64)))
        assert [r["type_name"] for r in client.listing(request).to_pylist()] == [n for d, n in order if d == number]


def test_types_are_named_as_casts_name_them(raw):
    client = raw()
    for row in client.listing(any_of("CommandGetXdbcTypeInfo")).to_pylist():
        name = row["type_name"]
        if name in ("NULL", "FIXED", "TIMESTAMPTZ_NS", "LIST", "STRUCT", "MAP"):  # none of these is a name for CAST
            continue
        schema = client.schema(f"select CAST(NULL AS {name}) AS x")
        assert schema.field("x").metadata[b"ARROW:FLIGHT:SQL:TYPE_NAME"].decode() == name
        if row["literal_prefix"] and name not in ("UUID", "INTERVAL"):
            text = {"VARCHAR": "a", "BLOB": "a", "DATE": "2020-01-01", "TIME": "10:00:00"}.get(name, "2020-01-01 10:00:00")
            assert client.query(f"select {row['literal_prefix']}{text}{row['literal_suffix']} AS x").num_rows == 1


# ---- columns ----
KEY = b"ARROW:FLIGHT:SQL:"


def notes(schema_field):
    return {k[len(KEY):].decode(): v.decode() for k, v in (schema_field.metadata or {}).items() if k.startswith(KEY)}


def listed(client, domain, table):
    (row,) = client.tables(schema=domain, table=table).to_pylist()
    return pa.ipc.read_schema(pa.py_buffer(row["table_schema"]))


def test_columns_of_a_listed_table(raw):
    schema = listed(raw(), "sales", "orders")
    amount = notes(schema.field("amount"))
    assert amount == {"CATALOG_NAME": "demo", "DB_SCHEMA_NAME": "sales", "SCHEMA_NAME": "sales", "TABLE_NAME": "orders", "TYPE_NAME": "DECIMAL", "PRECISION": "12", "SCALE": "2",
                      "IS_CASE_SENSITIVE": "0", "IS_AUTO_INCREMENT": "0", "IS_READ_ONLY": "1", "IS_SEARCHABLE": "1"}
    assert notes(schema.field("note"))["REMARKS"].startswith("What the clerk wrote") and notes(schema.field("note"))["IS_CASE_SENSITIVE"] == "1"
    assert notes(schema.field("placed_at"))["TYPE_NAME"] == "TIMESTAMP WITH TIME ZONE" and notes(schema.field("placed_at"))["SCALE"] == "6"
    assert schema.field("id").nullable is False and schema.field("note").nullable is True
    address = notes(listed(raw(), "sales", "customers").field("address"))
    assert address["TYPE_NAME"] == "STRUCT" and "PRECISION" not in address


def test_tables_are_in_order_and_filtered(raw):
    client = raw("sue")
    names = lambda **how: [(r["db_schema_name"], r["table_name"]) for r in client.tables(with_schema=False, **how).to_pylist()]
    everything = names()
    assert everything == sorted(everything) == [("sales", "customers"), ("sales", "orders"), ("support", "tickets")]
    assert names(catalog="demo") == everything and names(catalog="") == names(catalog="dem%") == []
    assert names(schema="s%") == everything and names(schema="sal_s") == everything[:2] and names(schema="") == [] and names(schema="SALES") == []
    assert names(table="%s") == everything and names(table="order\\_") == [] and names(table="o%r_") == [("sales", "orders")]
    types = lambda *wanted: client.listing(any_of("CommandGetTables", None, None, None, list(wanted), False)).num_rows
    assert types("TABLE") == types("VIEW", "TABLE") == types() == 3 and types("VIEW") == types("table") == types("") == 0


@pytest.mark.parametrize("sql, tables", [
    ("select id, amount * 2 as twice, region as r from sales.orders", ["orders", None, "orders"]),
    ("select * exclude (note, currency, status, placed_at) from sales.orders", ["orders"] * 4),
    ("select * replace (1 as id) from sales.orders", [None] + ["orders"] * 7),
    ("select o.*, c.name from sales.orders o join sales.customers c on o.customer_id = c.id", ["orders"] * 8 + ["customers"]),
    ("select name, amount, o.id from sales.orders o, sales.customers c where o.customer_id = c.id", ["customers", "orders", "orders"]),
    ("select region, count(*) n from sales.orders group by region", ["orders", None]),
    ("select address, address.city from sales.customers", ["customers", None]),
    ("select * from sales.orders join sales.customers using (id)", [None] * 16),
    ("select x.id, (select max(id) from sales.orders) m from (select id from sales.orders) x", [None, None]),
    ("select id from sales.orders union all select id from sales.customers", [None]),
    ("with c as (select id from sales.orders) select id from c", [None]),
    ("select columns('.*id') from sales.orders", [None, None]),
    ("select unnest(address), id from sales.customers", [None] * 5),
    ("select t.a from sales.customers t(a, b)", [None]),
    ("select id from sales.orders semi join sales.customers on true", ["orders"]),
])
def test_columns_of_answers_that_are_table_columns(raw, sql, tables):
    client = raw()
    schema = client.schema(sql + " limit 1") if "union" not in sql else client.schema(sql)
    assert [notes(f).get("TABLE_NAME") for f in schema] == tables
    assert all(notes(f)["TYPE_NAME"] and notes(f)["IS_READ_ONLY"] == "1" and "REMARKS" not in notes(f) for f in schema)
    assert [notes(f) for f in client.plan(sql).schema] == [notes(f) for f in schema] == [notes(f) for f in client.prepare(sql).schema]
    assert [notes(f) for f in client.stream(sql).schema] == [notes(f) for f in schema]


def test_parameters_are_declared_as_wide_as_drivers_fill_them(raw):
    types = lambda sql: raw().prepare(sql).parameters.types
    assert types("select id from sales.orders where id between ? and ? and region = ?") == [pa.int64(), pa.int64(), pa.string()]
    assert types("select 1 where ?::INTEGER = 1 and ?::FLOAT > 0 and ?::TINYINT = 1 and ?") == [pa.int64(), pa.float64(), pa.int64(), pa.bool_()]
    assert types("select ?::TIMESTAMP a, ?::TIMESTAMPTZ b, ?::TIME c, ?::DATE d, ?::BLOB e, ?::DECIMAL(9,2) f") == [
        pa.timestamp("ms"), pa.timestamp("ms", "UTC"), pa.time32("ms"), pa.date32(), pa.binary(), pa.decimal128(9, 2)]
    assert types("select ? as x") == [pa.null()]


# ---- keys ----
def keys(client, command, *parts):
    return client.listing(any_of(command, *parts)).to_pylist()


def test_primary_key(raw):
    (key,) = keys(raw(), "CommandGetPrimaryKeys", None, None, "orders")
    assert list(key.values()) == ["demo", "sales", "orders", "id", "orders_pkey", 1]
    for parts in [("", "sales", "orders"), (None, "", "orders"), (None, "sales", "order%"), (None, "support", "orders"), ("x", None, "orders")]:
        assert keys(raw(), "CommandGetPrimaryKeys", *parts) == []


FOREIGN = ["pk_db_schema_name", "pk_table_name", "pk_column_name", "fk_db_schema_name", "fk_table_name", "fk_column_name", "key_sequence"]


def pairs(client, command, *parts):
    return [tuple(r[n] for n in FOREIGN) for r in keys(client, command, *parts)]


ORDERS, TICKETS = ("sales", "customers", "id", "sales", "orders", "customer_id", 1), ("sales", "customers", "id", "support", "tickets", "customer_id", 1)


def test_foreign_keys_from_contracts(raw):
    client = raw()
    assert pairs(client, "CommandGetExportedKeys", None, "sales", "customers") == [ORDERS, TICKETS]
    assert pairs(client, "CommandGetImportedKeys", None, "sales", "orders") == [ORDERS]
    assert pairs(client, "CommandGetImportedKeys", "demo", None, "tickets") == [TICKETS]
    assert pairs(client, "CommandGetCrossReference", None, "sales", "customers", None, "support", "tickets") == [TICKETS]
    assert pairs(client, "CommandGetCrossReference", None, "sales", "orders", None, "support", "tickets") == []
    assert pairs(client, "CommandGetImportedKeys", None, "sales", "customers") == pairs(client, "CommandGetExportedKeys", None, "sales", "orders") == []
    (row,) = keys(client, "CommandGetImportedKeys", None, "sales", "orders")
    assert (row["fk_key_name"], row["pk_key_name"], row["update_rule"], row["delete_rule"]) == ("customer_id -> sales.customers(id)", "customers_pkey", 3, 3)


@pytest.mark.parametrize("command", ["CommandGetPrimaryKeys", "CommandGetExportedKeys", "CommandGetImportedKeys", "CommandGetCrossReference"])
def test_keys_want_a_table(raw, command):
    with pytest.raises(pa.ArrowInvalid):
        keys(raw(), command, None, "sales")


@pytest.mark.parametrize("body", [b"\x0a\x05\x01", b"\x0d\x00\x00\x00\x00", b"\x0b"])
def test_a_list_of_numbers_that_is_none(raw, body):
    with pytest.raises(pa.ArrowInvalid):
        raw().listing(field(1, "type.googleapis.com/arrow.flight.protocol.sql.CommandGetSqlInfo") + field(2, body))
