"""A release that reached only some instances: what the next apply makes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.project import HELLO_APPLICATION, Project, hello
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
FRAGILE = HELLO_APPLICATION.replace(
    'if os.environ.get("EXIT")',
    'if VERSION == "2" and os.path.exists("/etc/hivemind/bad"):\n    sys.exit("bad here")\nif os.environ.get("EXIT")',
)


@pytest.mark.stress
def test_going_back_to_the_code_before_releases_it_again(local_project: Callable[..., Project]) -> None:
    files = hello("half", service="instances: 2", more="environments: {production: {stage: stage-1}}\n")
    project = local_project(files | {"app.py": FRAGILE})
    project.apply()
    project.run("ssh", "-i", "2", "sudo touch /etc/hivemind/bad")
    project.write({"app.py": FRAGILE.replace('VERSION = "1"', 'VERSION = "2"')})
    error = project.apply(code=ExitCode.DEPLOY).last["error"]
    assert any("bad here" in line for line in error["lines"])

    project.write({"app.py": FRAGILE})
    applied = project.apply().last
    assert applied["changed"] is True
    assert {project.get().text.split("|")[1] for _ in range(8)} == {"1"}
    assert project.status()["works"] is True
    assert project.apply().last["changed"] is False
