"""What the stages of an apply are called on the screen. The journal and `--json` keep their own names."""

from __future__ import annotations

from dataclasses import replace

from hivemind.values.events import Event

WORDS = {"provision": "stack", "deploy": "release", "register": "traffic", "cleanup": "destroy"}


def word(stage: str) -> str:
    """The word for a stage: what it is about, as people say it."""
    return WORDS.get(stage, stage)


def shown(event: Event) -> Event:
    """The event with the word for its stage, and with the owner of its step where that is a plugin of others."""
    owner = event.data.get("owner")
    return replace(event, stage=word(event.stage), step=f"{event.step} ({owner})" if owner else event.step)
