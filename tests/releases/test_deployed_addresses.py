"""Under which names the services of a deployment are asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from hivemind.aws.cloud import AwsCloud
from hivemind.blueprint.model import Blueprint, Route, Service, ServiceKind
from hivemind.releases.deployed import Deployed
from hivemind.testing import plugins_of

pytestmark = pytest.mark.fast
ARN = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"


def hosts(folder: Path, certificate: str | None, **routes: Route) -> dict[str, str | None]:
    services = {name: Service(name, kind=ServiceKind.WEB, port=8000, routes=(route,)) for name, route in routes.items()}
    blueprint = Blueprint("shop", services=services, certificate=certificate)
    deployed = Deployed(
        blueprint=blueprint,
        bindings={},
        hooks=plugins_of(),
        cloud=AwsCloud("eu-west-1", folder),
        deployment_id="shop-production",
        revision="r1",
        outputs={"ALBDNSName": "shop-1.eu-west-1.elb.amazonaws.com"},
        key=folder / "key",
    )
    return {service.name: service.host for service in deployed.release().web_services}


def test_behind_a_certificate_each_service_is_asked_under_a_name_that_it_is_for(tmp_path: Path) -> None:
    found = hosts(tmp_path, ARN, api=Route(path="/api/*"), site=Route(host="*.example.com"))
    assert found == {"api": "www.example.com", "site": "www.example.com"}


def test_without_one_each_service_has_its_own_name_or_none(tmp_path: Path) -> None:
    found = hosts(tmp_path, None, api=Route(path="/api/*"), site=Route(host="shop.example.com"))
    assert found == {"api": None, "site": "shop.example.com"}
