"""Operations of Auto Scaling that the emulator lacks, or answers by records alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from hivemind.local.emulator import Emulator, Operation, Response

Change = Callable[[dict[str, Any], Mapping[str, Any]], str | None]
"""Changes a group's record by a request's parameters; what is wrong with these, or None."""
SUSPENDED = "_hivemind_suspended"


@dataclass(frozen=True)
class _Groups:
    emulator: Emulator

    def suspend(self, record: dict[str, Any], parameters: Mapping[str, Any]) -> str | None:
        record[SUSPENDED] = sorted({*record.get(SUSPENDED, ()), *_listed(parameters, "ScalingProcesses")})
        return None

    def resume(self, record: dict[str, Any], parameters: Mapping[str, Any]) -> str | None:
        named = _listed(parameters, "ScalingProcesses")
        record[SUSPENDED] = sorted(set(record.get(SUSPENDED, ())) - set(named)) if named else []
        return None

    def desire(self, record: dict[str, Any], parameters: Mapping[str, Any]) -> str | None:
        wanted = int(_one(parameters, "DesiredCapacity") or 0)
        for bound, word in (("MinSize", "below min"), ("MaxSize", "above max")):
            if (wanted < record[bound]) if bound == "MinSize" else (wanted > record[bound]):
                return (
                    f"New SetDesiredCapacity value {wanted} is {word} value {record[bound]} for the AutoScalingGroup."
                )
        record["DesiredCapacity"] = wanted
        return None

    def changing(self, name: str, change: Change) -> Operation:
        """An operation that changes the record of a group."""

        def operation(parameters: Mapping[str, Any]) -> Response:
            record = self.emulator.scaling_groups.get(_one(parameters, "AutoScalingGroupName"))
            wrong = "AutoScalingGroup name not found - null" if record is None else change(record, parameters)
            if wrong is not None:
                return self.emulator.error("autoscaling", "ValidationError", wrong)
            return _done(name)

        return operation

    def describing(self, current: Operation | None) -> Operation:
        assert current is not None

        def describe(parameters: Mapping[str, Any]) -> Response:
            status, headers, body = current(parameters)
            text = body.decode()
            for name, record in self.emulator.scaling_groups.items():
                named = f"<AutoScalingGroupName>{name}</AutoScalingGroupName><AutoScalingGroupARN>"
                text = text.replace(named, _suspended(record) + named)
            return status, headers, text.encode()

        return describe


def install(emulator: Emulator) -> None:
    """Processes can be suspended and resumed, which a description shows; a wanted number is kept for the loop."""
    groups = _Groups(emulator)
    for name, change in (
        ("SuspendProcesses", groups.suspend),
        ("ResumeProcesses", groups.resume),
        ("SetDesiredCapacity", groups.desire),
    ):
        operation = groups.changing(name, change)
        emulator.replace_operation("autoscaling", name, lambda _, operation=operation: operation)  # type: ignore[misc]
    emulator.replace_operation("autoscaling", "DescribeAutoScalingGroups", groups.describing)


def _suspended(record: Mapping[str, Any]) -> str:
    names = "".join(f"<member><ProcessName>{escape(one)}</ProcessName></member>" for one in record.get(SUSPENDED, ()))
    return f"<SuspendedProcesses>{names}</SuspendedProcesses>"


def _done(operation: str) -> Response:
    text = f'<{operation}Response xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"></{operation}Response>'
    return 200, {"Content-Type": "application/xml"}, text.encode()


def _one(parameters: Mapping[str, Any], name: str) -> str:
    value = parameters.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def _listed(parameters: Mapping[str, Any], name: str) -> list[str]:
    found: list[str] = []
    while value := _one(parameters, f"{name}.member.{len(found) + 1}"):
        found.append(value)
    return found
