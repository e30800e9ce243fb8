"""One trial: a deployment of its own, the traffic, and the releases that go through it."""

from __future__ import annotations

import shutil
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.client import Traffic
from benchmarks.load.releasing import Done, Releasing, sequence
from benchmarks.load.report import Report
from benchmarks.local import LocalProject, cloud_running

APPLICATION = Path(__file__).with_name("application")


@dataclass(frozen=True)
class Trial:
    """requests: how many at least. rate: of them, a second. service: a line of YAML for the service."""

    requests: int
    rate: float
    releases: int
    rollbacks: int
    service: str = ""


def measured(folder: Path, trial: Trial, *, say: Callable[[str], None]) -> Report:
    """Deploys the application to a local cloud in `folder` and carries the trial out. Raises CommandFailed."""
    with _deployed(folder, trial) as project:
        url = _url(project)
        traffic = Traffic(url, trial.rate)
        done: list[Done] = []
        disagreed: list[str] = []
        with traffic.flowing():
            releasing = Releasing(project.folder, project.home, traffic.now, time.time() - traffic.now())
            for what in sequence(trial.releases, trial.rollbacks):
                one = releasing.do(what)
                done.append(one)
                if (found := {_get(url) for _ in range(8)}) != {one.version}:
                    disagreed.append(f"after {what} {len(done)}: {sorted(found)} instead of {one.version}")
                lost = sum(bool(each.wrong) for each in traffic.answered)
                say(f"{what} {len(done)}: {one.end - one.begin:.1f} s, {traffic.requests} requests, {lost} lost")
            while traffic.requests < trial.requests:
                time.sleep(0.5)
        rows = Counter(line.split()[0] for line in _get(f"{url}/rows").splitlines())
        return Report(trial.rate, traffic.answered, done, rows, disagreed)


@contextmanager
def _deployed(folder: Path, trial: Trial) -> Iterator[LocalProject]:
    project = LocalProject(folder / "project", folder / "home")
    shutil.copytree(APPLICATION, project.folder, ignore=shutil.ignore_patterns(".hivemind", "__pycache__"))
    if trial.service:
        blueprint = project.folder / "hivemind.yaml"
        blueprint.write_text(blueprint.read_text().replace("  web:\n", f"  web:\n    {trial.service}\n"))
    with cloud_running(project):
        project.run("apply", "--local", "--yes")
        yield project
        project.run("destroy", "--local", "--yes")


def _url(project: LocalProject) -> str:
    return project.run("open", "--print").strip().rstrip("/")


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return str(answer.read().decode())
