"""Every finding that HiveMind itself can make, by id: what it means and how to fix it.

The text of `hivemind explain` and of docs/findings.md. Ids are stable: one that is no longer used is not given again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hivemind.blueprint.catalogue import ahead, blueprint, build, file, template
from hivemind.blueprint.catalogue.entry import Entry

__all__ = ["CATALOGUE", "Entry", "as_markdown"]

ENTRIES = tuple(
    sorted((*file.ENTRIES, *blueprint.ENTRIES, *build.ENTRIES, *template.ENTRIES, *ahead.ENTRIES), key=lambda e: e.id)
)
CATALOGUE: Mapping[str, Entry] = MappingProxyType({entry.id: entry for entry in ENTRIES})
"""Id -> entry, by id."""

_GROUPS = {
    "H0": "The file",
    "H1": "The blueprint",
    "H3": "What Recon finds",
    "H4": "The template",
    "H5": "The build and the state",
    "H6": "Plugins",
    "H8": "Saved plans",
}


def as_markdown() -> str:
    """docs/findings.md."""
    parts = [
        "# Findings",
        "",
        "Generated from `hivemind/blueprint/catalogue` by `make golden`; a test compares.",
        "Ids such as `E3012` or `W2001` are rules of cfn-lint and explained there.",
        "",
    ]
    group = ""
    for entry in CATALOGUE.values():
        if entry.id[:2] != group:
            group = entry.id[:2]
            parts += [f"## {_GROUPS[group]}", ""]
        parts += [f"### {entry.id}: {entry.title}", "", entry.meaning, ""]
        if entry.example:
            parts += ["```yaml", entry.example, "```", ""]
        parts += [f"**Fix:** {entry.fix}", ""]
    return "\n".join(parts).rstrip() + "\n"
