"""Git repositories made for a test, and an HTTP server for them on loopback: `git http-backend`, nothing else."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

_WHO = {
    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


@dataclass(frozen=True)
class GitRepository:
    """A repository with a work tree in `folder`."""

    folder: Path

    @classmethod
    def made(cls, folder: Path, files: Mapping[str, str] | None = None) -> GitRepository:
        """A new one on branch main, with one commit of these files; without files, empty."""
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder)
        made.git("init", "--quiet", "--initial-branch=main")
        if files is not None:
            made.commit(files)
        return made

    def git(self, *arguments: str, given: bytes = b"") -> str:
        """Output of a git command in it. Raises CalledProcessError."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **_WHO},
            input=given,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def commit(self, files: Mapping[str, str]) -> str:
        """Commits these files; returns the commit's id."""
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "one")
        return self.git("rev-parse", "HEAD")

    def commit_tree(self, lines: bytes) -> str:
        """Commits a tree as `git mktree -z` takes it, for what no file system would hold; moves main there."""
        tree = self.git("mktree", "-z", "--missing", given=lines)
        commit = self.git("commit-tree", "-m", "odd", tree)
        self.git("update-ref", "refs/heads/main", commit)
        return commit

    def blob(self, content: bytes) -> str:
        """Stores a blob; returns its id."""
        return self.git("hash-object", "-w", "--stdin", given=content)


@contextmanager
def serving(root: Path, *, user: str | None = None, password: str = "") -> Iterator[str]:
    """Serves the repositories under `root` (`URL/NAME/.git`); yields the URL. user: then credentials are required."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the standard library
            """Says nothing."""

        def _answer(self, body: bytes) -> None:
            wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
            if user is not None and self.headers.get("Authorization") != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="test"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            parts = urlsplit(self.path)
            environment = {
                **os.environ, **_WHO, "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": parts.path, "QUERY_STRING": parts.query, "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }  # fmt: skip
            done = subprocess.run(
                ["git", "-c", "safe.directory=*", "http-backend"], env=environment, input=body, capture_output=True,
                check=False,
            )  # fmt: skip
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = [line.decode().partition(": ") for line in head.split(b"\r\n") if line]
            status = next((int(value.split()[0]) for name, _, value in headers if name == "Status"), 200)
            self.send_response(status)
            for name, _, value in headers:
                if name != "Status":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
