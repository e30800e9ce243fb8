"""The answer about one folder: each field's deciding value, with evidence and confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hivemind.detection import Detection, all_of, best, language_of

FIELDS = (
    "language", "runtime_version", "package_manager", "framework", "install", "build", "start", "release", "port",
    "health_path", "static_dir", "kind",
)  # fmt: skip
LISTS = {"need": "needs", "env_required": "env_required"}


@dataclass(frozen=True)
class Answer:
    """one: field -> the detection that decides it. several: `needs` and `env_required`."""

    one: dict[str, Detection]
    several: dict[str, tuple[Detection, ...]]

    def value(self, field: str) -> str | int | None:
        return self.one[field].value if field in self.one else None

    @property
    def serves(self) -> bool:
        """Whether there is something to run: a start command, or pages."""
        return "start" in self.one or self.value("kind") == "static"

    def as_json(self) -> dict[str, Any]:
        """One object: values by field, and beside them `evidence` and `confidence` by the same names."""
        known = {field: self.value(field) for field in FIELDS}
        lists = {name: [each.value for each in self.several[name]] for name in LISTS.values()}
        evidence: dict[str, Any] = {field: each.evidence for field, each in self.one.items()}
        confidence: dict[str, Any] = {field: each.confidence for field, each in self.one.items()}
        for name, found in self.several.items():
            evidence[name] = [each.evidence for each in found]
            confidence[name] = [each.confidence for each in found]
        return {**known, **lists, "evidence": evidence, "confidence": confidence}


def answer(detections: Sequence[Detection]) -> Answer:
    """What detections come down to, with those of other languages than the chosen one left out."""
    chosen = language_of(detections)
    language = str(chosen.value) if chosen else None
    one = {"language": chosen} if chosen else {}
    for field in FIELDS[1:]:
        if (found := best(detections, field, language=language)) is not None:
            one[field] = found
    return Answer(one, {name: all_of(detections, field, language=language) for field, name in LISTS.items()})
