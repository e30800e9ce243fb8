"""Where a deployment's state, journal and lease are kept for all machines of a team, and what is new there."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hivemind.aws.snapshot import describe
from hivemind.deploy import shared_journal, shared_state
from hivemind.deploy.shared_place import SharedPlace, chosen, of_bucket
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode
from hivemind.values.state_address import VARIABLE, NoAddress, StateAddress, address_of

if TYPE_CHECKING:
    from hivemind.deploy.state import StateStore
    from hivemind.values.cloud import Cloud

Say = Callable[[str], None]


@dataclass(frozen=True)
class Kept:
    """address: that the blueprint or the environment chose, None for none. place: of the deployment; None where it has
    none (yet)."""

    address: str | None
    place: SharedPlace | None

    def now(self, cloud: Cloud, outputs: Mapping[str, str]) -> SharedPlace | None:
        """The place, also where the bucket was made since. outputs: of the stack."""
        bucket = outputs.get(shared_state.BUCKET)
        if self.place is not None or cloud.name != "aws" or self.address is not None or bucket is None:
            return self.place
        return of_bucket(cloud, bucket)


NOWHERE = Kept(None, None)


def kept_in(said: str | None) -> str | None:
    """The address of states that counts: that of the environment variable, else what the blueprint says. An empty
    variable means none. Raises HiveMindError for a variable that is no address."""
    text = os.environ.get(VARIABLE)
    if text is None:
        return said
    if not text.strip():
        return None
    try:
        return str(address_of(text))
    except NoAddress as error:
        raise HiveMindError(f"{VARIABLE}: {error}", hint=error.hint, exit_code=ExitCode.INVALID) from None


def place(
    cloud: Cloud,
    deployment_id: str,
    stack: str,
    address: str | None,
    *,
    described: Mapping[str, Any] | None = None,
) -> SharedPlace | None:
    """The place of a deployment; None where it has none (yet).

    stack: its name or id. address: as `kept_in` said. described: what DescribeStacks has just said of the stack, if it
    was asked.
    """
    if address is not None:
        return _at(cloud, address_of(address), deployment_id)
    if cloud.name != "aws":
        return None
    return shared_state.own_place(cloud, described or describe(cloud.client("cloudformation"), stack))


def bring(store: StateStore, deployment_id: str, shared: SharedPlace | None, checkout: str, *, say: Say) -> None:
    """Brings what other machines left in the place, and leaves what this one could not: state and journal.

    Raises HiveMindError where a chosen place can't be used."""
    shared_state.bring(store, deployment_id, shared, checkout, say=say)
    shared_journal.bring(store.folder(deployment_id), shared, say=say)


def _at(cloud: Cloud, address: StateAddress, deployment_id: str) -> SharedPlace | None:
    """In the local cloud, the bucket of that name there, if there is one: what others keep is of their own clouds."""
    if cloud.name == "aws":
        return chosen(cloud, address, deployment_id)
    if address.bucket is None:
        return None
    try:
        cloud.client("s3").head_bucket(Bucket=address.bucket)
    except CloudCallFailed:
        return None
    return chosen(cloud, address, deployment_id)
