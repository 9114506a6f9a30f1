"""psycopg 3 and psycopg2: both forms, pipelines, cursors on the server, COPY, composites; what comes is what the tables hold for that person."""
import csv
import io

import mesh
import psycopg
import psycopg2
import psycopg2.extras
import pytest
from psycopg.rows import dict_row

ORDERS = "SELECT * FROM sales.orders ORDER BY id"


@pytest.fixture
def connection(uri):
    with psycopg.connect(uri, autocommit=True) as c:
        yield c


@pytest.fixture
def older(uri):
    c = psycopg2.connect(uri)
    yield c
    c.close()


# ---- psycopg 3 ----

@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_every_type(connection, who, binary):
    names, rows = mesh.everything(who)
    with connection.cursor(binary=binary) as cursor:
        got = cursor.execute("SELECT * FROM kinds.everything ORDER BY id").fetchall()
        assert [c.name for c in cursor.description] == names and got == rows
        kinds = {c.name: (c.type_display, c.precision, c.scale) for c in cursor.description}
        assert kinds["m"] == ("numeric(38,10)", 38, 10) and kinds["l"][0] == "int4[]" and kinds["u"][0] == "uuid"


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_every_type_comes_back_as_a_parameter(connection, who, binary):
    names, rows = mesh.everything(who)
    form = {n: ("%b" if binary else "%s") + {"l": "::int4[]", "w": "::text[]"}.get(n, "") for n in names}
    for row in rows:
        same = " AND ".join(f"{n} IS NOT DISTINCT FROM {form[n]}" for n in names)
        assert connection.execute(f"SELECT id, {', '.join(form.values())} FROM kinds.everything WHERE {same}", [*row, *row]).fetchall() == [(row[0], *row)]


def test_composites_and_lists(connection, who):
    found = psycopg.types.composite.CompositeInfo.fetch(connection, 'sales."customers.address"')
    psycopg.types.composite.register_composite(found, connection)
    for binary in (False, True):
        with connection.cursor(binary=binary, row_factory=dict_row) as cursor:
            got = cursor.execute("SELECT id, name, region, address, tags FROM sales.customers ORDER BY id").fetchall()
        stored = {r["id"]: r for r in mesh.stored("sales.customers")}
        assert [(r["id"], r["name"], r["region"]) for r in got] == [(r["id"], r["name"], r["region"]) for r in mesh.customers(who)]
        for row in got:
            true = stored[row["id"]]
            assert row["tags"] == true["tags"] and (row["address"].city, row["address"].country) == (true["address"]["city"], true["address"]["country"])
            hidden = {"otto": (true["address"]["street"], true["address"]["postcode"])}.get(who)
            assert (row["address"].street, row["address"].postcode) == hidden if hidden else row["address"].street != true["address"]["street"]


def test_pipeline(connection, who):
    with connection.pipeline():
        cursors = [connection.execute("SELECT id, region FROM sales.orders WHERE id = %s", [i]) for i in range(1, 31)]
    held = {r["id"]: r["region"] for r in mesh.orders(who)}
    assert [c.fetchone() for c in cursors] == [(i, held[i]) if i in held else None for i in range(1, 31)]


def test_a_mistake_in_a_pipeline_ends_it_alone(connection):
    with pytest.raises(psycopg.errors.UndefinedColumn), connection.pipeline():
        connection.execute("SELECT 1")
        connection.execute("SELECT nothing_like_it FROM sales.orders")
        connection.execute("SELECT 2")
    assert connection.execute("SELECT 3").fetchone() == (3,)


def test_executemany_with_results(connection, who):
    held = {r["id"]: r["status"] for r in mesh.orders(who)}
    with connection.cursor() as cursor:
        cursor.executemany("SELECT status FROM sales.orders WHERE id = %s", [(i,) for i in (5, 6, 7, 8)], returning=True)
        got = [cursor.fetchall()]
        while cursor.nextset():
            got.append(cursor.fetchall())
    assert got == [[(held[i],)] if i in held else [] for i in (5, 6, 7, 8)]


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_cursor_on_the_server(connection, who, binary):
    rows = [tuple(r.values()) for r in mesh.orders(who)]
    with connection.transaction(), connection.cursor("c", binary=binary) as cursor:
        cursor.itersize = 257
        cursor.execute(ORDERS)
        assert list(cursor) == rows
    with connection.transaction(), connection.cursor("s", scrollable=True) as cursor:
        cursor.execute(ORDERS)
        assert cursor.fetchmany(3) == rows[:3]
        cursor.scroll(-2)
        assert cursor.fetchone() == rows[1]
        cursor.scroll(500, mode="absolute")
        assert cursor.fetchone() == rows[500]
    with connection.cursor("h", withhold=True) as cursor:
        cursor.execute(ORDERS)
        assert cursor.fetchall() == rows


def test_copy(connection, who):
    rows = [tuple(r.values()) for r in mesh.orders(who)]
    oids = [d.type_code for d in connection.execute(ORDERS + " LIMIT 0").description]
    for options in ("", " (FORMAT binary)"):
        with connection.cursor().copy(f"COPY ({ORDERS}) TO STDOUT{options}") as copy:
            copy.set_types(oids)
            assert list(copy.rows()) == rows
    with connection.cursor().copy(f"COPY ({ORDERS}) TO STDOUT (FORMAT csv, HEADER)") as copy:
        text = b"".join(bytes(part) for part in copy).decode()
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0] == list(mesh.orders(who)[0]) and [int(line[0]) for line in lines[1:]] == [r[0] for r in rows]
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), connection.cursor().copy("COPY sales.orders FROM STDIN") as copy:
        copy.write_row((1,))
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_stream_and_prepared(connection, who):
    rows = [tuple(r.values()) for r in mesh.orders(who)]
    assert list(connection.cursor().stream(ORDERS)) == rows
    assert list(connection.cursor().stream(ORDERS, size=100)) == rows
    for _ in range(3):
        assert connection.execute("SELECT count(*) FROM sales.orders WHERE region = %s", ["US"], prepare=True).fetchone()[0] == sum(r[2] == "US" for r in rows)
    assert connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (1,)


def test_transaction_and_what_is_not_seen(uri, who):
    with psycopg.connect(uri) as c:
        assert c.execute("SELECT count(*) FROM sales.orders").fetchone()[0] == len(mesh.orders(who))
        if who == "sue":
            with pytest.raises(psycopg.errors.UndefinedColumn) as wrong:
                c.execute("SELECT id, amount FROM sales.orders")
            assert wrong.value.diag.statement_position == "12"
            with pytest.raises(psycopg.errors.InFailedSqlTransaction):
                c.execute("SELECT 1")
            c.rollback()
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            c.execute("DELETE FROM sales.orders")


def test_two_phases_and_notifications_are_refused_with_words(connection):
    with pytest.raises(psycopg.Error) as wrong:
        connection.execute("PREPARE TRANSACTION 'x'")
    assert wrong.value.sqlstate in ("0A000", "25006", "55000")
    connection.execute("LISTEN x")
    assert list(connection.notifies(timeout=0.05)) == []


def test_cancel(connection):
    from threading import Timer
    timer = Timer(0.5, connection.cancel_safe)
    timer.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("SELECT count(*) FROM sales.orders a, sales.orders b, sales.orders c WHERE a.id + b.id + c.id = 7")
    timer.join()
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_tls(server, who, certificate):
    for mode, root in [("require", ""), ("verify-ca", certificate[0]), ("verify-full", certificate[0])]:
        words = f"{mesh.uri(server, who, host='localhost')}?sslmode={mode}&channel_binding=require&sslrootcert={root}"
        with psycopg.connect(words) as c:
            assert c.pgconn.ssl_in_use and c.execute("SELECT current_user").fetchone() == (who,)
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed|root certificate"):
        psycopg.connect(f"{mesh.uri(server, who, host='localhost')}?sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt")


# ---- psycopg2 ----

def test_psycopg2_every_type(older, who):
    names, rows = mesh.everything(who)
    psycopg2.extras.register_uuid(conn_or_curs=older)
    with older.cursor() as cursor:
        cursor.execute("SELECT * FROM kinds.everything ORDER BY id")
        got = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor]
        assert [c.name for c in cursor.description] == names and got == rows


def test_psycopg2_cursors_on_the_server(older, who):
    rows = [tuple(r.values()) for r in mesh.orders(who)]
    with older.cursor("named") as cursor:
        cursor.itersize = 500
        cursor.execute(ORDERS)
        assert list(cursor) == rows
    older.rollback()
    with older.cursor("scroll", scrollable=True) as cursor:
        cursor.execute(ORDERS)
        cursor.scroll(10)
        assert cursor.fetchone() == rows[10]
        cursor.scroll(-3)
        assert cursor.fetchmany(2) == rows[8:10]
    with older.cursor("held", withhold=True) as cursor:
        cursor.execute(ORDERS)
        older.commit()
        assert cursor.fetchall() == rows


def test_psycopg2_copy(older, who):
    out = io.StringIO()
    with older.cursor() as cursor:
        cursor.copy_expert(f"COPY ({ORDERS}) TO STDOUT", out)
        assert cursor.rowcount == len(mesh.orders(who))
        assert [int(line.split("\t")[0]) for line in out.getvalue().splitlines()] == [r["id"] for r in mesh.orders(who)]
        with pytest.raises(psycopg2.Error) as wrong:
            cursor.copy_from(io.StringIO("1\n"), "orders")
        assert wrong.value.pgcode == "25006"


def test_psycopg2_extras(older, who):
    held = mesh.orders(who)
    with older.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute("SELECT * FROM sales.orders WHERE id = ANY(%s) ORDER BY id", ([1, 2, 3, 4, 5],))
        assert [dict(r) for r in cursor] == [r for r in held if r["id"] <= 5]
        cursor.execute("SELECT id FROM sales.orders WHERE (region, status) IN %s ORDER BY id", ((("US", "paid"), ("EU", "shipped")),))
        assert [r["id"] for r in cursor] == [r["id"] for r in held if (r["region"], r["status"]) in (("US", "paid"), ("EU", "shipped"))]
        got = psycopg2.extras.execute_values(cursor, "SELECT v.x, o.status FROM (VALUES %s) v(x) JOIN sales.orders o ON o.id = v.x ORDER BY 1", [(1,), (2,), (3,)], fetch=True)
        assert [dict(r) for r in got] == [{"x": r["id"], "status": r["status"]} for r in held if r["id"] <= 3]
