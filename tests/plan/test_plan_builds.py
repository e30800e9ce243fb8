"""What a plan says of build instances."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hivemind.blueprint.model import Blueprint, Service
from hivemind.plan import show
from hivemind.plan.digest import plan_digest
from hivemind.plan.make import make_plan
from hivemind.plan.model import NOTHING, Plan, RemoteBuild
from hivemind.template.fragment import Assembly
from hivemind.text.codec import decode, encode

pytestmark = pytest.mark.fast
SHOP = Blueprint("shop", services={"web": Service("web", build_on="t3.large"), "job": Service("job")})
EMPTY = Assembly({"Resources": {}}, {}, {}, {})


def plan(cloud: str = "aws") -> Plan:
    return make_plan(SHOP, EMPTY, NOTHING, {"web": "1", "job": "2"}, "2026-01-01T00:00:00Z", cloud=cloud)


def test_a_build_instance_is_in_the_plan_and_in_its_digest() -> None:
    made = plan()
    assert made.builds == (RemoteBuild("web", "t3.large", "debian-12", "x86_64", "shop-production-build"),)
    here = replace(SHOP, services={**SHOP.services, "web": Service("web")})
    other = make_plan(here, EMPTY, NOTHING, {"web": "1", "job": "2"}, "2026-01-01T00:00:00Z", cloud="aws")
    assert other.builds == ()
    assert other.digest != made.digest
    assert decode(Plan, encode(made)) == made


def test_none_is_planned_for_what_stays_released() -> None:
    released = replace(NOTHING, artifacts={"web": "1", "job": "2"})
    assert make_plan(SHOP, EMPTY, released, {"web": "1", "job": "2"}, "", cloud="aws").builds == ()


def test_it_says_size_system_stack_and_what_it_takes() -> None:
    text = "\n".join(show.lines(plan()))
    assert "  * web  build instance: t3.large (x86_64), debian-12\n" in text
    assert "stack shop-production-build, deleted after the build" in text
    assert "no IAM role" in text
    assert "needs no more permissions than your stack" in text
    assert "* job" not in text


def test_in_the_local_cloud_it_says_what_stands_in() -> None:
    text = "\n".join(show.lines(plan("local")))
    assert "  * web  build instance: in the local cloud, this machine" in text


def test_what_this_machine_has_built_is_said_and_no_part_of_the_digest() -> None:
    known = replace(plan(), built=("web",))
    assert plan_digest(known) == plan().digest
    text = "\n".join(show.lines(known))
    assert "  * web  already built on this machine: needs no build instance" in text
    assert "shop-production-build" not in text
