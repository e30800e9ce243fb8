"""Whether AWS or the local cloud is meant, when the command line does not say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.flow.deployments import last_cloud

if TYPE_CHECKING:
    from hivemind.flow.checking import Checked


def is_local_target(checked: Checked, local: bool | None) -> bool:
    """The command line decides, then the blueprint, then where this environment was applied to last; else AWS."""
    return target_is_local(checked.blueprint.cloud, checked.source.path, checked.blueprint.environment, local)


def target_is_local(named: str | None, path: Path, environment: str, local: bool | None) -> bool:
    """The same. named: the cloud that the blueprint names. path: of the blueprint, or its folder."""
    if local is not None:
        return local
    if named is not None:
        return named == "local"
    return last_cloud(path, environment) == "local"
