"""Fixtures for tests of HiveMind and of its plugins. pytest loads this module wherever HiveMind is installed.

It imports nothing of HiveMind until a test uses a fixture.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hivemind.local.cloud import LocalCloud
    from hivemind.local.lifecycle import Running
    from hivemind.testing.project import Project


_FILES = {
    "instances/*": "instance",
    "postgres/servers/*": "database",
    "mariadb/servers/*": "database",
    "valkey/servers/*": "cache",
    "deployments/*/state.json": "record of",
}


@dataclass(frozen=True)
class LocalCloudHome:
    """A local cloud for tests. home: what HIVEMIND_HOME must be for commands to find it."""

    home: Path

    @property
    def directory(self) -> Path:
        return self.home / "local"

    @property
    def running(self) -> Running:
        """The daemon. Starts it again if a test ended it."""
        from hivemind.local import lifecycle

        return lifecycle.start(self.directory)

    def connect(self, checkout: Path, name: str, region: str | None = None) -> LocalCloud:
        """The cloud as a checkout's deployment `name` sees it. Each checkout and name has an account of its own."""
        from hivemind.local.accounts import account_for
        from hivemind.local.cloud import LocalCloud

        running = self.running
        return LocalCloud(running, account_for(checkout, name, self.directory), region or running.region)

    def fault(self, kind: str, subject: str, **options: Any) -> None:
        """Puts a fault in force (hivemind/local/faults.py): `fault("fail", "AWS::RDS::DBInstance", message="...")`."""
        from hivemind.local.faults import Fault, FaultKind

        self.running.ask("faults", Fault(FaultKind(kind), subject, **options).as_json(), method="POST")

    def clear_faults(self) -> None:
        self.running.ask("faults", method="DELETE")
        self.running.ask("policies", method="DELETE")

    def restrict(self, account: str, *policies: Mapping[str, Any]) -> None:
        """Lets the callers of an account do what these IAM policies allow, and nothing else; without any, everything.
        Ends with `clear_faults`."""
        self.running.ask("policies", {"account": account, "policies": policies}, method="POST")

    def contents(self) -> frozenset[str]:
        """What the local cloud contains, in a few words each: stacks, instances, data servers, deployment records,
        faults."""
        from hivemind.local import lifecycle

        running = lifecycle.status(self.directory)
        found = set()
        if running is not None:
            stacks, faults = running.ask("status")["stacks"], running.ask("faults")["faults"]
            found |= {f"stack {one['name']} in {one['region']} of account {one['account']}" for one in stacks}
            found |= {f"fault {one['kind']} {one['subject']}" for one in faults}
        for pattern, what in _FILES.items():
            found |= {f"{what} {path.relative_to(self.directory)}" for path in self.directory.glob(pattern)}
        return frozenset(found)

    def end(self, checkout: Path) -> None:
        """Deletes what was deployed from a folder, protected or not, and its records, without asking."""
        from hivemind.deploy.stack import StackDriver
        from hivemind.deploy.state import StateStore
        from hivemind.local.cloud import LocalCloud

        place = str(checkout.resolve())
        root = self.directory / "deployments"
        for state in StateStore(root).all().states:
            if state.checkout != place:
                continue
            driver = StackDriver(LocalCloud(self.running, state.account, state.region))
            stacks = (state.build_stack, state.stack_info.stack_name if state.stack_info else None)
            for stack in filter(None, stacks):
                held = [one.resource for one in driver.contents(stack)]
                buckets = tuple(one.physical_id for one in held if one.type == "AWS::S3::Bucket")
                driver.delete(stack, buckets=buckets, unprotect=True)
            shutil.rmtree(root / state.deployment_id)


@pytest.fixture(scope="session")
def local_cloud() -> Iterator[LocalCloudHome]:
    """A local cloud of this test process. It ends, with everything in it, after the last test."""
    pytest.importorskip("ministack", reason="needs the extra `local`")
    from hivemind.local import lifecycle

    # Short, because Unix sockets go into it; open, because databases and instances run as other users under root.
    home = Path(tempfile.mkdtemp(prefix="hml-"))
    home.chmod(0o711)
    made = LocalCloudHome(home)
    try:
        lifecycle.start(made.directory)
        yield made
    finally:
        lifecycle.reset(made.directory)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def local_home(local_cloud: LocalCloudHome, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloudHome]:
    """`local_cloud`, set up so that commands which the test runs find it. Faults end with the test."""
    monkeypatch.setenv("HIVEMIND_HOME", str(local_cloud.home))
    yield local_cloud
    local_cloud.clear_faults()


@pytest.fixture(scope="session")
def lasting_project(
    local_cloud: LocalCloudHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Project]]:
    """Makes a Project as `local_project` does, but its deployments last until the end: for fixtures of wider scope."""
    made: list[Project] = []
    yield _maker(local_cloud, tmp_path_factory, made)
    for project in made:
        local_cloud.end(project.folder)


@pytest.fixture
def local_project(
    local_cloud: LocalCloudHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Project]]:
    """Makes a Project in a folder of its own, whose commands find `local_cloud`. What it deploys ends with the test.

    Call it with files (path -> text), with a folder to copy, or with both.
    """
    made: list[Project] = []
    yield _maker(local_cloud, tmp_path_factory, made)
    for project in made:
        local_cloud.end(project.folder)


def _maker(cloud: LocalCloudHome, folders: pytest.TempPathFactory, made: list[Project]) -> Callable[..., Project]:
    def make(files: Mapping[str, str] | None = None, *, copy: Path | None = None) -> Project:
        from hivemind.testing.project import Project

        folder = folders.mktemp("project")
        if copy is not None:
            generated = shutil.ignore_patterns("node_modules", ".hivemind", "__pycache__")
            shutil.copytree(copy, folder, dirs_exist_ok=True, ignore=generated)
        project = Project(folder, cloud.home)
        project.write(files or {})
        made.append(project)
        return project

    return make
