"""The Flight SQL door in another form: compressed, decimals narrow, dictionaries and string views where they may be."""
import adbc_driver_flightsql.dbapi as flightsql
import flight

NAME = "flight, other forms"
SUITES = ["demo and lab"]
Refused = flight.Refused
HEADERS = {"compression": "lz4", "decimals": "narrow", "dictionaries": "auto", "strings": "view"}


class Connection(flight.Connection):
    def __init__(self, server, person, password):
        options = {f"adbc.flight.sql.rpc.call_header.x-hailstorm-{name}": word for name, word in HEADERS.items()}
        self.connection = flightsql.connect(server.uri, db_kwargs={"username": person, "password": password, **options})


class Door(flight.Door):
    def connect(self, person, password):
        return Connection(self.server, person, password)
