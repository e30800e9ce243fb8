"""Rules for `data`: what of a service lasts on the disk of an instance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from hivemind.blueprint.forms import mapping_of, texts_of
from hivemind.blueprint.overlay import View
from hivemind.blueprint.scaling import scaling_of
from hivemind.values.findings import Finding, Severity

SQLITE = (".sqlite", ".sqlite3", ".db", ".db3")
"""How names of SQLite files end."""


def data(view: View) -> Iterator[Finding]:
    """Paths below the service's folder, none in another; on several instances each has its own."""
    for name, service in mapping_of(view.data.get("services")).items():
        said = mapping_of(service)
        paths = texts_of(said.get("data"))
        group = scaling_of(said.get("instances"))
        several = said.get("instances") if group is None else max(2, group.most)  # a replaced one has none of it
        for position, text in enumerate(paths):
            place = ("services", name, "data", position)
            path = PurePosixPath(text)
            around = next((other for other in paths[:position] if _nested(path, PurePosixPath(other))), None)
            if not path.parts:
                message = "the whole folder of the service cannot last: releases replace it"
                hint = "Name files and folders in it, for example `data: [uploads]`."
                yield view.finding("H140", place, message, hint)
            elif around is not None:
                yield view.finding("H140", place, f"{text} and {around} lie in each other", "Name the outer one alone.")
            elif isinstance(several, int) and several > 1:
                yield _on_several(view, place, text, several)


def _on_several(view: View, place: tuple[str | int, ...], text: str, instances: int) -> Finding:
    message = f"each of {instances} instances has a {text} of its own, and a request may go to any of them"
    if text.lower().endswith(SQLITE):
        hint = "Write `instances: 1`, or use a database: `resources: {db: postgres}` and `needs: [db]`."
        return view.finding("H141", place, message, hint)
    hint = "Write `instances: 1`, or keep what users upload in a bucket or a database."
    return view.finding("H141", place, message, hint, severity=Severity.WARNING)


def _nested(path: PurePosixPath, other: PurePosixPath) -> bool:
    return path.is_relative_to(other) or other.is_relative_to(path)
