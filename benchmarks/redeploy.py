"""A change of code alone, on a running deployment of the demo: how long its build and its upload take.

The demo has no build of its own, so that all of the time is HiveMind's. Steps are timed by the deployment's journal.
"""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from benchmarks.local import local_project
from benchmarks.table import Row
from benchmarks.timing import CommandFailed
from hivemind.deploy.journal import FILE, last_attempt, read_journal
from hivemind.values.events import EventKind

AIM = 2.0
_STEPS = ("build ", "upload ")


def rows(folder: Path, repeat: int) -> list[Row]:
    changes = []
    with local_project(folder) as project:
        apply = ("apply", "--local", "--yes")
        project.run(*apply)
        source_file = max(project.folder.glob("guestbook/*.py"))
        for number in range(min(repeat, 3)):
            with source_file.open("a") as source:
                source.write(f"\n# change {number}\n")
            began = time.perf_counter()
            project.run(*apply)
            changes.append((_seconds(project.home), time.perf_counter() - began))
        project.run("destroy", "--local", "--yes")
    least, whole = min(changes, key=lambda each: sum(each[0].values()))
    parts = ", ".join(f"{step} {seconds:.2f} s" for step, seconds in least.items())
    note = f"{parts}; the whole apply {whole:.1f} s"
    return [Row("code alone, build and upload", "", sum(least.values()), None, AIM, note=note)]


def _seconds(home: Path) -> dict[str, float]:
    """The steps that build and upload, of the attempt that was last."""
    journal = max(home.rglob(FILE), key=lambda file: file.stat().st_mtime)
    attempt = last_attempt(journal.parent)
    started: dict[str, datetime] = {}
    found: dict[str, float] = {}
    for event in read_journal(journal.parent, attempt=attempt):
        if event.kind is EventKind.STARTED:
            started[event.step] = datetime.fromisoformat(event.time)
        elif event.kind is EventKind.FINISHED and event.step.startswith(_STEPS):
            found[event.step] = (datetime.fromisoformat(event.time) - started[event.step]).total_seconds()
    if not found:
        raise CommandFailed("the change made no release")
    return found
