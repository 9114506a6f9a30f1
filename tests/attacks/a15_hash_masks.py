"""A token without a key is a dictionary away from its value; a token with one is not."""
import hashlib
import hmac

NUMBER, TITLE, DEFENCE = 15, "guessing behind hash masks", "mask-key"
STATEMENTS = [
    "select count(distinct token) from {T}", "select a.id, b.id from {T} a join {T} b on a.token = b.token and a.id < b.id", "select count(*) from {T} where token = 'ZQXTOKEN-1'", "select count(*) from {T} where token in (select sha256('ZQXTOKEN-' || range) from range(10))", "select count(*) from {T} where token in (select md5('ZQXTOKEN-' || range) from range(10))", "select count(*) from {T} where token in (select sha256('ZQXTOKEN-' || range)[1:32] from range(10))",
    "select hs_mask_hmac('ZQXTOKEN-1')", "select \"hs_mask_hmac\"(v) from {T}", "select list_transform(['ZQXTOKEN-1'], lambda x: hs_mask_hmac(x))", "select main.hs_mask_hmac('ZQXTOKEN-1')", "select system.main.hs_mask_hmac('a')", "select v.hs_mask_hmac() from {T}", "select hs_mask_hmac_token('5:alpha,0:,', 'ZQXTOKEN-1')", "select hs_mask_sha256_salted('5:alpha,0:,', v) from {T}", "select hs_mask_json('3:$.a,10:hmac-token,11:5:alpha,0:,,', v) from {T}",
]
GUESSES = [f"ZQXTOKEN-{i}" for i in range(10)]


def guesses():
    for word in GUESSES:
        raw = word.encode()
        for name in ("md5", "sha1", "sha256", "sha512"):
            yield hashlib.new(name, raw).hexdigest()[:32]
        for key in (b"", b"\0" * 32, b"key", b"mask", b"hailstorm", b"target"):
            yield hmac.new(key, raw, "sha256").hexdigest()[:32]


def probe(attempt):
    """With no key of ours: can a table of guesses be joined to the tokens?"""
    known = set(guesses())
    outcome = attempt.ask("eve", "select distinct token from alpha.people")
    found = [row[0] for row in outcome.rows if row[0] in known]
    attempt.check(outcome.ok and not found, f"tokens that an unkeyed table of guesses knows: {found or outcome.text}")
    attempt.check(outcome.ok and len(outcome.rows) == 10, f"ten values should have ten tokens, there are {len(outcome.rows)}")
