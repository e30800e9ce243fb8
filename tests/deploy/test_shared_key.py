"""The deployment's key in Parameter Store: a second machine, a lost copy, a refused permission, two first applies."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hivemind.aws.mutations import check
from hivemind.deploy import shared_key
from hivemind.hosts import keys
from hivemind.text.redact import redact
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import DeploymentLocked, HiveMindError, Refused

pytestmark = pytest.mark.fast
ID = "shop-production-123456789012-eu-west-1"
NAME = f"/hivemind/{ID}/ssh-key"


@dataclass
class Aws:
    """Parameter Store. wrong: operation -> code of its error, every time."""

    name: str = "aws"
    kept: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)

    def client(self, service: str) -> Aws:
        assert service == "ssm"
        return self

    def _may(self, operation: str) -> None:
        if operation in self.wrong:
            raise CloudCallFailed(self.wrong[operation], operation, "told so")

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> Any:
        self._may("get")
        assert WithDecryption
        if Name not in self.kept:
            raise CloudCallFailed("ParameterNotFound", "GetParameter", "not found")
        return {"Parameter": {"Value": self.kept[Name]}}

    def put_parameter(self, *, Name: str, Value: str, Type: str, Overwrite: bool, Description: str) -> None:
        self._may("put")
        if Name in self.kept and not Overwrite:
            raise CloudCallFailed("ParameterAlreadyExists", "PutParameter", "exists")
        self.kept[Name] = Value
        self.types.add(Type)

    def delete_parameter(self, *, Name: str) -> None:
        self._may("delete")
        if self.kept.pop(Name, None) is None:
            raise CloudCallFailed("ParameterNotFound", "DeleteParameter", "not found")


@pytest.fixture
def said() -> list[str]:
    return []


def machine(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    return folder


def test_a_second_machine_has_the_key_of_the_first(tmp_path: Path, said: list[str]) -> None:
    aws, one, two = Aws(), machine(tmp_path, "one"), machine(tmp_path, "two")
    first = shared_key.bring(aws, one, ID, pinned=None, say=said.append)  # type: ignore[arg-type]
    assert aws.kept == {}  # nothing leaves this machine before the plan is approved
    shared_key.keep(aws, one, ID, say=said.append)  # type: ignore[arg-type]
    assert (list(aws.kept), aws.types) == ([NAME], {"SecureString"})
    second = shared_key.bring(aws, two, ID, pinned=first.public, say=said.append)  # type: ignore[arg-type]
    assert second.public == first.public
    assert stat.S_IMODE(second.private.stat().st_mode) == 0o600
    shared_key.keep(aws, two, ID, say=said.append)  # type: ignore[arg-type]
    assert said == []


def test_a_lost_copy_is_fetched_by_whoever_needs_it(tmp_path: Path, said: list[str]) -> None:
    aws, one = Aws(), machine(tmp_path, "one")
    before = shared_key.bring(aws, one, ID, pinned=None, say=said.append)  # type: ignore[arg-type]
    shared_key.keep(aws, one, ID, say=said.append)  # type: ignore[arg-type]
    before.private.unlink()
    assert shared_key.of(aws, one, ID).public == before.public  # type: ignore[arg-type]


def test_a_key_that_is_nowhere_is_not_made_by_who_only_looks(tmp_path: Path) -> None:
    folder = machine(tmp_path, "one")
    with pytest.raises(HiveMindError, match="neither on this machine nor in Parameter Store") as caught:
        shared_key.of(Aws(), folder, ID)  # type: ignore[arg-type]
    assert NAME in caught.value.message
    assert list(folder.iterdir()) == []


def test_an_apply_says_that_the_key_is_lost_and_makes_a_new_one(tmp_path: Path, said: list[str]) -> None:
    folder = machine(tmp_path, "one")
    shared_key.bring(Aws(), folder, ID, pinned="ssh-ed25519 AAAA", say=said.append)  # type: ignore[arg-type]
    assert keys.stored(folder) is not None
    assert "EC2 Instance Connect" in said[0]


def test_a_key_of_an_older_version_is_kept_at_the_next_apply(tmp_path: Path, said: list[str]) -> None:
    aws, folder = Aws(), machine(tmp_path, "one")
    keys.deployment_key(folder)
    shared_key.bring(aws, folder, ID, pinned="ssh-ed25519 AAAA", say=said.append)  # type: ignore[arg-type]
    shared_key.keep(aws, folder, ID, say=said.append)  # type: ignore[arg-type]
    assert aws.kept == {NAME: keys.stored(folder)}
    assert said == []


def test_what_is_kept_wins_over_an_old_copy(tmp_path: Path, said: list[str]) -> None:
    aws, folder = Aws(kept={NAME: keys.fresh()}), machine(tmp_path, "one")
    keys.deployment_key(folder)
    shared_key.bring(aws, folder, ID, pinned="ssh-ed25519 AAAA", say=said.append)  # type: ignore[arg-type]
    assert keys.stored(folder) == aws.kept[NAME]


def test_of_two_first_applies_one_stops_before_its_first_effect(tmp_path: Path, said: list[str]) -> None:
    aws, one, two = Aws(), machine(tmp_path, "one"), machine(tmp_path, "two")
    for folder in (one, two):
        shared_key.bring(aws, folder, ID, pinned=None, say=said.append)  # type: ignore[arg-type]
    shared_key.keep(aws, one, ID, say=said.append)  # type: ignore[arg-type]
    with pytest.raises(DeploymentLocked):
        shared_key.keep(aws, two, ID, say=said.append)  # type: ignore[arg-type]
    assert aws.kept[NAME] == keys.stored(one)


@pytest.mark.parametrize("wrong", [{"put": "AccessDeniedException"}, {"get": "AccessDeniedException"}])
def test_without_the_permission_the_copy_of_this_machine_does_and_a_person_knows(
    tmp_path: Path, said: list[str], wrong: dict[str, str]
) -> None:
    aws, folder = Aws(wrong=wrong), machine(tmp_path, "one")
    keys.deployment_key(folder)
    shared_key.bring(aws, folder, ID, pinned="ssh-ed25519 AAAA", say=said.append)  # type: ignore[arg-type]
    shared_key.keep(aws, folder, ID, say=said.append)  # type: ignore[arg-type]
    assert "others cannot reach its instances" in said[-1]


def test_a_destroyed_deployment_leaves_no_key(said: list[str]) -> None:
    aws = Aws(kept={NAME: "x"})
    shared_key.forget(aws, ID, say=said.append)  # type: ignore[arg-type]
    shared_key.forget(aws, ID, say=said.append)  # type: ignore[arg-type]
    assert (aws.kept, said) == ({}, [])
    aws.wrong = {"delete": "AccessDeniedException"}
    shared_key.forget(aws, ID, say=said.append)  # type: ignore[arg-type]
    assert NAME in said[0]


def test_the_local_cloud_keeps_nothing(tmp_path: Path, said: list[str]) -> None:
    local, folder = Aws(name="local", wrong={"get": "x", "put": "x", "delete": "x"}), machine(tmp_path, "one")
    shared_key.bring(local, folder, ID, pinned=None, say=said.append)  # type: ignore[arg-type]
    shared_key.keep(local, folder, ID, say=said.append)  # type: ignore[arg-type]
    shared_key.forget(local, ID, say=said.append)  # type: ignore[arg-type]
    assert said == []


def test_a_fetched_key_never_shows(tmp_path: Path, said: list[str]) -> None:
    private = keys.fresh()
    shared_key.bring(Aws(kept={NAME: private}), machine(tmp_path, "one"), ID, pinned=None, say=said.append)  # type: ignore[arg-type]
    assert private.splitlines()[2] not in redact(f"x {private} y")


def test_what_is_kept_and_is_no_key_is_said(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(HiveMindError, match="not an SSH key"):
        shared_key.bring(Aws(kept={NAME: "x"}), machine(tmp_path, "one"), ID, pinned=None, say=said.append)  # type: ignore[arg-type]


def test_a_new_key_keeps_the_first_one_for_instances_to_come(tmp_path: Path) -> None:
    folder, first, second, third = machine(tmp_path, "one"), keys.fresh(), keys.fresh(), keys.fresh()
    keys.store(folder, first)
    keys.store(folder, keys.followed_by(first, second))
    assert keys.stored(folder) == second + first
    keys.store(folder, keys.followed_by(second + first, third))
    assert keys.stored(folder) == third + first
    assert keys.deployment_key(folder).public.startswith(keys.public_half(third))


def test_other_parameters_are_written_as_secrets_or_not_at_all() -> None:
    check("ssm", "PutParameter", {"Name": NAME}, protocol="json", method="POST")
    with pytest.raises(Refused):
        check("ssm", "PutParameter", {"Name": "/shop/key"}, protocol="json", method="POST")
