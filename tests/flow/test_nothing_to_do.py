"""A project that has not changed is not gone through again; everything that could make a difference is seen."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hivemind.flow.nothing_to_do import Fingerprint, fingerprint
from hivemind.repositories import unchanged
from hivemind.testing.clients import raw
from hivemind.testing.project import Project, hello
from hivemind.testing.pytest_plugin import LocalCloudHome


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(unchanged, "_TICK", 0.0)
    monkeypatch.setattr(unchanged, "_COARSE_TICK", 0.0)
    for name, text in hello("still").items():
        (tmp_path / name).write_text(text)
    return tmp_path


def seen(folder: Path, *options: str) -> str:
    found = fingerprint(folder / "hivemind.yaml", options)
    assert isinstance(found, Fingerprint)
    return found.seen


def same_length(folder: Path) -> None:
    """Another content of the same length at the same time of change."""
    path = folder / "app.py"
    before = path.stat()
    path.write_text(path.read_text().replace("1", "2"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file's content": lambda folder: (folder / "app.py").write_text("pass\n"),
    "a content of the same length and time": same_length,
    "a new file": lambda folder: (folder / "new.py").write_text(""),
    "a file less": lambda folder: (folder / "app.py").unlink(),
    "a file that may be run": lambda folder: (folder / "app.py").chmod(0o755),
    "a file that is ignored now": lambda folder: (folder / ".hivemindignore").write_text("app.py\n"),
    "the blueprint": lambda folder: (folder / "hivemind.yaml").write_text("hivemind: 1\n"),
    "a file of the same name": lambda folder: (
        (folder / "x").write_text(""),
        (folder / "x").replace(folder / "app.py"),
    ),
}


@pytest.mark.fast
@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_seen(folder: Path, change: str) -> None:
    before = seen(folder)
    assert seen(folder) == before
    CHANGES[change](folder)
    assert seen(folder) != before


@pytest.mark.fast
def test_options_and_the_place_are_part_of_it(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert len({seen(folder), seen(folder, "staging"), seen(folder, "", "staging")}) == 3
    other = tmp_path_factory.mktemp("other") / "same"
    folder.rename(other)
    assert seen(other) != seen(other, "x")


@pytest.mark.fast
def test_what_has_just_changed_may_change_again_unseen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchanged, "_TICK", 3600.0)
    monkeypatch.setattr(unchanged, "_COARSE_TICK", 3600.0)
    assert fingerprint(folder / "hivemind.yaml", ()) is None


@pytest.mark.fast
def test_a_plugin_of_the_project_can_do_anything(folder: Path) -> None:
    (folder / "hivemind_plugin.py").write_text("")
    assert fingerprint(folder / "hivemind.yaml", ()) is None


@pytest.mark.slow
def test_only_what_stands_is_left_alone(local_project: Callable[..., Project], local_cloud: LocalCloudHome) -> None:
    project = local_project(hello("still", more="environments: {production: {stage: stage-1}}\n"))
    project.run("validate")  # what was written less than 0.05 s ago may change again unseen, and is not remembered
    assert project.apply().last["changed"] is True
    calls = project.apply().last
    assert (calls["changed"], calls["calls"]) == (
        False,
        {
            "cloudformation:DescribeStacks": 1,
            "cloudformation:GetTemplate": 1,
            "ec2:DescribeInstances": 1,
            "elasticloadbalancing:DescribeTargetHealth": 1,
        },
    )
    text = project.run("apply", "--local", "--yes")
    assert "still is already up to date (r1)." in text.out

    assert project.apply("--release-again").last["changed"] is True  # asked for, it is done although nothing changed

    by_hand(local_cloud, project)
    assert "cloudformation:ListStackResources" in project.apply().last["calls"]


def by_hand(local_cloud: LocalCloudHome, project: Project) -> None:
    """Changes the stack as someone with the console would."""
    client = raw(local_cloud.connect(project.folder, "still"), "cloudformation")
    template = client.get_template(StackName="still-production")["TemplateBody"]
    template["Outputs"]["ByHand"] = {"Value": "here"}
    client.update_stack(
        StackName="still-production",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": name, "UsePreviousValue": True} for name in template["Parameters"]],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    client.get_waiter("stack_update_complete").wait(StackName="still-production", WaiterConfig={"Delay": 1})
