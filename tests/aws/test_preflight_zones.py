"""The preflight of a hosted zone: what Route 53 says of it and of the names in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from answering import Region

from hivemind.aws.preflight import LOOKS, Subject, look
from hivemind.deploy import parameters
from hivemind.flow.checking import check
from hivemind.plan.make import make_plan
from hivemind.plan.model import NOTHING
from hivemind.plugins.loading import load
from hivemind.values.calls import CloudCallFailed
from hivemind.values.findings import Finding

pytestmark = pytest.mark.fast

ZONE = "Z0123456789ABCDEFGHIJ"
ONE = {"the hosted zone": LOOKS["the hosted zone"]}
PAGE = {"IsTruncated": False, "MaxItems": "100"}
TEXT = f"""\
hivemind: 1
name: shop
region: eu-west-1
domain: [shop.example.com, "*.shop.example.com"]
zone: {ZONE}
services:
  web: {{runtime: python 3.11, start: run, port: 8000}}
"""


def zone(name: str, identifier: str = ZONE, *, private: bool = False) -> dict[str, Any]:
    own = {"Id": f"/hostedzone/{identifier}", "Name": f"{name}.", "CallerReference": "us"}
    return {**own, "Config": {"PrivateZone": private}}


def found(tmp_path: Path, own: Any, *, others: tuple[Any, ...] = (), records: tuple[Any, ...] = ()) -> list[Finding]:
    answers = {
        "route53.get_hosted_zone": own if isinstance(own, Exception) else {"HostedZone": own},
        "route53.list_hosted_zones": {"HostedZones": list(others), "Marker": "", **PAGE},
        "route53.list_resource_record_sets": {"ResourceRecordSets": list(records), **PAGE},
    }
    (tmp_path / "hivemind.yaml").write_text(TEXT)
    checked = check(tmp_path / "hivemind.yaml", load(third_party=False), lint=False)
    plan = make_plan(checked.blueprint, checked.assembly, NOTHING, {"web": "d"}, "", region="eu-west-1", cloud="aws")
    now = datetime(2026, 12, 1, tzinfo=UTC)
    subject = Subject(checked.blueprint, checked.assembly, plan, NOTHING, Region(answers), now)  # type: ignore[arg-type]
    return list(look(subject, {"zone": LOOKS["the hosted zone"]}))


def test_a_public_zone_of_the_domain_in_which_the_names_are_free_is_right(tmp_path: Path) -> None:
    txt = {"Name": "shop.example.com.", "Type": "TXT"}
    other = {"Name": "other.example.com.", "Type": "A"}
    assert found(tmp_path, zone("example.com"), records=(txt, other)) == []


def test_a_zone_that_is_not_there_is_told_with_the_one_that_fits(tmp_path: Path) -> None:
    missing = CloudCallFailed("NoSuchHostedZone", "GetHostedZone", "no")
    others = (zone("example.com", "ZSHORT"), zone("shop.example.com", "ZLONG"), zone("shop.example.com", private=True))
    (finding,) = found(tmp_path, missing, others=others[:2])
    assert (finding.id, finding.is_error, finding.path) == ("H478", True, "zone")
    assert finding.hint == "Write `zone: ZLONG`, the zone of shop.example.com."
    (finding,) = found(tmp_path, missing, others=(zone("example.org", "ZOTHER"), others[2]))
    assert "No public zone of this account has shop.example.com" in str(finding.hint)


def test_a_private_zone_and_one_of_another_domain_cannot_validate(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, zone("example.com", private=True), others=(zone("example.com", "ZPUBLIC"),))
    assert finding.id == "H478"
    assert "is private" in finding.message
    assert finding.hint == "Write `zone: ZPUBLIC`, the zone of example.com."
    (finding,) = found(tmp_path, zone("example.org"))
    assert finding.message == (
        f"shop.example.com, *.shop.example.com is not in the hosted zone {ZONE}, which is for example.org"
    )


@pytest.mark.parametrize(("name", "kind"), [("shop.example.com.", "CNAME"), ("\\052.shop.example.com.", "A")])
def test_a_record_of_somebody_else_is_named(tmp_path: Path, name: str, kind: str) -> None:
    (finding,) = found(tmp_path, zone("example.com"), records=({"Name": name, "Type": kind},))
    assert (finding.id, finding.is_error) == ("H479", True)
    assert f"of type {kind}" in finding.message


def named(tmp_path: Path, *there: Any, kept: str | None = None) -> tuple[list[Finding], Region]:
    """The findings where the zone is named by its domain. kept: the id that the stack has."""
    path = tmp_path / "hivemind.yaml"
    path.write_text(TEXT.replace(ZONE, "example.com"))
    checked = check(path, load(third_party=False), environment=None, lint=False)
    (parameter,) = checked.assembly.zones
    snapshot = replace(NOTHING, parameters={parameter: kept} if kept else {})
    plan = make_plan(checked.blueprint, checked.assembly, NOTHING, {"web": "d"}, "", region="eu-west-1", cloud="aws")
    answers: dict[str, Any] = {
        "route53.list_hosted_zones": {"HostedZones": list(there), **PAGE, "Marker": "m"},
        "route53.get_hosted_zone": lambda asked: {"HostedZone": zone("example.com", asked["Id"])},
        "route53.list_resource_record_sets": {"ResourceRecordSets": [], **PAGE, "MaxItems": "10"},
    }
    region = Region(answers)
    found = look(Subject(checked.blueprint, checked.assembly, plan, snapshot, region, datetime.now(UTC)), ONE)  # type: ignore[arg-type]
    if not found:
        assert parameters.zones(region, checked.assembly, snapshot) == {parameter: kept or ZONE}  # type: ignore[arg-type]
    return list(found), region


def test_a_zone_is_found_by_its_domain_and_its_id_is_kept(tmp_path: Path) -> None:
    found, _ = named(tmp_path, zone("other.org", "Z111111111"), zone("example.com"))
    assert found == []
    found, region = named(tmp_path, kept="Z222222222")
    assert found == []
    assert "route53.list_hosted_zones" not in {operation for operation, _ in region.asked}


@pytest.mark.parametrize(
    ("there", "said", "hint"),
    [
        ((), "this account has no hosted zone for example.com", "It has no public zone."),
        ((zone("exampel.com"),), "has no hosted zone for example.com", "Did you mean exampel.com?"),
        ((zone("example.com", private=True),), "the hosted zone of example.com is private", "no public zone"),
        (
            (zone("example.com", "Z222222222"), zone("example.com", "Z111111111")),
            "2 public hosted zones for example.com: Z111111111, Z222222222",
            "zone: Z111111111",
        ),
    ],
)
def test_a_domain_that_has_not_just_one_public_zone(
    tmp_path: Path, there: tuple[Any, ...], said: str, hint: str
) -> None:
    ((finding,), _) = named(tmp_path, *there)
    assert (finding.id, finding.is_error, finding.path) == ("H478", True, "zone")
    assert said in finding.message
    assert hint in str(finding.hint)


def test_the_template_refers_to_the_id_and_an_id_stays_one(tmp_path: Path) -> None:
    for said in ("example.com", "Example.com", ZONE):
        path = tmp_path / "hivemind.yaml"
        path.write_text(TEXT.replace(ZONE, said))
        assembly = check(path, load(third_party=False), environment=None, lint=False).assembly
        records = [one["Properties"] for one in assembly.resources.values() if one["Type"] == "AWS::Route53::RecordSet"]
        assert len(records) == 2
        if said == ZONE:
            assert (assembly.zones, {one["HostedZoneId"] for one in records}) == ({}, {ZONE})
            continue
        ((parameter, domain),) = assembly.zones.items()
        assert domain == "example.com"
        assert all(one["HostedZoneId"] == {"Ref": parameter} for one in records)
        assert assembly.template["Parameters"][parameter]["Type"] == "AWS::Route53::HostedZone::Id"
