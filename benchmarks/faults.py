"""Random fault runs on a local cloud of their own: `python -m benchmarks.faults [--runs 300] [--seed 1]`.

Each run is an apply that creates, one that updates, or a destroy, with a fault at some moment. Afterwards the stack,
the account, the page and the message are looked at. Verdicts: `clean` (it worked, or all of it was taken back),
`by hand` (something is left, and the message has the commands), `orphan`, `wrong state`, `lost traffic`,
`no way on` (something is left and nobody says what to do), `hangs` (no end in five minutes), `defect` (a traceback).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.fault_plans import Run, runs, tally
from hivemind.local import lifecycle
from hivemind.testing.clients import raw
from hivemind.testing.load import Load
from hivemind.testing.orphans import orphans
from hivemind.testing.project import Project, Ran, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

NAME = "faulty"
LONGEST = 300.0
"""Seconds after which a command counts as hanging."""
SMALL = "environments: {production: {stage: stage-1}}\n"
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
EMPTY = ("ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS")
BAD = ("hangs", "orphan", "wrong state", "lost traffic", "no way on", "defect")


class Stage:
    """A project and its local cloud, in which one run follows another."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.local = LocalCloudHome(home)
        lifecycle.start(self.local.directory, pace="instant")
        self.project = Project(folder, home, timeout=LONGEST)
        self.cloud = self.local.connect(folder, NAME)
        self.number = 0
        self.write("")

    def write(self, change: str) -> None:
        """The project's files, changed as a run says."""
        self.number += 1
        service = {
            "instance": f"disk: {20 + self.number % 40}",
            "second": f"instances: {1 + self.number % 2}",
            "sick": "env: {HEALTH_STATUS: '500'}",
            "ends": "env: {EXIT: no configuration at all}",
        }.get(change, "")
        tags = f"tags: {{round: r{self.number}}}\n" if change == "tags" else ""
        self.project.write(hello(NAME, service=service, more=tags + SMALL))
        if change == "code":
            self.project.replace("app.py", 'VERSION = "1"', f'VERSION = "v{self.number}"')

    def stack(self) -> str | None:
        """The status of the one stack that there may be."""
        stacks = raw(self.cloud, "cloudformation").describe_stacks()["Stacks"]
        names = [one for one in stacks if not one["StackName"].endswith("-build")]
        if len(names) > 1:
            raise AssertionError(f"two stacks: {names}")
        return str(names[0]["StackStatus"]) if names else None

    def serves(self) -> bool:
        """Whether the page is there."""
        try:
            return self.project.get().status == 200
        except (OSError, KeyError, AssertionError):
            return False

    def settle(self, *, deployed: bool) -> None:
        """What the next run begins with: a good deployment, or nothing."""
        self.local.clear_faults()
        self.write("")
        if deployed:
            self.project.apply()
        else:
            self.project.run("destroy", "--yes", code=None)
            stuck = orphans(self.cloud)
            if stuck:
                raise AssertionError(f"a destroy without a fault leaves {stuck}")


def judge(stage: Stage, run: Run, ran: Ran, *, served: bool) -> str:
    """What became of a run; see the module. The faults are cleared first, which would also meet who looks."""
    stage.local.clear_faults()
    said = ran.out + ran.err
    if ran.code == ExitCode.INTERNAL or "Traceback" in said:
        return "defect"
    status = stage.stack()
    by_hand = "Remove by hand what is left" in said
    if orphans(stage.cloud):
        return "by hand" if by_hand else "orphan"
    # A page that was there before is there afterwards. On its one instance it is away while it restarts.
    if run.deed == "update" and served and not stage.serves():
        return "lost traffic"
    if ran.code == 0:
        right = status is None if run.deed == "delete" else status in GOOD and stage.serves()
        return "clean" if right else "wrong state"
    if status in (*GOOD, *EMPTY, None):
        return "clean" if _says_what_next(ran) else "no way on"
    return "by hand" if _says_what_next(ran) or by_hand else "no way on"


def _says_what_next(ran: Ran) -> bool:
    """Whether the error has a hint: what to do next."""
    for line in reversed(ran.out.splitlines()):
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if "error" in said:
            return bool(said["error"].get("hint"))
    return "Next:" in ran.err or "hint" in ran.err or "hivemind " in ran.err


def carried_out(stage: Stage, run: Run) -> tuple[str, Ran]:
    """Puts a run's faults in force, runs its command and judges."""
    deployed = stage.stack() in GOOD
    if run.deed == "create" and stage.stack() is not None and stage.stack() not in EMPTY:
        stage.settle(deployed=False)
    elif run.deed != "create" and not (deployed and stage.serves()):
        stage.settle(deployed=True)
    stage.local.clear_faults()
    stage.write(run.change)
    for fault in run.faults:
        options = {key: value for key, value in fault.items() if key not in {"kind", "subject"}}
        stage.local.fault(str(fault["kind"]), str(fault["subject"]), **options)
    words = ("destroy", "--yes", "--json") if run.deed == "delete" else ("apply", "--local", "--yes", "--json")
    if run.deed != "update":
        ran = stage.project.run(*words, code=None)
        return judge(stage, run, ran, served=False), ran
    served = stage.serves()
    with Load(stage.project.status()["url"]):
        ran = stage.project.run(*words, code=None)
    return judge(stage, run, ran, served=served), ran


def measured(stage: Stage, chosen: Iterable[Run], log: Path) -> Iterator[str]:
    """The verdict of each run, all of them written down."""
    for run in chosen:
        began = time.monotonic()
        try:
            verdict, ran = carried_out(stage, run)
        except subprocess.TimeoutExpired as error:
            verdict, ran = "hangs", Ran(str(error.cmd), -1, str(error.output), str(error.stderr))
        with log.open("a") as file:
            file.write(f"{verdict:12} {ran.code:3} {time.monotonic() - began:5.1f} s  {stage.stack()}  {run}\n")
            if verdict != "clean":
                file.write(f"{ran.out[-3000:]}\n{ran.err[-3000:]}\n{orphans(stage.cloud)}\n")
        if verdict != "clean":
            stage.local.clear_faults()
            remove_orphans(stage)
        yield verdict


def remove_orphans(stage: Stage) -> None:
    """What a run left behind is not to be found again by the next: the account is emptied."""
    if orphans(stage.cloud):
        stage.local.end(stage.project.folder)
        lifecycle.reset(stage.local.directory)
        lifecycle.start(stage.local.directory, pace="instant")
        stage.cloud = stage.local.connect(stage.project.folder, NAME)


def _numbers(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="N,M-O", help="only runs of these numbers")
    parser.add_argument("--log", type=Path, default=Path("faults.log"), help="where each run is written down")
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hml-") as place:
        folder, home = Path(place, "project"), Path(place, "h")
        Path(place).chmod(0o711)
        folder.mkdir()
        stage = Stage(folder, home)
        try:
            planned = list(runs(arguments.seed, arguments.runs))
            chosen = planned if arguments.only is None else [planned[number] for number in _numbers(arguments.only)]
            verdicts = list(measured(stage, chosen, arguments.log))
        finally:
            lifecycle.reset(home / "local")
    counts = tally(verdicts)
    clean = 100 * counts.get("clean", 0) / len(verdicts)
    print(f"{len(verdicts)} runs of seed {arguments.seed} in {(time.monotonic() - began) / 60:.1f} min: {counts}")
    print(f"clean in {clean:.1f} %")
    return 1 if any(one in counts for one in BAD) else 0


if __name__ == "__main__":
    sys.exit(main())
