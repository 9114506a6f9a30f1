"""The Flight SQL door, through the stock ADBC driver. A door is a class Door with connect(person, password) and query(sql, params)."""
import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager

NAME = "flight"
Refused = adbc_driver_manager.Error


class Connection:
    def __init__(self, server, person, password):
        self.connection = flightsql.connect(server.uri, db_kwargs={"username": person, "password": password})

    def query(self, sql, params=None):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetch_arrow_table()

    def close(self):
        self.connection.close()


class Door:
    def __init__(self, server):
        self.server = server

    def connect(self, person, password):
        return Connection(self.server, person, password)
