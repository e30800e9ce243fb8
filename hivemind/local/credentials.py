"""The secret key of a local cloud: whoever knows it is its owner. The access key that goes with it is the account."""

from __future__ import annotations

import secrets
from pathlib import Path

from hivemind.local.files import read_json, write_json

_FILE = "credentials.json"


def has_secret_key(directory: Path) -> bool:
    """Whether there is a local cloud with this data: one that was reset has none."""
    return (directory / _FILE).exists()


def secret_key(directory: Path) -> str:
    """The key of the local cloud with this data, made at its first start and kept until it is reset."""
    path = directory / _FILE
    known = read_json(path, None)
    if isinstance(known, dict) and isinstance(known.get("secret_key"), str) and len(known["secret_key"]) >= 32:
        return str(known["secret_key"])
    made = secrets.token_urlsafe(30)
    write_json(path, {"secret_key": made})
    return made
