"""What is deployed, as checks see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from hivemind.agents.provisioner import hivemind_fragments
from hivemind.blueprint.model import Blueprint, Service
from hivemind.releases.deployed import Deployed
from hivemind.template.assemble import assemble

pytestmark = pytest.mark.fast

SHOP = Blueprint("shop", services={"web": Service("web", port=8000, instances=3)})


def test_instances_are_those_of_the_stack_in_their_order() -> None:
    template = assemble(SHOP, [("provisioner", hivemind_fragments(blueprint=SHOP))])
    separator, parts = template.template["Outputs"]["WebInstanceIds"]["Value"]["Fn::Join"]
    physical = {f"WebInstance{number}": f"i-{number}" for number in (1, 2, 3)}
    said = separator.join(physical[part["Ref"]] for part in parts)
    none = cast("Any", None)
    deployed = Deployed(SHOP, {}, none, none, "shop", "r1", {"WebInstanceIds": said}, Path("key"))
    assert deployed.instances(SHOP.services["web"]) == ("i-1", "i-2", "i-3")
    before = Deployed(SHOP, {}, none, none, "shop", "r1", {}, Path("key"))
    assert before.instances(SHOP.services["web"]) == ()
