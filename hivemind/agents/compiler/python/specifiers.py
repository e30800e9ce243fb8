"""Poetry's and Pipenv's way to write versions, as PEP 440 writes them."""

from __future__ import annotations

import re


def specifier(version: str) -> str:
    """Poetry's `^1.2`, `~1.2`, `1.2`, `1.*`, `*` as PEP 440 specifiers; of alternatives (`||`) the widest span."""
    alternatives = [part.strip() for part in version.split("||")]
    if len(alternatives) > 1:
        return _span(alternatives)
    parts = re.split(r"(?<!\s)\s*,\s*|(?<=[\w*])\s+(?=[<>=!~^])", version.strip())
    return ",".join(filter(None, (_one(part.strip()) for part in parts)))


def _span(alternatives: list[str]) -> str:
    lows = [match[1] for each in alternatives if (match := re.search(r">=?([\w.]+)", specifier(each)))]
    return f">={lows[0]}" if lows else ""


def _one(version: str) -> str:
    version = version.replace(" ", "").strip("()")
    if version in {"*", ""}:
        return ""
    if match := re.fullmatch(r"([\^~])(\d+)(?:\.(\d+))?(?:\.(\d+))?(.*)", version):
        major, minor, patch = (int(match[number]) if match[number] else None for number in (2, 3, 4))
        return f">={version[1:]},<{_next(match[1], major or 0, minor, patch)}"
    return version if re.match(r"[<>=!~]", version) else f"=={version}"


def _next(sign: str, major: int, minor: int | None, patch: int | None) -> str:
    if sign == "~":
        return f"{major}.{minor + 1}" if minor is not None else str(major + 1)
    if major or minor is None:
        return str(major + 1)
    return f"0.{minor + 1}" if minor or patch is None else f"0.0.{patch + 1}"
