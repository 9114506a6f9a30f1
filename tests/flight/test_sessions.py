"""Session options and sessions: kinds of values, faults one by one, cookies on and off, what a session is bound to."""
import struct

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from flightsql import any_of, basic, field, read_fields, varint

COOKIE = "arrow_flight_session_id="
FORMS = {"hailstorm.compression": "none", "hailstorm.decimals": "wide", "hailstorm.dictionaries": "off", "hailstorm.strings": "plain"}
PLAIN = {"catalog": "demo", **FORMS}


def fixed(number, raw):
    return varint(number << 3 | 1) + raw


def value_of(value):
    """A SessionOptionValue: text, flag, whole number, number, texts; None unsets."""
    if value is None:
        return b""
    if isinstance(value, bool):
        return field(2, value)
    if isinstance(value, int):
        return fixed(3, struct.pack("<q", value))
    if isinstance(value, float):
        return fixed(4, struct.pack("<d", value))
    return field(5, field(1, value)) if isinstance(value, list) else field(1, value)


def read_value(data):
    number, at = data[0] >> 3, 1
    if number in (3, 4):
        return struct.unpack("<q" if number == 3 else "<d", data[at:at + 8])[0]
    if number == 2:
        return bool(data[at])
    inner = read_fields(data)[number][0]
    return inner.decode() if number == 1 else [t.decode() for t in read_fields(inner).get(1, [])]


def set_options(client, **options):
    """{name: fault} of what was refused; names with dots are written with two underscores."""
    body = b"".join(field(1, field(1, n.replace("__", ".")) + field(2, value_of(v))) for n, v in options.items())
    (answer,) = client.action("SetSessionOptions", body)
    found = {}
    for entry in read_fields(answer).get(1, []):
        parts = read_fields(entry)
        found[parts[1][0].decode()] = read_fields(parts[2][0])[1][0]
    return found


def get_options(client):
    (answer,) = client.action("GetSessionOptions", b"")
    return {read_fields(e)[1][0].decode(): read_value(read_fields(e)[2][0]) for e in read_fields(answer)[1]}


def cookie_of(client):
    given = [v for kept in client.keeper.kept for k, vs in kept.items() if k.lower() == "set-cookie" for v in vs]
    return given[-1] if given else None


def with_cookie(client, text):
    client.headers.append((b"cookie", text.encode()))
    return client


def test_every_kind_of_value(raw):
    client = raw()
    assert get_options(client) == PLAIN
    options = {"client__text": "ä", "client__flag": True, "client__whole": -(1 << 62), "client__number": 0.5, "client__texts": ["a", "", "ß"], "client__none": [], "client__empty": ""}
    assert set_options(client, **options) == {}
    assert get_options(client) == {**PLAIN, **{n.replace("__", "."): v for n, v in options.items()}}
    assert set_options(client, client__text=None, client__texts=None, client__never=None) == {}
    assert "client.text" not in get_options(client) and get_options(client)["client.whole"] == -(1 << 62)
    client.action("CloseSession", b"")


def test_faults_are_told_one_by_one_and_the_rest_is_set(raw):
    client = raw()
    faults = set_options(client, catalog="other", fancy="x", hailstorm__compression="lzma", hailstorm__decimals=True, hailstorm__nothing="x", client__="x", client__fine=1, hailstorm__strings="view")
    assert faults == {"catalog": 2, "fancy": 1, "hailstorm.compression": 2, "hailstorm.decimals": 2, "hailstorm.nothing": 1, "client.": 1}
    got = get_options(client)
    assert got["client.fine"] == 1 and got["hailstorm.strings"] == "view" and got["hailstorm.compression"] == "none" and got["catalog"] == "demo"
    assert set_options(client, catalog="demo") == {}
    client.action("CloseSession", b"")


@pytest.mark.parametrize("value", [b"\x08\x01", b"\x12\x00", b"\x1a\x00", field(1, b"\xff"), field(2, 1) + field(1, "x"), field(6, "x"), b"\x0a\x05ab", field(5, field(1, b"\xff")), b"\x2a\x03\x0a\x05a"])
def test_values_that_are_none(raw, value):
    client = raw()
    (answer,) = client.action("SetSessionOptions", field(1, field(1, "client.x") + field(2, value)))
    assert read_fields(read_fields(read_fields(answer)[1][0])[2][0])[1] == [2]
    assert "client.x" not in get_options(client)


def test_room_is_bounded(raw):
    client = raw()
    faults = set_options(client, **{f"client__o{i}": i for i in range(70)})
    assert set(faults.values()) == {3} and len(faults) == 6
    assert set_options(client, client__o1="x" * 20000) == {"client.o1": 3} and get_options(client)["client.o1"] == 1
    with pytest.raises(pa.ArrowException):
        set_options(client, **{f"client__o{i}": i for i in range(300)})
    with pytest.raises(pa.ArrowInvalid):
        client.action("SetSessionOptions", b"\x0a\xff")
    client.action("CloseSession", b"")


def test_a_session_is_its_tokens(raw, server):
    one = raw()
    set_options(one, client__mine=1)
    again = raw(token=one.token)  # another connection, the same token
    assert get_options(again)["client.mine"] == 1
    assert "client.mine" not in get_options(raw()) and "client.mine" not in get_options(raw("ana"))
    again.action("CloseSession", b"")
    with pytest.raises(flight.FlightUnauthenticatedError):
        get_options(one)


def test_a_password_with_every_call_is_its_connection(server):
    from flightsql import Client
    opened = [Client(server.host, server.port, headers=[("authorization", basic("otto", "otto-demo"))]) for _ in range(2)]
    set_options(opened[0], client__mine=1)
    assert get_options(opened[0])["client.mine"] == 1 and "client.mine" not in get_options(opened[1])
    assert opened[0].action("CloseSession", b"") == [b"\x08\x01"] and opened[0].action("CloseSession", b"") == [b"\x08\x03"]
    assert "client.mine" not in get_options(opened[0])
    for client in opened:
        client.close()


def test_a_client_that_sends_cookies_is_bound_to_its_own(raw):
    first = raw()
    assert cookie_of(first) is None
    set_options(first, client__mine=1)
    cookie = cookie_of(first)
    assert cookie.startswith(COOKIE) and len(cookie) == len(COOKIE) + 32
    browser = with_cookie(raw(token=first.token), f"a=b; {cookie}; c=d")
    assert get_options(browser)["client.mine"] == 1  # it began as the token's session
    set_options(browser, client__mine=2)
    assert get_options(browser)["client.mine"] == 2 and get_options(first)["client.mine"] == 1
    assert get_options(with_cookie(raw(), cookie))["client.mine"] == 2  # another token of the same person
    assert "client.mine" not in get_options(with_cookie(raw("ana"), cookie))  # another person's is none
    assert "client.mine" not in get_options(with_cookie(raw(token=first.token), COOKIE + "0" * 32))
    assert browser.action("CloseSession", b"") == [b"\x08\x01"] and "Max-Age=0" in cookie_of(browser)
    with pytest.raises(flight.FlightUnauthenticatedError):
        get_options(first)


def test_pyarrow_with_its_own_cookie_middleware(server):
    """The cookie factory of Arrow's C++ client: off by default, on here."""
    token = None
    with flight.FlightClient(server.uri, middleware=[flight.ClientCookieMiddlewareFactory()] if hasattr(flight, "ClientCookieMiddlewareFactory") else None) as client:
        token = client.authenticate_basic_token("otto", "otto-demo")
        options = flight.FlightCallOptions(headers=[token])
        list(client.do_action(flight.Action("SetSessionOptions", field(1, field(1, "client.a") + field(2, value_of(7)))), options))
        (got,) = list(client.do_action(flight.Action("GetSessionOptions", b""), options))
        assert b"client.a" in got.body.to_pybytes()


SQL = "select id, amount, region from sales.orders order by id limit 2000"


def test_the_form_of_answers_by_option_and_by_header(raw):
    client = raw()
    plain = client.query(SQL)
    assert set_options(client, hailstorm__strings="view", hailstorm__decimals="narrow") == {}
    formed = client.query(SQL)
    assert formed.schema.field("region").type == pa.string_view() and formed.schema.field("amount").type == pa.decimal64(12, 2)
    assert formed.schema == client.schema(SQL) == client.plan(SQL).schema
    assert formed.cast(plain.schema).equals(plain)
    client.headers.append((b"x-hailstorm-strings", b"plain"))  # a header counts for more
    assert client.query(SQL).schema.field("region").type == pa.string()
    client.headers[-1] = (b"x-hailstorm-strings", b"fancy")
    with pytest.raises(pa.ArrowInvalid, match="plain, view"):
        client.query(SQL)
    client.headers.pop()
    client.action("CloseSession", b"")


def test_what_a_client_says_of_itself_is_in_the_audit(raw, server):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    client = raw(headers=[("traceparent", f"00-{trace}-00f067aa0ba902b7-01")])
    assert client.query("select 1 as traced_once")["traced_once"].to_pylist() == [1]
    import json
    mine = [r for r in map(json.loads, server.audit_lines()) if r.get("trace", {}).get("uid") == trace]
    assert mine and all(r["trace"]["span"]["uid"] == "00f067aa0ba902b7" and "grpc" in r["http_request"]["user_agent"] for r in mine)


@pytest.mark.parametrize("header", ["00-4bf92f3577b34da6a3ce929d0e0e473X-00f067aa0ba902b7-01", "01-a", "", "00-" + "a" * 60])
def test_a_trace_that_is_none_is_passed_over(raw, server, header):
    assert raw(headers=[("traceparent", header)]).query("select 1 as x").num_rows == 1
