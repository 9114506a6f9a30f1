"""Writes the masks' lines of doc/dialects.md from the masks' own records: `make docs`."""
import subprocess

import dialect_engines as engines

PAGE = engines.ROOT / "doc" / "dialects.md"
HEAD = "| --- | --- | --- | --- |\n"


def written():
    out = subprocess.run([str(engines.BUILD / "policy_examples_test"), "--table"], check=True, capture_output=True, text=True)
    before, rest = PAGE.read_text().split(HEAD, 1)
    return before + HEAD + out.stdout + "\n" + rest.split("\n\n", 1)[1]


if __name__ == "__main__":
    PAGE.write_text(written())
