"""A statement's way through several calls and connections: endpoints, what was begun, polls, cancelling, renewing, rows of parameters."""
import datetime as dt
import decimal
import json
import time
import uuid

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from flightsql import Client, any_of, field, read_fields, unpack_any
from server import Server

SQL = "select * from sales.orders"
LONG = "select count(*) from range(3000000000) t(i) where i % 7 = 3"


@pytest.fixture(scope="module")
def cut(mesh):
    """A server that cuts every scan without hidden rows, however small."""
    with Server(mesh, settings={"endpoints": 3, "workers": 4}, faults=["cut-anywhere"]) as running:
        yield running


def opened(server, name="otto"):
    return Client(server.host, server.port, name, f"{name}-demo")


def rows(table):
    return sorted(map(str, table.to_pylist()))


# ---- endpoints ----

def test_parts_are_the_answer_from_any_connection(cut):
    with opened(cut) as one, opened(cut) as other:
        info = one.plan(SQL)
        assert len(info.endpoints) == 3 and info.ordered
        parts = [(one, other)[i % 2].get(e.ticket).read_all() for i, e in enumerate(info.endpoints)]
        whole = one.query("select * from (select * from sales.orders)")
        assert rows(pa.concat_tables(parts)) == rows(whole)
        assert info.total_records == whole.num_rows and all(p.num_rows for p in parts)
        where = one.plan(SQL + " where id > 3")
        assert len(where.endpoints) == 3 and where.total_records == -1


@pytest.mark.parametrize("sql", ["select count(*) from sales.orders", SQL + " order by id", SQL + " limit 5", "select distinct region from sales.orders",
                                 "select id, now() from sales.orders", "select 1"])
def test_what_is_no_scan_has_one_endpoint(cut, sql):
    with opened(cut) as client:
        info = client.plan(sql)
        assert len(info.endpoints) == 1 and info.total_records == -1


def test_adbc_reads_all_parts(cut):
    import adbc_driver_flightsql.dbapi as flightsql
    with flightsql.connect(cut.uri, db_kwargs={"username": "otto", "password": "otto-demo"}) as c, c.cursor() as cursor:
        cursor.execute(SQL)
        got = cursor.fetch_arrow_table()
    with opened(cut) as client:
        assert rows(got) == rows(client.query("select * from (select * from sales.orders)"))


def test_a_part_is_not_for_another(cut):
    with opened(cut) as one, opened(cut, "ana") as other:
        with pytest.raises(flight.FlightUnauthorizedError):
            other.get(one.plan(SQL).endpoints[1].ticket).read_all()


# ---- what was begun ----

def test_what_was_begun_is_read_from_another_connection(server):
    with opened(server) as one, opened(server) as other:
        info = one.plan("select count(*) as n from sales.orders")
        assert other.get(info.endpoints[0].ticket).read_all().num_rows == 1
        assert one.get(info.endpoints[0].ticket).read_all().num_rows == 1  # again: run by the ticket


def records(server):
    lines = [line for file in sorted((server.state / "audit").rglob("*")) if file.is_file() for line in file.read_text().splitlines()]
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_one_intent_and_one_outcome(server):
    with opened(server) as client:
        client.query("select 1 as one")
        time.sleep(0.5)
        before = len(records(server))
        for _ in range(5):
            client.query("select count(*) as n from sales.orders")
        time.sleep(0.5)
    phases = [r["phase"] for r in records(server)[before:] if "phase" in r]
    assert phases.count("intent") == 5 and phases.count("outcome") == 5


def test_plans_that_nobody_reads_do_not_pile_up(server):
    with opened(server, "ana") as client:
        for i in range(30):
            client.plan(f"select {i} + count(*) from sales.orders a, sales.orders b")
        assert client.query("select 1 as one").to_pydict() == {"one": [1]}


# ---- cancelling ----

def cancel(client, info):
    return read_fields(client.action("CancelFlightInfo", field(1, info.serialize()))[0])[1][0]


def test_cancel_from_another_connection(server):
    with opened(server) as one, opened(server) as other, opened(server, "ana") as ana:
        info = one.plan(LONG)
        reader = one.get(info.endpoints[0].ticket)
        assert cancel(ana, info) == 3  # not cancellable: hers it is not
        assert cancel(other, info) == 1
        with pytest.raises(pa.ArrowException):
            while True:  # read_all would take this for a Ctrl-C of ours
                reader.read_chunk()
        assert cancel(other, info) == 3  # over


def test_cancel_what_was_begun(server):
    with opened(server) as one, opened(server) as other:
        info = one.plan(LONG)
        assert cancel(other, info) == 1


def test_cancel_query_is_the_same(server):
    with opened(server) as one, opened(server) as other:
        info = one.plan(LONG)
        body = any_of("ActionCancelQueryRequest", info.serialize())
        name, parts = unpack_any(other.action("CancelQuery", body)[0])
        assert name.endswith("ActionCancelQueryResult") and parts[1][0] == 1


def test_a_closed_session_ends_what_it_reads(server):
    with opened(server) as one:
        reader = one.get(one.plan(LONG).endpoints[0].ticket)
        with Client(server.host, server.port, token=one.token) as same:
            same.action("CloseSession", b"")
        with pytest.raises(pa.ArrowException):
            while True:
                reader.read_chunk()


# ---- renewing ----

def test_an_endpoint_is_renewed(cut):
    with opened(cut) as client:
        info = client.plan(SQL)
        for endpoint in info.endpoints:
            ticket = field(1, field(1, endpoint.ticket.ticket))
            renewed = read_fields(client.action("RenewFlightEndpoint", field(1, ticket))[0])
            bytes_of = read_fields(renewed[1][0])[1][0]
            assert bytes_of != endpoint.ticket.ticket and 3 in renewed
            assert rows(client.get(bytes_of).read_all()) == rows(client.get(endpoint.ticket).read_all())


def test_nothing_is_renewed_for_another(cut):
    with opened(cut) as one, opened(cut, "ana") as other:
        ticket = field(1, field(1, one.plan(SQL).endpoints[0].ticket.ticket))
        with pytest.raises(flight.FlightUnauthorizedError):
            other.action("RenewFlightEndpoint", field(1, ticket))


# ---- polling: ADBC does it where partitions are wanted as they come ----

def polled(connection, sql):
    """[(partitions, progress)] of each poll, until there is nothing more to come"""
    import adbc_driver_manager as manager
    with manager.AdbcStatement(connection.adbc_connection) as statement:
        statement.set_options(**{"adbc.statement.exec.incremental": "true"})
        statement.set_sql_query(sql)
        while True:
            parts, _, _ = statement.execute_partitions()
            yield list(parts), statement.get_option_float("adbc.statement.exec.progress")
            if not parts:
                return


def test_a_short_statement_is_complete_at_once(connect):
    polls = list(polled(connect(), "select 1 as one"))
    assert [len(parts) for parts, _ in polls] == [1, 0] and polls[0][1] == 1


def test_a_long_statement_tells_how_far_it_is(connect):
    """Progress goes by time, and a poll answers within a second or so; the driver itself polls on until there is something."""
    polls = list(polled(connect(), "select count(*) as n from range(300000000) t(i) where i % 7 = 3"))
    assert [len(parts) for parts, _ in polls] == [1, 0] and polls[0][1] == 1


# ---- parameters ----

D = decimal.Decimal
WHEN = dt.datetime(2020, 1, 2, 3, 4, 5)
BOUND = [pa.array([True]), *(pa.array([5], f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)), pa.array([1.5], "float32"), pa.array([-0.0]),
         pa.array([D("-9999999.99")], pa.decimal128(9, 2)), pa.array([D("1.230")], pa.decimal128(38, 3)), pa.array([D("1.23")], pa.decimal32(9, 2)),
         pa.array([D("-1.23")], pa.decimal64(18, 2)), pa.array([dt.date(1960, 1, 1)]), pa.array([dt.date(2020, 1, 2)], pa.date64()),
         pa.array([dt.time(1, 2, 3, 4)], pa.time64("us")), pa.array([dt.time(1, 2, 3)], pa.time32("s")), *(pa.array([WHEN], pa.timestamp(unit)) for unit in ("s", "ms", "us", "ns")),
         pa.array([WHEN.replace(tzinfo=dt.timezone.utc)], pa.timestamp("us", "UTC")), pa.array(["ü"]), pa.array(["a"], pa.large_string()),
         pa.array(["longer than a view's twelve"], pa.string_view()), pa.array([b"a\0"]), pa.array([b"a"], pa.large_binary()), pa.array([b"longer than twelve bytes"], pa.binary_view()),
         pa.array([b"abcd"], pa.binary(4)), pa.array(["x"]).dictionary_encode(), pa.array([10**12]).dictionary_encode(), pa.array([D("1.2")], pa.decimal128(5, 1)).dictionary_encode(),
         pa.nulls(1), pa.array([uuid.UUID(int=5).bytes], pa.uuid())]
REFUSED = [pa.array([dt.timedelta(seconds=3)]), pa.array([(1, 2, 3)], pa.month_day_nano_interval()), pa.array([[1]]), pa.array([{"a": 1}]), pa.array([D("1.2")], pa.decimal256(50, 1)),
           pa.array([1.0], pa.float16())]


@pytest.mark.parametrize("array", BOUND, ids=lambda a: str(a.type))
def test_what_is_bound_comes_back(raw, array):
    got = bound(raw(), "select ? as v", pa.record_batch([array], names=["1"])).column("v")
    assert got.to_pylist() == array.to_pylist()


@pytest.mark.parametrize("array", BOUND, ids=lambda a: str(a.type))
def test_null_is_of_its_columns_type(raw, array):
    """So that rows of parameters, some of them NULL, make answers of one type."""
    values = array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array
    both = pa.concat_arrays([values, pa.nulls(1, values.type), values])
    got = bound(raw(), "select ? as v", pa.record_batch([both], names=["1"])).column("v")
    assert got.to_pylist() == both.to_pylist()


@pytest.mark.parametrize("array", REFUSED, ids=lambda a: str(a.type))
def test_what_cannot_be_bound_says_so(raw, array):
    with pytest.raises(pa.ArrowNotImplementedError, match="a parameter of type .* is not supported"):
        bound(raw(), "select ? as v", pa.record_batch([array], names=["1"]))


# ---- rows of parameters ----

def bound(client, sql, batch):
    return client.execute(client.prepare(sql), batch)


def test_rows_of_parameters_run_one_after_the_other(raw):
    client = raw()
    batch = pa.record_batch([pa.array([3, 1, None, 2], pa.int64())], names=["1"])
    assert bound(client, "select ?::bigint * 10 as n", batch).to_pydict() == {"n": [30, 10, None, 20]}
    counts = bound(client, "select count(*) as n from sales.orders where id <= ?", batch).column("n").to_pylist()
    assert len(counts) == 4 and counts[0] >= counts[3] >= counts[1] and counts[2] == 0


def test_rows_of_parameters_are_bounded(raw):
    client = raw()
    batch = pa.record_batch([pa.array(range(2000), pa.int64())], names=["1"])
    with pytest.raises(pa.ArrowException, match="rows of parameters"):
        bound(client, "select ?::bigint", batch)
