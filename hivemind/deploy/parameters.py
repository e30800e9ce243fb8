"""Values of the template's parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hivemind.aws.hosted_zones import NoZone, zone_of
from hivemind.template.tags import FIRST_REVISION, REVISION
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode
from hivemind.values.findings import Finding, Severity

if TYPE_CHECKING:
    from hivemind.plan.model import Snapshot
    from hivemind.template.fragment import Assembly
    from hivemind.values.cloud import Cloud

PUBLIC_KEY = "SshPublicKey"
LOCAL_ZONE = "ZLOCALCLOUD"
"""The local cloud has no zones."""
FILLED = frozenset({REVISION, FIRST_REVISION, PUBLIC_KEY})
"""Parameters that get a value beside those of machine images."""


def parameters(
    cloud: Cloud, assembly: Assembly, snapshot: Snapshot, *, revision: str, public_key: str
) -> Mapping[str, str]:
    """Values of the template's parameters. What must not change by itself keeps its value: machine images, the
    public key, the first revision."""
    before = snapshot.parameters
    values = {
        REVISION: revision,
        FIRST_REVISION: before.get(FIRST_REVISION, revision),
        PUBLIC_KEY: before.get(PUBLIC_KEY, public_key),
        **images(cloud, assembly, snapshot),
        **zones(cloud, assembly, snapshot),
    }
    wanted = assembly.template.get("Parameters", {})
    return {name: value for name, value in values.items() if name in wanted}


def unfilled(assembly: Assembly) -> Iterator[Finding]:
    """Errors on parameters that have no default and get no value: CloudFormation would refuse the template."""
    for name, declared in (assembly.template.get("Parameters") or {}).items():
        if (
            name in FILLED
            or name in assembly.images
            or name in assembly.zones
            or (isinstance(declared, Mapping) and "Default" in declared)
        ):
            continue
        owner = assembly.responsible("Parameters", name)
        yield Finding(
            "H406",
            Severity.ERROR,
            f"the parameter {name} has no value and no default",
            hint="Give it a `Default`. For a machine image, name it in `Fragment.images`.",
            plugin=owner.plugin,
            path=owner.path,
        )


def images(cloud: Cloud, assembly: Assembly, snapshot: Snapshot) -> Mapping[str, str]:
    """Machine image ids: the stack's own where it has them, else those of the public SSM parameters now."""
    found = {name: snapshot.parameters[name] for name in assembly.images if name in snapshot.parameters}
    missing = {name: source for name, source in assembly.images.items() if name not in found}
    for name, source in sorted(missing.items()):
        found[name] = str(cloud.client("ssm").get_parameter(Name=source)["Parameter"]["Value"])
    return found


def zones(cloud: Cloud, assembly: Assembly, snapshot: Snapshot) -> Mapping[str, str]:
    """Ids of hosted zones by their domain: the stack's own where it has them, else those that there are now. Raises
    HiveMindError where a domain has not just one."""
    found = {name: snapshot.parameters[name] for name in assembly.zones if name in snapshot.parameters}
    for name, domain in assembly.zones.items():
        if name not in found:
            found[name] = _zone(cloud, domain)
    return found


def _zone(cloud: Cloud, domain: str) -> str:
    if cloud.name != "aws":
        return LOCAL_ZONE
    try:
        return zone_of(cloud.client("route53"), domain)
    except NoZone as error:
        raise HiveMindError(str(error), hint=error.hint, exit_code=ExitCode.NOT_FOUND) from None
