"""A store that is slow, cut off, overloaded or wrong: the right answer after another try, or a clear error; and a server that goes on."""
import datetime
import json
import os
import threading
import time

import pytest
from answers import rows
from flightsql import Client
from hostile import Rule, data

SUM = "select count(*), sum(amount) from sales.orders"
CUSTOMERS = "select count(*), min(id), max(id) from sales.customers"
TICKETS = "select count(*), min(id), max(id) from support.tickets"
WORDS = ("could not be read", "not available", "damaged", "cannot be read", "took too long")


@pytest.fixture(scope="module")
def truths(disk):
    from server import Server
    with Server(disk) as server:
        return {sql: rows(server, sql) for sql in (SUM, CUSTOMERS, TICKETS)}


@pytest.fixture
def truth(truths):
    return truths[SUM]


def wait_for(what, seconds=30):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def behind(serve, proxy):
    """A server whose store is the proxy."""
    def start(**settings):
        return serve(s3_endpoint=proxy.endpoint, **{"s3_timeout": "3s", "s3_patience": "6s", **settings})
    return start


def fails(server, sql=SUM):
    with pytest.raises(Exception) as error:
        rows(server, sql)
    text = str(error.value)
    assert any(word in text for word in WORDS), text
    assert "lake" not in text and "127.0.0.1" not in text, text
    return text


@pytest.mark.parametrize("rule", [
    lambda: Rule("status", 503, times=3),
    lambda: Rule("status", 500, data, times=4),
    lambda: Rule("status", 429, times=2),
    lambda: Rule("reset", times=3),
    lambda: Rule("reset", None, data, times=4),
    lambda: Rule("cut", 1000, times=3),
    lambda: Rule("cut", 5000, data, times=3),
    lambda: Rule("short", 7, data, times=1),
    lambda: Rule("long", 9, data, times=2),
    lambda: Rule("slow", 0.3, times=12),
    lambda: Rule("slow", 5, data, times=1),
], ids=["503", "500 data", "429", "reset", "reset data", "cut", "cut data", "short", "long", "slow", "too slow once"])
def test_what_passes_is_tried_again(behind, proxy, truth, rule):
    rule = rule()
    proxy.rules.append(rule)
    server = behind()
    assert rows(server, SUM) == truth
    assert rule.hits > 0
    assert server.alive()


@pytest.mark.parametrize("rule", [
    lambda: Rule("status", 503),
    lambda: Rule("status", 403),
    lambda: Rule("reset"),
    lambda: Rule("cut", 100),
    lambda: Rule("short", 7, data),
    lambda: Rule("long", 7, data),
    lambda: Rule("redirect", "http://127.0.0.1:1/elsewhere"),
    lambda: Rule("status", 404, data),
], ids=["503", "403", "reset", "cut", "short", "long", "redirect", "404 data"])
def test_what_stays_is_an_error(behind, proxy, truth, rule):
    rule = rule()
    proxy.rules.append(rule)
    server = behind(s3_retries=2)
    fails(server)
    proxy.rules.clear()
    assert rows(server, SUM) == truth  # nothing of it was kept
    assert server.alive()


def test_a_store_that_dies_in_mid_scan(behind, proxy, truth):
    server = behind(s3_retries=2)
    rule = Rule("reset", None, data, skip=2)
    proxy.rules.append(rule)
    fails(server)
    assert rule.hits > 0
    proxy.rules.clear()
    assert rows(server, SUM) == truth


def test_others_do_not_wait_for_a_store_that_hangs(behind, proxy, truths):
    """Its first data file does not come before the others have their answers, and then it does: no clock decides."""
    server = behind(s3_timeout="30s", s3_patience="60s")
    rows(server, SUM)
    goes_on, answers = threading.Event(), []
    rule = Rule("hang", goes_on, lambda method, path: data(method, path) and "customers" in path)
    proxy.rules.append(rule)
    hanging = threading.Thread(target=lambda: answers.append(rows(server, CUSTOMERS)))
    hanging.start()
    try:
        wait_for(lambda: rule.hits)
        assert rows(server, SUM) == truths[SUM]  # from the cache
        proxy.requests.clear()
        assert rows(server, TICKETS) == truths[TICKETS]
        assert any(data(method, path) for method, path, _ in proxy.requests)  # these came from the same store
        assert hanging.is_alive() and not answers
    finally:
        goes_on.set()
        hanging.join(60)
    assert answers == [truths[CUSTOMERS]]
    assert server.alive()


def test_a_store_that_hangs_is_given_up(behind, proxy, truths):
    server = behind(s3_timeout="1s", s3_patience="3s")
    goes_on = threading.Event()
    proxy.rules.append(Rule("hang", goes_on, lambda method, path: data(method, path) and "customers" in path))
    try:
        begun = time.monotonic()
        fails(server, CUSTOMERS)
        assert time.monotonic() - begun < 30
    finally:
        goes_on.set()
    proxy.rules.clear()
    assert rows(server, CUSTOMERS) == truths[CUSTOMERS]


def test_wrong_bytes_are_seen_by_the_format_or_the_cache(behind, proxy, truth):
    """A first byte that is another: in metadata, manifests and footers the format sees it; blocks on disk have checksums."""
    server = behind()
    proxy.rules.append(Rule("flip", None, lambda method, path: ".avro" in path or ".json" in path))
    fails(server)
    proxy.rules.clear()
    assert server.alive()


def test_a_cache_that_was_damaged_is_fetched_anew(behind, proxy, truth):
    server = behind()
    assert rows(server, SUM) == truth
    blocks = sorted((server.state / "cache").glob("*.data"))
    assert blocks
    for file in blocks:
        content = bytearray(file.read_bytes())
        for at in range(0, len(content), 97):
            content[at] ^= 0x55
        with open(file, "r+b") as out:
            out.write(content)
    for file in blocks[:1]:
        os.truncate(file, 10)
    proxy.requests.clear()
    assert rows(server, SUM) == truth
    assert any(data(method, path) for method, path, _ in proxy.requests)
    assert "cache_block_damaged" in server.words()


def test_what_is_cached_is_not_asked_for_again(behind, proxy, truth):
    server = behind()
    assert rows(server, SUM) == truth
    proxy.requests.clear()
    assert rows(server, SUM) == truth
    assert not [path for method, path, _ in proxy.requests if data(method, path) or ".avro" in path]
    asked = [(method, path.partition("?")[2][:5]) for method, path, _ in proxy.requests]
    assert set(asked) <= {("GET", "delim"), ("HEAD", "")} and len(asked) <= 8, asked  # what is current now is


def test_a_statement_asks_once_what_is_current(behind, proxy, truth):
    """Run within a second of its description it does not ask again; a second later it does."""
    def asked_by(call):
        proxy.requests.clear()
        call()
        return sum("list-type" in path for _, path, _ in proxy.requests)

    server = behind()
    with Client(server.host, server.port, "otto", "otto-demo") as client:
        for _ in range(20):
            begun, tickets = time.monotonic(), []
            assert asked_by(lambda: tickets.append(client.plan(SUM).endpoints[0].ticket)) == 1
            again = asked_by(lambda: client.get(tickets[0]).read_all())
            if time.monotonic() - begun < 0.9:
                assert again == 0
                break
        else:
            pytest.skip("no statement takes less than a second here")
        time.sleep(1.1)
        assert asked_by(lambda: client.get(tickets[0]).read_all()) == 1


def test_an_object_that_was_replaced_is_never_a_mixture(behind, proxy, store, disk, tmp_path):
    import stores
    mesh = stores.mesh_in(store, disk, tmp_path / "mesh", prefix="replaced")
    server = behind(model=mesh)
    truth = rows(server, SUM)
    client = store.client
    for entry in client.list_objects_v2(Bucket="lake", Prefix="replaced/sales/orders/data/")["Contents"]:
        body = client.get_object(Bucket="lake", Key=entry["Key"])["Body"].read()
        client.put_object(Bucket="lake", Key=entry["Key"], Body=body[:-1] + b"\0")
    for file in (server.state / "cache").glob("*.data"):  # so that every block must come again, by the ETag that was known
        with open(file, "r+b") as out:
            out.write(b"\xff" * file.stat().st_size)
    try:
        assert rows(server, SUM) == truth  # footers and blocks of before, where all of them were still good
    except Exception as error:
        assert any(word in str(error) for word in (*WORDS, "changed", "conflicts")), error
    fails(server)  # and what stands there now is no Parquet file
    assert server.alive()


# ---- keys ----

def credentials(path, token, expires=None):
    body = {"Version": 1, "AccessKeyId": "AKIAROTATED", "SecretAccessKey": "rotating-secret-that-stays", "SessionToken": token}
    if expires:
        body["Expiration"] = expires
    new = path.with_suffix(".new")
    new.write_text(json.dumps(body))
    new.chmod(0o600)
    new.rename(path)


def later(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_keys_that_have_ended_are_asked_for_again(behind, proxy, truth, tmp_path):
    keys = tmp_path / "keys.json"
    credentials(keys, "first", later(3600))
    server = behind(s3_credential_command=f"cat {keys}")
    proxy.rules.append(Rule("expired", "first"))
    assert rows(server, SUM) == truth
    proxy.rules[:] = [Rule("expired", "second")]
    fails(server, "select count(*) from sales.customers")  # nobody has given new ones yet
    credentials(keys, "second", later(3600))
    time.sleep(1.1)  # a command is not asked more often than each second
    assert rows(server, "select count(*) from sales.customers")
    assert "second" not in server.words() and "rotating-secret" not in server.words() and "AKIAROTATED" not in server.words()


def test_keys_are_renewed_before_they_end(behind, proxy, truth, tmp_path):
    keys = tmp_path / "keys.json"
    credentials(keys, "first", later(30))  # within the two minutes ahead of the end
    server = behind(s3_credential_file=keys)
    assert rows(server, SUM) == truth
    credentials(keys, "second", later(3600))
    time.sleep(1.1)
    proxy.requests.clear()
    assert rows(server, SUM) == truth
    assert {headers.get("x-amz-security-token") for _, _, headers in proxy.requests} == {"second"}


@pytest.mark.parametrize("command", ["exit 3", "echo no json", "echo '{}'", "head -c 100000 /dev/zero", "kill -9 $$"])
def test_a_command_that_gives_no_keys(behind, command):
    server = behind(s3_credential_command=command)
    fails(server)
    assert server.alive() and "credential" in server.words()


def test_a_file_that_others_may_read(behind, tmp_path):
    keys = tmp_path / "keys.json"
    credentials(keys, "first")
    keys.chmod(0o644)
    server = behind(s3_credential_file=keys)
    with pytest.raises(Exception):
        rows(server, SUM)
    assert "may be read by others" in server.words()
