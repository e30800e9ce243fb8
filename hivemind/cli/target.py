"""Whether AWS or the local cloud is meant, when the command line does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.cli.clouds import is_local
from hivemind.cli.known import find

if TYPE_CHECKING:
    from hivemind.pipeline import Checked


def is_local_target(checked: Checked, local: bool | None) -> bool:
    """The command line decides, then the blueprint, then where this environment was applied to last; else AWS."""
    if local is not None or checked.blueprint.cloud is not None:
        return is_local(checked.blueprint, local)
    known = find(checked.folder, checked.blueprint.environment, None)
    return known is not None and known.state.cloud == "local"
