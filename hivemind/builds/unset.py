"""The setting that a build finds empty: what its application stops for while it is loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAME = r"(?P<name>[A-Z][A-Z0-9_]{2,60})"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # django.core.exceptions.ImproperlyConfigured, as applications of Django word it
        rf"\bImproperlyConfigured: .{{0,120}}\bsettings\.{_NAME}\b",
        # Django itself, of SECRET_KEY; django-environ and python-decouple of any variable
        rf"\bImproperlyConfigured: The {_NAME} setting must not be empty",
        rf"\bImproperlyConfigured: Set the {_NAME} environment variable",
        rf"\bUndefinedValueError: {_NAME} not found",
        # os.environ
        rf"\bKeyError: '{_NAME}'",
    )
)


def unset(lines: Sequence[str], service: str) -> str | None:
    """What to write for the setting that the last of these lines to name one misses; None where none does."""
    for line in reversed(lines):
        text = line[:2000]
        if found := next((match["name"] for pattern in _PATTERNS if (match := pattern.search(text))), None):
            return (
                f"The application stops without {found}, which nothing sets during a build. If its settings read it "
                f"from a variable, write `services.{service}.env: {{{found}: VALUE}}`; if it is secret and not used "
                f"to build, set it in the command alone: `services.{service}.build: {found}=none COMMAND`."
            )
    return None
