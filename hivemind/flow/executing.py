"""Commands of a person's in the present release: its folder, its variables, its user; each is written down."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.flow.auditing import audit, share
from hivemind.flow.consoles import Console, console_for
from hivemind.flow.deployments import require
from hivemind.flow.instances import Chosen, instances, one_instance, open_host
from hivemind.hosts import pool
from hivemind.values.errors import HiveMindError

if TYPE_CHECKING:
    from hivemind.flow.deployments import Known
    from hivemind.flow.face import Face
    from hivemind.values.asked import Asked

LIMIT = 3600.0
"""Seconds after which a command on all instances is given up."""


@dataclass(frozen=True)
class Executed:
    """What a command came to on one instance. code: None where it could not run there; trouble: why."""

    service: str
    instance: str
    number: int
    code: int | None
    output: str
    errors: str
    trouble: str | None = None


def execute(asked: Asked, service: str | None, instance: str | None, words: Sequence[str], *, verb: str) -> int:
    """Runs a command on one instance, on this terminal, if there is one. Returns its exit code, 1 where it has none.

    service, instance: None for the first; instance is an EC2 id or a number among those of the service. words: one is
    for the shell; several are a program and its arguments; none: a shell. verb: the command of HiveMind, for the
    journal. Raises DeploymentNotFound, CloudUnreachable, and StageError (deploy) where the instance can't be reached.
    """
    known = _changeable(asked)
    return _attached(known, one_instance(known, service, instance), words, verb=verb)


def execute_on_all(asked: Asked, service: str, words: Sequence[str]) -> tuple[Executed, ...]:
    """Runs a command on every running instance of a service at once, without input; what each came to, by number.

    Raises DeploymentNotFound, CloudUnreachable; an instance that can't be reached is an outcome.
    """
    known = _changeable(asked)
    chosen = instances(known, service)
    outcomes = pool.on_each(chosen, lambda one: _collected(known, one, words))
    share(known)
    return tuple(_outcome(one) for one in outcomes)


def console(asked: Asked, face: Face, service: str | None, instance: str | None, *, plain: bool = False) -> int:
    """Opens the console of the service's framework where Recon knows one, else a shell. plain: a shell in any case.

    Returns its exit code. Raises as `execute`.
    """
    known = _changeable(asked)
    chosen = one_instance(known, service, instance)
    opened = Console("shell", None) if plain else console_for(known, asked, chosen.service)
    face.note(f"{opened.name} on {chosen.service} {chosen.number} ({chosen.instance})", aside=True)
    return _attached(known, chosen, () if opened.command is None else (opened.command,), verb="console")


def _attached(known: Known, chosen: Chosen, words: Sequence[str], *, verb: str) -> int:
    from hivemind.hosts.remote import one_off
    from hivemind.hosts.terminal import interact

    with open_host(known, chosen) as host:
        audit(known, host, chosen, verb, words)
        share(known)
        code = interact(host, one_off(host, chosen.service, _line(words)))
        return code if code >= 0 else 1


def _collected(known: Known, chosen: Chosen, words: Sequence[str]) -> Executed:
    from hivemind.hosts.remote import one_off

    with open_host(known, chosen) as host:
        audit(known, host, chosen, "exec", words)
        done = host.run(one_off(host, chosen.service, _line(words)), timeout=LIMIT, what="the command")
        code = done.code if done.code >= 0 else 1
        return Executed(chosen.service, chosen.instance, chosen.number, code, done.stdout, done.stderr)


def _outcome(one: pool.WorkResult[Chosen, Executed]) -> Executed:
    if one.result is not None:
        return one.result
    if not isinstance(one.error, HiveMindError):
        assert one.error is not None
        raise one.error
    chosen = one.subject
    return Executed(chosen.service, chosen.instance, chosen.number, None, "", "", one.error.message)


def _line(words: Sequence[str]) -> str | None:
    if not words:
        return None
    return words[0] if len(words) == 1 else shlex.join(words)


def _changeable(asked: Asked) -> Known:
    known = require(asked.path, asked.environment, asked.deployment, local=asked.local)
    known.require_changeable()
    return known
