"""The load balancer's own answer in place of the application's: a rule before all others, in the stack's template.

It is the stack that says whether it is there, and no state: an apply takes it over from the template that is deployed,
whoever switched it on and from wherever. Pure.

Sources: "FixedResponseActionConfig" in the Elastic Load Balancing API Reference (status code, content type, at most
1024 characters; no other header, so that there is no Retry-After);
"AWS::ElasticLoadBalancingV2::ListenerRule" in the AWS CloudFormation Template Reference.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from hivemind.template.fragment import Assembly, Owner
from hivemind.template.render import canonical

RULE = "ALBMaintenanceRule"
OUTPUT = "Maintenance"
"""Output that says `on`, for checks, which see no template."""
PRIORITY = 1
LONGEST = 1024
"""Characters of a page."""
STATUS = 503
AGAIN = 30
"""Seconds after which the page that HiveMind writes asks a browser to load it again."""
_LISTENERS = ("ALBHttpsListener", "ALBHttpListener")
"""Logical ids, the one that applications are behind first."""


@dataclass(frozen=True)
class Page:
    """What the load balancer answers. body: at most LONGEST characters. content_type: `text/html`, `text/plain` or
    `application/json`."""

    body: str
    content_type: str = "text/html"


@dataclass(frozen=True)
class Maintenance:
    """A page that is shown now. by: who switched it on, `user@host`. since: RFC 3339."""

    page: Page
    by: str
    since: str


def page_of(message: str) -> Page:
    """A small page of HTML with a message in it, which loads itself again."""
    return Page(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="{AGAIN}">'
        '<meta name="viewport" content="width=device-width"><title>Maintenance</title>'
        f'<body style="font-family:sans-serif;margin:4em auto;max-width:30em"><p>{html.escape(message)}</p></html>'
    )


def maintenance_of(template: Mapping[str, Any]) -> Maintenance | None:
    """What a template has the load balancer say in place of the application; None for nothing."""
    rule = template.get("Resources", {}).get(RULE)
    if rule is None:
        return None
    told = (rule.get("Metadata") or {}).get("HiveMind") or {}
    config = rule["Properties"]["Actions"][0]["FixedResponseConfig"]
    page = Page(str(config.get("MessageBody", "")), str(config.get("ContentType", "text/plain")))
    return Maintenance(page, str(told.get("by", "")), str(told.get("since", "")))


def switched(template: Mapping[str, Any], wanted: Maintenance | None) -> dict[str, Any] | None:
    """The template with this page, or without any; None where no load balancer is in it."""
    resources = {name: one for name, one in template.get("Resources", {}).items() if name != RULE}
    outputs = {name: one for name, one in template.get("Outputs", {}).items() if name != OUTPUT}
    listener = next((name for name in _LISTENERS if name in resources), None)
    if listener is None:
        return None
    if wanted is not None:
        resources[RULE] = _rule(listener, wanted)
        outputs[OUTPUT] = {"Value": "on"}
    return {**template, "Resources": resources, "Outputs": outputs}


def with_maintenance(assembly: Assembly, deployed: Mapping[str, Any]) -> Assembly:
    """The assembly with the page that the deployed template shows, so that an apply leaves it on."""
    wanted = maintenance_of(deployed)
    template = switched(assembly.template, wanted) if wanted else None
    if template is None:
        return assembly
    ours = Owner("provisioner", "services")
    owners = MappingProxyType({**assembly.owners, RULE: ours, OUTPUT: ours})
    return replace(assembly, template=MappingProxyType(canonical(template)), owners=owners)


def _rule(listener: str, wanted: Maintenance) -> Mapping[str, Any]:
    return {
        "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
        "Metadata": {"HiveMind": {"by": wanted.by, "since": wanted.since}},
        "Properties": {
            "ListenerArn": {"Ref": listener},
            "Priority": PRIORITY,
            "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["*"]}}],
            "Actions": [
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {
                        "StatusCode": str(STATUS),
                        "ContentType": wanted.page.content_type,
                        "MessageBody": wanted.page.body,
                    },
                }
            ],
        },
    }
