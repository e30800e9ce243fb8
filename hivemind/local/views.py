"""The region as the data plane sees it, computed from the emulator's stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hivemind.local.emulator import Emulator
from hivemind.local.model import (
    Database,
    Listener,
    ListenerRule,
    LoadBalancer,
    RegionView,
    Rule,
    TargetGroup,
)
from hivemind.local.resources.compute import as_instance
from hivemind.local.resources.site import server_key

Listening = Callable[[str], tuple[str, int] | None]
"""Key of a server -> where the daemon reaches it, if it runs."""


def region_view(emulator: Emulator, database: Listening, cache: Listening, port: int = 0) -> RegionView:
    """Everything, over all accounts and regions. port: of the API on loopback, 0 for none."""
    return RegionView(
        instances=tuple(
            as_instance(emulator, account, region, record)
            for account, region, record in emulator.everywhere(emulator.instances)
            if record["State"]["Name"] != "terminated"
        ),
        databases=(*_databases(emulator, database), *_caches(emulator, cache)),
        load_balancers=tuple(_load_balancers(emulator)),
        target_groups=tuple(_target_groups(emulator)),
        groups={
            record["GroupId"]: tuple(_rules(record.get("IpPermissions", [])))
            for _, _, record in emulator.everywhere(emulator.security_groups)
        },
        endpoints=tuple(
            tuple(properties.get("SecurityGroupIds", ()))
            for properties in emulator.made_by_stacks("AWS::EC2::InstanceConnectEndpoint")
        ),
        api=port,
    )


def _databases(emulator: Emulator, reached: Listening) -> Iterator[Database]:
    for account, region, record in emulator.everywhere(emulator.databases):
        groups = [group["VpcSecurityGroupId"] for group in record["VpcSecurityGroups"]]
        place = account, region, record["DBInstanceIdentifier"]
        yield from _reached(place, record["Endpoint"], groups, reached)


def _caches(emulator: Emulator, reached: Listening) -> Iterator[Database]:
    for account, region, record in emulator.everywhere(emulator.cache_groups):
        groups = [group["SecurityGroupId"] for group in record["SecurityGroups"]]
        place = account, region, record["ReplicationGroupId"]
        yield from _reached(place, record["NodeGroups"][0]["PrimaryEndpoint"], groups, reached)


def _reached(
    place: tuple[str, str, str], endpoint: Mapping[str, Any], groups: Iterable[str], reached: Listening
) -> Iterator[Database]:
    """What listens at an endpoint, where its server runs. place: account, region and identifier."""
    real = reached(server_key(*place))
    if real is not None:
        account, region, name = place
        yield Database(
            id=name,
            account=account,
            region=region,
            address=endpoint["Address"],
            port=int(endpoint["Port"]),
            groups=tuple(groups),
            real_host=real[0],
            real_port=real[1],
        )


def _rules(permissions: list[dict[str, Any]]) -> Iterator[Rule]:
    for permission in permissions:
        protocol = str(permission.get("IpProtocol", "-1"))
        every = protocol == "-1" or "FromPort" not in permission
        first, last = (0, 65535) if every else (int(permission["FromPort"]), int(permission["ToPort"]))
        for source in permission.get("IpRanges", []):
            yield Rule(protocol, first, last, cidr=source["CidrIp"])
        for pair in permission.get("UserIdGroupPairs", []):
            yield Rule(protocol, first, last, group=pair.get("GroupId"))


def _load_balancers(emulator: Emulator) -> Iterator[LoadBalancer]:
    listeners = list(emulator.everywhere(emulator.listeners))
    rules = [record for _, _, record in emulator.everywhere(emulator.rules)]
    for account, region, record in emulator.everywhere(emulator.load_balancers):
        arn = record["LoadBalancerArn"]
        yield LoadBalancer(
            arn=arn,
            account=account,
            region=region,
            name=record["LoadBalancerName"],
            dns_name=record["DNSName"],
            groups=tuple(record.get("SecurityGroups", [])),
            listeners=tuple(
                _listener(emulator, listener, rules)
                for _, _, listener in listeners
                if listener["LoadBalancerArn"] == arn
            ),
        )


def _listener(emulator: Emulator, record: Mapping[str, Any], rules: list[dict[str, Any]]) -> Listener:
    mine = [rule for rule in rules if rule["ListenerArn"] == record["ListenerArn"]]
    made = [
        ListenerRule(
            priority=None if rule.get("IsDefault") else int(rule["Priority"]),
            conditions=tuple(rule.get("Conditions", [])),
            actions=tuple(rule["Actions"]),
        )
        for rule in mine
    ]
    kept = record.get("Certificates", [])
    certificates = [one.get("CertificateArn", "") if isinstance(one, Mapping) else str(one) for one in kept]
    return Listener(
        arn=record["ListenerArn"],
        port=int(record["Port"]),
        protocol=record["Protocol"],
        certificates=tuple(certificates),
        names=(*_names(emulator, certificates), *_hosts(made)),
        rules=tuple(sorted(made, key=lambda rule: (rule.priority is None, rule.priority or 0))),
    )


def _names(emulator: Emulator, certificates: list[str]) -> Iterator[str]:
    """The names that certificates of ACM are for."""
    for _, _, record in emulator.everywhere(emulator.certificates):
        if record["CertificateArn"] in certificates:
            yield from dict.fromkeys((record["DomainName"], *record.get("SubjectAlternativeNames", ())))


def _hosts(rules: list[ListenerRule]) -> Iterator[str]:
    """The hosts that rules are for: a certificate that is only named by its ARN is for these, or for nobody here."""
    for rule in rules:
        for condition in rule.conditions:
            if condition.get("Field") == "host-header":
                given = condition.get("HostHeaderConfig") or {}
                yield from given.get("Values") or condition.get("Values") or ()


def _target_groups(emulator: Emulator) -> Iterator[TargetGroup]:
    for account, region, record in emulator.everywhere(emulator.target_groups):
        arn = record["TargetGroupArn"]
        with emulator.scope(account, region):
            targets = emulator.targets.get(arn, [])
            attributes = {one["Key"]: str(one["Value"]) for one in emulator.target_group_attributes.get(arn, [])}
        yield TargetGroup(
            arn=arn,
            account=account,
            region=region,
            name=record["TargetGroupName"],
            port=int(record["Port"]),
            protocol=record["Protocol"],
            health_protocol=record["HealthCheckProtocol"],
            health_path=record.get("HealthCheckPath") or "/",
            health_port=str(record["HealthCheckPort"]),
            interval=float(record["HealthCheckIntervalSeconds"]),
            timeout=float(record["HealthCheckTimeoutSeconds"]),
            healthy=int(record["HealthyThresholdCount"]),
            unhealthy=int(record["UnhealthyThresholdCount"]),
            matcher=str(record.get("Matcher", {}).get("HttpCode", "200")),
            targets=tuple((target["Id"], int(target.get("Port") or record["Port"])) for target in targets),
            deregistration_delay=float(attributes.get("deregistration_delay.timeout_seconds", 300)),
            attributes=attributes,
        )
