"""The real AWS CLI sees the local cloud."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from stacks import Stack, body, network

from hivemind.testing.clients import raw

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def aws() -> str:
    path = shutil.which("aws")
    # A version manager's shim looks for its versions in the home.
    tried = path and subprocess.run([path, "--version"], env=_environment({}), capture_output=True, check=False)
    if not path or not tried or tried.returncode:
        pytest.skip("the AWS CLI is not installed (pip install awscli)")
    return path


def _environment(extra: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return kept | {"HOME": pwd.getpwuid(os.getuid()).pw_dir} | nothing | extra


def test_it_lists_the_events_of_a_stack(aws: str, local_home: Any, tmp_path: Path) -> None:
    cloud = local_home.connect(tmp_path, "cli", "eu-west-1")
    stack = Stack(raw(cloud, "cloudformation"), "cli")
    assert stack.create(body(network())) == "CREATE_COMPLETE"
    environment = {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": cloud.account,
        "AWS_SECRET_ACCESS_KEY": cloud.secret_key,
        "AWS_DEFAULT_REGION": cloud.region,
    }
    done = subprocess.run(
        [aws, "cloudformation", "describe-stack-events", "--stack-name", "cli", "--output", "json"],
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    events = {(e["LogicalResourceId"], e["ResourceStatus"]) for e in json.loads(done.stdout)["StackEvents"]}
    assert {("Vpc", "CREATE_IN_PROGRESS"), ("Vpc", "CREATE_COMPLETE"), ("cli", "CREATE_COMPLETE")} <= events
    assert stack.delete() == "DELETE_COMPLETE"
