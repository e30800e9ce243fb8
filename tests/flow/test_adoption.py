"""Records that are lost, old or were never here, made anew: by moto's CloudFormation and S3, from own homes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hivemind.aws.clients import session
from hivemind.deploy import shared_state
from hivemind.deploy.journal import Journal, read_journal
from hivemind.deploy.lease import acquire
from hivemind.deploy.state import DeploymentState, DeploymentStatus, Revision, StackInfo, StateStore
from hivemind.flow.adoption import OTHERS, STACK, THIS_MACHINE, Adopted, adopt
from hivemind.flow.clouds import connect
from hivemind.flow.keeping import place
from hivemind.flow.reporting import events, history
from hivemind.machine import home
from hivemind.values.asked import Asked
from hivemind.values.errors import DeploymentLocked, DeploymentNotFound, HiveMindError, Refused
from hivemind.values.exits import ExitCode
from hivemind.values.state_address import VARIABLE

ID = "shop-production-123456789012-eu-west-1"
TEAM = "s3://team-state/hivemind"


class Face:
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str, *, aside: bool = False) -> None:
        self.notes.append(text)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    import boto3
    from moto import mock_aws

    session.cache_clear()
    with mock_aws():
        s3 = boto3.client("s3", region_name="eu-west-1")
        for name in ("team-state", "shop-made"):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield boto3.client("cloudformation", region_name="eu-west-1")
    session.cache_clear()


def stack(cloudformation: Any, revision: int | None = 4) -> None:
    template: dict[str, Any] = {
        "Resources": {
            "Parameter": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": "/shop/x", "Type": "String", "Value": "x"},
            }
        },
        "Outputs": {"ArtifactBucketName": {"Value": "shop-made"}, "ALBDNSName": {"Value": "shop.elb.example"}},
    }
    given = []
    if revision is not None:
        template["Parameters"] = {"Revision": {"Type": "String"}}
        given = [{"ParameterKey": "Revision", "ParameterValue": f"r{revision}"}]
    cloudformation.create_stack(StackName="shop-production", TemplateBody=json.dumps(template), Parameters=given)


def project(folder: Path, state: str | None = TEAM) -> Asked:
    said = f"state: {state}\n" if state else ""
    (folder / "hivemind.yaml").write_text(
        f"hivemind: 1\nname: shop\nregion: eu-west-1\n{said}services: {{web: {{}}}}\n"
    )
    return Asked(folder)


def at(monkeypatch: pytest.MonkeyPatch, folder: Path) -> StateStore:
    """From now on this is the home."""
    monkeypatch.setenv("HIVEMIND_HOME", str(folder))
    return StateStore(home.deployments())


def known(*numbers: int, **more: Any) -> DeploymentState:
    made = tuple(Revision(number, f"2026-01-0{number}T00:00:00+00:00", by="ada@one") for number in numbers)
    return DeploymentState(
        ID,
        DeploymentStatus.DEPLOYED,
        name="shop",
        account="123456789012",
        region="eu-west-1",
        stack_info=StackInfo("shop-production", None, "eu-west-1"),
        revisions=made,
        sources={"web": "d"},
        **more,
    )


def leave(store: StateStore, state: DeploymentState, folder: Path) -> None:
    """What an apply on this machine leaves for others."""
    store.save(state)
    cloud = connect("shop", "eu-west-1", folder, local=False)
    with Journal(store.folder(ID), ID, "20260101T000000-aaaaaa") as journal:
        journal.finished(f"r{state.revision} is live")
    there = place(cloud, ID, "shop-production", state.kept_in)
    shared_state.push(there, store, ID, pytest.fail)
    from hivemind.deploy import shared_journal

    shared_journal.bring(store.folder(ID), there)


def result(adopted: Adopted) -> tuple[str, list[int], str | None]:
    return adopted.source, [one.number for one in adopted.state.revisions] if adopted.state else [], adopted.status


@pytest.mark.parametrize("address", [TEAM, None])
def test_a_home_that_never_saw_it_takes_what_others_left(
    aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    stack(aws)
    asked, face = project(tmp_path, address), Face()
    leave(at(monkeypatch, tmp_path / "one"), known(3, 4, kept_in=address), tmp_path)
    store = at(monkeypatch, tmp_path / "two")
    assert result(adopt(asked, face)) == (OTHERS, [3, 4], "CREATE_COMPLETE")  # type: ignore[arg-type]
    assert [event.message for event in read_journal(store.folder(ID))] == ["r4 is live"]
    assert result(adopt(asked, face)) == (THIS_MACHINE, [3, 4], "CREATE_COMPLETE")  # type: ignore[arg-type]
    assert face.notes == []
    by_id = adopt(Asked(tmp_path / "elsewhere", deployment=ID), face)  # type: ignore[arg-type]
    assert result(by_id) == (THIS_MACHINE, [3, 4], "CREATE_COMPLETE")


def test_history_and_events_have_what_another_machine_did(
    aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack(aws)
    asked, face = project(tmp_path), Face()
    leave(at(monkeypatch, tmp_path / "one"), known(1, kept_in=TEAM), tmp_path)
    at(monkeypatch, tmp_path / "two")
    assert [one.number for one in history(asked, face)[1]] == [1]  # type: ignore[arg-type]
    leave(at(monkeypatch, tmp_path / "one"), known(1, 2, kept_in=TEAM, serial=1), tmp_path)
    at(monkeypatch, tmp_path / "two")
    assert [one.number for one in history(asked, face)[1]] == [1, 2]  # type: ignore[arg-type]
    assert events(asked, face)[-1].message == "r2 is live"  # type: ignore[arg-type]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv(VARIABLE, "s3://gone-bucket")
    assert [one.number for one in history(asked, face)[1]] == [1, 2]  # type: ignore[arg-type]
    assert "other machines may have done more since" in face.notes[-1]


def test_a_store_that_is_gone_is_made_anew_from_the_stack(
    aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack(aws)
    asked, face = project(tmp_path), Face()
    store = at(monkeypatch, tmp_path / "one")
    adopted = adopt(asked, face)  # type: ignore[arg-type]
    assert result(adopted) == (STACK, [4], "CREATE_COMPLETE")
    assert adopted.state is not None
    assert (adopted.state.alb_dns_name, dict(adopted.state.sources)) == ("shop.elb.example", {})
    assert adopted.state.kept_in == TEAM
    assert "record made anew from the stack by" in [event.message for event in read_journal(store.folder(ID))][-1]
    at(monkeypatch, tmp_path / "two")
    assert result(adopt(asked, face)) == (OTHERS, [4], "CREATE_COMPLETE")  # type: ignore[arg-type]


def test_a_record_that_is_older_than_the_stack_keeps_its_revisions(
    aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack(aws, revision=7)
    asked, face = project(tmp_path, None), Face()
    store = at(monkeypatch, tmp_path / "one")
    store.save(known(1, 2, host_keys={"i-1": "ssh-ed25519 A"}))
    adopted = adopt(asked, face)  # type: ignore[arg-type]
    assert result(adopted) == (STACK, [1, 2, 7], "CREATE_COMPLETE")
    assert adopted.state is not None
    assert (dict(adopted.state.sources), dict(adopted.state.host_keys)) == ({}, {"i-1": "ssh-ed25519 A"})


def test_an_apply_that_failed_after_the_stack_is_no_older_record(
    aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack(aws, revision=4)
    store = at(monkeypatch, tmp_path / "one")
    store.save(replace(known(2, 3), status=DeploymentStatus.FAILED))
    adopted = adopt(project(tmp_path, None), Face())  # type: ignore[arg-type]
    assert result(adopted) == (THIS_MACHINE, [2, 3], "CREATE_COMPLETE")


def test_a_damaged_record_is_kept_under_another_name(aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack(aws)
    asked, face = project(tmp_path), Face()
    store = at(monkeypatch, tmp_path / "one")
    leave(store, known(4, kept_in=TEAM), tmp_path)
    (store.folder(ID) / "state.json").write_bytes(b"{")
    adopted = adopt(asked, face)  # type: ignore[arg-type]
    assert result(adopted) == (OTHERS, [4], "CREATE_COMPLETE")
    assert adopted.aside is not None
    assert adopted.aside.read_bytes() == b"{"


def test_a_stack_of_somebody_else_is_refused(aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack(aws, revision=None)
    store = at(monkeypatch, tmp_path / "one")
    with pytest.raises(Refused, match=r"was not made by HiveMind\. Nothing was changed"):
        adopt(project(tmp_path), Face())  # type: ignore[arg-type]
    assert not store.folder(ID).exists()


def test_nothing_deployed_leaves_nothing(aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = at(monkeypatch, tmp_path / "one")
    assert result(adopt(project(tmp_path), Face())) == (THIS_MACHINE, [], None)  # type: ignore[arg-type]
    assert not store.folder(ID).exists()
    with pytest.raises(DeploymentNotFound, match="'shop' is not the id"):
        adopt(Asked(tmp_path, deployment="shop"), Face())  # type: ignore[arg-type]


def test_nobody_adopts_what_a_run_holds(aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack(aws)
    store = at(monkeypatch, tmp_path / "one")
    with acquire(store.folder(ID), command="hivemind apply"), pytest.raises(DeploymentLocked):
        adopt(project(tmp_path), Face())  # type: ignore[arg-type]


def test_the_variable_goes_before_the_blueprint(aws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack(aws)
    asked = project(tmp_path, "s3://no-such-bucket-here")
    at(monkeypatch, tmp_path / "one")
    with pytest.raises(HiveMindError, match="no-such-bucket-here for the state does not exist"):
        adopt(asked, Face())  # type: ignore[arg-type]
    monkeypatch.setenv(VARIABLE, TEAM)
    adopted = adopt(asked, Face())  # type: ignore[arg-type]
    assert adopted.state is not None
    assert adopted.state.kept_in == TEAM
    monkeypatch.setenv(VARIABLE, "S3:/x")
    with pytest.raises(HiveMindError, match=r'HIVEMIND_STATE: "S3:/x" is no address') as caught:
        adopt(asked, Face())  # type: ignore[arg-type]
    assert caught.value.exit_code is ExitCode.INVALID
