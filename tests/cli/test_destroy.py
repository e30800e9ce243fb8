from __future__ import annotations

import pytest

from hivemind.testing.project import Project
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_it_lists_what_goes_and_does_nothing_without_a_yes(standing: Project) -> None:
    refused = standing.run("destroy", code=ExitCode.REFUSED)
    assert "WebInstance1, WebInstance2" in refused.out
    assert "Cannot ask for approval: no terminal." in refused.err
    assert standing.status()["works"] is True


def test_nothing_to_destroy(nowhere: Project) -> None:
    assert "nothing to destroy" in nowhere.run("destroy", "--yes").out
    assert nowhere.run("destroy", "--yes", "--json").last["deployment"] is None
