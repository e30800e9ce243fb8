"""`kill -9` at every step's boundary and at random moments of an apply, destroy or rollback; the same command then ends
as an undisturbed one.

HIVEMIND_TEST_KILLS says how many at random in each of several tests, HIVEMIND_TEST_SEED where; a failure names both.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator

import pytest

from hivemind.deploy.journal import FILE, parse_event
from hivemind.local import lifecycle
from hivemind.testing.orphans import orphans
from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

# One kill takes two commands and a look at everything; on a busy machine a test of thirty takes more than five minutes.
pytestmark = [pytest.mark.stress, pytest.mark.timeout(900)]
KILLS = int(os.environ.get("HIVEMIND_TEST_KILLS", "18"))
SEED = int(os.environ.get("HIVEMIND_TEST_SEED", "1"))
RANDOM_TESTS = 8
SMALL = "environments: {production: {stage: stage-1}}\n"
LONGEST = 70
"""Events of a first apply; updates and destroys have fewer, and may end before they are killed."""
BORDERS = frozenset({"started", "finished"})
"""Kinds of journaled events at a step's boundary."""
COMMANDS = {
    "create": ("apply", "--local", "--yes"),
    "update": ("apply", "--local", "--yes"),
    "destroy": ("destroy", "--yes"),
    "rollback": ("rollback", "--delete", "--yes"),
}
ENDS = frozenset({"destroy", "rollback"})


@pytest.fixture
def instant(local_cloud: LocalCloudHome) -> Iterator[LocalCloudHome]:
    """The local cloud without added time."""
    lifecycle.stop(local_cloud.directory)
    lifecycle.start(local_cloud.directory, pace="instant")
    yield local_cloud
    lifecycle.stop(local_cloud.directory)
    lifecycle.start(local_cloud.directory, pace="fast")


class Killed:
    """A deployment whose commands are killed. version, tags: of what is deployed, or is to be."""

    def __init__(self, project: Project, local: LocalCloudHome, name: str) -> None:
        self.project, self.local, self.name = project, local, name
        self.deployed = False
        self.version = self.tags = self.kills = 0

    def change(self, deed: str) -> None:
        """Changes the project's files as the deed says: code, tags, both or nothing."""
        self.version += deed in ("code", "both", "update")
        self.tags += deed in ("tags", "both", "update")
        self.project.write(hello(self.name, more=f"tags: {{round: r{self.tags}}}\n{SMALL}"))
        self.project.replace("app.py", 'VERSION = "1"', f'VERSION = "v{self.version}"')

    def cut_off(self, words: tuple[str, ...], *, after: Callable[[int, str], bool]) -> bool:
        """Starts a command and kills it after the line that is meant. Whether it was still running."""
        process = self.project.start(*words, "--json")
        assert process.stdout is not None
        for number, line in enumerate(process.stdout, 1):
            if after(number, line):
                process.kill()
                break
        process.communicate()
        self.kills += process.returncode < 0
        return process.returncode < 0

    def ends_well(self, words: tuple[str, ...], told: str) -> None:
        """Runs the same command to its end, and looks at everything."""
        ran = self.project.run(*words, code=None)
        # Where a destroy had ended before the kill, nothing is left to destroy.
        assert ran.code == 0 or (ran.code == ExitCode.NOT_FOUND and words[0] in ENDS), f"{told}\n{ran}"
        self.deployed = words[0] not in ENDS
        self.check(told)

    def check(self, told: str) -> None:
        cloud = self.local.connect(self.project.folder, self.name)
        stacks = cloud.client("cloudformation").describe_stacks()["Stacks"]
        assert orphans(cloud) == (), told
        if not self.deployed:
            assert stacks == [], told
            assert self.project.run("status", code=None).code in (0, ExitCode.NOT_FOUND), told
            return
        (stack,) = stacks
        assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), told
        status = self.project.status()
        (web,) = status["services"]["web"]
        assert (status["status"], status["verdict"], web["health"]) == ("deployed", "good", "healthy"), told
        assert self.project.get().text.startswith(f"hello|v{self.version}|"), told
        assert self.project.apply().last["changed"] is False, told
        journal = self.project.home / "local" / "deployments" / status["deployment"] / FILE
        torn = [line for line in journal.read_bytes().splitlines() if parse_event(line) is None]
        assert len(torn) <= self.kills, told

    def prepare(self, deed: str) -> None:
        """What a command of this kind begins with."""
        if deed == "create" and self.deployed:
            self.ends_well(COMMANDS["destroy"], "destroy")
        if deed != "create" and not self.deployed:
            self.change("")
            self.ends_well(COMMANDS["create"], "apply")
        self.change(deed)


@pytest.fixture
def killed(local_project: Callable[..., Project], instant: LocalCloudHome) -> Killed:
    return Killed(local_project(hello("kills", more=SMALL)), instant, "kills")


@pytest.mark.parametrize("deed", COMMANDS)
def test_killed_at_every_step_boundary(killed: Killed, deed: str) -> None:
    words = COMMANDS[deed]
    killed.prepare(deed)
    undisturbed = killed.project.run(*words, "--json").out.splitlines()
    killed.deployed = deed not in ENDS
    borders = sum(is_border(line) for line in undisturbed)
    assert borders >= 4, undisturbed
    for number in range(1, borders):
        killed.prepare(deed)
        seen = 0

        def after(_: int, line: str, wanted: int = number) -> bool:
            nonlocal seen
            seen += is_border(line)
            return seen == wanted

        killed.cut_off(words, after=after)
        killed.ends_well(words, f"{deed}, killed after boundary {number} of {borders}")
    assert killed.kills >= borders // 2


def is_border(line: str) -> bool:
    return json.loads(line).get("kind") in BORDERS


@pytest.mark.parametrize("seed", range(SEED, SEED + RANDOM_TESTS))
def test_killed_at_random_the_same_command_ends_as_if_nothing_had_happened(killed: Killed, seed: int) -> None:
    chance = random.Random(seed)
    for number in range(KILLS):
        deed = chance.choice(["code", "tags", "both", "destroy", "rollback"]) if killed.deployed else "create"
        killed.change(deed)
        line = chance.randrange(1, LONGEST)
        words = COMMANDS.get(deed, COMMANDS["update"])
        killed.cut_off(words, after=lambda seen, _, line=line: seen == line)  # type: ignore[misc]
        killed.ends_well(words, f"round {number} of seed {seed}: {deed}, killed after {line} lines")
    assert killed.kills >= KILLS / 3, f"only {killed.kills} of {KILLS} were killed before their end"
