from __future__ import annotations

import pytest

from hivemind.testing.project import Project

pytestmark = pytest.mark.slow


def test_a_stack_that_nobody_touched_is_as_its_template_says(standing: Project) -> None:
    told = standing.run("drift", "--check", "--json").last
    assert (told["in_sync"], told["drifted"]) == (True, [])
    assert told["compared"] >= 2
    text = standing.run("drift").out
    assert f"{told['compared']} resources are as the template of {told['deployment']} says." in text
    assert f"cannot compare {len(told['unchecked'])} other resources" in text, "the local cloud compares some types"
