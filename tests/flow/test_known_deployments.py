"""Which deployment a command is about, and whether the local cloud is meant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hivemind.deploy.state import DeploymentState, DeploymentStatus, Recorded, StackInfo
from hivemind.flow.deployments import Known, find, find_one, left_behind, require, stores
from hivemind.flow.target import target_is_local
from hivemind.plan.model import LeftBehind
from hivemind.values.errors import DeploymentNotFound, Refused

pytestmark = pytest.mark.fast


DATABASE = {"Resources": {"Db": {"Type": "AWS::RDS::DBInstance"}, "Web": {"Type": "AWS::EC2::Instance"}}}


def deployed(
    folder: Path, environment: str, cloud: str, *, name: str = "shop", region: str = "us-east-1", age: float = 0,
    **more: Any,
) -> str:  # fmt: skip
    """Records a deployment of a folder; its id. age: seconds since it was last touched."""
    aws, local = stores()
    store = local if cloud == "local" else aws
    identity = f"{name}-{environment}-{cloud}-{region}"
    made = DeploymentState(
        identity, DeploymentStatus.DEPLOYED, name=name, environment=environment, cloud=cloud, region=region,
        **{"checkout": str(folder.resolve())} | more,
    )  # fmt: skip
    store.save(made)
    path = store.folder(identity) / "state.json"
    at = path.stat().st_mtime - age
    os.utime(path, (at, at))
    return identity


def blueprint(folder: Path, text: str) -> Path:
    """Writes a blueprint that names what is meant; its services are no matter."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hivemind.yaml").write_text(f"hivemind: 1\n{text}\n")
    return folder


def id_of(known: Known | None) -> str | None:
    return known and known.state.deployment_id


def test_the_blueprint_says_which_is_meant_and_not_what_was_applied_last(tmp_path: Path) -> None:
    here = blueprint(tmp_path, "name: shop\nregion: us-east-1")
    assert find(here, None, None) is None
    old = deployed(here, "production", "local", age=60)
    moved = deployed(here, "production", "local", region="eu-west-1")
    renamed = deployed(here, "production", "local", name="store")
    assert id_of(find(here, None, None)) == old
    assert id_of(find_one(here, None, None)) == old
    assert id_of(find(blueprint(here, "name: shop\nregion: eu-west-1"), None, None)) == moved
    assert id_of(find(blueprint(here, "name: store"), None, None)) == renamed
    assert find(blueprint(here, "name: store\nregion: eu-west-1"), None, None) is None


def test_without_an_environment_production_is_meant(tmp_path: Path) -> None:
    here = blueprint(tmp_path, "name: shop\nenvironments: {staging: {region: eu-west-1}}")
    staging = deployed(here, "staging", "local", region="eu-west-1")
    assert find(here, None, None) is None
    assert id_of(find(here, "staging", None)) == staging
    production = deployed(here, "production", "local", age=60)
    assert id_of(find(here, None, None)) == production


def test_the_region_of_the_environment_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = blueprint(tmp_path, "name: shop")
    there = deployed(here, "production", "aws", region="eu-west-1")
    assert find(here, None, None) is None
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert id_of(find(here, None, None)) == there


def test_on_aws_any_folder_with_the_blueprint_means_it_and_locally_only_its_own(tmp_path: Path) -> None:
    on_aws = deployed(tmp_path / "one", "production", "aws")
    clone = blueprint(tmp_path / "two", "name: shop")
    assert id_of(find(clone, None, None)) == on_aws
    deployed(tmp_path / "one", "production", "local")
    assert id_of(find(clone, None, None)) == on_aws
    assert find(clone, None, None, local=True) is None


def test_of_two_clouds_the_last_one_is_looked_at_and_none_is_destroyed_unless_it_is_chosen(tmp_path: Path) -> None:
    here = blueprint(tmp_path, "name: shop")
    on_aws = deployed(here, "production", "aws", age=60)
    local = deployed(here, "production", "local")
    assert id_of(find(here, None, None)) == local
    assert id_of(find_one(here, None, None, local=False)) == on_aws
    with pytest.raises(DeploymentNotFound, match=f"several deployments could be meant: {on_aws}, {local}") as caught:
        find_one(here, None, None)
    assert caught.value.hint == "Choose one: --aws, --local, or -d ID."
    assert id_of(find(blueprint(here, "name: shop\ncloud: aws"), None, None)) == on_aws
    assert id_of(find_one(here, None, None)) == on_aws


def test_two_accounts_are_told_apart_by_id_alone(tmp_path: Path) -> None:
    here = blueprint(tmp_path, "name: shop")
    for account in "12":
        state = DeploymentState(
            f"shop-{account}", DeploymentStatus.DEPLOYED, name="shop", region="us-east-1", account=account
        )
        stores()[0].save(state)
    with pytest.raises(DeploymentNotFound, match="several deployments could be meant: shop-1, shop-2"):
        find(here, None, None)
    assert id_of(find(here, None, "shop-2")) == "shop-2"
    assert id_of(find(blueprint(here, 'name: shop\naccount: "1"'), None, None)) == "shop-1"


@pytest.mark.parametrize("text", [None, "name: [", "services: {}", "name: 3"])
def test_without_a_readable_blueprint_the_one_of_the_folder_is_meant_if_it_is_the_only_one(
    tmp_path: Path, text: str | None
) -> None:
    if text is not None:
        blueprint(tmp_path, text)
    first = deployed(tmp_path, "production", "local")
    deployed(tmp_path, "staging", "local")
    assert id_of(find(tmp_path, None, None)) == first
    deployed(tmp_path, "production", "local", region="eu-west-1")
    with pytest.raises(DeploymentNotFound, match="several deployments could be meant"):
        find(tmp_path, None, None)


def test_what_is_not_deployed_says_what_else_is(tmp_path: Path) -> None:
    here = blueprint(tmp_path, "name: shop\nregion: us-east-1")
    staging = deployed(here, "staging", "local")
    moved = deployed(here, "production", "local", region="eu-west-1")
    for search in (require, find_one):
        with pytest.raises(
            DeploymentNotFound, match="in environment production as shop in us-east-1"
        ) as caught:  # fmt: skip
            search(here, None, None)
        assert caught.value.hint == (
            f"Also deployed from this folder:\n  {moved} (local)\n  {staging} (local)\nChoose one with -d ID."
        )


def test_a_new_region_or_name_leaves_the_old_deployment_behind_with_its_data(tmp_path: Path) -> None:
    here = blueprint(tmp_path, "name: shop\nregion: us-east-1")
    old = deployed(here, "production", "local", recorded=Recorded("CREATE_COMPLETE", DATABASE))
    deployed(here, "staging", "local")
    deployed(here, "production", "aws", region="eu-west-3")
    assert left_behind(here, "production", "local") == ()
    for changed in ("name: shop\nregion: eu-west-1", "name: store\nregion: us-east-1"):
        blueprint(here, changed)
        assert left_behind(here, "production", "local") == (LeftBehind(old, "shop", "us-east-1", ("Db",)),)


def test_a_file_stands_for_its_folder_and_another_folder_for_none(tmp_path: Path) -> None:
    name = deployed(tmp_path, "production", "local")
    blueprint(tmp_path, "name: shop")
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
