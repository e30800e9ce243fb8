"""What end-to-end tests share: deployments, waiting for what other processes do, faults that end with their test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.clock import SYSTEM_CLOCK, polls

SMALL = "environments: {production: {stage: stage-1}}\n"
STAGED = """\
environments:
  production: {stage: stage-1}
  staging: {stage: stage-1, services: {web: {env: {GREETING: staged}}}}
"""


@pytest.fixture
def until() -> Callable[..., None]:
    """Waits for a condition that other processes bring about; the test fails where they don't."""

    def wait(condition: Callable[[], object], *, seconds: float = 60.0, what: str = "the condition") -> None:
        for _ in polls(SYSTEM_CLOCK, deadline=seconds):
            if condition():
                return
        pytest.fail(f"{what} did not come within {seconds:g} s")

    return wait


@pytest.fixture
def faults(local_cloud: LocalCloudHome) -> Iterator[LocalCloudHome]:
    """The local cloud, with faults that end with the test."""
    yield local_cloud
    local_cloud.clear_faults()


@pytest.fixture(scope="session")
def _shop(lasting_project: Callable[..., Project]) -> Project:
    project = lasting_project(hello("shop", more=SMALL))
    project.apply()
    return project


@pytest.fixture
def deployed(_shop: Project) -> Project:
    """A web application `shop` that is deployed, for tests that change it: for them a deployment of their own would
    cost three times as much.

    Its files are those of `hello`. What is deployed is what the test before left; a test that starts from something
    applies it first. No resources may be left but those of the beginning.
    """
    for path in _shop.folder.iterdir():
        if path.name != ".hivemind":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    _shop.write(hello("shop", more=SMALL))
    return _shop


@pytest.fixture(scope="session")
def pair(lasting_project: Callable[..., Project]) -> Project:
    """An application with a hard-coded port on two instances. Its processes have `pair` as their last argument."""
    files = hello("same", service="instances: 2\nenv: {GREETING: first}", more=STAGED)
    project = lasting_project(files | {"hivemind.yaml": files["hivemind.yaml"].replace("app.py", "app.py pair")})
    project.apply()
    return project


@pytest.fixture
def own_home() -> Iterator[Path]:
    """A HIVEMIND_HOME for tests that end their local cloud; nothing of it is left."""
    pytest.importorskip("ministack", reason="needs the extra `local`")
    from hivemind.local import lifecycle

    # Short, because Unix sockets go into it; open, because instances run as other users under root.
    home = Path(tempfile.mkdtemp(prefix="hml-"))
    home.chmod(0o711)
    try:
        yield home / "data"
    finally:
        lifecycle.reset(home / "data/local")
        shutil.rmtree(home)
