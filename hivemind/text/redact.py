"""Redaction: the one place where secrets are taken out of what leaves the program.

Everything that is written or shown passes through a Redactor: journal, evidence, error lines.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

MASK = "[redacted]"
SHORTEST = 6
"""Registered values shorter than this are not searched for: they would blot out ordinary text."""

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        MASK,
    ),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), MASK),
    (re.compile(r"(?i)\b(authorization\s*[:=]\s*(?:bearer|basic|token)\s+)[^\s\"',;]+"), rf"\1{MASK}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@\"']*:)[^\s/@\"']+(?=@)", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(https?://)[^\s/@\"'<>?#]+(?=@)"), rf"\1{MASK}"),
    (
        re.compile(
            r"(?i)(?<![\w.-])(?<!\d:)([\"']?[\w.-]*(?:password|passwd|passphrase|secret|secret_?access_?key|api_?key|access_?token|"
            r"auth_?token|session_?token|private_?key)[\"']?\s*[:=]\s*)(?!\[redacted\])(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;}&]+)"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|sk_live_[A-Za-z0-9]{10,})"), MASK),
    (re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"), MASK),
)


class Redactor:
    """Takes registered values, and text that looks like a credential, out of text and data. Thread-safe."""

    def __init__(self) -> None:
        self._values: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def register(self, *values: str) -> None:
        """Values that must never leave, also in their percent-encoded form. Short ones are ignored."""
        forms = {form for value in values for form in (value, quote(value, safe="")) if len(value) >= SHORTEST}
        with self._lock:
            self._values = tuple(sorted({*self._values, *forms}, key=lambda form: (-len(form), form)))

    def text(self, text: str) -> str:
        """The text without secrets."""
        text = self._without_values(text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def data(self, value: Any) -> Any:
        """JSON data with every text in it, keys included, without secrets."""
        return _mapped(self.text, value)

    def registered(self, value: Any) -> Any:
        """JSON data without registered values; patterns are left alone. For what must be read back as it was,
        such as a template in the state, in which `Password: {Ref: ...}` is no secret."""
        return _mapped(self._without_values, value)

    def _without_values(self, text: str) -> str:
        for value in self._values:
            text = text.replace(value, MASK)
        return text


def _mapped(change: Callable[[str], str], value: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(str(key)): _mapped(change, item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_mapped(change, item) for item in value]
    return value


REDACTOR = Redactor()
"""The program's own: whoever reads a secret registers it here."""


def redact(text: str) -> str:
    """The text without secrets, by the program's own Redactor."""
    return REDACTOR.text(text)
