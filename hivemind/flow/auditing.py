"""Who ran which command on an instance: a line in the deployment's journal, written before the command begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hivemind.deploy import shared_journal
from hivemind.deploy.journal import Journal, last_attempt, new_attempt
from hivemind.deploy.lease import who
from hivemind.flow.refreshing import place_of
from hivemind.hosts.remote import masked
from hivemind.text.command_words import kept_line
from hivemind.values.clock import SYSTEM_CLOCK, Clock
from hivemind.values.events import EventKind

if TYPE_CHECKING:
    from hivemind.flow.deployments import Known
    from hivemind.flow.instances import Chosen
    from hivemind.hosts.ssh import Host

AUDIT = "audit"
"""The stage of these events, which belong to no step of a run."""


def audit(
    known: Known, host: Host, chosen: Chosen, verb: str, words: Sequence[str], *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Writes down that somebody runs a command. verb: the command of HiveMind (`exec`). words: what runs; none for a
    shell. host: the instance, which masks the secrets of the releases that it has.

    The line belongs to the last attempt, so that an interrupted run is still found.
    """
    line = masked(host, chosen.service, kept_line(words)) if words else "a shell"
    where = f"{chosen.service} {chosen.number} ({chosen.instance})"
    by, command = who(), f"hivemind {verb}"
    folder, identity = known.folder, known.state.deployment_id
    with Journal(folder, identity, last_attempt(folder) or new_attempt(clock), clock=clock) as journal:
        data = {"by": by, "command": line, "with": command, "instance": chosen.instance}
        journal.record(AUDIT, verb, EventKind.NOTE, f"{by} runs on {where}: {line}", data)


def share(known: Known) -> None:
    """Brings what was written to where other machines find it."""
    shared_journal.bring(known.folder, place_of(known, known.cloud()))
