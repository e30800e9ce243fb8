"""Deployments that must not meet: two checkouts, two environments, and the AWS CLI's look at them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow
SMALL = "environments: {production: {stage: stage-1}}\n"


@pytest.mark.stress
def test_two_checkouts_with_the_same_name_do_not_meet(pair: Project, local_project: Callable[..., Project]) -> None:
    second = local_project(hello("same", service="env: {GREETING: second}", more=SMALL))
    assert second.status() == {"deployment": None}
    applied = second.apply().last
    assert (applied["revision"], applied["verdict"]) == ("r1", "good")
    assert applied["deployment"] != pair.status()["deployment"]
    assert pair.get().text.startswith("first|")
    assert second.get().text.startswith("second|")
    assert pair.apply().last["changed"] is False
    second.run("destroy", "--yes")
    assert pair.get().text.startswith("first|")
    assert pair.status()["works"] is True


@pytest.mark.stress
def test_two_environments_of_one_checkout(pair: Project) -> None:
    applied = pair.apply("--env", "staging").last
    assert applied["revision"] == "r1"
    assert pair.status("--env", "staging")["environment"] == "staging"
    both = {pair.status("--env", name)["url"] for name in ("staging", "production")}
    assert len(both) == 2
    assert pair.run("apply", "--local", "--env", "production", "--yes", "--json").last["changed"] is False
    pair.run("destroy", "--yes", "--env", "staging")
    assert pair.run("status", "--env", "staging", "--json").last == {"deployment": None}
    assert pair.status("--env", "production")["works"] is True


@pytest.mark.skipif(shutil.which("aws") is None, reason="needs the AWS CLI")
def test_the_aws_cli_sees_each_resource_of_the_apply(pair: Project) -> None:
    shown = pair.run("local", "env", "--json", "--name", "same").out
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | json.loads(shown)
    command = ["aws", "cloudformation", "describe-stack-events", "--stack-name", "same-production", "--output", "json"]
    answer = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr
    events = json.loads(answer.stdout)["StackEvents"]
    completed = {one["LogicalResourceId"] for one in events if one["ResourceStatus"] == "CREATE_COMPLETE"}
    assert {"VPC", "ALB", "WebInstance1", "WebTargetGroup", "same-production"} <= completed
    assert all(one["StackName"] == "same-production" for one in events)


def test_a_deployment_made_otherwise_is_shown_and_never_changed(
    local_project: Callable[..., Project], local_cloud: LocalCloudHome
) -> None:
    project = local_project(hello("manual", more=SMALL))
    identity = "manual-production-000000000000-us-east-1"
    folder = local_cloud.directory / "deployments" / identity
    folder.mkdir(parents=True)
    state = {
        "deployment_id": identity,
        "repo_url": "https://git.example/manual",
        "status": "completed",
        "creation_method": "manual",
        "infrastructure": {"alb_dns_name": "manual.example"},
        "region": "us-east-1",
        "retry_count": 0,
    }
    written = json.dumps(state)
    (folder / "state.json").write_text(written)
    try:
        listed = project.run("list", "--json").last["deployments"]
        (entry,) = [one for one in listed if one["deployment"] == identity]
        assert entry["changeable"] is False
        assert entry["instructions"]
        assert "created by manual (read-only)" in project.run("list").out
        shown = project.run("status", "-d", identity)
        assert entry["instructions"].splitlines()[0] in shown.out
        for words in (("apply", "--local", "--yes"), ("destroy", "--yes", "-d", identity), ("verify", "-d", identity)):
            refused = project.run(*words, code=ExitCode.REFUSED)
            assert "HiveMind cannot change" in refused.err
        assert (folder / "state.json").read_text() == written
    finally:
        shutil.rmtree(folder)
