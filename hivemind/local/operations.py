"""API operations that the emulator lacks or answers without looking: targets, console output, key pairs."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from xml.sax.saxutils import escape

from hivemind.local.emulator import Emulator, Operation, Response
from hivemind.local.model import TargetState

Replacing = Callable[[Operation | None], Operation]
"""Makes an operation out of the one before; None where there was none."""
_REFUSED = {
    "rds": ("CreateDBInstance", "RestoreDBInstanceFromDBSnapshot", "CreateDBCluster"),
    "elasticache": ("CreateCacheCluster", "CreateReplicationGroup", "ModifyReplicationGroup", "CreateServerlessCache"),
}

_PROTOCOL = frozenset({"Action", "Version"})
_UNPROTECTING = frozenset({"DBInstanceIdentifier", "DeletionProtection", "ApplyImmediately"})


class Healths(Protocol):
    def describe(self, target_group_arn: str) -> tuple[TargetState, ...]: ...


@dataclass
class Targets:
    """Registered and draining targets. pace: how many times faster than AWS draining goes. Requests come on the event
    loop, what groups do comes from threads: each is done as a whole."""

    emulator: Emulator
    health: Healths
    pace: float
    _draining: dict[tuple[str, str, int], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def install(self) -> None:
        for name, operation in {
            "RegisterTargets": self.register,
            "DeregisterTargets": self.deregister,
            "DescribeTargetHealth": self.describe,
        }.items():
            self.emulator.replace_operation("alb", name, lambda _, operation=operation: operation)  # type: ignore[misc]

    def register(self, parameters: Mapping[str, Any]) -> Response:
        group = self._group(parameters)
        if group is None:
            return self._no_group(parameters)
        arn, wanted = group["TargetGroupArn"], list(_targets(parameters, int(group["Port"])))
        running = {key for key, one in self.emulator.instances.items() if one["State"]["Name"] == "running"}
        lost = [identity for identity, _ in wanted if group["TargetType"] == "instance" and identity not in running]
        if lost:
            names = ", ".join(f"'{identity}'" for identity in lost)
            text = f"The following targets are not in a running state and cannot be registered: {names}"
            return self.emulator.error("alb", "InvalidTarget", text)
        with self._lock:
            known = self.emulator.targets.setdefault(arn, [])
            for identity, port in wanted:
                self._draining.pop((arn, identity, port), None)
                if not any(_same(target, identity, port, group) for target in known):
                    known.append({"Id": identity, "Port": port})
        return self.emulator.xml("alb", "RegisterTargets", "")

    def deregister(self, parameters: Mapping[str, Any]) -> Response:
        group = self._group(parameters)
        if group is None:
            return self._no_group(parameters)
        arn = group["TargetGroupArn"]
        attributes = {one["Key"]: one["Value"] for one in self.emulator.target_group_attributes.get(arn, [])}
        delay = float(attributes.get("deregistration_delay.timeout_seconds", 300)) / self.pace
        with self._lock:
            kept = list(self.emulator.targets.get(arn, []))
            for identity, port, given in _asked(parameters, int(group["Port"])):
                for target in list(kept):
                    if target["Id"] == identity and (not given or _same(target, identity, port, group)):
                        kept.remove(target)
                        place = (arn, identity, int(target.get("Port") or group["Port"]))
                        self._draining[place] = time.monotonic() + delay
            self.emulator.targets[arn] = kept
        return self.emulator.xml("alb", "DeregisterTargets", "")

    def describe(self, parameters: Mapping[str, Any]) -> Response:
        group = self._group(parameters)
        if group is None:
            return self._no_group(parameters)
        with self._lock:
            states = {(state.instance, state.port): state for state in self._states(group)}
        asked = list(_targets(parameters, int(group["Port"])))
        unknown = ("unused", "Target.NotRegistered", "Target is not registered to the target group")
        shown = [states.get(key) or TargetState(*key, *unknown) for key in asked] if asked else list(states.values())
        text = "".join(_description(state) for state in shown)
        return self.emulator.xml(
            "alb", "DescribeTargetHealth", f"<TargetHealthDescriptions>{text}</TargetHealthDescriptions>"
        )

    def _states(self, group: Mapping[str, Any]) -> Iterator[TargetState]:
        arn, now = group["TargetGroupArn"], time.monotonic()
        for key in [key for key, until in self._draining.items() if until <= now]:
            del self._draining[key]
        probed = {(state.instance, state.port): state for state in self.health.describe(arn)}
        for target in self.emulator.targets.get(arn, []):
            place = (target["Id"], int(target.get("Port") or group["Port"]))
            yield probed.get(place) or TargetState(
                *place, "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
            )
        for draining, identity, port in self._draining:
            if draining == arn:
                text = "Target deregistration is in progress"
                yield TargetState(identity, port, "draining", "Target.DeregistrationInProgress", text)

    def _group(self, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.emulator.target_groups.get(_one(parameters, "TargetGroupArn"))
        return found

    def _no_group(self, parameters: Mapping[str, Any]) -> Response:
        arn = _one(parameters, "TargetGroupArn")
        return self.emulator.error("alb", "TargetGroupNotFound", f"Target groups '{arn}' not found")


def install_ec2(emulator: Emulator, console: Callable[[str], str]) -> None:
    """GetConsoleOutput and ImportKeyPair as on EC2; RunInstances and CreateKeyPair say what to do instead."""

    def console_output(parameters: Mapping[str, Any]) -> Response:
        identity = _one(parameters, "InstanceId")
        if identity not in emulator.instances:
            text = f"The instance ID '{identity}' does not exist"
            return emulator.error("ec2", "InvalidInstanceID.NotFound", text)
        output = base64.b64encode(console(identity).encode()).decode()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        inner = f"<instanceId>{identity}</instanceId><timestamp>{stamp}</timestamp><output>{output}</output>"
        return emulator.xml("ec2", "GetConsoleOutput", inner)

    def refuse(what: str) -> Callable[[Operation | None], Operation]:
        text = f"The local cloud creates {what} through CloudFormation only."
        return lambda _: lambda _parameters: emulator.error("ec2", "UnsupportedOperation", text)

    emulator.replace_operation("ec2", "GetConsoleOutput", lambda _: console_output)
    emulator.replace_operation("ec2", "RunInstances", refuse("instances"))
    for name in ("CreateKeyPair", "ImportKeyPair"):
        emulator.replace_operation("ec2", name, refuse("key pairs"))


def install_data(emulator: Emulator, database: Callable[[str], None], cache: Callable[[str], None]) -> None:
    """The deletion of a snapshot removes its dump. database, cache: discard a dump of either."""

    def deleting(snapshots: Mapping[str, Any], parameter: str, discard: Callable[[str], None]) -> Replacing:
        def replacing(current: Operation | None) -> Operation:
            assert current is not None

            def delete(parameters: Mapping[str, Any]) -> Response:
                record = snapshots.get(_one(parameters, parameter))
                answer = current(parameters)
                if answer[0] < 400 and record and "_hivemind_dump" in record:
                    discard(record["_hivemind_dump"])
                return answer

            return delete

        return replacing

    def unprotecting(current: Operation | None) -> Operation:
        """Takes deletion protection off, and changes nothing else."""

        def modify(parameters: Mapping[str, Any]) -> Response:
            record = emulator.databases.get(_one(parameters, "DBInstanceIdentifier"))
            given = {name for name in parameters if name not in _PROTOCOL}
            if _one(parameters, "DeletionProtection") != "false" or not given <= _UNPROTECTING:
                text = "The local cloud creates and changes each DBInstance through CloudFormation only."
                return emulator.error("rds", "InvalidParameterCombination", text)
            if record is not None:
                record["DeletionProtection"] = False
            assert current is not None
            return current(parameters)

        return modify

    emulator.replace_operation("rds", "ModifyDBInstance", unprotecting)
    emulator.replace_operation(
        "rds", "DeleteDBSnapshot", deleting(emulator.db_snapshots, "DBSnapshotIdentifier", database)
    )
    emulator.replace_operation(
        "elasticache", "DeleteSnapshot", deleting(emulator.cache_snapshots, "SnapshotName", cache)
    )


def refused(emulator: Emulator, service: str, operation: str) -> Response | None:
    """The answer to what would need a server of its own outside a stack; None for all else."""
    if operation not in _REFUSED.get(service, ()):
        return None
    what = operation.removeprefix("Create").removeprefix("Modify")
    text = f"The local cloud creates and changes each {what} through CloudFormation only."
    return emulator.error(service, "InvalidParameterCombination", text)


def install_cloudformation(emulator: Emulator) -> None:
    """CreateStack over a stack in ROLLBACK_COMPLETE is refused, as on AWS; drift detection finds secrets."""

    def creating(current: Operation | None) -> Operation:
        assert current is not None

        def create(parameters: Mapping[str, Any]) -> Response:
            name = _one(parameters, "StackName")
            stack = emulator.stacks.get(name)
            if stack and stack.get("StackStatus") == "ROLLBACK_COMPLETE":
                return emulator.error("cloudformation", "AlreadyExistsException", f"Stack [{name}] already exists")
            return current(parameters)

        return create

    emulator.replace_operation("cloudformation", "CreateStack", creating)
    emulator.compare_secrets_by_arn()


def _one(parameters: Mapping[str, Any], name: str) -> str:
    value = parameters.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def _asked(parameters: Mapping[str, Any], usual: int) -> Iterator[tuple[str, int, bool]]:
    """(id, port, whether the port was given) of `Targets.member.N`."""
    number = 1
    while identity := _one(parameters, f"Targets.member.{number}.Id"):
        port = _one(parameters, f"Targets.member.{number}.Port")
        yield identity, int(port or usual), bool(port)
        number += 1


def _targets(parameters: Mapping[str, Any], usual: int) -> Iterator[tuple[str, int]]:
    for identity, port, _ in _asked(parameters, usual):
        yield identity, port


def _same(target: Mapping[str, Any], identity: str, port: int, group: Mapping[str, Any]) -> bool:
    return target["Id"] == identity and int(target.get("Port") or group["Port"]) == port


def _description(state: TargetState) -> str:
    health = f"<State>{state.state}</State>"
    if state.reason:
        health += f"<Reason>{state.reason}</Reason>"
    if state.description:
        health += f"<Description>{escape(state.description)}</Description>"
    return (
        f"<member><Target><Id>{state.instance}</Id><Port>{state.port}</Port></Target>"
        f"<HealthCheckPort>{state.port}</HealthCheckPort><TargetHealth>{health}</TargetHealth></member>"
    )
