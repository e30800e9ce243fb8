"""Which deployment a folder, its blueprint, an environment and a region mean: never the one that was applied last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hivemind.flow.clouds import region_of
from hivemind.values.defaults import BLUEPRINT_FILE
from hivemind.values.errors import FindingsError
from hivemind.values.state_address import NoAddress, address_of


@dataclass(frozen=True)
class Meant:
    """folder: of the blueprint, absolute. name, region: None where the blueprint can't be read or is not there. cloud,
    account, state: those that the blueprint names, else None."""

    folder: str
    environment: str
    name: str | None = None
    region: str | None = None
    cloud: str | None = None
    account: str | None = None
    state: str | None = None

    def __str__(self) -> str:
        """For a message, after "nothing is deployed from "."""
        named = f" as {self.name} in {self.region}" if self.name else ""
        return f"{self.folder} in environment {self.environment}{named}"


def meant_by(path: Path, environment: str | None) -> Meant:
    """What a path and an environment mean. path: a blueprint or a folder. environment: None for production.

    Reads the blueprint as far as it says what is meant: one with errors elsewhere still names its deployment.
    """
    from hivemind.blueprint.overlay import DEFAULT_ENVIRONMENT, view_of
    from hivemind.blueprint.source import load

    chosen = environment or DEFAULT_ENVIRONMENT
    folder = str((path if path.is_dir() else path.parent).resolve())
    file = path / BLUEPRINT_FILE if path.is_dir() else path
    try:
        data = view_of(load(file), chosen).data if file.is_file() else {}
    except FindingsError:
        data = {}
    name, region, cloud, account = (_text(data.get(key)) for key in ("name", "region", "cloud", "account"))
    if name is None:
        return Meant(folder, chosen)
    return Meant(folder, chosen, name, region or region_of(None), cloud, account, _state(data.get("state")))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _state(value: object) -> str | None:
    try:
        return str(address_of(value)) if isinstance(value, str) else None
    except NoAddress:
        return None
