"""What would not work on AWS is found before anything changes: account, region, ways in, images, quota."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hivemind.blueprint.generated import generated
from hivemind.blueprint.model import Blueprint, SecretReference, Service
from hivemind.flow import regions
from hivemind.flow.checking import Checked, check
from hivemind.flow.looking_ahead import ahead, require_same_account
from hivemind.flow.telling import tell_where
from hivemind.plan.make import make_plan
from hivemind.plan.model import NOTHING, Basis, Plan, RemoteBuild, Snapshot
from hivemind.plan.show import lines
from hivemind.plugins.loading import load
from hivemind.releases.stored_secrets import missing
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import CloudUnreachable, FindingsError
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast
ACCOUNT = "123456789012"
SERVICES = "services:\n  web: {runtime: python 3.11, start: run, port: 8000, health: /up, routes: [shop.example.com]}\n"
DEBIAN = "/aws/service/debian/release/12/latest/amd64"


@dataclass
class Aws:
    """A region that answers what is asked ahead. images: parameters that it has. endpoints: how many there are."""

    images: tuple[str, ...] = (DEBIAN,)
    endpoints: int = 0
    name: str = "aws"
    region: str = "eu-west-1"
    account: str = ACCOUNT
    identity: str = f"arn:aws:iam::{ACCOUNT}:user/ada"
    asked: list[str] = field(default_factory=list)

    def client(self, service: str) -> Aws:
        return self

    def get_parameter(self, *, Name: str) -> dict[str, Any]:
        self.asked.append(Name)
        if Name not in self.images:
            raise CloudCallFailed("ParameterNotFound", "GetParameter", "not found")
        return {"Parameter": {"Value": "ami-1"}}

    def get_paginator(self, operation: str) -> Aws:
        assert operation == "describe_instance_connect_endpoints"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        states = ["create-complete"] * self.endpoints + ["delete-complete"]
        return [{"InstanceConnectEndpoints": [{"State": state} for state in states]}]


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Checked]:
    def make(more: str = "") -> Checked:
        path = tmp_path / "hivemind.yaml"
        path.write_text(f"hivemind: 1\nname: shop\n{more}\n{SERVICES}")
        return check(path, load(third_party=False), lint=False)

    return make


def plan_of(checked: Checked, cloud: str = "aws") -> Plan:
    return make_plan(checked.blueprint, checked.assembly, NOTHING, {}, "", region="eu-west-1", cloud=cloud)


def found(checked: Checked, aws: Aws | None, snapshot: Snapshot = NOTHING, cloud: str = "aws") -> list[Finding]:
    return list(ahead(checked, plan_of(checked, cloud), snapshot, aws))  # type: ignore[arg-type]


def test_a_plan_that_can_work_has_nothing_ahead(project: Callable[..., Checked]) -> None:
    assert found(project(f"account: '{ACCOUNT}'"), Aws()) == []


@pytest.mark.parametrize("cloud", ["aws", "local"])
def test_drift_is_warned_of_where_the_stack_changes(project: Callable[..., Checked], cloud: str) -> None:
    checked, drifted = project(), replace(NOTHING, drifted=True)
    assert [(one.id, one.severity) for one in found(checked, Aws(), drifted, cloud)] == [("H457", "warning")]
    nothing = replace(plan_of(checked, cloud), changes=())
    assert list(ahead(checked, nothing, drifted, Aws())) == []  # type: ignore[arg-type]


def test_credentials_of_another_account(project: Callable[..., Checked]) -> None:
    (finding,) = found(project("account: '999999999999'"), Aws())
    assert (finding.id, finding.is_error, finding.path) == ("H138", True, "account")
    assert ACCOUNT in finding.message
    assert "999999999999" in finding.message


@pytest.mark.parametrize("network", ["ssh_endpoint: none", "ssh_endpoint: eice-0123456789abcdef0"])
def test_instances_that_nobody_could_reach_are_refused_on_aws_and_warned_of_before(
    project: Callable[..., Checked], network: str
) -> None:
    checked = project(f"network: {{{network}}}")
    assert [(one.id, one.severity) for one in checked.findings if one.id == "H139"] == [("H139", "warning")]
    assert [(one.id, one.is_error) for one in found(checked, Aws())] == [("H139", True)]
    assert [one.id for one in found(checked, None)] == ["H139"]
    assert found(checked, None, cloud="local") == []


def test_on_the_local_cloud_no_way_is_needed(project: Callable[..., Checked]) -> None:
    assert project("cloud: local\nnetwork: {ssh_endpoint: none}").findings == project("cloud: local").findings


def test_a_region_without_the_image(project: Callable[..., Checked]) -> None:
    (finding,) = found(project(), Aws(images=()))
    assert (finding.id, finding.is_error, finding.path) == ("H445", True, "services.web.os")
    assert DEBIAN in finding.message
    assert "amazon-linux-2023" in str(finding.hint)


def test_an_image_that_the_stack_has_is_not_asked_for(project: Callable[..., Checked]) -> None:
    checked, aws = project(), Aws(images=())
    known = replace(NOTHING, basis=Basis.LIVE, parameters=dict.fromkeys(checked.assembly.images, "ami-1"))
    assert found(checked, aws, known) == []
    assert aws.asked == []


@pytest.mark.parametrize(("there", "ids"), [(4, []), (5, ["H444"])])
def test_one_endpoint_more_than_aws_allows_is_a_warning(
    project: Callable[..., Checked], there: int, ids: list[str]
) -> None:
    aws = Aws(endpoints=there)
    assert [one.id for one in found(project(), aws)] == ids
    assert all(not one.is_error for one in found(project(), aws))
    direct = "environments:\n  production: {stage: stage-1, network: {ssh_from: [203.0.113.0/24]}}"
    assert found(project(direct), aws) == []


@pytest.mark.parametrize(("there", "built", "ids"), [(3, (), []), (4, (), ["H444"]), (4, ("web",), [])])
def test_a_build_stack_makes_an_endpoint_of_its_own(
    project: Callable[..., Checked], there: int, built: tuple[str, ...], ids: list[str]
) -> None:
    checked = project()
    plan = replace(
        plan_of(checked),
        builds=(RemoteBuild("web", "t3.large", "debian-12", "x86_64", "shop-production-build"),),
        built=built,
    )
    aws = Aws(endpoints=there)
    assert [one.id for one in ahead(checked, plan, NOTHING, aws)] == ids  # type: ignore[arg-type]


def test_a_deployment_of_another_account_is_not_taken_for_gone() -> None:
    with pytest.raises(CloudUnreachable, match="shop-production is in the AWS account 999999999999"):
        require_same_account(Aws(), "999999999999", "shop-production")  # type: ignore[arg-type]
    require_same_account(Aws(), ACCOUNT, "shop-production")  # type: ignore[arg-type]


def test_who_and_where_is_told_first(project: Callable[..., Checked]) -> None:
    said: list[str] = []

    class Face:
        def note(self, text: str, *, aside: bool = False) -> None:
            said.append(text)

    tell_where(Aws(), project("region: eu-west-1").blueprint, Face())  # type: ignore[arg-type]
    assert said == [
        f"AWS account {ACCOUNT}, region eu-west-1 (from hivemind.yaml)\nas arn:aws:iam::{ACCOUNT}:user/ada\n"
    ]


def test_the_first_line_of_a_plan_says_that_nobody_was_asked(project: Callable[..., Checked]) -> None:
    plan = plan_of(project())
    assert lines(plan)[0].endswith("basis: none, not compared with AWS")
    assert lines(replace(plan, basis=Basis.RECORDED))[0].endswith("basis: recorded, not compared with AWS")
    assert lines(replace(plan, basis=Basis.LIVE))[0].endswith("basis: live")
    assert lines(plan_of(project(), "local"))[0].endswith("basis: none")


class TestRegion:
    @pytest.fixture(autouse=True)
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "config").write_text("[profile shop]\nregion = ap-southeast-2\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    def test_the_blueprint_the_environment_the_profile_and_then_the_default(
        self, project: Callable[..., Checked], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert regions.effective(None).name == "us-east-1"
        assert "neither" in regions.effective(None).origin
        monkeypatch.setenv("AWS_PROFILE", "shop")
        assert regions.effective(None) == regions.Region("ap-southeast-2", "AWS profile shop")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
        assert regions.effective(None) == regions.Region("eu-west-2", "AWS_DEFAULT_REGION")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        assert regions.effective(None) == regions.Region("eu-west-1", "AWS_REGION")
        assert regions.effective(project("region: us-west-2").blueprint).name == "us-west-2"

    def test_a_region_that_is_none_is_an_error_wherever_it_comes_from(
        self, project: Callable[..., Checked], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_REGION", "eu-wst-1")
        with pytest.raises(FindingsError) as caught:
            project()
        (finding,) = [one for one in caught.value.findings if one.is_error]
        assert finding.id == "H129"
        assert "from AWS_REGION" in finding.message
        assert "eu-west-1" in str(finding.hint)
        monkeypatch.setenv("AWS_REGION", "eu-west-9")
        assert [one.severity for one in project().findings if one.id == "H129"] == ["warning"]
        assert project("region: eu-west-1").blueprint.region == "eu-west-1"

    def test_a_certificate_of_another_region_than_the_effective_one(
        self, project: Callable[..., Checked], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificate = f"certificate: arn:aws:acm:us-east-1:{ACCOUNT}:certificate/0f1e2d3c-0000-4000-8000-000000000000"
        assert project(certificate).blueprint.certificate
        monkeypatch.setenv("AWS_PROFILE", "shop")
        with pytest.raises(FindingsError) as caught:
            project(certificate)
        (finding,) = [one for one in caught.value.findings if one.id == "H133"]
        assert "ap-southeast-2 (AWS profile shop)" in finding.message
        assert finding.place is not None


class Stores:
    """What keeps secrets: those of these names, to be asked by who may."""

    def __init__(self, *names: str, code: str = "ParameterNotFound") -> None:
        self.names, self.code, self.region = names, code, "eu-west-1"

    def client(self, service: str) -> Stores:
        return self

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, Any]:
        assert not WithDecryption
        return self.answer(Name, {"Parameter": {"Name": Name}})

    def describe_secret(self, *, SecretId: str) -> dict[str, Any]:
        deleted = {"DeletedDate": 1} if SecretId == "going" else {}
        return self.answer(SecretId, {"Name": SecretId, **deleted})

    def answer(self, name: str, content: dict[str, Any]) -> dict[str, Any]:
        if name not in self.names:
            raise CloudCallFailed(self.code, "Describe", "no")
        return content


@pytest.mark.parametrize(
    ("stores", "absent"),
    [
        (Stores("/shop/a", "mail"), ["C"]),
        (Stores("going"), ["A", "B", "C"]),
        (Stores("/shop/a", "mail", code="ResourceNotFoundException"), ["C"]),
        (Stores(code="AccessDeniedException"), []),
    ],
)
def test_secrets_that_are_not_there_are_named_without_reading_any(stores: Any, absent: list[str]) -> None:
    kept = {"A": ("ssm", "/shop/a"), "B": ("secretsmanager", "mail", "field"), "C": ("secretsmanager", "going")}
    secrets = {name: SecretReference(*place) for name, place in kept.items()}
    service = Service("web", secrets={**secrets, "SESSION_KEY": generated("SESSION_KEY")})
    found = list(missing(Blueprint("shop", services={"web": service}), ["web"], stores))
    assert [one.path for one in found] == [f"services.web.secrets.{name}" for name in absent]
    assert {one.hint for one in found} == {f"Store it: `hivemind secrets set {name}`." for name in absent}
