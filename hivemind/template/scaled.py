"""Where the numbers of `hivemind scale` are kept: in the metadata of the stack's template, with what they have made.

So a state that is lost, or another machine, changes nothing, and a run that was killed has either begun to make them,
or nothing is left of it. Pure. Source: "Metadata" in the AWS CloudFormation User Guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hivemind.blueprint.scaled import Scaled
from hivemind.template.render import canonical
from hivemind.text.codec import DecodeError, decode

if TYPE_CHECKING:
    from hivemind.template.fragment import Assembly

OWN = "HiveMind"
KEY = "Scaled"


def scaled_in(template: Mapping[str, Any]) -> Mapping[str, Scaled]:
    """Service -> what was asked for, as the template has it. What nobody can read counts as nothing."""
    own = (template.get("Metadata") or {}).get(OWN)
    said = own.get(KEY) if isinstance(own, Mapping) else None
    found: dict[str, Scaled] = {}
    for name, one in said.items() if isinstance(said, Mapping) else ():
        try:
            found[str(name)] = decode(Scaled, dict(one))
        except (DecodeError, TypeError, ValueError):
            continue
    return MappingProxyType(found)


def with_scaled(assembly: Assembly, scaled: Mapping[str, Scaled]) -> Assembly:
    """The assembly with these in its metadata."""
    if not scaled:
        return assembly
    metadata = dict(assembly.template.get("Metadata") or {})
    own = metadata.get(OWN)
    told = {name: asdict(one) for name, one in scaled.items()}
    metadata[OWN] = {**(own if isinstance(own, Mapping) else {}), KEY: told}
    return replace(assembly, template=MappingProxyType(canonical({**assembly.template, "Metadata": metadata})))
