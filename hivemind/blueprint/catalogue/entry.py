"""One entry of the catalogue."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Entry:
    """id, title: as in lists. meaning: what it says, and why it matters. fix: what to do. example: YAML that
    causes it, None where there is none."""

    id: str
    title: str
    meaning: str
    fix: str
    example: str | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)
