"""A deployment that this machine knows, with what other machines did since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from hivemind.flow.keeping import bring, kept_in, place
from hivemind.machine import aws_profile
from hivemind.values.errors import HiveMindError

if TYPE_CHECKING:
    from hivemind.deploy.shared_place import SharedPlace
    from hivemind.flow.deployments import Known
    from hivemind.values.cloud import Cloud


def place_of(known: Known, cloud: Cloud) -> SharedPlace | None:
    """The place of a deployment that this machine knows."""
    return place(cloud, known.state.deployment_id, known.stack, kept_in(known.said or known.state.kept_in))


def refreshed(known: Known, *, say: Callable[[str], None]) -> Known:
    """The deployment with what other machines did since. say: told why nobody could be asked, and this machine's own
    record has to do."""
    if known.state.cloud != "aws" and kept_in(known.said or known.state.kept_in) is None:
        return known
    if known.state.cloud == "aws" and not aws_profile.configured():
        return known
    try:
        cloud = known.cloud()
        identity = known.state.deployment_id
        bring(known.store, identity, place_of(known, cloud), known.state.checkout or "", say=say)
    except HiveMindError as error:
        say(f"warning: this is what this machine knows; other machines may have done more since: {error.message}")
        return known
    found = known.store.find(known.state.deployment_id)
    return known if found is None else replace(known, state=found)
