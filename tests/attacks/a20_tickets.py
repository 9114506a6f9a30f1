"""A ticket, a handle or a session is for one person, one statement and one decision."""
NUMBER, TITLE = 20, "tickets, handles and sessions of others"
DEFENCE = [("ticket-principal", "eve"), ("ticket-digest", "a ticket still works after the mask changed")]
STATEMENTS = []
# The same statement and text as two people, one after the other: nothing may be kept between them.
SHARED = ["select * from alpha.people order by id", "select count(*), max(id), max(salary) from alpha.people", "select * from alpha.staff order by id", "select region, count(*) from alpha.people group by region"]


def probe(attempt):
    attempt.shared_statements("root", "eve", SHARED)
    attempt.shared_statements("mal", "eve", SHARED)
    attempt.foreign_tickets(SHARED)
    attempt.altered_tickets("eve", SHARED[0])
    attempt.foreign_handles(SHARED)
    attempt.altered_handles("eve", SHARED[0])
    attempt.sessions("eve")
    attempt.revoked()
