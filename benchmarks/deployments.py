"""Deploys a list of repositories to the local cloud, one after the other, with no hand in between.

    python -m benchmarks.deployments LIST [--into DIR] [--keep]

LIST: a file with one repository a line, `ADDRESS [| description [| PATH]]`; `#` begins a comment. Prints a table in
Markdown: how each ended, what PATH (`/` unless it is said; one that reads the database shows more) answered, and what
the messages told to add. Set HIVEMIND_HOME to keep the run apart from your own local cloud.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SECONDS = 900


@dataclass(frozen=True)
class Outcome:
    """code: of `hivemind deploy`. status: HTTP status of its address, None without one. said: the last error."""

    repo: str
    code: int
    seconds: float
    url: str | None
    status: int | None
    said: str

    @property
    def row(self) -> str:
        answered = "-" if self.status is None else str(self.status)
        result = "deployed" if self.code == 0 else f"stopped (exit {self.code})"
        return f"| {self.repo} | {result} | {answered} | {self.seconds:.0f} s | {self.said.replace('|', '/')} |"


def deploy(repo: str, description: str, path: str, folder: Path, *, keep: bool) -> Outcome:
    """Deploys one repository to the local cloud and asks `path` of it; destroys the deployment unless `keep`."""
    began = time.monotonic()
    done = _hivemind("deploy", repo, description, "--local", "--yes", "--json", "--into", str(folder))
    seconds = time.monotonic() - began
    (folder.parent / f"{folder.name}.log").write_text(done.stdout + done.stderr)
    objects = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    last = objects[-1] if objects else {}
    url = last.get("url")
    outcome = Outcome(
        repo, done.returncode, seconds, url, _status(url + path) if url else None, _said(last, objects, done)
    )
    if folder.is_dir() and not keep:
        _hivemind("destroy", str(folder), "--yes")
    return outcome


def _hivemind(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hivemind", *arguments],
        capture_output=True, text=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def _said(last: dict[str, object], objects: list[dict[str, Any]], done: subprocess.CompletedProcess[str]) -> str:
    """What people are told to add: by warnings, and by the error that ended it."""
    warned = [finding for each in objects for finding in each.get("findings", ()) if finding["severity"] == "warning"]
    told = [f"{each['id']} {each['message']} - {each['hint']}" for each in warned]
    return "; ".join(filter(None, [*told, _error(last, done)]))


def _error(last: dict[str, object], done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode == 0:
        return ""
    error = last.get("error")
    if isinstance(error, dict):
        return " - ".join(str(part) for part in (error["message"], error.get("hint")) if part).replace("\n", " ")
    findings = last.get("findings")
    if isinstance(findings, list):
        return "; ".join(f"{each['id']} {each['message']}" for each in findings if each["severity"] == "error")
    return (done.stderr or done.stdout)[-300:].replace("\n", " ")


def _status(url: str) -> int | None:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path)
    parser.add_argument("--into", type=Path)
    parser.add_argument("--keep", action="store_true", help="leave the deployments standing")
    arguments = parser.parse_args()
    into = arguments.into or Path(tempfile.mkdtemp(prefix="hivemind-deployments-"))
    into.mkdir(parents=True, exist_ok=True)
    lines = [line.partition("#")[0].strip() for line in arguments.list.read_text().splitlines()]
    print("| repository | result | answer | time | what was said |\n|---|---|---|---|---|")
    failed = 0
    for number, line in enumerate(line for line in lines if line):
        repo, description, path, *_ = (*(part.strip() for part in line.split("|")), "", "")
        outcome = deploy(repo, description, path, into / f"app-{number + 1}", keep=arguments.keep)
        failed += outcome.code != 0
        print(outcome.row, flush=True)
    print(f"\n{number + 1 - failed} of {number + 1} deployed; logs in {into}")
    return 0 if not failed else 1


if __name__ == "__main__":
    sys.exit(main())
