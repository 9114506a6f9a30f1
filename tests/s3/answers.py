"""What a person of the demo mesh is answered."""
import adbc_driver_flightsql.dbapi as flightsql


def rows(server, sql, name="otto"):
    with flightsql.connect(server.uri, db_kwargs={"username": name, "password": f"{name}-demo"}) as connection:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()
