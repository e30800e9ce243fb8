"""Random fault runs on a local cloud of their own: `python -m benchmarks.faults [--runs 300] [--seed 1]`.

Each run is an apply that creates, one that updates, or a destroy, with a fault at some moment. Afterwards the stack,
the account, the page, the processes, the records and the message are looked at. Verdicts: `clean` (it worked, or all of
it was taken back), `by hand` (something is left, and the message has the commands), `orphan` (of the account),
`stray` (a process or listener), `torn` (a record half written or unreadable), `two stacks`, `wrong state`,
`lost traffic` (the page that was there before an update is not there after it), `no way on` (something is left and
nobody says what to do), `hangs` (no end in five minutes), `defect` (a traceback).
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
from typing import NamedTuple

from benchmarks import fault_traces
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
BAD = ("hangs", "orphan", "stray", "torn", "two stacks", "wrong state", "lost traffic", "no way on", "defect")


class Served(NamedTuple):
    """The page before an update. text: empty where it was not there."""

    text: str
    address: str


NOTHING = Served("", "")


class Stage:
    """A project and its local cloud, in which one run follows another."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.local = LocalCloudHome(home)
        lifecycle.start(self.local.directory, pace="instant")
        self.project = Project(folder, home, timeout=LONGEST)
        self.cloud = self.local.connect(folder, NAME)
        self.number = 0
        self.own_ports = len(fault_traces.ports(self.local.running.pid))
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

    def stacks(self) -> list[str]:
        """The status of each stack."""
        return [str(one["StackStatus"]) for one in raw(self.cloud, "cloudformation").describe_stacks()["Stacks"]]

    def stack(self) -> str | None:
        """The status of the one stack that there may be."""
        return next(iter(self.stacks()), None)

    def page(self) -> str:
        """The text of the page; empty where it is not there."""
        try:
            page = self.project.get()
        except (OSError, KeyError, AssertionError):
            return ""
        return page.text if page.status == 200 else ""

    def serves(self) -> bool:
        """Whether the page is there."""
        return bool(self.page())

    def live(self) -> frozenset[str]:
        """Ids of the instances that are not gone."""
        pages = raw(self.cloud, "ec2").describe_instances()["Reservations"]
        every = [one for page in pages for one in page["Instances"]]
        return frozenset(one["InstanceId"] for one in every if one["State"]["Name"] != "terminated")

    def traces(self) -> tuple[str, tuple[str, ...]]:
        """What is on this machine that must not be: a verdict, empty where nothing is, and each of them."""
        torn = fault_traces.damaged(self.local.directory)
        if torn:
            return "torn", torn
        live = self.live()
        empty = not live and self.stack() is None
        found = fault_traces.strays(self.local.running.pid, live=live, empty=empty, most=self.own_ports)
        return ("stray" if found else ""), found

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


def judge(stage: Stage, run: Run, ran: Ran, before: Served) -> str:
    """What became of a run; see the module. The faults are cleared first, which would also meet who looks."""
    stage.local.clear_faults()
    said = ran.out + ran.err
    if ran.code == ExitCode.INTERNAL or "Traceback" in said:
        return "defect"
    if len(stage.stacks()) > 1:
        return "two stacks"
    status = stage.stack()
    by_hand = "Remove by hand what is left" in said
    if orphans(stage.cloud):
        return "by hand" if by_hand else "orphan"
    if trace := stage.traces()[0]:
        return trace
    # A page that was there before is there afterwards. On its one instance it is away while it restarts.
    if run.deed == "update" and before.text and not stage.serves():
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


def carried_out(stage: Stage, run: Run) -> tuple[str, Ran, str]:
    """Puts a run's faults in force, runs its command and judges. The last: what of its requests had no good answer."""
    stage.local.clear_faults()
    deployed = stage.stack() in GOOD
    if run.deed == "create" and stage.stack() is not None and stage.stack() not in EMPTY:
        stage.settle(deployed=False)
    elif run.deed != "create" and not (deployed and stage.serves()):
        stage.settle(deployed=True)
    stage.write(run.change)
    before = Served(stage.page(), str(stage.project.status()["url"])) if run.deed == "update" else NOTHING
    for fault in run.faults:
        options = {key: value for key, value in fault.items() if key not in {"kind", "subject"}}
        stage.local.fault(str(fault["kind"]), str(fault["subject"]), **options)
    words = ("destroy", "--yes", "--json") if run.deed == "delete" else ("apply", "--local", "--yes", "--json")
    if run.deed != "update":
        ran = stage.project.run(*words, code=None)
        return judge(stage, run, ran, before), ran, ""
    with Load(before.address) as load:
        ran = stage.project.run(*words, code=None)
    return judge(stage, run, ran, before), ran, f"  lost {load.lost} of {load.answers.total()} requests"


def measured(stage: Stage, chosen: Iterable[Run], log: Path) -> Iterator[str]:
    """The verdict of each run, all of them written down."""
    for run in chosen:
        began, requests = time.monotonic(), ""
        try:
            verdict, ran, requests = carried_out(stage, run)
        except subprocess.TimeoutExpired as error:
            verdict, ran = "hangs", Ran(str(error.cmd), -1, str(error.output), str(error.stderr))
        stage.local.clear_faults()
        with log.open("a") as file:
            file.write(
                f"{verdict:12} {ran.code:3} {time.monotonic() - began:5.1f} s  {stage.stack()}  {run}{requests}\n"
            )
            if verdict != "clean":
                file.write(f"{ran.out[-3000:]}\n{ran.err[-3000:]}\n{orphans(stage.cloud)}\n{stage.traces()}\n")
        if verdict != "clean":
            remove_orphans(stage, verdict)
        yield verdict


def remove_orphans(stage: Stage, verdict: str) -> None:
    """What a run left behind is not to be found again by the next: the account is emptied."""
    if verdict in ("stray", "torn") or orphans(stage.cloud) or len(stage.stacks()) > 1:
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
