"""Fragments, what plugins contribute to the template, and the Assembly made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from hivemind.template.render import as_json
from hivemind.values.annotations import Json

EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Binding:
    """What a service that needs a resource finds in its environment.

    resource: name of the resource. env: variable -> pattern with `{placeholder}`s. outputs: placeholder -> stack output
    that holds the value. secrets: placeholder -> (stack output that holds the ARN of a Secrets Manager secret, field of
    its JSON). HiveMind reads secret values when it installs a release; they exist only in the instance's environment
    file. In patterns that contain `://`, values are percent-encoded. api: whether services reach the resource through
    AWS's API, with the role of their instances: they then find the region, and in the local cloud its address, too.
    """

    resource: str
    env: Mapping[str, str]
    outputs: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=lambda: EMPTY)
    api: bool = False


@dataclass(frozen=True)
class Fragment:
    """What one plugin adds to the template for one part of the blueprint.

    path: the blueprint part that it is for (`services.web`, `resources.db`, `network`); findings on the fragment's
    resources point to that part's line. The four mappings are as in a CloudFormation template, keyed by logical id.
    images: template parameter -> public SSM parameter with an AMI id. zones: template parameter -> domain of the hosted
    zone whose id it has.
    """

    path: str
    resources: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: EMPTY)
    parameters: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: EMPTY)
    outputs: Mapping[str, Mapping[str, Json]] = field(default_factory=lambda: EMPTY)
    bindings: tuple[Binding, ...] = ()
    images: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    zones: Mapping[str, str] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True)
class Owner:
    """Who put a logical id into the template: the plugin's name and the blueprint path."""

    plugin: str
    path: str


@dataclass(frozen=True)
class Assembly:
    """The merged template.

    template: plain data, deterministic. owners: logical id (resources, parameters, outputs) -> Owner. bindings:
    resource name -> Binding. images, zones: as in Fragment, merged. overridden: JSON pointer into the template -> path
    of the override that wrote there.
    """

    template: Mapping[str, Any]
    owners: Mapping[str, Owner]
    bindings: Mapping[str, Binding]
    images: Mapping[str, str]
    overridden: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    zones: Mapping[str, str] = field(default_factory=lambda: EMPTY)

    @cached_property
    def text(self) -> str:
        """The template as HiveMind sends and measures it: the shortest JSON."""
        return as_json(self.template)

    @cached_property
    def digest(self) -> str:
        """sha256 hex of the text."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        resources: Mapping[str, Mapping[str, Any]] = self.template["Resources"]
        return resources

    def responsible(self, *place: str, below: bool = False) -> Owner:
        """Who is responsible for a place in the template, such as `"Resources", "Db", "Properties", "Engine"`: the
        last override that wrote there, else the owner of the logical id. below: also count an override that wrote or
        removed something inside the place, for example for a missing list entry."""
        for pointer, path in reversed(list(self.overridden.items())):
            written = tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
            # `-` stands for the end of a list: what it wrote is somewhere in that list.
            written = written[:-1] if written[-1:] == ("-",) else written
            if place[: len(written)] == written or (below and written[: len(place)] == place):
                return Owner("hivemind", path)
        return self.owners.get(place[1] if len(place) > 1 else "", Owner("hivemind", "name"))
