"""Load balancers, listeners, rules and target groups: the checks and the weights that the emulator drops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hivemind.local.resource_kind import Kind, Made, Properties, failed, require
from hivemind.local.resources.site import Site

_PREFIX = "AWS::ElasticLoadBalancingV2::"


def balancing_kinds(site: Site, own: dict[str, Kind]) -> dict[str, Kind]:
    """own: the emulator's resource types."""
    balancing = _Balancing(site, own)
    return {
        f"{_PREFIX}LoadBalancer": balancing.load_balancer(),
        f"{_PREFIX}TargetGroup": balancing.target_group(),
        f"{_PREFIX}Listener": balancing.routed("Listener", "DefaultActions"),
        f"{_PREFIX}ListenerRule": balancing.routed("ListenerRule", "Actions"),
    }


def failed_elb(message: str, *, code: str = "InvalidRequest") -> Exception:
    return failed(message, "ElasticLoadBalancingV2", code=code)


class _Balancing:
    def __init__(self, site: Site, own: dict[str, Kind]) -> None:
        self._emulator, self._own = site.emulator, own

    def load_balancer(self) -> Kind:
        own = self._own[f"{_PREFIX}LoadBalancer"]
        change = own.update
        assert change is not None

        def create(logical_id: str, properties: Properties, stack: str) -> Made:
            subnets = self._check(properties)
            name = properties.get("Name")
            if name and any(lb["LoadBalancerName"] == name for lb in self._emulator.load_balancers.values()):
                raise failed_elb(f"A load balancer with the same name '{name}' exists", code="AlreadyExists")
            arn, attributes = own.create(logical_id, properties, stack)
            self._emulator.load_balancers[arn]["VpcId"] = self._emulator.subnets[subnets[0]]["VpcId"]
            return arn, attributes

        def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
            self._check(new)
            return change(physical_id, old, new, stack, logical_id)

        return replace(own, create=create, update=update)

    def _check(self, properties: Properties) -> list[str]:
        mapped = [mapping.get("SubnetId") for mapping in properties.get("SubnetMappings") or []]
        subnets = list(properties.get("Subnets") or mapped)
        for subnet in subnets:
            if subnet not in self._emulator.subnets:
                raise failed_elb(f"The subnet ID '{subnet}' does not exist", code="NotFound")
        zones = {self._emulator.subnets[subnet]["AvailabilityZone"] for subnet in subnets}
        if len(zones) < 2 and properties.get("Type", "application") == "application":
            raise failed_elb("At least two subnets in two different Availability Zones must be specified")
        for group in properties.get("SecurityGroups") or []:
            if group not in self._emulator.security_groups:
                raise failed_elb(f"The security group '{group}' does not exist")
        return subnets

    def target_group(self) -> Kind:
        own = self._own[f"{_PREFIX}TargetGroup"]

        def create(logical_id: str, properties: Properties, stack: str) -> Made:
            vpc = properties.get("VpcId")
            if vpc and vpc not in self._emulator.vpcs:
                raise failed_elb(f"The VPC ID '{vpc}' is not found")
            interval = int(properties.get("HealthCheckIntervalSeconds", 30))
            timeout = int(properties.get("HealthCheckTimeoutSeconds", 5))
            if timeout >= interval:
                raise failed_elb("Health check interval must be greater than the timeout.")
            return own.create(logical_id, properties, stack)

        def delete(physical_id: str, properties: Properties) -> None:
            if any(physical_id in groups_of(rule["Actions"]) for rule in self._emulator.rules.values()):
                raise failed_elb(f"Target group '{physical_id}' is currently in use by a listener or a rule")
            own.delete(physical_id, properties)

        return replace(own, create=create, delete=delete)

    def routed(self, name: str, prop: str) -> Kind:
        """A type with actions; the emulator keeps only the first target group of a forward action."""
        own = self._own[f"{_PREFIX}{name}"]
        change = own.update
        assert change is not None

        def check(logical_id: str, properties: Properties) -> None:
            require(logical_id, properties, prop)
            for group in groups_of(properties[prop]):
                if group not in self._emulator.target_groups:
                    raise failed_elb(f"Target groups '{group}' not found", code="NotFound")

        def create(logical_id: str, properties: Properties, stack: str) -> Made:
            check(logical_id, properties)
            self._check_taken(name, properties)
            arn, attributes = own.create(logical_id, properties, stack)
            self._keep_weights(arn, properties[prop])
            return arn, attributes

        def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
            check(logical_id, new)
            arn, attributes = change(physical_id, old, new, stack, logical_id)
            self._keep_weights(arn, new[prop])
            return arn, attributes

        return replace(own, create=create, update=update)

    def _check_taken(self, name: str, properties: Properties) -> None:
        if name == "Listener":
            balancer, port = properties.get("LoadBalancerArn"), int(properties.get("Port", 80))
            for listener in self._emulator.listeners.values():
                if (listener["LoadBalancerArn"], listener["Port"]) == (balancer, port):
                    raise failed_elb(f"A listener already exists on this port for this load balancer '{balancer}'")
            return
        place = (properties.get("ListenerArn"), str(properties.get("Priority")))
        if any((rule["ListenerArn"], rule["Priority"]) == place for rule in self._emulator.rules.values()):
            raise failed_elb(f"Priority '{place[1]}' is currently in use", code="AlreadyExists")

    def _keep_weights(self, arn: str, declared: list[Properties]) -> None:
        targets: list[list[dict[str, Any]]] = []
        if arn in self._emulator.listeners:
            listener = self._emulator.listeners[arn]
            targets.append(listener["DefaultActions"])
            rules = [r for r in self._emulator.rules.values() if r["ListenerArn"] == arn and r.get("IsDefault")]
            targets += [rule["Actions"] for rule in rules]
            self._attach(declared, listener["LoadBalancerArn"])
        elif arn in self._emulator.rules:
            rule = self._emulator.rules[arn]
            targets.append(rule["Actions"])
            self._attach(declared, self._emulator.listeners[rule["ListenerArn"]]["LoadBalancerArn"])
        for actions in targets:
            for action, wanted in zip(actions, declared, strict=False):
                if isinstance(wanted.get("ForwardConfig"), dict):
                    action["ForwardConfig"] = wanted["ForwardConfig"]

    def _attach(self, declared: list[Properties], balancer: str) -> None:
        for group in groups_of(declared):
            users = self._emulator.target_groups[group].setdefault("LoadBalancerArns", [])
            if balancer not in users:
                users.append(balancer)


def groups_of(actions: list[Properties]) -> set[str]:
    """Target groups that the actions forward to."""
    found = set()
    for action in actions:
        if action.get("TargetGroupArn"):
            found.add(action["TargetGroupArn"])
        forward = action.get("ForwardConfig") or {}
        found |= {group["TargetGroupArn"] for group in forward.get("TargetGroups") or []}
    return found
