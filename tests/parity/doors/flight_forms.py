"""The Flight SQL door in another form: compressed, decimals narrow, dictionaries and string views where they may be."""
import adbc_driver_flightsql.dbapi as flightsql
import flight
import pyarrow as pa

NAME = "flight, other forms"
SUITES = ["demo and lab"]
Refused = flight.Refused
HEADERS = {"compression": "lz4", "decimals": "narrow", "dictionaries": "auto", "strings": "view"}


def plain(kind):
    """The type that an answer in the plain form has."""
    if pa.types.is_dictionary(kind):
        return plain(kind.value_type)
    if pa.types.is_decimal32(kind) or pa.types.is_decimal64(kind):
        return pa.decimal128(kind.precision, kind.scale)
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        return pa.string() if pa.types.is_string_view(kind) else pa.binary()
    if pa.types.is_map(kind):
        return pa.map_(plain_field(kind.key_field), plain_field(kind.item_field))
    if pa.types.is_list(kind):
        return pa.list_(plain_field(kind.value_field))
    if pa.types.is_struct(kind):
        return pa.struct([plain_field(kind.field(i)) for i in range(kind.num_fields)])
    return kind


def plain_field(field):
    return field.with_type(plain(field.type))


class Connection(flight.Connection):
    def __init__(self, server, person, password):
        options = {f"adbc.flight.sql.rpc.call_header.x-hailstorm-{name}": word for name, word in HEADERS.items()}
        self.connection = flightsql.connect(server.uri, db_kwargs={"username": person, "password": password, **options})

    def query(self, sql, params=None):
        table = super().query(sql, params)
        schema = pa.schema([plain_field(f) for f in table.schema], table.schema.metadata)
        return table if schema.equals(table.schema) else table.cast(schema)


class Door(flight.Door):
    def connect(self, person, password):
        return Connection(self.server, person, password)
