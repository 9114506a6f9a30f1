"""Files skipped by the raw bounds of a masked or hidden thing change what comes back, or how long it takes. The answers are compared
here; the times are only reported."""
NUMBER, TITLE, DEFENCE = 4, "pruning by raw bounds", "mask-predicate"
STATEMENTS = [
    "select count(*) from {T} where cell < 0", "select count(*) from {T} where cell = 777000031", "select id from {T} where cell >= 777000000 or id = 1", "select count(*) from {T} where cell between 31 and 888000099",
    "select count(*) from {T} where salary is null", "select count(*) from {T} where salary is null and n < 10", "select count(*) from {T} where salary < 777000000", "select count(*) from {T} where not salary >= 777000000 or salary is null",
    "select count(*) from {T} where born = date '1980-01-01'", "select count(*) from {T} where born < date '1980-01-02'", "select count(*) from {T} where born in (date '1980-01-01')",
    "select count(*) from {T} where pin = '****'", "select count(*) from {T} where pin >= '****' and pin < '***+'", "select count(*) from {T} where note = '[redacted]'", "select count(*) from {T} where nick in ('[redacted]', 'x')",
    "select count(*) from {T} where email = '***@example.org'", "select count(*) from {T} where ssn = '**********0001'", "select count(*) from {T} where ssn between '*' and '+'", "select count(*) from {T} where home.street = '[redacted]'", "select count(*) from {T} where home.city = 'Cork'",
    "select count(*) from {T} where note = '[redacted]' and id > 5 and salary is null", "select count(*) from {T} where id >= 0 and cell is null", "select max(id) from {T} where token is not null and length(token) = 32",
]


def timing(connection, measure):
    """(what, seconds for it, seconds for the same without anything to find)"""
    for table in ("people", "staff"):
        hit = measure(connection, f"select count(*) from alpha.{table} where salary = 777000005")
        miss = measure(connection, f"select count(*) from alpha.{table} where salary = 5")
        yield f"{table}.salary: raw value against none", hit, miss
        hit = measure(connection, f"select count(*) from alpha.{table} where id = 777000005")
        miss = measure(connection, f"select count(*) from alpha.{table} where id = 999999999")
        yield f"{table}.id: a hidden row's id against no row's", hit, miss
