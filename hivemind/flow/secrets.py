"""Secrets of a blueprint where they are kept: which are there, and one stored. A value goes in, and never comes out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.blueprint.generated import GENERATE, STORE
from hivemind.flow.clouds import connect, region_of
from hivemind.flow.looking_ahead import wrong_account
from hivemind.flow.project import checked_project
from hivemind.flow.target import is_local_target
from hivemind.releases.stored_secrets import is_stored
from hivemind.text.redact import REDACTOR
from hivemind.values.calls import CloudCallFailed
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
    named = [each for each in _named(checked) if each[1] == variable and service in (None, each[0])]
    if not named:
        known = sorted({name for _, name, _ in _named(checked)})
        raise HiveMindError(
            f"the blueprint has no secret {variable}" + (f" in services.{service}" if service else ""),
            hint=f"Its secrets: {', '.join(known)}." if known else "Add it: `secrets: {NAME: ssm:/NAME}` of a service.",
            exit_code=ExitCode.NOT_FOUND,
        )
    places = {reference for _, _, reference in named}
    if len(places) > 1:
        owners = ", ".join(sorted({name for name, _, _ in named}))
        raise Refused(f"{variable} is kept in different places for {owners}", hint="Name one: `--service NAME`.")
    _keep(cloud, places.pop(), value)
    return tuple(_shown(cloud, *each, stored=True) for each in named)


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


def _keep(cloud: Cloud, reference: SecretReference, value: str) -> None:
    if reference.store == "ssm":
        cloud.client("ssm").put_parameter(Name=reference.name, Value=value, Type="SecureString", Overwrite=True)
        return
    client = cloud.client("secretsmanager")
    try:
        before = client.get_secret_value(SecretId=reference.name).get("SecretString")
    except CloudCallFailed as error:
        if error.code != "ResourceNotFoundException":
            raise
        client.create_secret(Name=reference.name, SecretString=_content(None, reference.key, value))
        return
    client.put_secret_value(SecretId=reference.name, SecretString=_content(before, reference.key, value))


def _content(before: str | None, key: str | None, value: str) -> str:
    """What a secret is to hold. before: what it holds now."""
    if key is None:
        return value
    try:
        fields = json.loads(before or "{}")
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise Refused(
            f"the secret is no JSON object: it has no field {key} to set",
            hint="Store it elsewhere, or let the blueprint refer to it without `#`.",
        )
    return json.dumps({**fields, key: value})
