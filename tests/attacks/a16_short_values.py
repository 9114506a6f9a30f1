"""Show four characters of a value of four, and all of it is shown."""
NUMBER, TITLE, DEFENCE = 16, "values as short as what a mask leaves", "mask-short"
STATEMENTS = ["select distinct pin from {T}", "select id, pin, length(pin) from {T} order by id", "select pin[1], right(pin, 1), pin[-1:] from {T} order by id", "select count(distinct pin) from {T}", "select id from {T} where pin <> '****'", "select ssn, length(ssn), left(ssn, 10) from {T} order by id"]
