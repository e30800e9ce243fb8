"""What end-to-end tests share: waiting for what other processes bring about, and faults that end with their test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.clock import SYSTEM_CLOCK, polls


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
