"""Formats, patterns and texts that make no sense, to the functions that read them (engine/worker/pg/*.c): whatever comes, the
answer is a value or an error of the caller's, never the end of a worker. How often PostgreSQL says the same is counted."""
import os
import random

COUNT = int(os.environ.get("HS_ORACLE_INPUTS", 250)) * (20 if os.environ.get("HAILSTORM_LONG", "") not in ("", "0") else 1)
PIECES = ["YYYY", "MM", "DD", "HH24", "MI", "SS", "MS", "US", "FM", "TH", '"', "\\", "Day", "MONTH", "J", "WW", "IW", "IYYY", "Q", "RM", "9", "0", ".", ",", "D",
          "G", "S", "PR", "SG", "V", " ", "-", "a", "é", "😀", "{", "}", "[", "]", "(", ")", "(?", "*", "+", "?", "|", "^", "$", "\\d", "\\m", "\\x41", "[[:alpha:]]",
          "%", "%s", "%I", "%L", "%1$s", "1", "12", "999999999999", ".5", "1e3", "1e999", "NaN", "inf", "day", "P1Y", "ago", ":", "12:30", "2024-03-15", "T", "Z",
          "+05", "BC", "null", '{"a":1}', "[1,2]", "x" * 40, "0" * 60]
CALLS = ["to_char(timestamp '2024-03-15 10:20:30', {})", "to_char(1234.5, {})", "to_char(-7, {})", "to_char(interval '1 day 2 hours', {})", "to_date({}, {})",
         "to_timestamp({}, {})", "to_number({}, {})", "{}::date", "{}::timestamp", "{}::time", "{}::interval", "{}::int", "{}::float8", "{}::numeric", "{}::bool",
         "{}::bytea", "{}::json", "{}::jsonb", "{}::uuid", "format({}, 'a', 1, NULL)", "{} ~ {}", "{} ~* {}", "regexp_replace({}, {}, {})", "{} SIMILAR TO {}",
         "{} LIKE {}", "split_part({}, {}, -2)", "string_to_array({}, {})", "lpad({}, 9, {})", "translate({}, {}, {})", "quote_ident({})", "quote_literal({})",
         "parse_ident({})", "decode({}, 'hex')", "decode({}, 'base64')", "encode({}::bytea, 'escape')", "substring({} FROM {})", "overlay({} PLACING {} FROM 3)",
         "initcap({})", "md5({})", "concat_ws({}, {}, NULL, 1)"]


def statement(seed):
    rng = random.Random(seed)
    out = rng.choice(CALLS)
    while "{}" in out:
        text = "".join(rng.choice(PIECES) for _ in range(rng.randrange(0, 6))).replace("'", "''").replace("{}", "{")
        out = out.replace("{}", "\0" + text + "\0", 1)
    return "SELECT " + out.replace("\0", "'")


def test_any_input(postgres, door):
    same, bad = 0, []
    for seed in range(COUNT):
        text = statement(seed)
        want, got = postgres.ask(text, binary=False), door.ask(text, binary=False)
        same += (want.state, want.text) == (got.state, got.text)
        if got.state and got.state[:2] not in ("22", "42", "0A", "54", "21"):
            bad.append(f"{text}\n    {want}\n    {got}")
    print(f"{COUNT} calls, {same} answered as PostgreSQL does")
    assert not bad, "\n".join(bad)
    assert same > COUNT * 0.7
