"""The time of `apply` against the longest path through what it waits for.

The demo's blueprint is deployed on a local cloud whose time is scaled (`--pace`), so that resources take as long beside
HiveMind's own work as a database and a load balancer do. What a resource takes is read from the stack's events, what a
step takes from the journal; the stack's step itself counts as its resources do, from the first event to the last. The
local cloud makes one resource after the other, so that the path through the stack has all of them. What is more than
the path is HiveMind's: starting, planning, looking too late, waiting for what nobody needs.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.local import local_project
from benchmarks.peers import hivemind
from benchmarks.table import Row
from benchmarks.timing import CommandFailed, environment

PACE = 5
"""How many times faster than AWS: a database takes two minutes. Own work weighs as many times more."""
AIM = 1.05
REGION = "us-east-1"


@dataclass(frozen=True)
class Span:
    """When something began and ended, in seconds since 1970."""

    begun: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.begun


def rows(folder: Path, _: int) -> list[Row]:
    with local_project(folder, pace=str(PACE)) as project:
        begun = time.time()
        wall, events = _applied(project.folder, project.home)
        aws = json.loads(project.run("local", "env", "--json"))
        stack = resources(_stack_events(aws, "guestbook-production"))
    steps = spans(events)
    path = longest(steps, stack)
    seconds = sum(seconds for _, seconds in path)
    shown = ", ".join(f"{name} {seconds:.1f}" for name, seconds in path)
    lost = ", ".join(f"{name} {seconds:.1f}" for name, seconds in losses(begun, begun + wall, steps, stack))
    note = f"path: {shown}; beside it: {lost}"
    return [Row(f"apply, at pace {PACE}", "longest path", wall, seconds, AIM, note=note)]


def _applied(project: Path, home: Path) -> tuple[float, list[dict[str, Any]]]:
    words = [hivemind(), "apply", "--local", "--yes", "--json"]
    start = time.perf_counter()
    env = environment({"HIVEMIND_HOME": str(home)})
    done = subprocess.run(words, env=env, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandFailed(f"hivemind apply: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - start, [json.loads(line) for line in done.stdout.splitlines()]


def _stack_events(aws: Mapping[str, str], stack: str) -> list[dict[str, Any]]:
    import boto3

    keys = {"aws_access_key_id": aws["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": aws["AWS_SECRET_ACCESS_KEY"]}
    client = boto3.client("cloudformation", region_name=REGION, endpoint_url=aws["AWS_ENDPOINT_URL"], **keys)
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
    return [event for page in pages for event in page["StackEvents"]]


def resources(events: Iterable[Mapping[str, Any]]) -> Mapping[str, Span]:
    """When each resource was made by the first operation of a stack, and under its id the stack itself."""
    spans: dict[str, Span] = {}
    for event in sorted(events, key=lambda event: event["Timestamp"]):
        name, now = event["LogicalResourceId"], event["Timestamp"].timestamp()
        if event["ResourceStatus"] == "CREATE_IN_PROGRESS":
            spans.setdefault(name, Span(now, now))
        elif event["ResourceStatus"] == "CREATE_COMPLETE" and name in spans:
            spans[name] = Span(spans[name].begun, now)
    return spans


def spans(events: Iterable[Mapping[str, Any]]) -> Mapping[str, Span]:
    """When each step ran, by the events of an apply."""
    begun: dict[str, float] = {}
    found: dict[str, Span] = {}
    for event in events:
        if "step" not in event or "time" not in event:
            continue
        now = datetime.fromisoformat(event["time"]).timestamp()
        if event["kind"] == "started":
            begun.setdefault(event["step"], now)
        elif event["kind"] == "finished" and event["step"] in begun:
            found[event["step"]] = Span(begun[event["step"]], now)
    return found


def longest(steps: Mapping[str, Span], stack: Mapping[str, Span]) -> Sequence[tuple[str, float]]:
    """What the apply of one web service waits for at least, in order: the arrows of ARCHITECTURE.md."""
    made = _whole(stack)
    instances = [name for name in steps if name.startswith("prepare ")]
    after = [(name, steps[name].seconds) for name in steps if name.startswith("release ")]
    after += [(name, steps[name].seconds) for name in ("health path", "traffic web", "record", "verify")]
    ready = {
        name: stack[f"WebInstance{name.rpartition(' ')[2]}"].ended - made.begun + steps[name].seconds
        for name in instances
    }
    ways: list[list[tuple[str, float]]] = [[("stack", made.seconds)]]
    ways += [[(f"instance and {name}", seconds)] for name, seconds in ready.items()]
    ways += [[("build", steps[name].seconds)] for name in steps if name.startswith("build ")]
    return max(ways, key=lambda way: sum(seconds for _, seconds in way)) + after


def losses(
    begun: float, ended: float, steps: Mapping[str, Span], stack: Mapping[str, Span]
) -> Iterable[tuple[str, float]]:
    """Where the rest of the time went."""
    made = _whole(stack)
    yield "before the stack", made.begun - begun
    yield "stack seen late", steps["stack"].ended - made.ended
    yield "after the last step", ended - max(span.ended for span in steps.values())


def _whole(stack: Mapping[str, Span]) -> Span:
    return Span(min(span.begun for span in stack.values()), max(span.ended for span in stack.values()))
