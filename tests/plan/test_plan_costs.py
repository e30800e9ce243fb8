"""What a plan says a deployment costs: prices with their sources, sums, differences, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hivemind.agents.provisioner import hivemind_fragments
from hivemind.blueprint.model import Blueprint, DeploymentStage, Network, Resource, Service
from hivemind.blueprint.scaling import Scaling
from hivemind.blueprint.sizes import CACHE_FAMILIES, DATABASE_FAMILIES, INSTANCE_FAMILIES
from hivemind.plan import file, show
from hivemind.plan.costs.show import lines
from hivemind.plan.costs.table import HOURS, monthly, table
from hivemind.plan.make import make_plan
from hivemind.plan.model import NOTHING, Basis, Plan, Snapshot
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Assembly

pytestmark = pytest.mark.fast

DB = Resource("db", "postgres", {"version": "16", "size": "db.t3.micro", "storage": 20})
SHOP = Blueprint("shop", services={"web": Service("web", port=8000, instances=2, needs=("db",))}, resources={"db": DB})


def made(blueprint: Blueprint) -> Assembly:
    return assemble(blueprint, [("provisioner", hivemind_fragments(blueprint=blueprint))])


def planned(
    blueprint: Blueprint, before: Blueprint | None = None, *, cloud: str = "aws", region: str = "us-east-1"
) -> Plan:
    snapshot = NOTHING
    if before is not None:
        snapshot = Snapshot(Basis.LIVE, status="UPDATE_COMPLETE", template=made(before).template, revision=1)
    return make_plan(blueprint, made(blueprint), snapshot, {}, "", cloud=cloud, region=region)


def parts(plan: Plan) -> Mapping[str, tuple[float, str]]:
    assert plan.cost is not None
    return {line.path: (line.monthly, line.what) for line in plan.cost.lines}


def test_each_price_has_a_source_and_a_day_and_its_month_is_that_of_730_hours() -> None:
    for (kind, name), price in table().items():
        assert price.source in {"karpenter", "infracost", "infratally", "cloudburn", "copies"}
        assert date(2024, 1, 1) <= date.fromisoformat(price.as_of) <= date(2026, 11, 30)
        hours = HOURS if price.unit == "hour" else 1
        assert price.month == pytest.approx(price.usd * hours, abs=0.0051), (kind, name)


def test_prices_are_of_sizes_that_blueprints_accept_and_cover_the_defaults() -> None:
    known = {"instance": INSTANCE_FAMILIES, "database": DATABASE_FAMILIES, "cache": CACHE_FAMILIES}
    for kind, name in table():
        if kind in known:
            family, size = name.split(".")[-2:]
            assert size in known[kind].get(family, ()), name
    assert monthly("instance", Service("web").size)
    assert monthly("database", "db.t3.micro")
    assert monthly("cache", "cache.t3.micro")


def test_the_default_of_production_costs_what_a_person_adds_up() -> None:
    said = planned(SHOP)
    assert parts(said) == {
        "network": (36.5, "1 public address, 1 NAT gateway"),
        "resources.db": (31.28, "2 db.t3.micro, 40 GB storage, 1 secret"),  # 2 * 13.14 + 40 * 0.115 + 0.40
        "services": (23.73, "1 load balancer, 2 public addresses"),
        "services.web": (17.74, "2 t3.micro, 32 GB disk"),
    }
    assert said.cost is not None
    assert (said.cost.monthly, said.cost.before, said.cost.unpriced) == (109.25, None, ())


def test_stage_1_costs_less_for_the_same_services() -> None:
    cheap = parts(planned(replace(SHOP, stage=DeploymentStage.STAGE_1)))
    assert "network" not in cheap
    assert cheap["services.web"] == (25.04, "2 t3.micro, 32 GB disk, 2 public addresses")
    assert cheap["resources.db"] == (15.84, "1 db.t3.micro, 20 GB storage, 1 secret")


def test_without_a_way_out_there_is_no_nat_gateway_to_pay() -> None:
    sealed = planned(replace(SHOP, network=Network(egress="none")), before=SHOP)
    assert sealed.cost is not None
    assert (sealed.cost.before, sealed.cost.monthly) == (109.25, 72.75)
    text = "\n".join(show.lines(sealed))
    assert "About $72.75 a month, $36.50 less than now" in text
    assert "-$36.50  network  no more: 1 public address, 1 NAT gateway" in text
    assert "db.t3.micro" not in text, "parts that cost what they cost are not shown again"


def test_what_stays_as_it_is_costs_what_it_costs() -> None:
    said = planned(SHOP, before=SHOP)
    assert said.empty
    assert any(line.startswith("About $109.25 a month, as now") for line in show.lines(said))


def test_a_price_that_is_not_known_is_said_to_be_unknown() -> None:
    large = replace(SHOP, services={"web": replace(SHOP.services["web"], size="u7i-12tb.224xlarge")})
    said = planned(large)
    assert said.cost is not None
    assert said.cost.unpriced == ("2 u7i-12tb.224xlarge",)
    assert "Of these the price is not known: 2 u7i-12tb.224xlarge." in "\n".join(show.lines(said))
    foreign = {"Resources": {"Map": {"Type": "AWS::Location::Map"}, "Disk": {"Type": "AWS::EC2::Volume"}}}
    plan = make_plan(SHOP, Assembly(foreign, {}, {}, {}), NOTHING, {}, "", cloud="aws")
    assert plan.cost is not None
    assert (plan.cost.monthly, plan.cost.unpriced) == (0, ("1 GB disk", "1 AWS::Location::Map"))


@pytest.mark.parametrize("odd", [None, "many", {"Ref": "X"}, {"Fn::If": ["A", 1, 2]}, [], -1, 1.5, True])
def test_odd_values_of_overrides_end_no_plan(odd: Any) -> None:
    template = {
        "Resources": {
            "I": {"Type": "AWS::EC2::Instance", "Properties": {"InstanceType": odd, "BlockDeviceMappings": odd}},
            "J": {"Type": "AWS::EC2::Instance", "Properties": {"BlockDeviceMappings": [{"Ebs": {"VolumeSize": odd}}]}},
            "D": {"Type": "AWS::RDS::DBInstance", "Properties": {"AllocatedStorage": odd, "DBInstanceClass": odd}},
            "C": {"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": {"NumCacheClusters": odd}},
            "L": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Subnets": odd}},
        }
    }
    plan = make_plan(SHOP, Assembly(template, {}, {}, {}), NOTHING, {}, "", cloud="aws")
    assert plan.cost is not None
    assert plan.cost.unpriced


def test_other_regions_are_said_to_have_other_prices() -> None:
    assert "; eu-west-1 has others)" in "\n".join(show.lines(planned(SHOP, region="eu-west-1")))
    assert "has others" not in "\n".join(show.lines(planned(SHOP)))


def test_the_local_cloud_costs_nothing_and_prices_are_no_part_of_what_is_agreed_to(tmp_path: Path) -> None:
    assert planned(SHOP, cloud="local").cost is None
    said = planned(SHOP)
    assert replace(said, cost=None).digest == said.digest
    file.save(said, tmp_path / "plan.json")
    assert file.load(tmp_path / "plan.json") == said


def test_burstable_families_are_named() -> None:
    assert "t3: processor time above the baseline is billed on top." in "\n".join(show.lines(planned(SHOP)))


def test_a_group_costs_what_its_least_number_costs_and_says_the_most() -> None:
    fixed, group = (
        replace(SHOP.services["web"], needs=()),
        replace(SHOP.services["web"], needs=(), scaling=Scaling(2, 6)),
    )
    two, six = (planned(replace(SHOP, services={"web": replace(fixed, instances=count)})).cost for count in (2, 6))
    cost = planned(replace(SHOP, services={"web": group})).cost
    assert two is not None
    assert six is not None
    assert cost is not None
    assert (cost.monthly, cost.most, cost.unpriced) == (two.monthly, six.monthly, ())
    assert f"When groups have all their instances: about ${six.monthly:,.2f}." in "\n".join(lines(cost, "us-east-1"))
    assert two.most is None
