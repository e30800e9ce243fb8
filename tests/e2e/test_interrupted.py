"""An apply that is cut off: killed at any moment, ended with Ctrl-C, or met by a second one."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from hivemind.testing.commands import Running
from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
SMALL = "environments: {production: {stage: stage-1}}\n"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def apply_until(project: Project, reached: Callable[[dict[str, Any]], bool]) -> Running:
    """Starts an apply and returns as soon as it tells an event that is meant."""
    apply = project.start("apply", *project.target, "--yes", "--json")
    assert apply.stdout is not None
    for line in apply.stdout:
        if reached(json.loads(line)):
            return apply
    _, err = apply.communicate()
    raise AssertionError(f"the apply ended before (exit code {apply.returncode}): {err}")


def started(step: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event.get("step") == step and event.get("kind") == "started"


def progress(step: str, logical_id: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event.get("step") == step and event.get("data", {}).get("logical_id") == logical_id


MOMENTS = {
    "before the stack": started("attempt"),
    "during the stack": progress("stack", "VPC"),
    "before an instance is ready": started("prepare web 1"),
    "during the upload": started("upload web"),
    "during the release": started("release web"),
    "before traffic": started("traffic web"),
    "while verifying": started("verify"),
}


def killed(project: Project, moment: str) -> None:
    apply = apply_until(project, MOMENTS[moment])
    apply.kill()
    apply.communicate()


def interrupted(project: Project, reached: Callable[[dict[str, Any]], bool]) -> str:
    """Presses Ctrl-C; what the apply writes to standard error."""
    apply = apply_until(project, reached)
    apply.send_signal(signal.SIGINT)
    _, err = apply.communicate(timeout=60)
    assert apply.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in err
    return str(err)


def assert_as_undisturbed(project: Project) -> None:
    again = project.apply().last
    assert (again["revision"], again["verdict"]) == ("r1", "good")
    assert project.get().text.startswith("hello|1|")
    status = project.status()
    assert (status["status"], status["revision"], status["verdict"]) == ("deployed", "r1", "good")
    assert [one["health"] for one in status["services"]["web"]] == ["healthy"]
    assert project.apply().last["changed"] is False


@pytest.mark.stress
def test_cut_off_again_and_again_it_ends_where_an_undisturbed_run_would(
    local_project: Callable[..., Project], faults: LocalCloudHome
) -> None:
    project = local_project(hello("killed", more=SMALL))
    faults.fault("delay", BALANCER, seconds=5)
    killed(project, "before the stack")

    err = interrupted(project, progress("stack", "ALB"))
    assert err.count("Interrupted.") == 1
    assert "CloudFormation continues" in err
    assert "hivemind apply" in err, "what to do next"
    assert "Last run interrupted.\n" in project.run("status").out
    faults.clear_faults()

    for moment in ("before an instance is ready", "during the release", "while verifying"):
        killed(project, moment)
    assert_as_undisturbed(project)


@pytest.mark.stress
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_it_ends_where_an_undisturbed_run_would(local_project: Callable[..., Project], moment: str) -> None:
    project = local_project(hello("killed", more=SMALL))
    killed(project, moment)
    assert_as_undisturbed(project)


@pytest.mark.parametrize("moment", ["during the release", pytest.param("while verifying", marks=pytest.mark.stress)])
def test_killed_in_an_update_it_ends_there_too(deployed: Project, moment: str) -> None:
    before = int(deployed.apply().last["revision"][1:])
    deployed.replace("app.py", 'VERSION = "1"', f'VERSION = "killed {moment}"')
    killed(deployed, moment)
    assert deployed.apply().last["revision"] == f"r{before + 1}"
    assert deployed.get().text.startswith(f"hello|killed {moment}|")
    assert deployed.apply().last["changed"] is False


def test_interrupted_where_the_stack_stays_it_says_nothing_of_the_stack(deployed: Project) -> None:
    deployed.replace("app.py", 'VERSION = "1"', 'VERSION = "calm"')
    err = interrupted(deployed, started("release web"))
    assert "Interrupted.\n" in err
    assert "CloudFormation continues" not in err


def test_a_second_apply_is_refused_and_told_who_holds(deployed: Project) -> None:
    revision = f"r{int(deployed.apply().last['revision'][1:]) + 1}"
    held = 'release: "until [ -e /tmp/go-on ]; do sleep 0.1; done"'
    deployed.replace("hivemind.yaml", "    health: /health\n", f"    health: /health\n    {held}\n")
    first = apply_until(deployed, started("release web"))
    try:
        refused = deployed.apply(code=ExitCode.LOCKED).last["error"]
        assert str(first.pid) in refused["message"]
        assert "hivemind apply" in refused["message"]
        assert refused["hint"]
        waiting = deployed.start("apply", *deployed.target, "--yes", "--json", "--wait", "60")
    finally:
        deployed.run("ssh", "touch /tmp/go-on")
        out, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["revision"] == revision
    out, err = waiting.communicate(timeout=60)
    waited = json.loads(out.splitlines()[-1])
    assert (waited["revision"], waited["changed"]) == (revision, False), "it found what the first one made"
