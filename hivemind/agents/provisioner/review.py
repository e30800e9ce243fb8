"""What must hold in the final template, whoever wrote its parts: checked after overrides."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hivemind.agents.provisioner.constants import constant
from hivemind.agents.provisioner.less_protected import less_protected
from hivemind.agents.provisioner.privileges import overprivileged
from hivemind.agents.provisioner.routes import catches_all
from hivemind.blueprint.model import Blueprint
from hivemind.template.fragment import Assembly
from hivemind.template.names import LOAD_BALANCER_SECURITY_GROUP
from hivemind.values.findings import Finding, Severity

SECURITY_GROUP = "AWS::EC2::SecurityGroup"
INGRESS = "AWS::EC2::SecurityGroupIngress"
WORLD_PREFIX = 8
"""A source this wide or wider counts as the world: 0.0.0.0/0, but its two halves as well."""

HOLDS_DATA = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::EC2::Volume",
        "AWS::EFS::FileSystem",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::S3::Bucket",
    }
)

REFUSES_WHEN_FILLED = frozenset({"AWS::S3::Bucket"})
"""Types that AWS does not delete while data are in them, whatever their DeletionPolicy."""
SECRET_PROPERTY = re.compile(r"(Password|SecretString|AuthToken|PrivateKey)$")


def review(assembly: Assembly, blueprint: Blueprint) -> tuple[Finding, ...]:
    """Findings on what is open to the world or protected less than HiveMind's own, on data without a deletion policy,
    on roles that may do too much, and on services that no request or every request would reach."""
    return (
        *_world_open(assembly),
        *_unprotected_data(assembly),
        *_secrets_in_clear(assembly),
        *_catch_alls(blueprint),
        *_nameless_certificate(blueprint),
        *_names_of_nobody(blueprint),
        *less_protected(assembly),
        *overprivileged(assembly, blueprint),
    )


def _nameless_certificate(blueprint: Blueprint) -> Iterator[Finding]:
    """ACM issues no certificate for the load balancer's own name: one that serves no other name serves nobody."""
    web = blueprint.web_services
    if (
        blueprint.certificate
        and not blueprint.domain
        and web
        and not any(route.host for service in web for route in service.routes)
    ):
        yield Finding(
            "H446",
            Severity.ERROR,
            "no route names a host that the certificate is for; it cannot be for the load balancer's own address",
            hint="Name it: `domain: www.example.com`. Or in the routes of a service.",
            plugin="provisioner",
            path="certificate",
        )


def _names_of_nobody(blueprint: Blueprint) -> Iterator[Finding]:
    """Without a service that listens there is no load balancer, so that no name would be made."""
    if blueprint.domain and not blueprint.web_services:
        message = f"no service listens, so that nothing answers at {', '.join(blueprint.domain)}"
        hint = (
            "Add a `port` to the service that serves requests, or remove `domain` (in one environment: `domain: null`)."
        )
        yield Finding("H165", Severity.ERROR, message, hint=hint, plugin="provisioner", path="domain")


def _world_open(assembly: Assembly) -> Iterator[Finding]:
    for name, resource in sorted(assembly.resources.items()):
        for place, rule in _ingress_rules(resource):
            cidr = constant(assembly, rule.get("CidrIp") or rule.get("CidrIpv6"))
            if not isinstance(cidr, str) or not _is_world(cidr):
                continue
            if _is_listener(assembly, name, rule):
                continue
            owner = assembly.responsible("Resources", name, "Properties", *place)
            yield Finding(
                "H431",
                Severity.ERROR,
                f"{name} admits {cidr} on {_ports(rule)}; only load balancer listeners may be public",
                hint="Name the addresses that need access, as narrow as possible; for SSH, in `network.ssh_from`.",
                plugin=owner.plugin,
                path=owner.path,
            )


def _ingress_rules(resource: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Each rule with its place below `Properties`."""
    properties = resource.get("Properties")
    if not isinstance(properties, Mapping):
        return
    if resource["Type"] == INGRESS:
        yield (), properties
    elif resource["Type"] == SECURITY_GROUP:
        given = properties.get("SecurityGroupIngress")
        rules = given if isinstance(given, list) else [given]
        for number, rule in enumerate(rules):
            if isinstance(rule, Mapping):
                yield ("SecurityGroupIngress", str(number)), rule


def _is_world(cidr: str) -> bool:
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
    return network.prefixlen < WORLD_PREFIX


def _is_listener(assembly: Assembly, name: str, rule: Mapping[str, Any]) -> bool:
    if name != LOAD_BALANCER_SECURITY_GROUP and _target(rule.get("GroupId")) != LOAD_BALANCER_SECURITY_GROUP:
        return False
    listeners = (
        resource.get("Properties")
        for resource in assembly.resources.values()
        if resource["Type"] == "AWS::ElasticLoadBalancingV2::Listener"
    )
    listening = {str(properties.get("Port")) for properties in listeners if isinstance(properties, Mapping)}
    return str(rule.get("FromPort")) == str(rule.get("ToPort")) and str(rule.get("FromPort")) in listening


def _target(value: Any) -> str | None:
    """The logical id that `Ref` or `Fn::GetAtt` names, None for anything else."""
    if not isinstance(value, Mapping):
        return None
    given = value.get("Ref") or value.get("Fn::GetAtt")
    if isinstance(given, list):
        return str(given[0]) if given else None
    return given.partition(".")[0] if isinstance(given, str) else None


def _ports(rule: Mapping[str, Any]) -> str:
    if str(rule.get("IpProtocol")) == "-1":
        return "all ports"
    first, last = rule.get("FromPort"), rule.get("ToPort")
    return f"port {first}" if first == last else f"ports {first} to {last}"


def _unprotected_data(assembly: Assembly) -> Iterator[Finding]:
    for name, resource in sorted(assembly.resources.items()):
        missing = [key for key in ("DeletionPolicy", "UpdateReplacePolicy") if key not in resource]
        if resource["Type"] in HOLDS_DATA and missing:
            owner = assembly.responsible("Resources", name, missing[0])
            yield Finding(
                "H432",
                Severity.ERROR,
                f"{name} ({resource['Type']}) holds data but has no {' and no '.join(missing)}",
                hint="Use Retain or Snapshot. Use Delete only for data that you can create again.",
                plugin=owner.plugin,
                path=owner.path,
            )
            continue
        for key, event in (("DeletionPolicy", "deleted"), ("UpdateReplacePolicy", "replaced")):
            if resource["Type"] in HOLDS_DATA - REFUSES_WHEN_FILLED and resource.get(key) == "Delete":
                owner = assembly.responsible("Resources", name, key)
                yield Finding(
                    "H435",
                    Severity.WARNING,
                    f"{name} ({resource['Type']}) holds data, but has no snapshot when it is {event}",
                    hint="Use Retain or Snapshot. Use Delete only for data that you can create again.",
                    plugin=owner.plugin,
                    path=owner.path,
                )


def _secrets_in_clear(assembly: Assembly) -> Iterator[Finding]:
    for name, resource in sorted(assembly.resources.items()):
        for place in _literal_secrets(resource.get("Properties"), ()):
            owner = assembly.responsible("Resources", name, "Properties", *place)
            yield Finding(
                "H436",
                Severity.ERROR,
                f"{name} ({resource['Type']}) contains a secret in {'.'.join(place)}",
                hint="Let CloudFormation read it: `{{resolve:secretsmanager:NAME:SecretString:FIELD}}`.",
                plugin=owner.plugin,
                path=owner.path,
            )


def _literal_secrets(node: Any, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where a property that is a secret by its name is a text of its own."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            text = value.get("Fn::Sub") if isinstance(value, Mapping) and len(value) == 1 else value
            if SECRET_PROPERTY.search(str(key)) and isinstance(text, str) and "{{resolve:" not in text:
                yield (*place, str(key))
            yield from _literal_secrets(value, (*place, str(key)))
    elif isinstance(node, list | tuple):
        for number, item in enumerate(node):
            yield from _literal_secrets(item, (*place, str(number)))


def _catch_alls(blueprint: Blueprint) -> Iterator[Finding]:
    names = [service.name for service in blueprint.web_services if catches_all(service)]
    for name in names[1:]:
        yield Finding(
            "H433",
            Severity.ERROR,
            f"services.{names[0]} and services.{name} would both receive every request",
            hint=f"Give one of them routes, for example `routes: [{{path: /{name}}}]`.",
            plugin="provisioner",
            path=f"services.{name}",
        )
