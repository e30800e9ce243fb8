"""The answer about one folder: each field's deciding value, with evidence and confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hivemind.detections.detection import LIKELY, Detection, all_of, best, is_secret, language_of

FIELDS = (
    "language", "runtime_version", "package_manager", "framework", "install", "build", "start", "release", "test",
    "port", "health_path", "static_dir", "kind", "url_scheme", "server",
)  # fmt: skip
LISTS = {
    "need": "needs", "env_required": "env_required", "env": "env", "data": "data", "worker": "workers",
    "scheduler": "schedulers", "doubt": "doubts",
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """one: field -> the detection that decides it. several: `needs`, `env_required`, `env`, `workers`, `schedulers`.
    unlikely: `need`s that have something for them, and not enough. stated: the start command that the repository
    has for its container, where that can't run outside of it and `start` is another."""

    one: dict[str, Detection]
    several: dict[str, tuple[Detection, ...]]
    unlikely: tuple[Detection, ...] = ()
    stated: Detection | None = None

    def value(self, field: str) -> str | int | None:
        return self.one[field].value if field in self.one else None

    @property
    def serves(self) -> bool:
        """Whether there is something to run: a start command, or pages."""
        start = self.one.get("start")
        return (start is not None and start.confidence >= LIKELY) or self.value("kind") == "static"

    def as_json(self) -> dict[str, Any]:
        """One object: values by field, and beside them `evidence` and `confidence` by the same names.

        `start` is what the repository says, `runs` what HiveMind runs: the same but for a command that needs its
        image."""
        known = {field: self.value(field) for field in FIELDS} | {"runs": self.value("start")}
        lists = {name: [each.value for each in self.several[name]] for name in LISTS.values()}
        evidence: dict[str, Any] = {field: each.evidence for field, each in self.one.items()}
        confidence: dict[str, Any] = {field: each.confidence for field, each in self.one.items()}
        if self.stated:
            known["start"] = self.stated.value
            evidence |= {"start": self.stated.evidence, "runs": evidence["start"]}
            confidence |= {"start": self.stated.confidence, "runs": confidence["start"]}
        for name, found in self.several.items():
            evidence[name] = [each.evidence for each in found]
            confidence[name] = [each.confidence for each in found]
        secrets = [name for name in lists["env_required"] if is_secret(str(name))]
        return {**known, **lists, "secrets": secrets, "evidence": evidence, "confidence": confidence}


def answer(detections: Sequence[Detection]) -> Answer:
    """What detections come down to, with those of other languages than the chosen one left out."""
    chosen = language_of(detections)
    language = str(chosen.value) if chosen else None
    one = {"language": chosen} if chosen else {}
    for field in FIELDS[1:]:
        least = LIKELY if field == "start" else 0
        if (found := best(detections, field, language=language, least=least)) is not None:
            one[field] = found
    if one.get("kind") and one["kind"].value in {"library", "cli", "static"}:
        one.pop("start", None)
    if one.get("kind") and one["kind"].value == "static":
        shown = [each for each in detections if each.field == "start" and each.confidence < LIKELY]
        if (found := best(shown, "start", language=language)) is not None:
            one["start"] = found  # for developers: shown, not acted upon
    if one.get("kind") and one["kind"].value in {"library", "cli", "worker"}:
        one.pop("port", None)
    if one.get("kind") and one["kind"].value in {"library", "cli"}:
        detections = [each for each in detections if each.field != "env_required"]
    several = {name: all_of(detections, field, language=language) for field, name in LISTS.items()}
    unlikely = [each for each in all_of(detections, "need", language=language, least=0) if each.confidence < LIKELY]
    return Answer(one, several, tuple(unlikely), _stated(detections, one, language))


def _stated(detections: Sequence[Detection], one: dict[str, Detection], language: str | None) -> Detection | None:
    """A start command that stands above the one that is run, and is too uncertain to be run."""
    found = best(detections, "start", language=language)
    if found is None or "start" not in one or found.confidence >= LIKELY or found.precedence <= one["start"].precedence:
        return None
    return found
