"""The PostgreSQL door, through psycopg: values as their text came, and everything that is said beside them. Statements of the engine's own
dialect come back as errors of PostgreSQL's, and those must not tell either."""
import psycopg

from outcome import Outcome

NAME = "pg"
SAMPLE = 60  # behind it stands what Flight has been asked already
PROVES = False  # but for the attacks that are its own
# Probes that have a meaning here, besides those of its own attacks. Not: 17, 20, 43, 48, 51, 65 (tickets, handles, parts; what this door has in their place
# is in 72 and 73), 4 and 29 (files and batches are counted through Flight), 22 (BEGIN and COMMIT are no writes here), 60 to 64 (a grammar behind all doors).
PROBES = {18, 19, 46}
ERRORS = (psycopg.Error, ValueError, OverflowError, UnicodeError)


def connect(server, name, password, **more):
    return psycopg.connect(host="127.0.0.1", port=server.pg_port, user=name, password=password, dbname="target", autocommit=True, cursor_factory=psycopg.RawCursor,
                           connect_timeout=20, **more)


def text_of(value, kind):
    """OIDs of what a table has of its own follow from its name, so the twins' differ."""
    if value is None:
        return None
    text = value.decode("utf-8", "surrogateescape")
    return "own" if kind == 26 and int(text) >= 1 << 31 else text


def texts(result):
    return [tuple(text_of(result.get_value(r, c), result.ftype(c)) for c in range(result.nfields)) for r in range(result.ntuples)]


def schema_of(result):
    """Types of a table's own (composites) have OIDs that follow from its name."""
    return "; ".join(f"{result.fname(i).decode()} {result.ftype(i) if result.ftype(i) < 1 << 31 else 'own'}({result.fmod(i)}) {result.ftable(i) and 'of a table'}:{result.ftablecol(i)}" for i in range(result.nfields))


def refused(error):
    d = getattr(error, "diag", None)
    parts = [str(error).split("\n")[0]] if d is None or d.message_primary is None else [
        d.message_primary, d.message_detail, d.message_hint, d.context, d.schema_name, d.table_name, d.column_name, d.datatype_name, d.constraint_name, d.source_function, d.source_file, d.source_line]
    if d is not None and d.statement_position:
        parts.append(f"position {d.statement_position}")
    return Outcome(kind=str(getattr(error, "sqlstate", None) or type(error).__name__), text=" | ".join(str(p) for p in parts if p))


class Person:
    def __init__(self, server, name, password):
        self.server, self.name, self.password, self.said = server, name, password, []
        self.connection = None
        self.open()

    def open(self):
        self.connection = connect(self.server, self.name, self.password)
        self.connection.add_notice_handler(lambda d: self.said.append(f"{d.severity} {d.sqlstate} {d.message_primary} {d.message_detail or ''}"))

    def run(self, fn):
        """fn(connection), answered or refused; a connection that ended is another one afterwards."""
        if self.connection.closed or self.connection.broken:
            self.open()
        self.said = []
        try:
            out = fn(self.connection)
        except ERRORS as error:
            out = refused(error)
        out.headers = "\n".join(self.said)
        return out

    def ask(self, sql, params=None):
        for n in range(sql.count("?") if params else 0):
            sql = sql.replace("?", f"${n + 1}", 1)

        def fn(connection):
            cursor = connection.cursor()
            cursor.execute(sql, params)
            rows, schema = [], []
            while True:
                result = cursor.pgresult
                rows += texts(result)
                schema.append(schema_of(result))
                if not cursor.nextset():
                    return Outcome(rows=rows, schema=" // ".join(schema))
        return self.run(fn)

    def describe(self, sql):
        def fn(connection):
            raw = connection.pgconn
            for what in (raw.prepare(b"", sql.encode("utf-8", "surrogatepass")), raw.describe_prepared(b"")):
                if what.status != psycopg.pq.ExecStatus.COMMAND_OK:
                    raise psycopg.errors.lookup(what.error_field(psycopg.pq.DiagnosticField.SQLSTATE).decode())(what.error_message.decode(), info=what, encoding="utf-8")
            return Outcome(rows=[], schema=schema_of(what), text=" ".join(str(what.param_type(i)) for i in range(what.nparams)))
        return self.run(fn)

    # Lists, as a client of PostgreSQL fills its tree with them.
    def tables(self, schema=None, table=None):
        got = self.ask("select table_catalog, table_schema, table_name, table_type from information_schema.tables where table_schema like $1 and table_name like $2"
                       " and table_schema not in ('pg_catalog', 'information_schema') order by 2, 3", [schema or "%", table or "%"])
        return self.rows_of(got)

    def columns(self):
        listed = {}
        for schema, table, *column in self.rows_of(self.ask("select table_schema, table_name, column_name, data_type, is_nullable from information_schema.columns"
                                                            " where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2, ordinal_position")):
            listed.setdefault((schema, table), []).append(" ".join(map(str, column)))
        return [(schema, table, "; ".join(columns)) for (schema, table), columns in listed.items()]

    def schemas(self):
        return self.rows_of(self.ask("select catalog_name, schema_name from information_schema.schemata where schema_name !~ '^(pg_|information_schema)' order by 2"))

    def update(self, sql):
        return self.ask(sql)

    @staticmethod
    def rows_of(outcome):
        if not outcome.ok:
            raise psycopg.Error(outcome.words())
        return outcome.rows

    def copy(self, sql):
        def fn(connection):
            with connection.cursor().copy(sql) as copy:
                return Outcome(rows=[(bytes(part).decode("latin-1"),) for part in copy])
        return self.run(fn)

    def close(self):
        self.connection.close()


class Door:
    def __init__(self, server):
        self.server = server

    def connect(self, name, password):
        return Person(self.server, name, password)

    def sign_in(self, name, password):
        """What somebody is told who does not come in."""
        try:
            connect(self.server, name, password).close()
        except psycopg.Error as error:
            return str(error)
        return "came in"

    def described(self, person, sql):
        return person.describe(sql)

    prepared = planned = described
