"""Example environment files: the names of what has to be set, and which databases they speak of."""

from __future__ import annotations

import re

from hivemind.agents.recon import ports
from hivemind.agents.recon.folder import Folder
from hivemind.detections.detection import Detection, Precedence

FILES = (
    ".env.example", ".env.sample", ".env.template", ".env.dist", ".env.production.example", "env.example",
    "example.env",
    "sample.env", ".env-example", ".env.default", ".env.defaults", "docker/.env.example", ".env.production.sample",
)  # fmt: skip
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Z][A-Z0-9_]{1,63})\s*=\s*(.*?)\s*$")
_PLACEHOLDER = re.compile(
    r"^$|change|replace|your|secret|example|placeholder|todo|xxx|<.*>|^-+$|^\.+$|generate|fill|fixme|insert|random|password|key",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"^APP_(KEYS?|SECRET)$|(^|_)(SECRET_KEY(_BASE)?|JWT_SECRET(_KEY)?|JWT_KEY|SESSION_SECRET|AUTH_SECRET|COOKIE_SECRET|"
    r"ENCRYPTION_KEY|TOKEN_SECRET|SIGNING_KEY|MASTER_KEY|HASHIDS_SALT|NEXTAUTH_SECRET)$|^SECRET$"
)
"""Secrets that an application makes up for itself; those of other parties, which call theirs `NAME_APP_KEY`, are mostly
optional."""
_OTHERS = re.compile(r"AWS|S3|GOOGLE|GITHUB|STRIPE|AZURE|CLIENT|CAPTCHA|TWITTER|FACEBOOK|SLACK|PUSHER|ALGOLIA")
_SCHEMES = {
    "postgres": r"postgres(ql)?(\+\w+)?://|^pgsql$|^postgres(ql)?$",
    "mysql": r"mysql2?(\+\w+)?://|^mysql$|^mariadb$",
    "redis": r"rediss?://",
    "mongodb": r"mongodb(\+srv)?://",
}
_LARGEST = 100_000


def detect(folder: Folder) -> list[Detection]:
    """Secrets of the application's own that have no value yet, its port, and databases that the values speak of."""
    file = folder.first(*FILES)
    found: list[Detection] = []
    for number, line in enumerate((folder.text(file, limit=_LARGEST) or "").splitlines(), 1) if file else ():
        match = _ASSIGNMENT.match(line[:2000])
        if match is None or file is None:
            continue
        name, value = match[1], match[2].strip("\"'")
        found += _port(folder, name, value, file, number)
        if own_secret(name) and _PLACEHOLDER.search(value):
            found.append(folder.found("env_required", name, file, number, confidence=0.55))
        need = next((need for need, pattern in _SCHEMES.items() if re.search(pattern, value)), None)
        if need and re.search(r"URL|URI|DSN|CONNECTION|DB|DATABASE|REDIS|BROKER|CACHE", name):
            found.append(folder.found("need", need, file, number, confidence=0.3))
    return found


def own_secret(name: str) -> bool:
    """Whether a variable's name is that of a secret that an application makes up for itself, such as `JWT_SECRET`."""
    return _OWN.search(name) is not None and _OTHERS.search(name) is None


def _port(folder: Folder, name: str, value: str, file: str, line: int) -> list[Detection]:
    """A port of the application's own, or the address that it is told to have on a developer's machine."""
    number = ports.number(value)
    if number is None or not ports.own(number):
        return []
    if re.fullmatch(r"(?:APP_|SERVER_|HTTP_|WEB_|API_|LISTEN_|APPLICATION_)?PORT", name) and value.isdigit():
        return [folder.found("port", number, file, line, precedence=Precedence.CODE, confidence=0.7)]
    if (
        re.fullmatch(r"(?:APP_|SERVER_|HTTP_|WEB_|API_|LISTEN_|BIND_)?(?:ADDR|ADDRESS|LISTEN|BIND)", name)
        and ":" in value
    ):
        return [folder.found("port", number, file, line, precedence=Precedence.CODE, confidence=0.7)]
    if re.fullmatch(r"(?:APP|SITE|BASE|ROOT|PUBLIC|SERVER)_(?:URL|ROOT|URI)|URL", name) and "localhost:" in value:
        return [folder.found("port", number, file, line, precedence=Precedence.DOCUMENTED, confidence=0.6)]
    return []
