"""Milestones: the published names that steps need, or come before.

| milestone | reached when | value of `context[...]` |
|---|---|---|
| `repair` | instances that were stopped run again; those that were terminated are out of the stack | nothing |
| `stack` | the stack is as the template says; in a destroy: it is deleted | `StackResult`; `Deletion` |
| `instance ID` | the instance (or group) of this logical id exists, while `stack` still runs | its EC2 id, or name |
| `build SERVICE` | the service's artifact is in this machine's store | `Artifact` |
| `upload SERVICE` | the artifact is in the deployment's bucket | its key |
| `prepare SERVICE N` | the service's instance number N is ready for a release | the open connection; a group's all |
| `release SERVICE` | the release runs on all its instances, without traffic | `Released` |
| `health path` | the load balancer asks each service at a path that it answers | service -> path |
| `traffic SERVICE` | the instances are registered and healthy | their `TargetHealth` |
| `record` | the new revision is written down, without a verdict | `Deployed` |
| `verify` | the checks passed | `Verdict` |
| `drain ID` | in a destroy: no instance of the target group of this logical id takes requests any more | nothing |

Where instances are replaced or stopped one after another, an apply has several updates of the stack. The milestones
above are those of the first; each after it has its own: `stack wave 2`, `release web wave 2`, `traffic web wave 2`. All
of them come before `record`.

`build`, `upload`, `prepare`, `release`, `traffic` and `drain` alone mean all milestones of that kind in the run: none
where nothing is built or released. Each step of another plugin is a milestone, too, by its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

REPAIR = "repair"
STACK = "stack"
HEALTH_PATH = "health path"
RECORD = "record"
VERIFY = "verify"

BUILD, UPLOAD, PREPARE, RELEASE, TRAFFIC, DRAIN = "build", "upload", "prepare", "release", "traffic", "drain"
KINDS = (BUILD, UPLOAD, PREPARE, RELEASE, TRAFFIC, DRAIN)
"""Words that mean all milestones that begin with them."""
ALWAYS = frozenset({REPAIR, STACK, HEALTH_PATH, RECORD, VERIFY, *KINDS})
"""Milestones that can be named in any run; in one that lacks them there is nothing to wait for."""


WAVE = " wave "
"""Between a milestone and the number of the wave, from the second on."""


@dataclass(frozen=True)
class Turn:
    """Which of several, from 1."""

    number: int = 1
    of: int = 1

    def name(self, milestone: str) -> str:
        """The milestone's name in this turn: in the first one, its own."""
        return milestone if self.number == 1 else f"{milestone}{WAVE}{self.number}"


def instance(logical_id: str) -> str:
    """The instance of this logical id exists; the value is its EC2 id."""
    return f"instance {logical_id}"


def build(service: str) -> str:
    """The service's artifact is in this machine's store."""
    return f"{BUILD} {service}"


def upload(service: str) -> str:
    """The service's artifact is in the deployment's bucket."""
    return f"{UPLOAD} {service}"


def prepare(service: str, number: int) -> str:
    """The service's instance of this number, from 1, is ready for a release."""
    return f"{PREPARE} {service} {number}"


def release(service: str) -> str:
    """The service's release runs on all its instances, without traffic."""
    return f"{RELEASE} {service}"


def traffic(service: str) -> str:
    """The service's instances are registered and healthy."""
    return f"{TRAFFIC} {service}"


def drain(logical_id: str) -> str:
    """In a destroy: no instance of the target group with this logical id takes requests any more."""
    return f"{DRAIN} {logical_id}"


def published(services: Iterable[str], instances: Iterable[str]) -> frozenset[str]:
    """Every milestone that an apply of these services can have, whether or not it has a step for it.

    instances: logical ids.
    """
    named = {f"{kind} {service}" for kind in (BUILD, UPLOAD, RELEASE, TRAFFIC) for service in services}
    return ALWAYS | named | {instance(one) for one in instances}
