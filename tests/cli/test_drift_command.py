from __future__ import annotations

import pytest

from hivemind.testing.project import Project

pytestmark = pytest.mark.slow


def test_a_stack_that_nobody_touched_is_as_its_template_says(standing: Project) -> None:
    told = standing.run("drift", "--check", "--json").last
    assert (told["in_sync"], told["drifted"]) == (True, [])
    assert "is as its template says" in standing.run("drift").out
