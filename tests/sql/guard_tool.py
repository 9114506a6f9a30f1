"""Talks to the guard and the printers through `engine_guard_test --tool`, and to the real engine's parser."""
import json
import os
import subprocess

import duckdb


class Refused(Exception):
    def __init__(self, kind, shown, detail):
        super().__init__(f"{kind}: {shown} [{detail}]")
        self.kind, self.shown, self.detail = kind, shown, detail


def tool_path():
    named = os.environ.get("HS_GUARD_TOOL")
    build = os.environ.get("HS_BUILD_DIR", os.path.join(os.path.dirname(__file__), "..", "..", "build"))
    return named or os.path.join(build, "engine_guard_test")


class Tool:
    """One tool process and one parser; use as a context."""

    def __init__(self, faults="", compatibility="latest"):
        env = dict(os.environ, HS_FAULTS=faults)
        self.process = subprocess.Popen([tool_path(), "--tool"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        self.turn = False
        self.parser = duckdb.connect(config={"storage_compatibility_version": compatibility})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.parser.close()

    def ask(self, word, *texts):
        out = self.process.stdin
        out.write(f"{word} {len(texts)}\n".encode())
        for text in texts:
            data = text.encode() if isinstance(text, str) else text
            out.write(f"{len(data)}\n".encode() + data)
        out.flush()
        return self._answer()

    def _answer(self):
        source = self.process.stdout
        line = source.readline().split()
        if not line:
            raise RuntimeError(f"the tool ended with {self.process.wait()}")
        texts = [source.read(int(source.readline())).decode() for _ in range(int(line[1]))]
        if line[0] == b"error":
            raise Refused(*texts)
        return texts

    def parse(self, sql):
        # as the worker asks; half of the time with the nulls, which are just as well
        self.turn = not self.turn
        return self.parser.execute(f"select json_serialize_sql(?::varchar, skip_null := {self.turn})", [sql]).fetchone()[0]

    def guard(self, sql, scans=None):
        """The statement printed, its references, number of parameters, what was copied inside; checked a second time."""
        tree = self.parse(sql)
        extra = [json.dumps(scans)] if scans is not None else []
        printed, refs, params, inside = self.ask("guard", sql, tree, *extra)
        self.ask("again", sql, tree, printed, self.parse(printed))
        return printed, json.loads(refs), int(params), json.loads(inside)

    def apart(self, sql):
        return self.ask("apart", sql, self.parse(sql))[0]

    def scan(self, scan, inside="", apart="nothing"):
        return self.ask("scan", json.dumps([scan]), inside, apart)[0]

    def error(self, kind, text, sql=None):
        try:
            self.ask("error", kind, text, *([sql] if sql is not None else []))
        except Refused as refused:
            return refused
        raise RuntimeError("an error that is none")
