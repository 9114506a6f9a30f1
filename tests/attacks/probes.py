"""Attacks that are more than a statement: tickets, handles, sessions, reloads, a full audit disk."""
import pathlib
import re
import resource
import shutil
import signal
import tempfile
import time

from outcome import DEBUG
from server import NoServer, Server


class Probes:
    def __init__(self, attempt):
        self.attempt, self.door, self.server = attempt, attempt.door, attempt.server
        self.check, self.ask, self.look, self.out = attempt.check, attempt.ask, attempt.look, attempt.out

    def person(self, name):
        return self.attempt.person(name)

    # ---- lists ----
    def tables(self, name, schema=None, table=None):
        return self.person(name).tables(schema, table)

    def columns(self, name):
        return self.person(name).columns()

    def schemas(self, name):
        return self.person(name).schemas()

    def same_lists(self, name, hidden_schema, absent_schema, hidden_table, absent_table):
        p = self.person(name)
        self.check(p.tables(hidden_schema) == p.tables(absent_schema), "GetTables of a hidden schema differs from one of no schema")
        self.check(p.tables(None, hidden_table) == p.tables(None, absent_table), "GetTables of a hidden table differs from one of no table")

    def sign_in(self, name, password):
        return DEBUG.sub("", self.door.sign_in(name, password)).replace(name, "NAME")

    def update(self, name, text):
        from run import expand
        sql, _ = expand(text, self.attempt.ground.fill("alpha", "people"), False)
        outcome = self.person(name).update(sql)
        self.check(not outcome.ok, f"accepted as a write: {sql}: {outcome.text}")
        if name != "root":
            self.look(f"the refusal of {sql}", outcome.text)

    # ---- tickets ----
    def shared_statements(self, first, second, statements):
        for sql in statements:
            alone = self.ask(second, sql).shape()
            self.ask(first, sql)
            after = self.ask(second, sql).shape()
            self.check(alone == after, f"{second}'s answer changed after {first} asked the same: {sql}")

    def foreign_tickets(self, statements):
        for owner in ("root", "mal"):
            for sql in statements:
                ticket = self.door.ticket(self.person(owner), sql)
                got = self.door.redeem(self.person("eve"), ticket)
                self.check(not got.ok, f"eve redeemed {owner}'s ticket for {sql}: {got.words()}")
                self.look(f"the refusal of {owner}'s ticket", got.text)

    def foreign_handles(self, statements):
        for owner in ("root", "mal"):
            for sql in statements:
                handle = self.door.prepare(self.person(owner), sql)
                got = self.door.execute(self.person("eve"), handle)
                self.check(not got.ok, f"eve ran {owner}'s prepared handle for {sql}: {got.words()}")
                self.look(f"the refusal of {owner}'s handle", got.text)

    @staticmethod
    def changed(sealed):
        step = max(1, len(sealed) // 24)
        for at in range(0, len(sealed), step):
            yield f"bit at {at}", sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1:]
        for size in (0, 1, 11, 12, 27, 28, len(sealed) - 1):
            yield f"cut to {size}", sealed[:size]
        yield "longer", sealed + b"\0"
        yield "twice", sealed + sealed
        yield "zeros", bytes(len(sealed))

    def altered_tickets(self, name, sql):
        person = self.person(name)
        ticket = self.door.ticket(person, sql)
        good = self.door.redeem(person, ticket)
        self.check(good.ok, f"the ticket itself does not work: {good.text}")
        again = self.door.redeem(person, ticket)
        self.check(not again.ok or again.shape() == good.shape(), "a ticket redeemed twice gave something else")
        sealed, wrap = self.door.take_apart(ticket)
        self.look("the ticket itself, unopened,", sealed.decode("latin-1"))
        for what, other in self.changed(sealed):
            got = self.door.redeem(person, wrap(other))
            self.check(not got.ok, f"an altered ticket was taken ({what}): {got.words()}")
        for what, other in self.door.other_wraps(sealed):
            got = self.door.redeem(person, other)
            self.check(not got.ok, f"a ticket was taken {what}: {got.words()}")

    def altered_handles(self, name, sql):
        person = self.person(name)
        handle = self.door.prepare(person, sql)
        good = self.door.execute(person, handle)
        self.check(good.ok, f"the handle itself does not work: {good.text}")
        sealed, _ = self.door.take_apart(self.door.ticket(person, sql))
        got = self.door.execute(person, sealed)
        self.check(not got.ok, f"a ticket was taken for a handle: {got.words()}")
        for what, other in self.changed(handle):
            got = self.door.execute(person, other)
            self.check(not got.ok, f"an altered handle was taken ({what}): {got.words()}")

    def sessions(self, name):
        sql = "select count(*) from alpha.people"
        token = self.person(name).client.token
        good = self.door.bearer(token, sql)
        self.check(good.ok, f"the session's token does not work: {good.text}")
        for what, other in self.changed(token.encode()):
            try:
                text = other.decode("ascii")
            except UnicodeDecodeError:
                continue
            if text.isprintable() and text.rstrip("=") != token.rstrip("="):  # padding is optional
                got = self.door.bearer(text, sql)
                self.check(not got.ok, f"an altered token was taken ({what})")
        got = self.door.without_proof(sql)
        self.check(not got.ok, f"answered without any proof: {got.words()}")
        for headers in ([("authorization", "Bearer ")], [("authorization", "bearer x")], [("authorization", "Basic ZXZlOg==")], [("authorization", "Basic !!!")], [("x-user", "root")],
                        [("authorization", "Bearer " + "a" * 4000)], [("authorization", f"Bearer {token}x")]):
            got = self.door.without_proof(sql, headers)
            self.check(not got.ok, f"answered to {str(headers)[:80]}: {got.words()}")

    # ---- a model that changes under the server ----
    def own_server(self, change=None, settings=None, also=(), **more):
        """A server of this probe's own over a copy of the model (the tables stay where they are)."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="hailstorm-attack-"))
        import mesh
        for item in (mesh.OUT / "mesh").iterdir():
            if item.name == "warehouse":
                continue
            (shutil.copytree if item.is_dir() else shutil.copy2)(item, folder / item.name)
        for contract in folder.rglob("*.odcs.yaml"):
            contract.write_text(contract.read_text().replace('"warehouse/', f'"{mesh.OUT}/mesh/warehouse/'))
        if change:
            change(folder)
        faults = self.server.env.get("HS_FAULTS", "")
        return folder, Server(folder, faults=[*(faults.split(",") if faults else ()), *also], settings=settings, **more)

    def revoked(self):
        """Tickets, handles and sessions after the grant is gone, after another mask, after the person is gone."""
        sql = "select * from alpha.people order by id"
        for what in ("grant", "mask", "person"):
            folder, server = self.own_server()
            try:
                with server:
                    door = type(self.door)(server)
                    eve = door.connect("eve", "eve-attack")
                    ticket, handle = door.ticket(eve, sql), door.prepare(eve, sql)
                    file = folder / "domains" / "alpha" / "policies" / "people.yaml"
                    if what == "grant":
                        file.write_text(re.sub(r"kind: Grant\nname: people-for-analysts.*?---\n", "", file.read_text(), flags=re.S))
                    elif what == "mask":
                        file.write_text(file.read_text().replace("where: region = principal.region", "where: region = principal.region and n > 5"))
                    else:
                        people = folder / "principals.yaml"
                        people.write_text("\n".join(line for line in people.read_text().splitlines() if "name: eve" not in line) + "\n")
                    server.process.send_signal(signal.SIGHUP)
                    self.settle(server)
                    for kind, got in (("ticket", door.redeem(eve, ticket)), ("handle", door.execute(eve, handle)), ("session", eve.ask(sql))):
                        if kind == "session" and what == "mask":
                            self.check(got.ok and min(r[0] for r in got.rows) > 5, f"after a new row rule the session still sees as before: {got.words()}")
                        elif kind == "handle" and what == "mask" and got.ok:
                            self.check(min(r[0] for r in got.rows) > 5, f"after a new row rule a handle still gives the old rows: {got.words()}")
                        else:
                            self.check(not got.ok, f"a {kind} still works after the {what} changed: {got.words()}")
                            self.look(f"the refusal of a {kind} after the {what} changed", got.text)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    # ---- answers in parts, and answers that are there before they are asked for ----
    def cutting_server(self):
        """One that cuts every scan that may be cut, however small."""
        return self.own_server(settings={"endpoints": 3, "workers": 4}, also=("cut-anywhere",))

    def parts_of_hidden(self, tables):
        """How many parts there are, what is said of all of them and how many rows lie in each: the same where other rows are hidden."""
        folder, server = self.cutting_server()
        try:
            with server:
                door = type(self.door)(server)
                eve, root = door.connect("eve", "eve-attack"), door.connect("root", "root-attack")
                self.check(len(door.parts(root, "select * from alpha.people")[0]) == 3, "nothing is cut for somebody who sees all: nothing is shown here")
                for table in tables:
                    for sql in (f"select * from {{}}.{table}", f"select id from {{}}.{table} where id is not null"):
                        alpha, omega = (door.parts(eve, sql.format(d)) for d in ("alpha", "omega"))
                        self.check(alpha == omega, f"parts differ for {sql}: {alpha} against {omega}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def parts_of_others(self):
        """A part is of one person, one decision and one place among the others."""
        sql = "select * from alpha.people"
        folder, server = self.cutting_server()
        try:
            with server:
                door = type(self.door)(server)
                eve, root = door.connect("eve", "eve-attack"), door.connect("root", "root-attack")
                tickets = door.tickets(root, sql)
                whole = sorted(map(str, root.ask(f"select * from ({sql})").rows))
                parts = [door.redeem(root, t) for t in tickets]
                self.check(sorted(str(r) for p in parts for r in p.rows or ()) == whole, "the parts are not the whole")
                for t in tickets:
                    got = door.redeem(eve, t)
                    self.check(not got.ok, f"eve redeemed a part of root's: {got.words()}")
                    self.look("the refusal of a part of root's", got.text)
                sealed, wrap = door.take_apart(tickets[1])
                for what, other in self.changed(sealed):
                    got = door.redeem(root, wrap(other))
                    self.check(not got.ok, f"an altered part was taken ({what}): {got.words()}")
                first, _ = door.take_apart(tickets[0])
                for at in range(0, min(len(first), len(sealed)), 16):  # one part's beginning, another's end
                    got = door.redeem(root, wrap(first[:at] + sealed[at:]))
                    self.check(not got.ok or at == 0, f"two parts were taken for one, joined at {at}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def begun_for_others(self, sql="select * from alpha.people order by id"):
        """What was begun with root's plan is root's: eve has neither its rows nor its end."""
        root, eve, mal = (self.person(n) for n in ("root", "eve", "mal"))
        rows = len(root.ask(sql).rows)
        for stranger in (eve, mal):
            info = root.client.plan(sql)
            ticket = info.endpoints[0].ticket.ticket
            got = self.door.redeem(stranger, ticket)
            self.check(not got.ok, f"what was begun for root was given to somebody else: {got.words()}")
            self.look("the refusal of what was begun for root", got.text)
            self.check(self.door.cancel(stranger, info) in (None, 3), "somebody else cancelled what was begun for root")
            mine = self.door.redeem(root, ticket)
            self.check(mine.ok and len(mine.rows) == rows, f"root's own answer, after a stranger asked for it: {mine.words()}")

    @staticmethod
    def settle(server, seconds=3):
        """Until the log speaks of the reload, or a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not re.search(r"reload|model (was )?(loaded|changed)|new model", server.words()):
            time.sleep(0.05)
        time.sleep(0.3)

    def broken_reload(self):
        sql = "select count(*), max(id) from alpha.people"
        folder, server = self.own_server()
        try:
            with server:
                door = type(self.door)(server)
                eve = door.connect("eve", "eve-attack")
                before = eve.ask(sql)
                file = folder / "domains" / "alpha" / "policies" / "people.yaml"
                good = file.read_text()
                for what, text in {"not YAML": "{[", "an unknown key": good + "---\nkind: RowRule\nnam: x\n", "a rule that does not parse": good.replace("region = principal.region", "region = ("),
                                   "an unknown mask": good.replace("with: redact", "with: nosuch"), "an unknown column in a rule": good.replace("where: region =", "where: regoin ="), "nothing at all": ""}.items():
                    file.write_text(text)
                    server.process.send_signal(signal.SIGHUP)
                    time.sleep(0.6)
                    got = eve.ask(sql)
                    right = (not got.ok) if what == "nothing at all" else (not got.ok or got.shape() == before.shape())
                    self.check(right, f"after a reload of {what}: {got.words()}, before {before.words()}")
                    self.check(server.alive(), f"a reload of {what} ended the server")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def broken_start(self):
        def rule(folder):
            file = folder / "domains" / "alpha" / "policies" / "people.yaml"
            file.write_text(file.read_text().replace("region = principal.region", "region = ("))
        folder, server = self.own_server(rule)
        try:
            with server:
                got = type(self.door)(server).connect("eve", "eve-attack").ask("select count(*) from alpha.people")
                self.check(False, f"started over a broken rule, and answers {got.words()}")
        except NoServer:
            self.check(True, "")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @staticmethod
    def listed(person):
        try:
            return person.tables()
        except Exception:  # a refusal, in whatever words its door has for it
            return None

    def audit_gone(self):
        """A file limit that the audit soon meets: from then on nothing is served."""
        folder, server = self.own_server()
        try:
            with server:
                eve = type(self.door)(server).connect("eve", "eve-attack")
                eve.ask("select 1")
                files = list((server.state / "audit").glob("*.jsonl"))
                self.check(len(files) == 1, f"audit files: {files}")
                resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (files[0].stat().st_size, resource.RLIM_INFINITY)) if files else None
                first = eve.ask("select count(*) from alpha.people")
                second = eve.ask("select count(*) from alpha.people")
                self.check(not first.ok and not second.ok, f"served with an audit that cannot be written: {first.words()}; {second.words()}")
                # The limit stops the rings of statements too; a list needs none, so here it is the audit alone that refuses.
                listed = self.listed(eve)
                time.sleep(0.2)
                self.check(server.alive(), f"an audit that cannot be written ended the server: status {server.process.returncode}")
                self.check(listed is None, f"served with an audit that cannot be written: {listed}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
