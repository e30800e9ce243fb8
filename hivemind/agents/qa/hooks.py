"""The hooks that QA implements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.agents.qa import defaults, written
from hivemind.hookspecs import hook
from hivemind.values.schemaparts import SchemaPart

if TYPE_CHECKING:
    from hivemind.releases.release import Check, Release
    from hivemind.steps.run import Apply, Destroy
    from hivemind.steps.step import Step


@hook
def hivemind_schema() -> SchemaPart:
    """The check kinds `http`, `database` and `tls`."""
    return SchemaPart(checks=written.SCHEMAS)


@hook
def hivemind_checks(release: Release) -> tuple[Check, ...]:
    """What every service gets, and the blueprint's own checks; one that is written twice counts once."""
    found = (*defaults.checks(release), *written.checks(release))
    # The later one of a name stands: what the blueprint says is more exact than our default.
    return tuple({check.name: check for check in found}.values())


@hook
def hivemind_steps(run: Apply | Destroy) -> tuple[Step, ...]:
    """The checks."""
    from hivemind.agents.qa.steps import steps

    return tuple(steps(run))
