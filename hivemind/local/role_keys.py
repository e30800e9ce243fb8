"""Keys with which programs on instances call the local cloud's API as the role of their instances. Pure.

They are no secret of their own that would have to be kept: each follows from the local cloud's key and from what it is
for, and whoever knows one learns nothing of the others.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass

_FORM = re.compile(r"([0-9]{12})\.([A-Za-z][A-Za-z0-9-]{0,127})\.([A-Za-z0-9]{1,255})")


@dataclass(frozen=True)
class Role:
    """A role as a resource of a stack. account: 12 digits. stack: its name. logical_id: of the role."""

    account: str
    stack: str
    logical_id: str


def access_key(account: str, stack: str, logical_id: str) -> str:
    """The access key of a role. It tells which one it is."""
    return f"{account}.{stack}.{logical_id}"


def role_of(key: str) -> Role | None:
    """The role that an access key is for; None for a key of another kind."""
    match = _FORM.fullmatch(key)
    return Role(*match.groups()) if match else None


def secret(owner: str, key: str) -> str:
    """The secret key that goes with an access key. owner: the local cloud's own secret key."""
    return base64.b64encode(hmac.digest(owner.encode(), f"role:{key}".encode(), "sha256")[:30]).decode()
