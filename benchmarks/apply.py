"""Infrastructure: created, then applied again with nothing changed, on the same endpoint.

The stack is the one that HiveMind makes; the peers get its template. HiveMind's creation is measured from the command
to the end of its stage `provision`, since the peers do no more than that. API calls of the peers are counted by a
proxy, in a round of its own, so that it takes no part in the times; those of HiveMind by its own count (`calls` in
the last line of `apply --json`).
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers import command, hivemind
from benchmarks.proxy import counting
from benchmarks.table import Row
from benchmarks.timing import CommandFailed, Runs, environment, run

BLUEPRINT = """
hivemind: 1
name: bench
region: us-east-1
services:
  web: {kind: web, runtime: python 3.12, start: python3 app.py, port: 8000, health: /}
resources:
  db: {type: postgres}
"""
APPLICATION = """
import http.server, os
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
REGION = "us-east-1"
PARAMETERS = {"Revision": "r1", "FirstRevision": "r1"}
IMAGE = "/aws/service/debian/release/12/latest/amd64"
MOST_CALLS = 10


@dataclass
class Outcome:
    """What one tool took: creating, applying again, and again with files whose times are others. calls: of the run
    that counts."""

    created: Runs = field(default_factory=Runs)
    again: Runs = field(default_factory=Runs)
    touched: Runs = field(default_factory=Runs)
    created_calls: int | None = None
    again_calls: int | None = None


def rows(folder: Path, repeat: int) -> list[Row]:
    repeat = min(repeat, 3)
    env = {"HIVEMIND_HOME": str(folder / "home")}
    run([hivemind(), "local", "start"], env=env)
    try:
        _, out = run([hivemind(), "local", "env", "--json"], env=env)
        aws = {**json.loads(out), "AWS_DEFAULT_REGION": REGION}
        ours = Outcome()
        sceptre, deploy = Outcome(), Outcome()
        for number in range(repeat):
            _ours(ours, folder / f"ours{number}", number, env)
            template = template_of(folder / f"ours{number}", env, aws)
            _sceptre(sceptre, folder / f"sceptre{number}", number, template, aws)
            _deploy(deploy, folder / f"deploy{number}", number, template, aws)
        with counting(aws["AWS_ENDPOINT_URL"]) as (proxy, calls):
            counted = {**aws, "HTTP_PROXY": proxy}
            _sceptre(sceptre, folder / f"sceptre{repeat}", repeat, template, counted, calls)
            _deploy(deploy, folder / f"deploy{repeat}", repeat, template, counted, calls)
    finally:
        run([hivemind(), "local", "stop"], env=env)
    rows = []
    for name, peer in (("sceptre launch", sceptre), ("aws cloudformation deploy", deploy)):
        calls_seen = f"calls {ours.created_calls} against {peer.created_calls}"
        rows.append(Row("apply, infrastructure", name, ours.created.least, peer.created.least, None, note=calls_seen))
        aim = 0.5 if peer is sceptre else None
        calls_seen = f"calls {ours.again_calls} against {peer.again_calls}"
        rows.append(Row("apply, nothing changed", name, ours.again.least, peer.again.least, aim, note=calls_seen))
        rows.append(Row("apply, files touched", name, ours.touched.least, peer.again.least, None))
    if ours.again_calls is not None:
        rows.append(Row("apply, nothing changed", "", ours.again_calls, None, MOST_CALLS, unit="calls"))
    return rows


def _ours(outcome: Outcome, project: Path, number: int, env: dict[str, str]) -> None:
    project.mkdir()
    (project / "hivemind.yaml").write_text(BLUEPRINT.replace("bench", f"bench{number}"))
    (project / "app.py").write_text(APPLICATION)
    apply = [hivemind(), "apply", "--local", "--yes", "--json"]
    seconds, last = _until_stack(apply, env, project)
    outcome.created.seconds.append(seconds)
    outcome.created_calls = _calls(last)
    seconds, out = run(apply, env=env, cwd=project)
    outcome.again.seconds.append(seconds)
    outcome.again_calls = _calls(out.splitlines()[-1])
    os.utime(project / "app.py")
    seconds, _ = run(apply, env=env, cwd=project)
    outcome.touched.seconds.append(seconds)


def _until_stack(apply: list[str], env: dict[str, str], project: Path) -> tuple[float, str]:
    """Seconds from the command to the last event of stage `provision`, and the command's last line."""
    start, ended, line = time.perf_counter(), 0.0, ""
    with subprocess.Popen(apply, env=environment(env), cwd=project, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            event = json.loads(line)
            if event.get("stage") == "provision" and event.get("kind") == "finished":
                ended = time.perf_counter()
    if process.returncode or not ended:
        raise CommandFailed(f"hivemind apply: exit {process.returncode}\n{line}")
    return ended - start, line


def _calls(last: str) -> int | None:
    calls = json.loads(last).get("calls")
    return sum(calls.values()) if isinstance(calls, dict) else calls


def template_of(project: Path, env: dict[str, str], aws: dict[str, str]) -> str:
    """The same template, with the values that HiveMind would hand over as defaults."""
    import boto3
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    keys = {"aws_access_key_id": aws["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": aws["AWS_SECRET_ACCESS_KEY"]}
    ssm = boto3.client("ssm", region_name=REGION, endpoint_url=aws["AWS_ENDPOINT_URL"], **keys)
    key = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    template = json.loads(run([hivemind(), "template", "--json"], env=env, cwd=project)[1])
    template["Parameters"]["SshPublicKey"]["Default"] = key.decode()
    for parameter in template["Parameters"].values():
        if parameter["Type"] == "AWS::EC2::Image::Id":
            parameter["Default"] = ssm.get_parameter(Name=IMAGE)["Parameter"]["Value"]
    return json.dumps(template)


def _sceptre(
    outcome: Outcome, folder: Path, number: int, template: str, aws: dict[str, str], calls: Counter[str] | None = None
) -> None:
    for name in ("config", "templates"):
        (folder / name).mkdir(parents=True)
    (folder / "templates/stack.json").write_text(template)
    (folder / "config/config.yaml").write_text(f"project_code: peer{number}\nregion: {REGION}\n")
    stack = {"template": {"path": "stack.json", "type": "file"}, "parameters": PARAMETERS}
    (folder / "config/stack.yaml").write_text(json.dumps(stack))
    launch = [command("sceptre"), "launch", "-y", "stack.yaml"]
    _twice(outcome, launch, folder, aws, calls)


def _deploy(
    outcome: Outcome, folder: Path, number: int, template: str, aws: dict[str, str], calls: Counter[str] | None = None
) -> None:
    folder.mkdir()
    path = folder / "stack.json"
    path.write_text(template)
    deploy = [
        command("aws"),
        "cloudformation",
        "deploy",
        "--template-file",
        str(path),
        "--stack-name",
        f"deploy{number}",
    ]
    deploy += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
    deploy += ["--no-fail-on-empty-changeset", "--parameter-overrides"]
    deploy += [f"{name}={value}" for name, value in PARAMETERS.items()]
    _twice(outcome, deploy, folder, aws, calls)


def _twice(outcome: Outcome, words: list[str], folder: Path, aws: dict[str, str], calls: Counter[str] | None) -> None:
    """Creates a stack, then runs the same again. calls: what the proxy has counted, None without it."""
    for runs, field_ in ((outcome.created, "created_calls"), (outcome.again, "again_calls")):
        before = calls.total() if calls is not None else 0
        seconds, _ = run(words, env=aws, cwd=folder)
        if calls is None:
            runs.seconds.append(seconds)
        else:
            setattr(outcome, field_, calls.total() - before)
