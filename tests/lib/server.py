"""Starts `hailstorm serve` as a child, waits for its address, and knows its processes. Ends only what it started."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import psutil

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("HAILSTORM_BINARY", ROOT / "build" / "hailstorm"))
LONG = os.environ.get("HAILSTORM_LONG", "") not in ("", "0")


class NoServer(Exception):
    """The server is not built, or did not come up: its own last words are in the text."""


class Server:
    """with Server("build/demo/mesh", settings={"workers": 2}) as server: server.uri, server.pid, server.workers()"""

    def __init__(self, model, settings=None, faults=(), env=None, state=None, preexec=None, start_s=20, threads=2):
        self.model = pathlib.Path(model)
        self.settings = {"threads": threads, "log-format": "json", **(settings or {})}
        self.env = {**os.environ, **(env or {})}
        self.env.pop("HS_FAULTS", None)
        if faults:
            self.env["HS_FAULTS"] = ",".join(faults)
        self.preexec = preexec
        self.start_s = start_s
        self.own_state = state is None
        self.state = pathlib.Path(state or tempfile.mkdtemp(prefix="hailstorm-test-"))
        self.log = self.state.parent / (self.state.name + ".log")
        self.process = None
        self.host = self.port = self.pg_port = None
        self.start_seconds = None

    def start(self):
        if not BINARY.exists():
            raise NoServer(f"{BINARY} is not there: run make")
        command = [str(BINARY), "serve", "--model", str(self.model), "--listen", "127.0.0.1:0", "--listen-pg", "127.0.0.1:0",
                   "--state", str(self.state)]
        for name, value in self.settings.items():
            if value is True:
                command.append(f"--{name}")
            elif value is not None and value is not False:
                command += [f"--{name}", str(value)]
        begun = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, env=self.env,
                                            text=True, preexec_fn=self.preexec)
        came = threading.Event()
        threading.Thread(target=self._listen, args=(came,), daemon=True).start()
        deadline = begun + self.start_s
        while not came.wait(0.02):
            if self.process.poll() is not None or time.monotonic() > deadline:
                words = self.words()
                self.stop(kill=True)
                raise NoServer(f"did not start (status {self.process.returncode}):\n{words[-3000:]}")
        self.start_seconds = time.monotonic() - begun
        return self

    def _listen(self, came):
        for line in self.process.stdout:
            words = line.split()
            if words[:2] == ["listening", "pg"]:  # the last line is Flight's
                self.pg_port = int(words[2].rpartition(":")[2])
            elif words[:2] == ["listening", "flight"]:
                self.host, _, port = words[2].rpartition(":")
                self.host = self.host.strip("[]")
                self.port = int(port)
                came.set()

    def words(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def uri(self):
        return f"grpc+tcp://{self.host}:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def children(self):
        try:
            return [c for c in psutil.Process(self.pid).children(recursive=True) if c.status() != psutil.STATUS_ZOMBIE]
        except psutil.NoSuchProcess:
            return []

    def workers(self):
        return [c.pid for c in self.children()]

    def pss(self):
        """Bytes in memory of the server and all its workers, shared pages counted once."""
        return sum(pss(pid) for pid in [self.pid, *self.workers()])

    def audit_lines(self):
        return [line for file in sorted((self.state / "audit").glob("*.jsonl")) for line in file.read_text().splitlines()]

    def stop(self, kill=False, wait_s=40):
        if self.process is None:
            return None
        mine = self.children()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                self.process.wait(wait_s)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for child in mine:  # workers end when their server does; whoever did not is a finding, and is ended here
            try:
                child.wait(5)
            except psutil.TimeoutExpired:
                child.kill()
        return self.process.returncode

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self._forget()
            raise

    def __exit__(self, *_):
        self.stop()
        self._forget()

    def _forget(self):
        if self.own_state:
            shutil.rmtree(self.state, ignore_errors=True)
        if not os.environ.get("HAILSTORM_KEEP_LOGS"):
            self.log.unlink(missing_ok=True)


def pss(pid):
    try:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass
    return 0


def run(*arguments, env=None, timeout=60):
    """A short command of the same program: (status, stdout, stderr)."""
    if not BINARY.exists():
        raise NoServer(f"{BINARY} is not there: run make")
    done = subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


def wait_until(condition, seconds, every=0.05):
    """True as soon as condition() is; False when the time is over."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(every)
    return bool(condition())
