"""Masks with a key: averages over noise, the same value in two domains, guesses at encrypted numbers, and the functions themselves."""
import hashlib
import statistics

NUMBER, TITLE = 52, "noise, encryption and salted hashes"
DEFENCE = [("mask-key", "guesses"), ("mask", ""), ("function-list", "answered")]
NEVER_OK = r"hs_"
NATIVES = ["hs_mask_ff1", "hs_mask_ff1_long", "hs_mask_noise", "hs_mask_noise_long", "hs_mask_noise_double", "hs_mask_hmac_token", "hs_mask_sha256_salted", "hs_mask_json", "hs_live", "hs_avro"]
STATEMENTS = [f"select {n}({a})" for n in NATIVES for a in ("'5550000001'", "4000000", "'alpha', '5550000001'", "'', 4000000, 100")] + [f"select {n}(acct) from {{D}}.claims" for n in NATIVES] + [f"select list_transform([acct], lambda x: {n}(x)) from {{D}}.claims" for n in NATIVES[:4]] + [
    # As a view calls them: the setup names domain and key; who could call one has an oracle for every guess.
    "select hs_mask_sha256_salted('5:{D},0:,', 'ZQXCODE-' || i), max(code) from {D}.claims, range(10) r(i) group by i", "select hs_mask_hmac_token('5:{D},0:,', 'ZQXTOKEN-' || i), max(token) from {D}.people, range(10) r(i) group by i", "select count(*) from {D}.claims where code = hs_mask_sha256_salted('5:{D},0:,', 'ZQXCODE-3')", "select \"HS_MASK_SHA256_SALTED\"('5:{D},0:,', 'x') from {D}.claims", "select list_transform(['x'], lambda x: hs_mask_sha256_salted('5:{D},0:,', x)) from {D}.claims",
    "select count(*) from alpha.claims a join omega.claims b on a.acct = b.acct", "select count(*) from alpha.claims a join omega.claims b on a.code = b.code", "select count(*) from alpha.claims a join omega.claims b on a.pay = b.pay and a.id <> b.id and a.pay < 0", "select count(distinct acct), count(distinct code), min(length(acct)), max(length(code)) from {D}.claims", "select count(*) from {D}.claims where acct in (select '55500' || lpad(i::varchar, 5, '0') from range(100) r(i))", "select count(*) from {D}.claims where pay in (select 4000000 + 10000 * i from range(10) r(i)) and false", "select count(*) from {D}.claims where code in (select sha256('ZQXCODE-' || i) from range(10) r(i))", "select typeof(acct), typeof(pay), typeof(code) from {D}.claims limit 1", "select count(*) from {D}.claims where length(acct) <> 10 or not regexp_full_match(acct, '[0-9]+')", "select count(*) from {D}.claims where pay not between 3999900 and 4090100", "select a.id % 10 = b.id % 10 as same, a.code = b.code as equal, count(*) from {D}.claims a, {D}.claims b group by all order by all",
]


def column(attempt, who, sql):
    got = attempt.ask(who, sql)
    attempt.check(got.ok, f"{sql}: {got.text}")
    return [row[0] for row in got.rows or []]


def probe(attempt):
    # The same value has one noise however often, by whatever way and in whatever row it is asked for: nothing averages away.
    by_value = {}
    for sql in ("select pay, id % 10 from alpha.claims", "select pay + 0, id % 10 from alpha.claims where id > 5", "select a.pay, b.id % 10 from alpha.claims a join alpha.claims b using (id)", "select max(pay), id % 10 from alpha.claims group by id % 10", "select pay, id % 10 from alpha.claims at (version => {0})"):
        snapshot = attempt.attempt.ground.facts["alpha", "claims"]["snapshots"][-1]
        got = attempt.ask("eve", sql.format(snapshot))
        for pay, of in got.rows or []:
            by_value.setdefault(of, set()).add(pay)
    attempt.check(len(by_value) == 10 and all(len(v) == 1 for v in by_value.values()), f"one value has several noises, so an average finds it: {by_value}")
    off = [next(iter(v)) - 4000000 - 10000 * of for of, v in by_value.items()]
    attempt.check(all(-100 <= x <= 100 for x in off) and len(set(off)) > 5, f"noise is not what it should be, guesses at it come true: {off}")
    attempt.check(any(x != 0 for x in off) and statistics.pstdev(off) > 10, f"values show through their noise: {off}")
    # Another person has another noise; another domain other tokens.
    for name in ("acct", "code"):
        alpha, omega = (set(column(attempt, "eve", f"select {name} from {d}.claims")) for d in ("alpha", "omega"))
        attempt.check(not alpha & omega, f"{name} of one domain is found in another: {sorted(alpha & omega)[:3]}")
        raw = {f"55500{i:05}" for i in range(60)} | {f"ZQXCODE-{i}" for i in range(10)}
        attempt.check(not alpha & raw, f"{name} shows values: {sorted(alpha & raw)[:3]}")
    known = {hashlib.sha256(salt + f"ZQXCODE-{i}".encode()).hexdigest() for i in range(10) for salt in (b"", b"\0" * 32, b"alpha", b"sha256-salted", b"key", zero_salt())}
    found = known & set(column(attempt, "eve", "select code from alpha.claims"))
    attempt.check(not found, f"salted hashes that guesses find: {sorted(found)[:2]}")
    tokens = set(column(attempt, "eve", "select distinct token from alpha.people"))
    attempt.check(not tokens & set(unkeyed()), "tokens that guesses find")


def unkeyed():
    import hmac
    for i in range(10):
        for key in (b"", b"\0" * 32, b"alpha", b"mask"):
            yield hmac.new(key, f"ZQXTOKEN-{i}".encode(), "sha256").hexdigest()[:32]


def zero_salt():
    import hmac
    return hmac.new(b"\0" * 32, b"\xffsha256-salted", "sha256").digest()
