"""`kill -9` after any event of an apply or a destroy; the same command then ends as an undisturbed one.

HIVEMIND_TEST_KILLS says how often, HIVEMIND_TEST_SEED where; a failure names both.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from hivemind.deploy.journal import FILE, parse_event
from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome

pytestmark = pytest.mark.stress
KILLS = int(os.environ.get("HIVEMIND_TEST_KILLS", "20"))
SEED = int(os.environ.get("HIVEMIND_TEST_SEED", "1"))
SMALL = "environments: {production: {stage: stage-1}}\n"
LONGEST = 70
"""Events of a first apply; updates and destroys have fewer, and may end before they are killed."""


def cut_off(project: Project, *words: str, after: int) -> bool:
    """Starts a command and kills it after so many lines. Whether it was still running."""
    process = project.start(*words, "--json")
    assert process.stdout is not None
    for number, _ in enumerate(process.stdout, 1):
        if number == after:
            process.kill()
            break
    process.communicate()
    return process.returncode < 0


def test_the_same_command_ends_as_if_nothing_had_happened(
    local_project: Callable[..., Project], local_cloud: LocalCloudHome
) -> None:
    project = local_project(hello("kills", more=SMALL))
    chance = random.Random(SEED)
    deployed, killed, version, tags = False, 0, 0, 0
    for number in range(KILLS):
        deed = chance.choice(["code", "tags", "both", "destroy"]) if deployed else "apply"
        if deed in ("code", "both"):
            version += 1
        if deed in ("tags", "both"):
            tags += 1
        project.write(hello("kills", more=f"tags: {{round: r{tags}}}\n{SMALL}"))
        project.replace("app.py", 'VERSION = "1"', f'VERSION = "v{version}"')
        after = chance.randrange(1, LONGEST)
        words = ("destroy", "--yes") if deed == "destroy" else ("apply", "--local", "--yes")
        killed += cut_off(project, *words, after=after)
        told = f"round {number} of seed {SEED}: {deed}, killed after {after} lines"
        project.run(*words)
        deployed = deed != "destroy"
        check(project, local_cloud, told, version=version if deployed else None)
    assert killed >= KILLS / 3, f"only {killed} of {KILLS} were killed before their end"


def check(project: Project, local_cloud: LocalCloudHome, told: str, *, version: int | None) -> None:
    """version: of what serves; None: nothing is deployed."""
    cloud = local_cloud.connect(project.folder, "kills")
    stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
    running = [
        one["InstanceId"]
        for reservation in cloud.client("ec2").describe_instances()["Reservations"]
        for one in reservation["Instances"]
        if one["State"]["Name"] != "terminated"
    ]
    if version is None:
        assert (stacks, running) == ([], []), told
        assert "Nothing is deployed" in project.run("status").out, told
        return
    (stack,) = stacks
    assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), told
    status = project.status()
    (web,) = status["services"]["web"]
    assert running == [web["instance"]], told
    assert (status["status"], status["verdict"], web["health"]) == ("deployed", "good", "healthy"), told
    assert project.get().text.startswith(f"hello|v{version}|"), told
    assert project.apply().last["changed"] is False, told
    journal = project.home / "local" / "deployments" / status["deployment"] / FILE
    torn = [line for line in journal.read_bytes().splitlines() if parse_event(line) is None]
    assert len(torn) <= KILLS, told
