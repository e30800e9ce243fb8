"""Secrets written into a blueprint by mistake: how they are told, and lines of the file without them.

Masked text keeps its length, so that columns still fit. `redact.py` takes secrets out of everything that leaves the
program; this is for the file itself, whose lines findings show.
"""

from __future__ import annotations

import re

from hivemind.blueprint.forms import secret_of
from hivemind.blueprint.generated import GENERATE

_NAME = re.compile(
    r"(?i)(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?"
    r"|(API|ACCESS|PRIVATE|SECRET|AUTH|ENCRYPTION|SIGNING)_?KEY)(_|$)"
)
_HARMLESS = re.compile(r"(?i)|true|false|none|null|\d{1,6}|[a-z]+://[^@]*|/[\w./-]*|\$\{?\w+\}?")
_ACCESS_KEY = re.compile(r"(?<![A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
_URL_PASSWORD = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]{0,40}://[^/\s:@\"']*:(?!\$\{?[A-Z]\w*\}?@)(?P<password>[^/\s@\"']+)@"
)
"""With a password that is one, and no reference such as `$PGPASSWORD`."""
_PAIR = re.compile(r"(?<!\w)(?P<key>\w+)[\"']?\s*:\s+(?P<value>\"[^\"]*\"?|'[^']*'?|[^\s,{}\[\]][^,{}\]]*)")
_VALUE = r"(?P<value>\"[^\"]*\"?|'[^']*'?|[^\s,{}\[\]][^,{}\]]*)"
_CAMEL = r"(?:Password|SecretString|AuthToken|PrivateKey)"
_PROPERTY = re.compile(rf"(?<!\w)\w*{_CAMEL}[\"']?\s*:\s+{_VALUE}")
_OVERRIDE = re.compile(rf"/\w*{_CAMEL}[\"']?\s*,\s*[\"']?value[\"']?\s*:\s+{_VALUE}")
_BLOCK_PAIR = re.compile(r"(?<!\w)(?P<key>\w+)[\"']?\s*:\s+(?P<value>\S.*)")


def in_clear(key: str, value: str) -> bool:
    """Whether an environment variable of this name and value looks like a secret written out."""
    if _URL_PASSWORD.match(value):
        return True
    return bool(_NAME.search(key)) and not _HARMLESS.fullmatch(value) and secret_of(value) is None


def credential(text: str) -> str | None:
    """What a text must never hold, by name: an AWS access key, a private key; None where there is none."""
    if _ACCESS_KEY.search(text):
        return "an AWS access key"
    return "a private key" if _PRIVATE_KEY.search(text) else None


def masked(line: str) -> str:
    """A line of the file with what looks like a secret as stars."""
    line = _ACCESS_KEY.sub(lambda match: "*" * len(match.group()), line)
    line = _URL_PASSWORD.sub(lambda match: _starred(match, "password"), line)
    for written in (_PROPERTY, _OVERRIDE):
        line = written.sub(lambda match: _starred(match, "value"), line)
    pair = _PAIR if "{" in line else _BLOCK_PAIR
    return pair.sub(lambda match: _starred(match, "value") if _secret_pair(match) else match.group(), line)


def starred(line: str, column: int, length: int) -> str:
    """A line with `length` characters from the 1-based `column` on as stars."""
    return line[: column - 1] + "*" * len(line[column - 1 : column - 1 + length]) + line[column - 1 + length :]


def _secret_pair(match: re.Match[str]) -> bool:
    value = match["value"].strip()
    if value == GENERATE:
        return False
    return in_clear(match["key"], value.strip("\"'")) and not value.startswith(("{", "[", "&", "*", "|", ">"))


def _starred(match: re.Match[str], group: str) -> str:
    start, end = match.start(group) - match.start(), match.end(group) - match.start()
    return match.group()[:start] + "*" * (end - start) + match.group()[end:]
