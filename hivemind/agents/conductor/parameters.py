"""Values of the template's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hivemind.aws.errors import translated

if TYPE_CHECKING:
    from hivemind.cloud import Cloud
    from hivemind.plan.model import Snapshot
    from hivemind.template.fragment import Assembly

FIRST_REVISION = "FirstRevision"


def parameters(
    cloud: Cloud, assembly: Assembly, snapshot: Snapshot, *, revision: str, public_key: str
) -> Mapping[str, str]:
    """Values of the template's parameters. What must not change by itself keeps its value: machine images, the
    public key, the first revision."""
    before = snapshot.parameters
    values = {
        "Revision": revision,
        FIRST_REVISION: before.get(FIRST_REVISION, revision),
        "SshPublicKey": before.get("SshPublicKey", public_key),
        **images(cloud, assembly, snapshot),
    }
    wanted = assembly.template.get("Parameters", {})
    return {name: value for name, value in values.items() if name in wanted}


def images(cloud: Cloud, assembly: Assembly, snapshot: Snapshot) -> Mapping[str, str]:
    """Machine image ids: the stack's own where it has them, else those of the public SSM parameters now."""
    found = {name: snapshot.parameters[name] for name in assembly.images if name in snapshot.parameters}
    missing = {name: source for name, source in assembly.images.items() if name not in found}
    for name, source in sorted(missing.items()):
        with translated():
            found[name] = str(cloud.client("ssm").get_parameter(Name=source)["Parameter"]["Value"])
    return found
