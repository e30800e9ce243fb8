"""Fixtures for tests of HiveMind and of its plugins; pytest loads this where HiveMind is installed.

Imports nothing of HiveMind until a fixture is used.
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


@dataclass(frozen=True)
class LocalCloudHome:
    """A local cloud for tests. home: what HIVEMIND_HOME must be for commands to find it."""

    home: Path

    @property
    def directory(self) -> Path:
        return self.home / "local"

    @property
    def running(self) -> Running:
        """The daemon, started anew where a test ended it."""
        from hivemind.local import lifecycle

        return lifecycle.start(self.directory)

    def connect(self, checkout: Path, name: str, region: str | None = None) -> LocalCloud:
        """The cloud as a checkout's deployment `name` sees it; each checkout and name have an account of their own."""
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


@pytest.fixture(scope="session")
def local_cloud() -> Iterator[LocalCloudHome]:
    """A local cloud of this test process's own; it ends, with everything in it, after the last test."""
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
    """`local_cloud`, found by commands that the test runs; faults end with the test."""
    monkeypatch.setenv("HIVEMIND_HOME", str(local_cloud.home))
    yield local_cloud
    local_cloud.clear_faults()


@pytest.fixture(scope="session")
def local_project(local_cloud: LocalCloudHome, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Project]:
    """Makes a Project in a folder of its own, whose commands find `local_cloud`.

    Call it with files (path -> text), with a folder to copy, or with both.
    """

    def make(files: Mapping[str, str] | None = None, *, copy: Path | None = None) -> Project:
        from hivemind.testing.project import Project

        folder = tmp_path_factory.mktemp("project")
        if copy is not None:
            made = shutil.ignore_patterns("node_modules", ".hivemind", "__pycache__")
            shutil.copytree(copy, folder, dirs_exist_ok=True, ignore=made)
        project = Project(folder, local_cloud.home)
        project.write(files or {})
        return project

    return make
