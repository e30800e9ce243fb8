"""What contradicts itself in a repository, as sentences with what to write about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hivemind.detections.services import clashes
from hivemind.text.visible import visible

if TYPE_CHECKING:
    from hivemind.detections.answer import Answer
    from hivemind.drafts.draft import Draft


@dataclass(frozen=True)
class Doubt:
    """sentence: with file and line. help: what to do or to write."""

    sentence: str
    help: str

    def __str__(self) -> str:
        return f"{visible(self.sentence)}\n  {visible(self.help)}"


def doubts(seen: Answer, service: str = "web") -> Iterator[Doubt]:
    """Those of one folder. service: the name that it has, or would have, in hivemind.yaml."""
    for each in seen.several["doubts"]:
        where = f"{each.file}:{each.line}" if each.line else each.file
        yield Doubt(f"{where}: {each.value}", named(each.note, service))


def of_draft(made: Draft) -> Iterator[Doubt]:
    """Those of all services of a draft, and between them."""
    for part in made.services.values():
        yield from doubts(part.seen, part.name)
    names = {part.folder: part.name for part in made.services.values()}
    for folder, sentence in clashes({part.folder: part.seen for part in made.services.values()}):
        yield Doubt(
            sentence, f"Each gets its own instance. To change the port, write `services.{names[folder]}.port: NUMBER`."
        )


def named(note: str | None, service: str) -> str:
    """A hint about any service as one about this."""
    return (note or "Write it in hivemind.yaml.").replace("services.NAME", f"services.{service}")
