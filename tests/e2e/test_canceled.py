"""What is under way is canceled or followed: by the run itself, by another command, in CI by the blueprint's word."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.stress
SMALL = "environments: {production: {stage: stage-1}}\n"
CANCEL = f"on_interrupt: cancel\n{SMALL}"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def apply_until_the_stack_moves(project: Project) -> subprocess.Popen[str]:
    """Starts an apply and returns it when the load balancer is waited for."""
    apply = project.start("apply", *project.target, "--yes", "--json", stdin=subprocess.DEVNULL)
    assert apply.stdout is not None
    for line in apply.stdout:
        if '"ALB"' in line and "IN_PROGRESS" in line:
            return apply
    raise AssertionError(f"it ended before: {apply.communicate()}")


def test_what_is_under_way_is_followed_and_taken_back(
    local_project: Callable[..., Project], faults: LocalCloudHome
) -> None:
    project = local_project(hello("canceled", more=CANCEL))
    faults.fault("delay", BALANCER, seconds=20)
    sigterm_does_what_the_blueprint_says(project)
    another_command_cancels_a_creation(project)
    faults.clear_faults()

    project.apply()
    nothing = project.run("abort", "--local", "--yes", code=ExitCode.NOT_FOUND)
    assert "Nothing is under way" in nothing.err
    faults.fault("delay", BALANCER, seconds=20)
    an_update_that_was_left_alone_is_followed_and_canceled(project)
    faults.clear_faults()
    assert project.status()["stack"] == "UPDATE_ROLLBACK_COMPLETE"
    assert project.get().status == 200
    assert project.apply().last["verdict"] == "good"


def sigterm_does_what_the_blueprint_says(project: Project) -> None:
    apply = apply_until_the_stack_moves(project)
    apply.send_signal(signal.SIGTERM)
    out, err = apply.communicate(timeout=60)
    assert apply.returncode == ExitCode.INTERRUPTED, out + err
    assert "nothing; the stack is deleted" in out
    assert "Canceling the creation" in project.run("events").out
    assert project.status()["stack"] is None


def another_command_cancels_a_creation(project: Project) -> None:
    apply = apply_until_the_stack_moves(project)
    follower = project.start("attach", "--local", stdin=subprocess.DEVNULL)
    canceled = project.run("abort", "--local", "--yes")
    assert "Canceled: The stack does not exist any more." in canceled.out
    out, err = apply.communicate(timeout=60)
    assert apply.returncode == ExitCode.PROVISION, out + err
    out, err = follower.communicate(timeout=60)
    assert follower.returncode == ExitCode.PROVISION, out + err
    assert "Following `hivemind apply`" in err
    assert "By " in project.run("events").out, "who canceled"


def an_update_that_was_left_alone_is_followed_and_canceled(project: Project) -> None:
    project.write(hello("canceled", more=f"tags: {{team: shop}}\n{SMALL}"))
    apply = apply_until_the_stack_moves(project)
    apply.send_signal(signal.SIGTERM)
    _, err = apply.communicate(timeout=60)
    assert apply.returncode == ExitCode.INTERRUPTED
    assert "CloudFormation continues" in err
    follower = project.start("attach", "--local", stdin=subprocess.DEVNULL)
    canceled = project.run("abort", "--local", "--yes")
    assert "Canceled: An update failed or was canceled, and the stack is as it was before." in canceled.out
    out, err = follower.communicate(timeout=60)
    assert follower.returncode == ExitCode.PROVISION, out + err
    assert "ended in UPDATE_ROLLBACK_COMPLETE" in err
