"""Variables in requirements files, as pip fills them in: `--index-url https://${USER}:${TOKEN}@index.example.org/simple`.

Source: pip's documentation, "Requirements File Format", "Using environment variables".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from hivemind.text.redact import REDACTOR
from hivemind.values.errors import Stage, StageError

_NAMED = re.compile(r"\$\{([A-Z0-9_]+)\}")
_SECRET = re.compile(r"TOKEN|PASS|PWD|SECRET|KEY|AUTH|CRED")
_OURS = frozenset({"PROJECT_ROOT"})
"""What PDM writes for its own folder, which is put in before pip sees it."""


def named(text: str) -> tuple[str, ...]:
    """The variables that pip would fill in."""
    return tuple(name for name in _NAMED.findall(text) if name not in _OURS)


def given(service: str, lines: Iterable[str]) -> dict[str, str]:
    """The values of all variables that lines name, from the environment of this command.

    Values of those that are named like a secret are masked from here on. Raises StageError(BUILD) for one that is not
    set: pip would ask for an address with the variable's name in it.
    """
    values: dict[str, str] = {}
    for name in dict.fromkeys(name for line in lines for name in named(line)):
        value = os.environ.get(name)
        if value is None:
            raise StageError(
                Stage.BUILD,
                f"{service}: the requirements name ${{{name}}}, which is not set",
                subject=service,
                path=f"services.{service}.install",
                hint=f"Set it where you run HiveMind: `{name}=... hivemind apply`. A build instance does not have it.",
            )
        if _SECRET.search(name):
            REDACTOR.register(value)
        values[name] = value
    return values
