"""Whatever is missing, broken or in doubt: refused, never open."""
NUMBER, TITLE = 21, "a missing fact or a broken policy opens nothing"
DEFENCE = [("unknown-attribute", "nix has no region"), ("audit-written", "served with an audit that cannot be written")]
STATEMENTS = []


def probe(attempt):
    for table in ("alpha.people", "alpha.staff", "omega.people"):
        got = attempt.ask("nix", f"select count(*), count(salary) from {table}")
        attempt.check(got.ok and got.rows == [(0, 0)], f"nix has no region, yet {table} shows {got.rows or got.text}")
    attempt.broken_reload()
    attempt.broken_start()
    attempt.audit_gone()
