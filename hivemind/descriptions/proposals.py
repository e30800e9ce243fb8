"""Wishes that something else than the table proposes, such as a language model: what of them can be believed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from hivemind.descriptions import MOST_CHARACTERS, Wish, Wishes, quotations, slot, unread_words
from hivemind.descriptions.vocabulary import DATABASES, NUMBERED, PLACES, WRITTEN

SUBJECTS = {
    "instances": "how many instances of each web service, 1 to 50",
    "size": "EC2 instance type, such as t3.small",
    "database-size": "RDS instance class, such as db.t3.micro",
    "cache-size": "ElastiCache node type, such as cache.t3.micro",
    "storage": "GB of the database's storage",
    "region": "AWS region, such as eu-central-1",
    "stage": "stage-1 (cheap: no NAT gateway, short backups) or production",
    "environment": "name of an environment, such as staging",
    "cloud": "local (this machine) or aws",
    "need": f"a resource that the application needs: {', '.join(DATABASES)}",
    "no-need": "a resource of the same list that it must not get",
    "available": "multi-az: database and cache survive the loss of an availability zone",
    "port": "port that the application listens on",
    "health": "path of the health check, such as /health",
}
"""What can be asked for, in words."""
_CHOICES = {
    "region": frozenset(PLACES),
    "stage": frozenset({"stage-1", "production"}),
    "cloud": frozenset({"local", "aws"}),
    "need": frozenset(DATABASES),
    "no-need": frozenset(DATABASES),
    "available": frozenset({"multi-az"}),
}


def accepted(text: str, wishes: Wishes, proposed: Iterable[Wish]) -> Wishes:
    """The wishes of a text, with those proposed ones that it bears out.

    A proposed wish counts only where its words stand in the text, have not been read, are no quotation, and its value
    is one that its subject can have; and where nothing was decided about it yet: what the table reads holds.
    """
    kept = text[:MOST_CHARACTERS]
    taken = [(wish.start, wish.start + len(wish.words)) for wish in (*wishes.understood, *wishes.overruled)]
    taken += quotations(kept)
    decided = {slot(wish) for wish in wishes.understood}
    found = list(wishes.understood)
    for wish in proposed:
        span = _place(kept, wish.words, taken)
        if span is None or not is_valid(wish.subject, wish.value) or slot(wish) in decided:
            continue
        taken.append(span)
        decided.add(slot(wish))
        found.append(replace(wish, words=kept[span[0] : span[1]], start=span[0]))
    beyond = wishes.unread[-1:] if wishes.unread[-1:] == ("...",) else ()
    unread = (*unread_words(kept, taken), *beyond)
    return replace(wishes, understood=tuple(sorted(found, key=lambda wish: wish.start)), unread=unread)


def is_valid(subject: str, value: str) -> bool:
    """Whether a subject can have a value."""
    if subject in NUMBERED:
        return value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= NUMBERED[subject]
    if subject in _CHOICES:
        return value in _CHOICES[subject]
    return subject in WRITTEN and re.fullmatch(WRITTEN[subject], value) is not None


def _place(text: str, words: str, taken: list[tuple[int, int]]) -> tuple[int, int] | None:
    """Where the words stand in the text for the first time outside what is taken."""
    plain = r"\s+".join(re.escape(word) for word in words.split())
    if not plain:
        return None
    for match in re.finditer(plain, text, re.IGNORECASE):
        start, end = match.span()
        if not any(start < other_end and other_start < end for other_start, other_end in taken):
            return start, end
    return None
