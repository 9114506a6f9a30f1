"""A raw Flight SQL client: pyarrow carries the bytes, the messages are written here. Drivers send only what is sane; tests must not
be bound to that."""
import base64

import pyarrow as pa
import pyarrow.flight as flight

TYPE = "type.googleapis.com/arrow.flight.protocol.sql."


# ---- protobuf, the little of it that Flight SQL needs ----
def varint(number):
    out = bytearray()
    while True:
        out.append((number & 0x7f) | (0x80 if number > 0x7f else 0))
        number >>= 7
        if not number:
            return bytes(out)


def field(number, value):
    """One field: bytes and text length-delimited, whole numbers and flags as varint, a list repeated."""
    if value is None:
        return b""
    if isinstance(value, (list, tuple)):
        return b"".join(field(number, one) for one in value)
    if isinstance(value, (bool, int)):
        return varint(number << 3) + varint(int(value))
    data = value.encode() if isinstance(value, str) else bytes(value)
    return varint(number << 3 | 2) + varint(len(data)) + data


def any_of(name, *fields):
    body = b"".join(field(i + 1, value) for i, value in enumerate(fields))
    return field(1, TYPE + name) + field(2, body)


def read_fields(data):
    """{number: [values]}; only varints and length-delimited, which is all there is."""
    out, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7f) << shift
            if byte < 0x80:
                return value
            shift += 7

    while at < len(data):
        key = number()
        if key & 7 == 0:
            value = number()
        elif key & 7 == 2:
            size = number()
            value = data[at:at + size]
            at += size
        else:
            raise ValueError(f"wire type {key & 7}")
        out.setdefault(key >> 3, []).append(value)
    return out


def unpack_any(data):
    parts = read_fields(data)
    return parts[1][0].decode(), read_fields(parts.get(2, [b""])[0])


# ---- headers and trailers, kept for tests that look for leaks there ----
class _Keep(flight.ClientMiddleware):
    def __init__(self, kept):
        self.kept = kept

    def received_headers(self, headers):
        self.kept.append(dict(headers))


class _Keeper(flight.ClientMiddlewareFactory):
    def __init__(self):
        self.kept = []

    def start_call(self, info):
        return _Keep(self.kept)


class Prepared:
    def __init__(self, client, handle, schema, parameters):
        self.client, self.handle, self.schema, self.parameters = client, handle, schema, parameters


class Client:
    """One person's connection. `sign_in=False` takes `token` as it is, or none at all."""

    def __init__(self, host, port, user=None, password=None, token=None, headers=(), timeout=60, **options):
        self.keeper = _Keeper()
        self.client = flight.FlightClient(f"grpc+tcp://{host}:{port}", middleware=[self.keeper], **options)
        self.headers = [(k.encode() if isinstance(k, str) else k, v.encode() if isinstance(v, str) else v) for k, v in headers]
        self.timeout = timeout
        self.token = token
        if user is not None and token is None:
            name, value = self.client.authenticate_basic_token(user, password, options=flight.FlightCallOptions(timeout=timeout))
            self.token = value.decode().split(" ", 1)[1]
            self.headers.append((name, value))
        elif token is not None:
            self.headers.append((b"authorization", b"Bearer " + token.encode()))

    def options(self, timeout=None, headers=()):
        return flight.FlightCallOptions(timeout=timeout or self.timeout, headers=[*self.headers, *headers])

    def close(self):
        self.client.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- statements ----
    def info(self, command, timeout=None):
        return self.client.get_flight_info(flight.FlightDescriptor.for_command(command), self.options(timeout))

    def plan(self, sql, timeout=None):
        return self.info(any_of("CommandStatementQuery", sql), timeout)

    def get(self, ticket, timeout=None):
        return self.client.do_get(ticket if isinstance(ticket, flight.Ticket) else flight.Ticket(ticket), self.options(timeout))

    def stream(self, sql, timeout=None):
        """The answer as it comes; of a server that offers one endpoint (`endpoints` 1), or a statement that has one."""
        (only,) = self.plan(sql, timeout).endpoints
        return self.get(only.ticket, timeout)

    def query(self, sql, params=None, timeout=None):
        """The whole answer. params: a list of Python values or a pyarrow.RecordBatch of one row."""
        if params is None:
            return pa.concat_tables(self.get(e.ticket, timeout).read_all() for e in self.plan(sql, timeout).endpoints)
        prepared = self.prepare(sql)
        try:
            return self.execute(prepared, params, timeout)
        finally:
            self.close_prepared(prepared)

    def schema(self, sql):
        return self.client.get_schema(flight.FlightDescriptor.for_command(any_of("CommandStatementQuery", sql)), self.options()).schema

    def action(self, name, body):
        return [r.body.to_pybytes() for r in self.client.do_action(flight.Action(name, body), self.options())]

    def prepare(self, sql):
        name, parts = unpack_any(self.action("CreatePreparedStatement", any_of("ActionCreatePreparedStatementRequest", sql))[0])
        schemas = [pa.ipc.read_schema(pa.py_buffer(parts[i][0])) if parts.get(i, [b""])[0] else None for i in (2, 3)]
        return Prepared(self, parts[1][0], *schemas)

    def bind(self, prepared, params):
        """DoPut of one row; the handle that the server answers with replaces ours."""
        if not isinstance(params, pa.RecordBatch):
            arrays = [pa.array([value]) if not isinstance(value, (pa.Array, pa.Scalar)) else pa.array([value.as_py()], value.type) for value in params]
            params = pa.record_batch(arrays, names=[f"${i + 1}" for i in range(len(arrays))])
        descriptor = flight.FlightDescriptor.for_command(any_of("CommandPreparedStatementQuery", prepared.handle))
        writer, reader = self.client.do_put(descriptor, params.schema, self.options())
        writer.write_batch(params)
        writer.done_writing()
        answer = reader.read()
        writer.close()
        if answer is not None:
            handle = read_fields(answer.to_pybytes()).get(1, [None])[0]
            if handle:
                return Prepared(self, handle, prepared.schema, prepared.parameters)
        return prepared

    def execute(self, prepared, params=None, timeout=None):
        if params is not None:
            prepared = self.bind(prepared, params)
        info = self.info(any_of("CommandPreparedStatementQuery", prepared.handle), timeout)
        return self.get(info.endpoints[0].ticket, timeout).read_all()

    def close_prepared(self, prepared):
        self.action("ClosePreparedStatement", any_of("ActionClosePreparedStatementRequest", prepared.handle))

    def update(self, sql):
        """CommandStatementUpdate: what a driver sends for INSERT and the like."""
        descriptor = flight.FlightDescriptor.for_command(any_of("CommandStatementUpdate", sql))
        writer, reader = self.client.do_put(descriptor, pa.schema([]), self.options())
        writer.done_writing()
        answer = reader.read()
        writer.close()
        return read_fields(answer.to_pybytes()) if answer is not None else None

    # ---- catalog ----
    def listing(self, command):
        return self.get(self.info(command).endpoints[0].ticket).read_all()

    def catalogs(self):
        return self.listing(any_of("CommandGetCatalogs"))

    def schemas(self, pattern=None):
        return self.listing(any_of("CommandGetDbSchemas", None, pattern))

    def tables(self, schema=None, table=None, with_schema=True, catalog=None):
        return self.listing(any_of("CommandGetTables", catalog, schema, table, None, with_schema))

    def sql_info(self, *numbers):
        return self.listing(field(1, TYPE + "CommandGetSqlInfo") + field(2, field(1, list(numbers))))


def basic(user, password, padded=True):
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return "Basic " + (text if padded else text.rstrip("="))
