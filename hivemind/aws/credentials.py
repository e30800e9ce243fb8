"""When credentials end that nothing renews, as botocore knows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha1
from pathlib import Path
from typing import Any

SSO_TOKENS = Path("~/.aws/sso/cache")
"""Where `aws sso login` leaves its tokens (AWS CLI User Guide, "Configuring IAM Identity Center authentication")."""


def end_of(session: Any) -> datetime | None:
    """The moment at which the credentials of a botocore session end for good; None where botocore renews them, or
    nobody knows.

    Credentials out of the environment end at AWS_CREDENTIAL_EXPIRATION. Those of SSO are renewed until the login ends.
    An assumed role is renewed, too, unless it takes a code of an MFA device.
    """
    credentials = session.get_credentials()
    if credentials is None:
        return None
    config = _profile(session)
    if credentials.method == "sso":
        return _login_end(config)
    expires = getattr(credentials, "_expiry_time", None)
    if not isinstance(expires, datetime):
        return None
    ends = credentials.method == "env" or (credentials.method == "assume-role" and "mfa_serial" in config)
    return expires if ends else None


def _profile(session: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = session.full_config.get("profiles", {}).get(session.profile or "default", {})
    return found


def _login_end(config: Mapping[str, Any]) -> datetime | None:
    """When the login by SSO ends. A token with a refresh token is renewed by botocore."""
    name = config.get("sso_session") or config.get("sso_start_url")
    if not name:
        return None
    file = SSO_TOKENS.expanduser() / f"{sha1(str(name).encode(), usedforsecurity=False).hexdigest()}.json"
    try:
        token = json.loads(file.read_text(encoding="utf-8"))
        ends = datetime.fromisoformat(token["expiresAt"].replace("UTC", "+00:00"))
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    return None if "refreshToken" in token or ends.tzinfo is None else ends
