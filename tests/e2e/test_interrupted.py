"""An apply that is cut off: killed at any moment, ended with Ctrl-C, or met by a second one."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
SMALL = "environments: {production: {stage: stage-1}}\n"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def apply_until(project: Project, reached: Callable[[dict[str, Any]], bool]) -> subprocess.Popen[str]:
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


KILLED_IN_THE_SUITE = {"before the stack", "before an instance is ready", "during the release", "while verifying"}


@pytest.mark.parametrize(
    "moment",
    [pytest.param(one, marks=() if one in KILLED_IN_THE_SUITE else pytest.mark.stress) for one in MOMENTS],
)
def test_killed_it_ends_where_an_undisturbed_run_would(local_project: Callable[..., Project], moment: str) -> None:
    project = local_project(hello("killed", more=SMALL))
    apply = apply_until(project, MOMENTS[moment])
    apply.kill()
    apply.communicate()
    again = project.apply().last
    assert (again["revision"], again["verdict"]) == ("r1", "good")
    assert project.get().text.startswith("hello|1|")
    status = project.status()
    assert (status["status"], status["revision"], status["verdict"]) == ("deployed", "r1", "good")
    assert [one["health"] for one in status["services"]["web"]] == ["healthy"]
    assert project.apply().last["changed"] is False


@pytest.mark.parametrize("moment", ["during the release", pytest.param("while verifying", marks=pytest.mark.stress)])
def test_killed_in_an_update_it_ends_there_too(local_project: Callable[..., Project], moment: str) -> None:
    project = local_project(hello("update", more=SMALL))
    project.apply()
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    apply = apply_until(project, MOMENTS[moment])
    apply.kill()
    apply.communicate()
    assert project.apply().last["revision"] == "r2"
    assert project.get().text.startswith("hello|2|")
    assert project.apply().last["changed"] is False


def test_interrupted_it_says_what_goes_on(local_project: Callable[..., Project], faults: LocalCloudHome) -> None:
    project = local_project(hello("stopped", more=SMALL))
    faults.fault("delay", BALANCER, seconds=5)
    apply = apply_until(project, progress("stack", "ALB"))
    apply.send_signal(signal.SIGINT)
    _, err = apply.communicate(timeout=60)
    assert apply.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in err
    assert err.count("Interrupted.") == 1
    assert "The cloud continues" in err
    assert "hivemind apply" in err, "what to do next"
    shown = project.run("status").out
    assert "Last run interrupted.\n" in shown
    assert project.apply().last["revision"] == "r1"


def test_interrupted_where_the_stack_stays_it_says_nothing_of_the_stack(local_project: Callable[..., Project]) -> None:
    project = local_project(hello("calm", more=SMALL))
    project.apply()
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    apply = apply_until(project, started("release web"))
    apply.send_signal(signal.SIGINT)
    _, err = apply.communicate(timeout=60)
    assert apply.returncode == ExitCode.INTERRUPTED
    assert "Interrupted.\n" in err
    assert "The cloud continues" not in err


def test_a_second_apply_is_refused_and_told_who_holds(
    local_project: Callable[..., Project], faults: LocalCloudHome
) -> None:
    project = local_project(hello("held", more=SMALL))
    faults.fault("delay", BALANCER, seconds=5)
    first = apply_until(project, started("attempt"))
    try:
        refused = project.apply(code=ExitCode.LOCKED).last["error"]
        assert str(first.pid) in refused["message"]
        assert "hivemind apply" in refused["message"]
        assert refused["hint"]
        waited = project.apply("--wait", "60").last
        assert (waited["revision"], waited["changed"]) == ("r1", False), "it found what the first one made"
    finally:
        out, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["revision"] == "r1"
