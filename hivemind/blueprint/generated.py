"""Secrets that an application makes up for itself: their values are generated once, with the stack. Pure."""

from __future__ import annotations

import re

from hivemind.blueprint.model import SecretReference

GENERATE = "generate"
"""What `secrets` says in place of a reference."""
STORE = "generated"
"""Store of such a reference; its name is the variable, so that services which name it alike share the value."""
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
"""Names of variables that can have one: logical ids are made of them."""

_OWN = re.compile(
    r"(?:(?:APP|AUTH|BETTER_AUTH|COOKIE|CSRF|DJANGO|FLASK|JWT|JWT_REFRESH|NEXTAUTH|SESSION|TOKEN|ACCESS_TOKEN|"
    r"REFRESH_TOKEN|WEB)_)?SECRET(?:_KEY(?:_BASE)?)?|(?:JWT|COOKIE|SESSION)_KEY"
)


def is_own_secret(variable: str, application: str) -> bool:
    """Whether a variable holds a secret that any long random text will do for: it signs sessions, cookies or tokens.

    application: the blueprint's name, which such variables often begin with (`SHOP_SECRET_KEY`). Not those of other
    parties (`STRIPE_SECRET_KEY`), and none whose value has a form or opens what is stored: `APP_KEY` of Laravel,
    `RAILS_MASTER_KEY`, `ENCRYPTION_KEY`.
    """
    prefix = re.sub(r"[^A-Z0-9]+", "_", application.upper()) + "_"
    return _OWN.fullmatch(variable) is not None or _OWN.fullmatch(variable.removeprefix(prefix)) is not None


def generated(variable: str) -> SecretReference:
    """The reference to a generated value for a variable."""
    return SecretReference(STORE, variable)
