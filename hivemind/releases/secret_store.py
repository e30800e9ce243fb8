"""Keeps a secret where a blueprint refers to, and deletes it there.

Sources: "DeleteSecret" (a recovery window, 30 days unless told otherwise) and "RestoreSecret" in the AWS Secrets
Manager API Reference; "DeleteParameter" in the AWS Systems Manager API Reference.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import Refused

if TYPE_CHECKING:
    from hivemind.blueprint.model import SecretReference
    from hivemind.values.cloud import Cloud

_ABSENT = "ResourceNotFoundException"


def keep(cloud: Cloud, reference: SecretReference, value: str) -> None:
    """Stores a value; a field of a secret leaves the others as they are. A secret that waits for its deletion is
    restored first. Raises CloudCallFailed, and Refused for a field of what has none."""
    if reference.store == "ssm":
        cloud.client("ssm").put_parameter(Name=reference.name, Value=value, Type="SecureString", Overwrite=True)
        return
    client = cloud.client("secretsmanager")
    if _described(client, reference) is None:
        client.create_secret(Name=reference.name, SecretString=_content(None, reference.key, value))
        return
    before = client.get_secret_value(SecretId=reference.name).get("SecretString") if reference.key else None
    client.put_secret_value(SecretId=reference.name, SecretString=_content(before, reference.key, value))


def forget(cloud: Cloud, reference: SecretReference) -> None:
    """Deletes a value. Of a secret with several fields, one field goes; the secret goes with its last. Raises as
    `keep`."""
    if reference.store == "ssm":
        cloud.client("ssm").delete_parameter(Name=reference.name)
        return
    client = cloud.client("secretsmanager")
    if reference.key is not None:
        fields = _fields(client.get_secret_value(SecretId=reference.name).get("SecretString"), reference.key)
        others = {name: value for name, value in fields.items() if name != reference.key}
        if others:
            client.put_secret_value(SecretId=reference.name, SecretString=json.dumps(others))
            return
    client.delete_secret(SecretId=reference.name)


def _described(client: Any, reference: SecretReference) -> Any:
    """The secret, restored where it waits for its deletion; None where there is none."""
    try:
        found = client.describe_secret(SecretId=reference.name)
    except CloudCallFailed as error:
        if error.code != _ABSENT:
            raise
        return None
    if "DeletedDate" in found:
        client.restore_secret(SecretId=reference.name)
    return found


def _content(before: str | None, key: str | None, value: str) -> str:
    """What a secret is to hold. before: what it holds now."""
    return value if key is None else json.dumps({**_fields(before, key), key: value})


def _fields(text: str | None, key: str) -> dict[str, Any]:
    try:
        fields = json.loads(text or "{}")
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise Refused(
            f"the secret is no JSON object: it has no field {key}",
            hint="Store it elsewhere, or let the blueprint refer to it without `#`.",
        )
    return fields
