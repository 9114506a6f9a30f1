"""What ADBC's validation suite and Arrow's integration scenarios ask of a driver with its server, as cases of ours: on the stock driver of
Python, on pyarrow, and on what reads through them. Ingestion, updates and transactions are asked for, and refused in the right words."""
import struct
import threading
import time

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from flightsql import any_of, basic, field, read_fields

ENDLESS = "select a.id + b.id + c.id as x from sales.orders a, sales.orders b, sales.orders c"


@pytest.fixture
def low(server):
    """The driver below its DB-API."""
    opened = []

    def open_as(name="otto"):
        database = adbc_driver_flightsql.connect(server.uri, db_kwargs={"username": name, "password": f"{name}-demo"})
        connection = adbc_driver_manager.AdbcConnection(database)
        opened.extend([connection, database])
        return connection

    yield open_as
    for one in [*STATEMENTS, *opened]:
        one.close()
    STATEMENTS.clear()


STATEMENTS = []  # they have to be closed before their connection is


def statement(connection, sql=None):
    s = adbc_driver_manager.AdbcStatement(connection)
    STATEMENTS.append(s)
    if sql is not None:
        s.set_sql_query(sql)
    return s


def read(stream):
    return pa.RecordBatchReader._import_from_c(stream.address).read_all()


# ---- ADBC: database and connection ----
@pytest.mark.parametrize("options, words", [({"username": "otto", "password": "no"}, "wrong"), ({"username": "", "password": ""}, ""), ({}, "not signed in"), ({"adbc.flight.sql.authorization_header": "Bearer x"}, "not signed in")])
def test_a_connection_without_proof(server, options, words):
    with pytest.raises(adbc_driver_manager.Error) as e:
        with flightsql.connect(server.uri, db_kwargs=options) as c:
            c.cursor().execute("select 1")
    assert words in str(e.value) and ("UNAUTHENTICATED" in str(e.value) or "Unauthenticated" in str(e.value))


def test_a_bearer_token_in_place_of_a_password(server, raw):
    with flightsql.connect(server.uri, db_kwargs={"adbc.flight.sql.authorization_header": "Bearer " + raw().token}, autocommit=True) as c:
        assert c.cursor().execute("select 1 as x").fetchall() == [(1,)]


def test_cookies_of_the_driver(connect):
    connection = connect(**{"adbc.flight.sql.rpc.with_cookie_middleware": "true"})
    options = {"adbc.flight.sql.session.option.client.mine": "yes", "adbc.flight.sql.session.option.hailstorm.strings": "view"}
    connection.adbc_connection.set_options(**options)
    assert connection.adbc_connection.get_option("adbc.flight.sql.session.option.client.mine") == "yes"
    assert connection.cursor().execute("select region from sales.orders limit 1").fetch_arrow_table().schema.field(0).type == pa.string_view()


def test_session_options_of_the_driver(connect):
    connection = connect().adbc_connection
    connection.set_options(**{"adbc.flight.sql.session.optionbool.client.flag": "true", "adbc.flight.sql.session.optionstringlist.client.list": '["a", "b"]'})
    connection.set_options(**{"adbc.flight.sql.session.option.client.whole": 7, "adbc.flight.sql.session.option.client.number": 1.5})
    assert connection.get_option_int("adbc.flight.sql.session.option.client.whole") == 7 and connection.get_option_float("adbc.flight.sql.session.option.client.number") == 1.5
    assert '"client.flag":true' in connection.get_option("adbc.flight.sql.session.options").replace(" ", "")
    for name in ["nothing", "hailstorm.compression"]:
        with pytest.raises(adbc_driver_manager.Error):
            connection.set_options(**{f"adbc.flight.sql.session.option.{name}": "rar"})


def test_the_current_catalog_is_the_mesh(low):
    connection = low()
    assert connection.get_option("adbc.connection.catalog") == "demo"
    connection.set_options(**{"adbc.connection.catalog": "demo"})
    with pytest.raises(adbc_driver_manager.Error):
        connection.set_options(**{"adbc.connection.catalog": "other"})


def test_autocommit_is_all_there_is(low):
    connection = low()
    for act in [connection.commit, connection.rollback, lambda: connection.set_autocommit(False)]:
        with pytest.raises(adbc_driver_manager.Error):
            act()
    assert read(statement(connection, "select 1 as x").execute_query()[0])["x"].to_pylist() == [1]


@pytest.mark.parametrize("codes", [None, [0, 1], [2], [101, 100], [99999]])
def test_info_by_codes(low, codes):
    table = read(low().get_info(codes) if codes else low().get_info())
    names = table["info_name"].to_pylist()
    assert (set(names) <= set(codes)) if codes else len(names) > 5
    assert codes is None or codes == [99999] or set(names) == set(codes)


def test_table_schema_of_a_table_and_of_none(connect):
    connection = connect()
    assert connection.adbc_get_table_schema("orders", catalog_filter="demo", db_schema_filter="sales").names[0] == "id"
    for arguments in [("nothing", "sales"), ("orders", "support"), ("orders", "")]:
        with pytest.raises(adbc_driver_manager.Error):
            connection.adbc_get_table_schema(arguments[0], db_schema_filter=arguments[1])


@pytest.mark.parametrize("how, tables", [({"catalog_filter": "demo"}, 3), ({"catalog_filter": "x"}, 0), ({"db_schema_filter": "sales"}, 2), ({"db_schema_filter": ""}, 0), ({"table_name_filter": "%s"}, 3),
                                         ({"table_name_filter": "order_"}, 1), ({"table_types_filter": ["TABLE"]}, 3), ({"table_types_filter": ["VIEW"]}, 0), ({"column_name_filter": "am%"}, 3)])
def test_objects_filtered(connect, how, tables):
    found = connect().adbc_get_objects(depth="all", **how).read_all().to_pylist()
    seen = [t for c in found for s in c["catalog_db_schemas"] or [] for t in s["db_schema_tables"] or []]
    assert len(seen) == tables
    if "column_name_filter" in how:
        assert [c["column_name"] for t in seen for c in t["table_columns"]] == ["amount"]


# ---- ADBC: statements ----
def test_states_of_a_statement(low):
    connection = low()
    with pytest.raises(adbc_driver_manager.Error):
        statement(connection).execute_query()
    s = statement(connection, "select 1 as x")
    for _ in range(2):
        assert read(s.execute_query()[0])["x"].to_pylist() == [1]
    s.set_sql_query("select 2 as x")
    s.prepare()
    for _ in range(2):
        assert read(s.execute_query()[0])["x"].to_pylist() == [2]


def test_two_statements_at_a_time_in_one_connection(low):
    connection = low()
    streams = [statement(connection, f"select id from sales.orders order by id limit {n}").execute_query()[0] for n in (10, 20)]
    one, two = (pa.RecordBatchReader._import_from_c(s.address) for s in streams)
    assert two.read_all().num_rows == 20 and one.read_all().num_rows == 10


def test_a_reader_that_is_dropped_half_way(low):
    connection = low()
    for _ in range(5):
        stream = statement(connection, ENDLESS).execute_query()[0]
        reader = pa.RecordBatchReader._import_from_c(stream.address)
        assert reader.read_next_batch().num_rows > 0
        reader.close()
    assert read(statement(connection, "select 1 as x").execute_query()[0])["x"].to_pylist() == [1]


@pytest.mark.parametrize("sql, kind", [("", "ProgrammingError"), ("selec 1", "ProgrammingError"), ("select * from no_such_table", "Error"), ("select nothing from sales.orders", "Error"),
                                       ("select 1; select 2", "Error"), ("create table x (i int)", "NotSupportedError"), ("begin", "NotSupportedError"), ("explain select 1", "Error")])
def test_errors_of_statements(connect, sql, kind):
    with pytest.raises(getattr(adbc_driver_manager, kind)) as e:
        connect().cursor().execute(sql)
    assert len(str(e.value)) > 10 and ".c:" not in str(e.value)


VALUES = [True, -7, 1 << 40, 1.5, "ä€", "", b"\x00\xff", None]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_bound_values_come_back(connect, value):
    assert connect().cursor().execute("select ? as x", (value,)).fetchall() == [(value,)]


def test_schemas_before_execution(connect):
    cursor = connect().cursor()
    assert cursor.adbc_execute_schema("select id, region from sales.orders").names == ["id", "region"]
    assert cursor.adbc_prepare("select id from sales.orders where id = ? and region = ?").types == [pa.int64(), pa.string()]
    assert cursor.adbc_prepare("select 1 as x") is None or len(cursor.adbc_prepare("select 1 as x")) == 0


@pytest.mark.parametrize("mode", ["create", "append", "replace", "create_append"])
def test_ingestion_in_every_mode_is_refused(connect, mode):
    with pytest.raises(adbc_driver_manager.NotSupportedError, match="only reads"):
        connect().cursor().adbc_ingest("x", pa.table({"i": [1]}), mode=mode)


def test_partitions_read_by_others_of_the_same_person(connect, server):
    cursor = connect().cursor()
    partitions, schema = cursor.adbc_execute_partitions("select id from sales.orders")
    got = []
    for p in partitions:
        other = connect().cursor()
        other.adbc_read_partition(p)
        got += [r[0] for r in other.fetchall()]
    assert sorted(got) == sorted(r[0] for r in connect().cursor().execute("select id from sales.orders").fetchall())


def test_cancel_before_and_while_rows_come(connect):
    for sql in [f"select count(*) from ({ENDLESS})", ENDLESS]:
        cursor = connect().cursor()
        threading.Timer(0.4, cursor.adbc_cancel).start()
        begun = time.monotonic()
        with pytest.raises((adbc_driver_manager.Error, OSError), match="ancel"):
            cursor.execute(sql)
            for _ in cursor.fetch_record_batch():
                pass
        assert time.monotonic() - begun < 15


def test_a_timeout_of_the_driver(connect):
    cursor = connect().cursor()
    cursor.adbc_statement.set_options(**{"adbc.flight.sql.rpc.timeout_seconds.fetch": 0.5, "adbc.flight.sql.rpc.timeout_seconds.query": 0.5})
    with pytest.raises(adbc_driver_manager.Error):
        cursor.execute(f"select count(*) from ({ENDLESS})")
        cursor.fetchall()


# ---- Arrow's integration scenarios, as far as they have a meaning here ----
def test_scenario_auth(server):
    """auth:basic_proto and header auth: unauthenticated calls fail with the right status, signed in they run."""
    with flight.FlightClient(server.uri) as client:
        for call in [lambda: list(client.list_flights()), lambda: list(client.do_action("CloseSession")), lambda: client.get_flight_info(flight.FlightDescriptor.for_path("a", "b"))]:
            with pytest.raises(flight.FlightUnauthenticatedError):
                call()
        token = client.authenticate_basic_token("otto", "otto-demo")
        assert len(list(client.list_flights(options=flight.FlightCallOptions(headers=[token])))) == 3


def test_scenario_middleware(raw):
    """A header of ours comes back with answers and with errors alike."""
    client = raw()
    client.query("select 1 as x")
    with pytest.raises(pa.ArrowException):
        client.query("select nothing from sales.orders")
    assert all(any(k.lower() == "x-request-id" for k in kept) for kept in client.keeper.kept if kept)


def test_scenario_ordered(raw):
    client = raw()
    info = client.plan("select id from sales.orders order by id")
    ids = [i for e in info.endpoints for i in client.get(e.ticket).read_all()["id"].to_pylist()]
    assert ids == sorted(ids) and len(ids) > 5000


def test_scenario_expiration_and_renewal(raw):
    client = raw()
    info = client.plan("select 1 as x")
    (endpoint,) = info.endpoints
    assert endpoint.expiration_time is not None
    (renewed,) = client.action("RenewFlightEndpoint", field(1, endpoint.serialize()))
    again = flight.FlightEndpoint.deserialize(renewed)
    assert again.expiration_time.as_py() >= endpoint.expiration_time.as_py()
    for ticket in [endpoint.ticket, again.ticket, again.ticket]:
        assert client.get(ticket).read_all()["x"].to_pylist() == [1]
    listed = {a.type for a in client.client.list_actions(client.options())}
    assert {"CancelFlightInfo", "RenewFlightEndpoint", "SetSessionOptions", "GetSessionOptions", "CloseSession", "CreatePreparedStatement", "ClosePreparedStatement"} <= listed


def test_scenario_cancel_flight_info(raw):
    client = raw()
    info = client.plan(ENDLESS)
    reader = client.get(info.endpoints[0].ticket)
    assert reader.read_chunk().data.num_rows > 0
    (status,) = raw().action("CancelFlightInfo", field(1, info.serialize()))
    assert status == b"\x08\x01"
    with pytest.raises(pa.ArrowException):
        while True:
            reader.read_chunk()


def test_statuses(raw):
    """One failure of each kind, by the status that a client switches on."""
    client = raw()
    for kind, call in [
        (pa.ArrowInvalid, lambda: client.query("selec")),
        (pa.ArrowKeyError, lambda: client.query("select * from sales.nothing")),
        (pa.ArrowNotImplementedError, lambda: client.update("delete from sales.orders")),
        (pa.ArrowNotImplementedError, lambda: client.action("NoSuchAction", b"")),
        (pa.ArrowKeyError, lambda: client.get(any_of("TicketStatementQuery", b"x" * 64)).read_all()),
        (flight.FlightTimedOutError, lambda: client.query(f"select count(*) from ({ENDLESS})", timeout=0.4)),
        (pa.ArrowInvalid, lambda: client.info(b"\x0a")),
    ]:
        with pytest.raises(kind):
            call()
    ticket = client.plan("select 1 as x").endpoints[0].ticket
    with pytest.raises(flight.FlightUnauthorizedError):
        raw("ana").get(ticket).read_all()


# ---- what reads through the driver ----
def test_polars(connect):
    polars = pytest.importorskip("polars")
    frame = polars.read_database("select region, count(*) as n from sales.orders group by region order by region", connect())
    assert frame.rows() == [("APAC", 1021), ("EU", 2660), ("US", 2219)]


def test_duckdb_reads_the_stream(connect):
    duckdb = pytest.importorskip("duckdb")
    cursor = connect().cursor()
    rows = cursor.execute("select region, amount from sales.orders").fetch_record_batch()
    assert duckdb.sql("select count(*) from rows").fetchall() == [(5900,)]
