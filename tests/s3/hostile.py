"""A proxy before a store that does what bad networks and bad stores do. Rules look at each request; the first that wants it decides."""
import contextlib
import http.client
import http.server
import socket
import struct
import threading
import time


class Rule:
    """what: pass, status, cut, short, long, flip, slow, hang, reset, redirect, expired. `when` looks at (method, path); `times`: how often."""

    def __init__(self, what, value=None, when=lambda method, path: True, times=None, skip=0):
        self.what, self.value, self.when, self.times, self.skip, self.hits = what, value, when, times, skip, 0

    def wants(self, method, path):
        if not self.when(method, path) or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        self.hits += 1
        return True


def data(method, path):
    return path.split("?")[0].endswith(".parquet")


class Proxy:
    def __init__(self, store):
        self.upstream = store.endpoint.removeprefix("http://")
        self.rules, self.requests, self.lock = [], [], threading.Lock()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                proxy.handle(self)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):  # clients that leave are what is tested
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def decide(self, method, path, headers):
        with self.lock:
            self.requests.append((method, path, dict(headers)))
            return next((rule for rule in self.rules if rule.wants(method, path)), None)

    def handle(self, h):
        rule = self.decide(h.command, h.path, h.headers)
        what, value = (rule.what, rule.value) if rule else ("pass", None)
        if what == "reset":
            h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            h.close_connection = True
            h.connection.close()
            return
        if what == "slow":
            time.sleep(value)
        if what == "hang":  # until the test sets the event
            value.wait(60)
        if what == "expired" and h.headers.get("x-amz-security-token") == value:
            what = "pass"
        if what in ("status", "expired", "redirect"):
            return self.refuse(h, what, value)
        status, headers, body = self.ask(h)
        self.send(h, what, value, status, headers, body)

    def refuse(self, h, what, value):
        code = {"expired": "ExpiredToken", "redirect": "PermanentRedirect"}.get(what, "SlowDown" if value == 503 else "InternalError")
        status = {"expired": 403, "redirect": 301}.get(what, value)
        body = b"" if h.command == "HEAD" else f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        h.send_response(status)
        if what == "redirect":
            h.send_header("Location", value)
        h.send_header("Content-Length", str(len(body)))
        h.end_headers()
        h.wfile.write(body)

    def ask(self, h):
        upstream = http.client.HTTPConnection(self.upstream, timeout=20)
        try:
            upstream.putrequest(h.command, h.path, skip_host=True, skip_accept_encoding=True)
            for name, text in h.headers.items():
                upstream.putheader(name, text)
            upstream.endheaders()
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def send(self, h, what, value, status, headers, body):
        if what == "flip" and body:
            body = bytes([body[0] ^ 255]) + body[1:]
        length = None
        if what == "short":
            body = body[:-value] if len(body) > value else b""
        if what == "long":
            body += b"x" * value
        if what == "cut":
            length, body = len(body), body[:value]
        h.send_response(status)
        for name, text in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                h.send_header(name, text)
        said = dict((n.lower(), t) for n, t in headers).get("content-length", "0")
        h.send_header("Content-Length", said if h.command == "HEAD" else str(len(body) if length is None else length))
        h.end_headers()
        with contextlib.suppress(OSError):
            h.wfile.write(body)
        if length is not None:
            h.close_connection = True
