from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from host_instances import Instance


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance(tmp_path)
    yield instance
    instance.end()
