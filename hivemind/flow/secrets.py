"""Secrets of a blueprint where they are kept: listed, stored, deleted. A value goes in, and never comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.blueprint.generated import GENERATE, STORE
from hivemind.flow.approval import require_approval
from hivemind.flow.clouds import connect, region_of
from hivemind.flow.face import ProposedUnset
from hivemind.flow.looking_ahead import wrong_account
from hivemind.flow.project import checked_project
from hivemind.flow.target import is_local_target
from hivemind.releases import secret_store
from hivemind.releases.stored_secrets import is_stored
from hivemind.text import dotenv
from hivemind.text.redact import REDACTOR
from hivemind.text.suggest import did_you_mean
from hivemind.values.errors import FindingsError, HiveMindError, Refused
from hivemind.values.exits import ExitCode

if TYPE_CHECKING:
    from hivemind.blueprint.model import SecretReference
    from hivemind.flow.checking import Checked
    from hivemind.flow.face import Face
    from hivemind.values.asked import Asked
    from hivemind.values.cloud import Cloud


@dataclass(frozen=True)
class Secret:
    """variable: of a service. reference: where its value is kept, as the blueprint has it, or `generate`. region: of
    that place. stored: whether something is there; always so of what is made with the stack."""

    service: str
    variable: str
    reference: str
    region: str
    stored: bool


def secrets(asked: Asked, face: Face) -> tuple[Secret, ...]:
    """The secrets of a blueprint. Raises FindingsError, CloudUnreachable."""
    checked, cloud = _there(asked, face)
    kept = [_shown(cloud, *each, stored=is_stored(cloud, each[2])) for each in _named(checked)]
    made = [
        Secret(service.name, variable, GENERATE, cloud.region, stored=True)
        for service in checked.blueprint.services.values()
        for variable, reference in service.secrets.items()
        if reference.store == STORE
    ]
    return tuple(sorted((*kept, *made), key=lambda one: (one.service, one.variable)))


def store_secret(
    asked: Asked, face: Face, variable: str, value: str, *, service: str | None = None
) -> tuple[Secret, ...]:
    """Keeps a value where the blueprint says, for every service that has the variable or for one.

    A field of a secret (`#field`) leaves the others as they are. The release that runs goes on with the value that it
    has. Raises FindingsError, CloudUnreachable, CloudCallFailed; Refused where services keep it in different places.
    """
    REDACTOR.register(value)
    checked, cloud = _there(asked, face)
    named = _meant(checked, variable, service)
    secret_store.keep(cloud, named[0][2], value)
    return tuple(_shown(cloud, *each, stored=True) for each in named)


def store_secrets(
    asked: Asked, face: Face, file: str, text: str, *, service: str | None = None, skip_unknown: bool = False
) -> tuple[tuple[Secret, ...], tuple[str, ...]]:
    """Keeps the values in a file of variables where the blueprint says; what was stored, and names that were skipped.

    file: its name, for messages. skip_unknown: whether variables that are no secret of the blueprint are passed over.
    The whole file is looked at before anything is stored. Raises as `store_secret`, and HiveMindError that names every
    wrong line, and shows no value.
    """
    found = dotenv.read(text)
    REDACTOR.register(*found.values.values())
    if found.wrong:
        raise HiveMindError(
            "\n".join(f"{file}:{one.line}:{one.column}: {one.message}" for one in found.wrong),
            hint="Write NAME=value, one on each line. Nothing was stored.",
            exit_code=ExitCode.INVALID,
        )
    if not found.values:
        raise HiveMindError(f"{file} has no variables", exit_code=ExitCode.INVALID)
    checked, cloud = _there(asked, face)
    known = {name for one, name, _ in _named(checked) if service in (None, one)}
    unknown = [name for name in found.values if name not in known]
    if unknown and not skip_unknown:
        lines = (
            f"{file}:{found.lines[name]}: {name} is no secret of {_what(checked, service)}"
            + (f". {near}" if (near := did_you_mean(name, known)) else "")
            for name in unknown
        )
        raise HiveMindError(
            "\n".join(lines),
            hint="Add them to `secrets` of a service, or pass --skip-unknown. Nothing was stored.",
            exit_code=ExitCode.INVALID,
        )
    wanted = {name: _meant(checked, name, service) for name in found.values if name in known}
    stored: list[Secret] = []
    for name, named in wanted.items():
        try:
            secret_store.keep(cloud, named[0][2], found.values[name])
        except HiveMindError:
            done = ", ".join(sorted({one.variable for one in stored})) or "nothing"
            face.note(f"Stored before {name} failed: {done}.")
            raise
        stored += (_shown(cloud, *each, stored=True) for each in named)
    return tuple(stored), tuple(unknown)


def unset_secret(asked: Asked, face: Face, variable: str, *, service: str | None = None) -> tuple[Secret, ...]:
    """Deletes a value where it is kept, once the face agrees; the secrets that it was of.

    A secret of Secrets Manager can be restored for 30 days, and `store_secret` does; a parameter is gone. The release
    that runs goes on with the value that it has. Raises as `store_secret`; HiveMindError where nothing is stored.
    """
    checked, cloud = _there(asked, face)
    named = _meant(checked, variable, service)
    reference = named[0][2]
    if not is_stored(cloud, reference):
        raise HiveMindError(
            f"{variable} is not stored: {cloud.region} has no {reference.place}", exit_code=ExitCode.NOT_FOUND
        )
    kept_for = tuple(dict.fromkeys(f"{name}.{one}" for name, one, other in _named(checked) if other == reference))
    require_approval(face.approve(ProposedUnset(variable, str(reference), cloud.region, kept_for)))
    secret_store.forget(cloud, reference)
    return tuple(_shown(cloud, *each, stored=False) for each in named)


def _meant(checked: Checked, variable: str, service: str | None) -> list[tuple[str, str, SecretReference]]:
    """The secrets of this name, which are all kept in one place. Raises HiveMindError for none, Refused for several."""
    named = [each for each in _named(checked) if each[1] == variable and service in (None, each[0])]
    if not named:
        _refuse_generated(checked, variable, service)
        known = sorted({name for _, name, _ in _named(checked)})
        near = did_you_mean(variable, known)
        hint = f"Its secrets: {', '.join(known)}." if known else "Add it: `secrets: {NAME: ssm:/NAME}` of a service."
        raise HiveMindError(
            f"the blueprint has no secret {variable}" + (f" in services.{service}" if service else ""),
            hint=f"{near} {hint}" if near else hint,
            exit_code=ExitCode.NOT_FOUND,
        )
    if len({reference for _, _, reference in named}) > 1:
        owners = ", ".join(sorted({name for name, _, _ in named}))
        raise Refused(f"{variable} is kept in different places for {owners}", hint="Name one: `--service NAME`.")
    return named


def _refuse_generated(checked: Checked, variable: str, service: str | None) -> None:
    for name, one in checked.blueprint.services.items():
        made = one.secrets.get(variable)
        if service in (None, name) and made is not None and made.store == STORE:
            raise Refused(
                f"{variable} of services.{name} is made with the stack: it has no value of yours",
                hint=f"To give it one: `secrets: {{{variable}: ssm:/NAME}}`.",
            )


def _what(checked: Checked, service: str | None) -> str:
    return f"services.{service}" if service else checked.source.path.name


def _there(asked: Asked, face: Face) -> tuple[Checked, Cloud]:
    checked = checked_project(asked, face)
    blueprint = checked.blueprint
    local = is_local_target(checked, asked.local)
    cloud = connect(blueprint.name, region_of(blueprint), checked.folder, local=local, say=face.note)
    if found := tuple(wrong_account(blueprint, cloud)):
        raise FindingsError(found)
    return checked, cloud


def _named(checked: Checked) -> Iterator[tuple[str, str, SecretReference]]:
    for service in checked.blueprint.services.values():
        for variable, reference in service.secrets.items():
            if reference.store != STORE:  # made with the stack
                yield service.name, variable, reference


def _shown(cloud: Cloud, service: str, variable: str, reference: SecretReference, *, stored: bool) -> Secret:
    return Secret(service, variable, str(reference), cloud.region, stored)
