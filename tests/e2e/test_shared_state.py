"""A team's bucket, in the local cloud's S3: what one machine deployed, another one goes on with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hivemind.testing.clients import raw
from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome

pytestmark = [pytest.mark.slow, pytest.mark.stress]
MORE = "state: s3://team-state/hivemind\nenvironments: {production: {stage: stage-1}}\n"


def test_a_home_that_lost_everything_goes_on_from_the_bucket(
    local_home: LocalCloudHome, local_project: Callable[..., Project]
) -> None:
    project = local_project(hello("team", more=MORE))
    s3 = raw(local_home.connect(project.folder, "team"), "s3")
    s3.create_bucket(Bucket="team-state")
    project.apply()
    identity = project.status()["deployment"]
    names = [one["Key"] for one in s3.list_objects_v2(Bucket="team-state")["Contents"]]
    assert f"hivemind/{identity}/state.json" in names
    assert any(f"/{identity}/journal/" in name for name in names)
    assert not any(name.endswith("lease.json") for name in names), "released"

    for file in (local_home.directory / "deployments" / identity).glob("[sj]*"):
        file.unlink()  # state and journal; in the local cloud, the SSH key is nowhere else
    adopted = project.run("adopt", "--local", "--json").last
    assert (adopted["from"], adopted["revision"]) == ("other machines", "r1")
    assert project.apply().last["changed"] is False, "what was released is known"
    project.replace("app.py", 'VERSION = "1"', 'VERSION = "2"')
    project.apply()
    assert [one["number"] for one in project.run("history", "--json").last["revisions"]] == [2, 1]

    # Nobody left anything: the stack says r1, and its instance what an apply that changed no resource released.
    s3.put_bucket_versioning(Bucket="team-state", VersioningConfiguration={"Status": "Suspended"})
    for one in s3.list_objects_v2(Bucket="team-state")["Contents"]:
        s3.delete_object(Bucket="team-state", Key=one["Key"])
    for file in (local_home.directory / "deployments" / identity).glob("[sj]*"):
        file.unlink()
    adopted = project.run("adopt", "--local", "--json").last
    assert (adopted["from"], adopted["revision"]) == ("the stack", "r2")
    assert [(one["service"], one["release"][:3], one["trouble"]) for one in adopted["running"]] == [
        ("web", "r2-", None)
    ]

    project.run("destroy", "--yes")
    assert (
        b'"status": "destroyed"'
        in s3.get_object(Bucket="team-state", Key=f"hivemind/{identity}/state.json")["Body"].read()
    )
