"""The Flight SQL door, raw: what no driver would send is sent here."""
import pyarrow as pa
import pyarrow.flight as flight

from flightsql import Client, any_of, field, read_fields, unpack_any
from outcome import Outcome

NAME = "flight"
ERRORS = (flight.FlightError, pa.ArrowException, OSError)


class Person:
    def __init__(self, server, name, password, headers=()):
        self.client = Client(server.host, server.port, name, password, headers=headers)

    def ask(self, sql, params=None):
        self.client.keeper.kept.clear()
        try:
            table = self.client.query(sql, params, timeout=60)
            out = Outcome(rows=rows_of(table), schema=schema_text(table.schema))
        except ERRORS as error:
            out = refused(error)
        out.headers = "\n".join(f"{k}: {v}" for headers in self.client.keeper.kept for k, v in headers.items())
        return out

    def update(self, sql):
        try:
            return Outcome(rows=[], text=str(self.client.update(sql)))
        except ERRORS as error:
            return refused(error)

    def tables(self, schema=None, table=None):
        listed = self.client.tables(schema, table, with_schema=True).to_pylist()
        return [(r["catalog_name"], r["db_schema_name"], r["table_name"], r["table_type"], str(pa.ipc.read_schema(pa.py_buffer(r["table_schema"]))) if r.get("table_schema") else "") for r in listed]

    def columns(self):
        listed = self.client.tables(with_schema=True).to_pylist()
        return [(r["db_schema_name"], r["table_name"], schema_text(pa.ipc.read_schema(pa.py_buffer(r["table_schema"])))) for r in listed]

    def schemas(self):
        return [tuple(r.values()) for r in self.client.schemas().to_pylist()]

    def close(self):
        self.client.close()


def cells_of(column):
    try:
        return column.to_pylist()
    except (OverflowError, ValueError):  # a time that Python has no value for
        return [str(value) for value in column.cast(pa.int64())] if not pa.types.is_nested(column.type) else [str(column)]


def rows_of(table):
    return list(zip(*(cells_of(c) for c in table.columns))) if table.num_columns else []


def schema_text(schema):
    return "; ".join(f"{f.name} {f.type}{'' if f.nullable else ' not null'}{f.metadata or ''}" for f in schema) + str(schema.metadata or "")


def refused(error):
    return Outcome(kind=type(error).__name__, text=str(error))


class Door:
    def __init__(self, server):
        self.server = server

    def connect(self, name, password, headers=()):
        return Person(self.server, name, password, headers)

    # ---- what travels beside an answer ----
    def pieces(self, person, sql):
        """(where the batches of an answer end, what the plan says of its size)"""
        info = person.client.plan(sql)
        sizes, reader = [], person.client.get(info.endpoints[0].ticket)
        for part in reader:
            sizes.append(part.data.num_rows)
        return sizes, (len(info.endpoints), info.total_records, info.total_bytes, len(info.endpoints[0].locations))

    def raw_bytes(self, person, sql):
        """Every byte of every buffer of the answer: also of those parts that no value lies in."""
        out = []
        for part in person.client.stream(sql):
            for column in part.data.columns:
                out += [b.to_pybytes() for b in column.buffers() if b is not None]
        return b"".join(out)

    # ---- asking without running ----
    def described(self, person, sql):
        try:
            return Outcome(rows=[], schema=schema_text(person.client.schema(sql)))
        except ERRORS as error:
            return refused(error)

    def prepared(self, person, sql):
        try:
            p = person.client.prepare(sql)
            return Outcome(rows=[], schema=schema_text(p.schema) if p.schema else "", text=schema_text(p.parameters) if p.parameters else "")
        except ERRORS as error:
            return refused(error)

    def planned(self, person, sql):
        try:
            info = person.client.plan(sql)
            return Outcome(rows=[], schema=schema_text(info.schema) if info.schema else "", text=f"{info.total_records} {info.total_bytes}")
        except ERRORS as error:
            return refused(error)

    # ---- leaving in the middle ----
    def begin(self, person, sql):
        """A statement whose first batch has come: (its plan, its reader)"""
        info = person.client.plan(sql)
        reader = person.client.get(info.endpoints[0].ticket)
        reader.read_chunk()
        return info, reader

    def cancel(self, person, info):
        """What CancelFlightInfo answers: 1 cancelled, 3 not cancellable; or None, refused."""
        try:
            body = field(1, info.serialize())
            return read_fields(person.client.action("CancelFlightInfo", body)[0])[1][0]
        except ERRORS:
            return None

    def sign_in(self, name, password):
        try:
            Person(self.server, name, password).close()
            return "signed in"
        except ERRORS as error:
            return refused(error).text

    # ---- attack 20 ----
    def redeem(self, person, ticket):
        try:
            table = person.client.get(ticket).read_all()
            return Outcome(rows=rows_of(table), schema=schema_text(table.schema))
        except ERRORS as error:
            return refused(error)

    def ticket(self, person, sql):
        return person.client.plan(sql).endpoints[0].ticket.ticket

    def tickets(self, person, sql):
        return [e.ticket.ticket for e in person.client.plan(sql).endpoints]

    def parts(self, person, sql):
        """(rows of each part, what the plan says of all of them); or a refusal's words"""
        try:
            info = person.client.plan(sql)
            return [person.client.get(e.ticket).read_all().num_rows for e in info.endpoints], (info.total_records, info.total_bytes)
        except ERRORS as error:
            return [], refused(error).text

    def prepare(self, person, sql):
        return person.client.prepare(sql).handle

    def execute(self, person, handle):
        try:
            info = person.client.info(any_of("CommandPreparedStatementQuery", handle))
            return self.redeem(person, info.endpoints[0].ticket.ticket)
        except ERRORS as error:
            return refused(error)

    def take_apart(self, ticket):
        """(the sealed text, how to wrap another one the same way)"""
        name, parts = unpack_any(ticket)
        return parts[1][0], lambda sealed: any_of(name.rsplit(".", 1)[1], sealed)

    def other_wraps(self, sealed):
        """The same sealed text where another kind is expected."""
        yield "as a prepared handle", any_of("CommandPreparedStatementQuery", sealed)
        yield "bare", sealed
        yield "as an update", any_of("CommandStatementUpdate", sealed)
        yield "under another type", field(1, "type.googleapis.com/x.Y") + field(2, field(1, sealed))

    def bearer(self, token, sql):
        try:
            client = Client(self.server.host, self.server.port, token=token)
            table = client.query(sql)
            return Outcome(rows=rows_of(table))
        except ERRORS as error:
            return refused(error)

    def without_proof(self, sql, headers=()):
        try:
            client = Client(self.server.host, self.server.port, headers=headers)
            table = client.query(sql)
            return Outcome(rows=rows_of(table))
        except ERRORS as error:
            return refused(error)


__all__ = ["Door", "NAME", "read_fields"]
