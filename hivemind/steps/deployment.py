"""What a running step can reach: the deployment's cloud, state and key, and the hooks of all plugins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from hivemind.hosts.keys import deployment_key
from hivemind.values.clock import SYSTEM_CLOCK, Clock

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.deploy.state import StateStore
    from hivemind.hosts.keys import KeyPair
    from hivemind.template.fragment import Assembly
    from hivemind.values.cloud import Cloud
    from hivemind.values.hooks import Hooks


@dataclass(frozen=True)
class Deployment:
    """A deployment while a run is at work on it. The run holds its lease.

    store: where its state is. hooks: of all plugins. held: raises when the lease is lost to another run. artifacts:
    folder of built artifacts on this machine. parameters: of the stack. known_hosts: instance id -> SSH host key.
    assemble: the template that all plugins make for a blueprint. clock: the time, in tests not the system's.
    """

    id: str
    cloud: Cloud
    store: StateStore
    hooks: Hooks
    held: Callable[[], None]
    artifacts: Path = Path()
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    known_hosts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    assemble: Callable[[Blueprint], Assembly] | None = None
    clock: Clock = SYSTEM_CLOCK

    @property
    def folder(self) -> Path:
        """Where the deployment's state, journal and key are."""
        return self.store.folder(self.id)

    def assembled(self, blueprint: Blueprint) -> Assembly:
        """The template that all plugins make for a blueprint. Raises ValueError in a destroy, which makes none."""
        if self.assemble is None:
            raise ValueError("no template is made in this run")
        return self.assemble(blueprint)

    @cached_property
    def key(self) -> KeyPair:
        """The deployment's SSH key pair. Raises HiveMindError when its file can't be used."""
        return deployment_key(self.folder, comment=self.id)
