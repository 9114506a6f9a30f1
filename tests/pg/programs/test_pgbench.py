"""pgbench over its own tables: the built-in -S script as it is, and scripts that check each value themselves, in every query mode and from
several connections; a wrong one divides by zero, which ends the client that saw it."""
import os
import re
import subprocess

import mesh
import pytest

MODES = ["simple", "extended", "prepared"]
# For sue only even accounts are there.
VALUES = """\\set aid random(1, {half}) * {step}
SELECT abalance, bid FROM pgbench_accounts WHERE aid = :aid \\gset
\\if :abalance != (:aid * 7919) % 10007 - 5000 or :bid != 1
SELECT 1 / 0;
\\endif
"""
PIPELINE = """\\set a random(1, {half}) * {step}
\\set b :a + {step} * 10
\\startpipeline
SELECT 1 / (abalance = (:a * 7919) % 10007 - 5000)::int FROM pgbench_accounts WHERE aid = :a;
SELECT 1 / (count(*) = 11 AND min(aid) = :a AND max(aid) = :b)::int FROM pgbench_accounts WHERE aid BETWEEN :a AND :b;
\\endpipeline
"""


def pgbench(server, who, *arguments):
    command = ["pgbench", "-n", "-h", "127.0.0.1", "-p", str(server.pg_port), "-U", who, *arguments, "demo"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, env={"PATH": os.environ["PATH"], "PGPASSWORD": f"{who}-demo", "PGSSLMODE": "disable"})
    assert done.returncode == 0, done.stdout + done.stderr
    return {k: v for k, v in re.findall(r"^(.*?)[:=] *(.*)$", done.stdout, re.M)}


@pytest.mark.parametrize("mode", MODES)
def test_select_only(server, who, mode):
    said = pgbench(server, who, "-S", "-M", mode, "-c", "2", "-t", "10")
    assert said["number of transactions actually processed"] == "20/20" and said["scaling factor"] == "1" and said["query mode"] == mode


@pytest.mark.parametrize("mode", MODES)
def test_values(server, who, mode, tmp_path):
    script = tmp_path / "script.sql"
    step = {"otto": 1, "sue": 2}[who]
    script.write_text(VALUES.format(half=mesh.ACCOUNTS // step - 20, step=step))
    said = pgbench(server, who, "-M", mode, "-c", "2", "-t", "10", "-f", str(script))
    assert said["number of transactions actually processed"] == "20/20"
    if mode != "simple":
        script.write_text(PIPELINE.format(half=mesh.ACCOUNTS // step - 20, step=step))
        assert pgbench(server, who, "-M", mode, "-c", "2", "-t", "10", "-f", str(script))["number of transactions actually processed"] == "20/20"


def test_writing_scripts_are_refused(server):
    with pytest.raises(AssertionError, match="read-only transaction"):
        pgbench(server, "otto", "-b", "simple-update", "-t", "1")


def test_the_scripts_do_find_what_is_wrong(server, tmp_path):
    script = tmp_path / "script.sql"
    script.write_text(VALUES.format(half=100, step=1).replace("7919", "7918"))
    with pytest.raises(AssertionError, match="division by zero"):
        pgbench(server, "otto", "-t", "3", "-f", str(script))
