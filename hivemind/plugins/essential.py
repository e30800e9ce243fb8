"""Agents without which nothing that HiveMind makes is right: they can't be disabled, as some of pytest's plugins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

ESSENTIAL: Mapping[str, str] = MappingProxyType(
    {
        "recon": "nothing detects how an application starts and what it needs",
        "compiler": "nothing builds the languages that HiveMind knows",
        "provisioner": "the template has no network, no load balancer and no instances",
        "deployer": "nothing installs a release and sends traffic to it",
        "qa": "nothing checks whether a release works",
        "conductor": "nothing carries out a plan",
    }
)
"""Agents that cannot be disabled, each with the reason. Agents that come to these can be."""


def refuse_essential(blocked: Iterable[str]) -> None:
    """Raises HiveMindError for the first plugin, of those that are to be left out, without which nothing is right."""
    for name in blocked:
        if name in ESSENTIAL:
            raise HiveMindError(
                f'plugin "{name}" cannot be disabled: without it {ESSENTIAL[name]}',
                hint=f"Remove `-p no:{name}`.",
                exit_code=ExitCode.INVALID,
            )
