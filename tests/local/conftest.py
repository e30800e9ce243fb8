"""What tests of the local cloud share: a region of their own with a stack, and a folder for servers of data."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stacks import Stack

from hivemind.testing.clients import raw


@pytest.fixture
def cloud(local_home: Any, tmp_path: Path) -> Any:
    # A region of its own: other tests deploy into the default one of the same local cloud.
    return local_home.connect(tmp_path, "stack", "eu-west-1")


@pytest.fixture
def cloudformation(cloud: Any) -> Any:
    return raw(cloud, "cloudformation")


@pytest.fixture
def stack(cloudformation: Any) -> Iterator[Stack]:
    made = Stack(cloudformation, "stack")
    yield made
    if made.id:
        made.delete()


@pytest.fixture
def home_of_servers() -> Iterator[Path]:
    """Open to all above it, as the data of the local cloud are when root runs it."""
    with tempfile.TemporaryDirectory(prefix="hml-") as made:
        Path(made).chmod(0o711)
        yield Path(made)
