"""Calls of the API for each minute that a command waits for a stack, on one endpoint at the pace of AWS.

All create the stack of a worker with its network, which takes some minutes, at the same time; the peers get the
template that HiveMind makes. What counts is calls that ask how far the stack is, from its creation to the last look:
those of the peers as a proxy sees them, ours by the command's own count, through its step `stack`.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.apply import PARAMETERS, REGION, template_of
from benchmarks.path import spans
from benchmarks.peers import command, hivemind
from benchmarks.proxy import counting
from benchmarks.table import Row
from benchmarks.timing import CommandFailed, environment, run

BLUEPRINT = """
hivemind: 1
name: waits
region: us-east-1
environments: {production: {stage: stage-1}}
services:
  w: {kind: worker, runtime: python 3.12, start: python3 app.py}
"""
APPLICATION = "import time\nwhile True: time.sleep(60)\n"
LOOKS = ("DescribeStacks", "DescribeStackEvents", "DescribeStackResources", "DescribeChangeSet", "ListStackResources")
CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM")


@dataclass(frozen=True)
class Waited:
    """calls: that asked how far the stack is. seconds: between the stack's beginning and the last look."""

    calls: int
    seconds: float

    @property
    def per_minute(self) -> float:
        return self.calls / self.seconds * 60


def rows(folder: Path, _: int) -> list[Row]:
    env = {"HIVEMIND_HOME": str(folder / "home")}
    run([hivemind(), "local", "start", "--pace", "real"], env=env)
    project = folder / "project"
    project.mkdir()
    (project / "hivemind.yaml").write_text(BLUEPRINT)
    (project / "app.py").write_text(APPLICATION)
    try:
        _, out = run([hivemind(), "local", "env", "--json"], env=env)
        aws = {**json.loads(out), "AWS_DEFAULT_REGION": REGION}
        template = folder / "stack.json"
        template.write_text(template_of(project, env, aws))
        work: list[Callable[[], Waited]] = [lambda: _ours(project, env)]
        work += [
            lambda words=words, where=where: _theirs(words, where, aws)  # type: ignore[misc]
            for words, where in _peers(folder, template).values()
        ]
        with ThreadPoolExecutor(len(work)) as pool:
            ours, *others = [one.result() for one in [pool.submit(each) for each in work]]
    finally:
        run([hivemind(), "local", "stop"], env=env)
    table = []
    for name, theirs in zip(_peers(folder, template), others, strict=True):
        note = f"{ours.calls} calls in {ours.seconds:.0f} s against {theirs.calls} in {theirs.seconds:.0f} s"
        per_minute = (round(ours.per_minute, 1), round(theirs.per_minute, 1))
        table.append(Row("apply, calls a minute of waiting", name, *per_minute, None, unit="calls", note=note))
    return table


def _peers(folder: Path, template: Path) -> Mapping[str, tuple[list[str], Path]]:
    """Name -> its command, and the folder that it runs in."""
    pairs = [f"{name}={value}" for name, value in PARAMETERS.items()]
    deploy = [command("aws"), "cloudformation", "deploy", "--template-file", str(template), "--stack-name", "peer-aws"]
    sam = [command("sam"), "deploy", "--template-file", str(template), "--stack-name", "peer-sam", "--no-progressbar"]
    more = ["--capabilities", *CAPABILITIES, "--parameter-overrides", *pairs]
    sceptre = folder / "sceptre"
    if not sceptre.exists():
        for name in ("config", "templates"):
            (sceptre / name).mkdir(parents=True)
        (sceptre / "templates/stack.json").write_text(template.read_text())
        (sceptre / "config/config.yaml").write_text(f"project_code: peer\nregion: {REGION}\n")
        stack = {"template": {"path": "stack.json", "type": "file"}, "parameters": PARAMETERS}
        (sceptre / "config/stack.yaml").write_text(json.dumps(stack))
    return {
        "aws cloudformation deploy": ([*deploy, *more], folder),
        "sam deploy": ([*sam, *more], folder),
        "sceptre launch": ([command("sceptre"), "launch", "-y", "stack.yaml"], sceptre),
    }


def _ours(project: Path, env: Mapping[str, str]) -> Waited:
    words = [hivemind(), "apply", "--local", "--yes", "--json"]
    done = subprocess.run(words, env=environment(env), cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandFailed(f"hivemind apply: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    calls = events[-1]["calls"]
    looks = sum(number for name, number in calls.items() if name.rpartition(":")[2] in LOOKS)
    return Waited(looks, spans(events)["stack"].seconds)


def _theirs(words: list[str], folder: Path, aws: Mapping[str, str]) -> Waited:
    """What a peer asked after it had begun the stack."""
    times: list[tuple[float, str]] = []
    with counting(aws["AWS_ENDPOINT_URL"], times) as (proxy, _):
        run(words, env={**aws, "HTTP_PROXY": proxy}, cwd=folder)
    begun = max(at for at, name in times if name in ("CreateStack", "ExecuteChangeSet"))
    looks = [at for at, name in times if name in LOOKS and at > begun]
    return Waited(len(looks), max(looks) - begun)
