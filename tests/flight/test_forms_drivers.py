"""Forms of answers asked for through an unmodified driver's headers: what it was told first and what comes agree with it."""
import pyarrow as pa
import pytest

HEADER = "adbc.flight.sql.rpc.call_header.x-hailstorm-"
LOW = "select region || '-' || cast(i % 7 as varchar) as kind, i from (values ('north'), ('south')) r(region), range(20000) t(i) order by i"
ASKED = [{}, {"dictionaries": "auto"}, {"strings": "view"}, {"decimals": "narrow"}, {"compression": "lz4"}, {"compression": "zstd"},
         {"dictionaries": "auto", "strings": "view", "decimals": "narrow", "compression": "zstd"}]


@pytest.mark.parametrize("asked", ASKED, ids=lambda a: "+".join(a) or "plain")
@pytest.mark.parametrize("prepared", [False, True])
def test_every_form_through_adbc(connect, asked, prepared):
    connection = connect(**{HEADER + k: v for k, v in asked.items()})
    for run in range(2):  # begun with its plan, and not
        with connection.cursor() as cursor:
            cursor.execute(LOW if not prepared else LOW.replace("20000", "cast(? as bigint)"), None if not prepared else (20000,))
            table = cursor.fetch_arrow_table()
        assert table.num_rows == 40000
        kinds = table.column("kind").cast("string").to_pylist()
        assert sorted(set(kinds)) == sorted(f"{r}-{n}" for r in ("north", "south") for n in range(7))
        assert table.column("i").to_pylist() == sorted(list(range(20000)) * 2)


@pytest.mark.parametrize("asked", ASKED, ids=lambda a: "+".join(a) or "plain")
def test_every_form_without_answers_begun(mesh, asked):
    import adbc_driver_flightsql.dbapi as flightsql
    from server import Server
    with Server(mesh, {"kept-answers": 0}) as server:
        kwargs = {"username": "otto", "password": "otto-demo", **{HEADER + k: v for k, v in asked.items()}}
        with flightsql.connect(server.uri, db_kwargs=kwargs) as connection, connection.cursor() as cursor:
            cursor.execute(LOW)
            table = cursor.fetch_arrow_table()
            assert table.num_rows == 40000
            assert pa.types.is_dictionary(table.schema.field("kind").type) == ("dictionaries" in asked)
