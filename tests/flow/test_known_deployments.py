"""Which deployment a command is about, and whether the local cloud is meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hivemind.deploy.state import DeploymentState, DeploymentStatus, StackInfo
from hivemind.flow.deployments import Known, find, require, stores
from hivemind.flow.target import target_is_local
from hivemind.values.errors import DeploymentNotFound, Refused

pytestmark = pytest.mark.fast


def deployed(folder: Path, environment: str, cloud: str, *, age: float = 0, **more: str) -> str:
    """Records a deployment of a folder; its id. age: seconds since it was last touched."""
    aws, local = stores()
    store = local if cloud == "local" else aws
    name = f"shop-{environment}-{cloud}"
    made = DeploymentState(
        name, DeploymentStatus.DEPLOYED, name="shop", environment=environment, cloud=cloud,
        checkout=str(folder.resolve()), **more,
    )  # fmt: skip
    store.save(made)
    path = store.folder(name) / "state.json"
    at = path.stat().st_mtime - age
    os.utime(path, (at, at))
    return name


def id_of(known: Known | None) -> str | None:
    return known and known.state.deployment_id


def test_the_one_last_applied_from_the_folder(tmp_path: Path) -> None:
    assert find(tmp_path, None, None) is None
    old = deployed(tmp_path, "staging", "aws", age=60)
    new = deployed(tmp_path, "production", "local")
    assert id_of(find(tmp_path, None, None)) == new
    assert id_of(find(tmp_path, "staging", None)) == old
    assert id_of(find(tmp_path, None, None, local=False)) == old
    assert id_of(find(tmp_path, "staging", None, local=True)) is None


def test_a_file_stands_for_its_folder_and_another_folder_for_none(tmp_path: Path) -> None:
    name = deployed(tmp_path, "production", "local")
    (tmp_path / "hivemind.yaml").write_text("")
    (tmp_path / "other").mkdir()
    assert id_of(find(tmp_path / "hivemind.yaml", None, None)) == name
    assert find(tmp_path / "other", None, None) is None
    with pytest.raises(DeploymentNotFound, match="no file or folder"):
        find(tmp_path / "gone", None, None)


def test_by_id_from_anywhere_and_the_nearest_is_named(tmp_path: Path) -> None:
    name = deployed(tmp_path, "production", "local")
    assert id_of(find(Path("/nowhere"), None, name)) == name
    with pytest.raises(DeploymentNotFound) as caught:
        find(tmp_path, None, name.replace("shop", "shpo"))
    assert caught.value.hint == f"Did you mean {name}?"


def test_what_is_required_and_missing_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(
        DeploymentNotFound, match=f"nothing is deployed from {tmp_path.resolve()} in environment staging"
    ):
        require(tmp_path, "staging", None)


def test_the_stack_is_meant_by_its_id_else_its_name() -> None:
    def known(info: StackInfo | None) -> Known:
        return Known(stores()[0], DeploymentState("x", DeploymentStatus.PENDING, stack_info=info, name="shop"))

    assert known(StackInfo("shop-production", "arn:1")).stack == "arn:1"
    assert known(StackInfo("shop-production")).stack == "shop-production"
    assert known(None).stack == "shop-production"


def test_what_was_made_otherwise_is_not_changed(tmp_path: Path) -> None:
    made = find(tmp_path, None, deployed(tmp_path, "production", "aws", creation_method="manual"))
    assert made is not None
    with pytest.raises(Refused, match="HiveMind cannot change"):
        made.require_changeable()


@pytest.mark.parametrize(
    ("option", "named", "before", "local"),
    [
        (True, "aws", "aws", True),
        (False, "local", "local", False),
        (None, "local", "aws", True),
        (None, "aws", "local", False),
        (None, None, "local", True),
        (None, None, "aws", False),
        (None, None, None, False),
    ],
)
def test_the_option_then_the_blueprint_then_where_it_was_applied_last(
    tmp_path: Path, option: bool | None, named: str | None, before: str | None, local: bool
) -> None:
    if before:
        deployed(tmp_path, "production", before)
    assert target_is_local(named, tmp_path, "production", option) is local
