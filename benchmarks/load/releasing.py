"""What happens to the deployment meanwhile: releases and rollbacks, one after another, by the command."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.peers import hivemind
from benchmarks.timing import CommandFailed, environment

RELEASE, ROLLBACK = "release", "rollback"
_COMMANDS = {RELEASE: ("apply", "--local", "--yes", "--json"), ROLLBACK: ("rollback", "--yes", "--json")}
_BESIDE = ("upload ", "prepare ")
"""Steps of the deployer that touch nothing that serves."""


@dataclass(frozen=True)
class Span:
    """A step of one run. begin, end: seconds on the clock of the traffic. switches: whether traffic moves in it."""

    stage: str
    step: str
    begin: float
    end: float

    @property
    def switches(self) -> bool:
        return self.stage in ("deploy", "register", "rollback") and not self.step.startswith(_BESIDE)


@dataclass(frozen=True)
class Done:
    """A release or a rollback. version: what every instance answers after it."""

    what: str
    version: str
    begin: float
    end: float
    spans: tuple[Span, ...]


def sequence(releases: int, rollbacks: int) -> Iterator[str]:
    """Releases with the rollbacks spread evenly among them; each rollback has a release before it."""
    for number in range(1, releases + 1):
        yield RELEASE
        if number * rollbacks // releases > (number - 1) * rollbacks // releases:
            yield ROLLBACK


@dataclass
class Releasing:
    """Runs `hivemind` in a project's folder. home: HIVEMIND_HOME. now: the traffic's clock. began: its zero as a time
    of day, seconds since 1970."""

    folder: Path
    home: Path
    now: Callable[[], float]
    began: float
    _number: int = 1
    _former: str = ""

    def do(self, what: str) -> Done:
        """Raises CommandFailed."""
        application = self.folder / "app.py"
        before = _version(application.read_text())
        if what == RELEASE:
            self._number += 1
            version = str(self._number)
            application.write_text(application.read_text().replace(f'VERSION = "{before}"', f'VERSION = "{version}"'))
        else:
            version = self._former
        begin = self.now()
        lines = _lines(self.folder, self.home, _COMMANDS[what])
        self._former = before if what == RELEASE else version
        return Done(what, version, begin, self.now(), tuple(self._spans(lines)))

    def _spans(self, lines: list[dict[str, str]]) -> Iterator[Span]:
        started: dict[str, float] = {}
        for line in lines:
            if "step" not in line:
                continue
            at = datetime.fromisoformat(line["time"]).timestamp() - self.began
            if line["kind"] == "started":
                started[line["step"]] = at
            elif line["kind"] == "finished" and line["step"] in started:
                yield Span(line["stage"], line["step"], started[line["step"]], at)


def _version(source: str) -> str:
    found = re.search(r'^VERSION = "(.*)"$', source, re.MULTILINE)
    assert found
    return found[1]


def _lines(folder: Path, home: Path, words: tuple[str, ...]) -> list[dict[str, str]]:
    done = subprocess.run(
        [hivemind(), *words],
        cwd=folder,
        env=environment({"HIVEMIND_HOME": str(home)}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandFailed(f"hivemind {' '.join(words)}: exit {done.returncode}\n{done.stdout[-4000:]}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
