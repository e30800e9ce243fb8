"""Ports of services."""

from __future__ import annotations

from hivemind.blueprint.model import Service

DEFAULT_PORT = 8000


def port_of(service: Service) -> int:
    """The TCP port that a web service listens on: the blueprint's or Recon's, else 8000, which it gets as `PORT`."""
    return service.port or DEFAULT_PORT
