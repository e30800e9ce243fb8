"""Makes a plan to be looked at: the whole of `hivemind plan`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.deploy.parameters import PUBLIC_KEY, parameters
from hivemind.flow.answering import with_answers
from hivemind.flow.basis import basis
from hivemind.flow.checking import with_findings
from hivemind.flow.looking_ahead import ahead
from hivemind.flow.planning import planned
from hivemind.flow.preflight import preflight
from hivemind.flow.project import checked_project, tell_new
from hivemind.flow.target import is_local_target
from hivemind.flow.telling import tell_where
from hivemind.values.clock import SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hivemind.flow.basis import BasisOfPlan
    from hivemind.flow.checking import Checked
    from hivemind.flow.face import Face
    from hivemind.plan.model import Plan
    from hivemind.values.asked import Asked


@dataclass(frozen=True)
class Planned:
    """A plan that was made to be looked at. checked: what it was made of, with everything found on the way."""

    checked: Checked
    plan: Plan


def plan(asked: Asked, face: Face, *, again: bool = False) -> Planned:
    """What `apply` would do, compared with the best that can be known without starting anything.

    again: whether every service would be released. Raises FindingsError, PluginError.
    """
    checked = checked_project(asked, face)
    known = basis(checked, asked.local)
    tell_where(known.cloud, checked.blueprint, face)
    made_at = SYSTEM_CLOCK.now().isoformat(timespec="seconds")
    cloud = "local" if is_local_target(checked, asked.local) else "aws"
    compared, made, _ = planned(
        checked, known.snapshot, known.platform, region=known.region, cloud=cloud, made_at=made_at, again=again
    )
    compared = with_findings(compared, ahead(compared, made, known.snapshot, known.cloud))
    compared = with_findings(compared, preflight(compared, made, known.snapshot, known.cloud))
    if known.cloud is not None:
        made = _answered(compared, made, known, face)
    if cloud == "aws" and known.why is not None:
        face.note(f"Not compared with AWS: {known.why.message}. {known.why.hint or ''}".rstrip(), aside=True)
    tell_new(checked, compared, face)
    return Planned(compared, made)


def _answered(checked: Checked, made: Plan, known: BasisOfPlan, face: Face) -> Plan:
    """The plan with what CloudFormation says to it."""
    cloud, snapshot = known.cloud, known.snapshot
    assert cloud is not None

    def values() -> Mapping[str, str]:
        public_key = snapshot.parameters.get(PUBLIC_KEY, "")
        return parameters(cloud, checked.assembly, snapshot, revision=f"r{made.revision}", public_key=public_key)

    return with_answers(checked, made, snapshot, cloud, values, clock=SYSTEM_CLOCK, say=face.note)
