"""Signatures: how known failures read, as data, and the one function that finds them in text. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from hivemind.values.errors import Stage

LONGEST_LINE = 1000
"""Characters of a line in which signatures are searched for: expressions of plugins may take the square of it."""
_FIELD = re.compile(r"\{(service|[1-9])\}")


class Speaker(enum.StrEnum):
    """Whose words a text is. The same line can mean one thing in a build's output and another in an application's
    log."""

    CLOUD = "cloud"
    """The reason that CloudFormation or another cloud API gives for a failure."""
    APPLICATION = "application"
    """The log of an application that ended, or that answers no health check. Searched from its end: the last line that
    names a cause is what ended the program."""
    BUILD = "build"
    """The output of a build program. Searched from its beginning: later errors follow from the first."""


class Weight(enum.IntEnum):
    """How much a matching line says about the cause. A line that names a cause counts before one that does not."""

    CAUSE = 3
    """Names the cause."""
    ERROR = 2
    """Says that something is wrong."""
    WRAPPER = 1
    """Says that a step failed, but not why."""
    NOISE = 0
    """Says nothing about the failure: a warning or a note."""


@dataclass(frozen=True)
class Signature:
    """How a failure reads, and what to do about it.

    id: unique, such as `npm.eresolve`. pattern: Python regular expression to search for in one line. speaker: whose
    words it applies to. cause: one word such as `permission_error`, the same for all failures with the same fix.
    remedy: what fixes it, for people; `{1}` to `{9}` are the groups of the pattern and `{service}` is the service's
    name, other braces stay. stages: where it can happen, empty for all. specificity: of several signatures that match
    one line, the greatest wins; HiveMind's are below 50. overrides: ids of signatures that do not count in a line that
    this one matches. point: regular expression of a line further down that completes this one. Raises ValueError for an
    invalid expression.
    """

    id: str
    pattern: str
    speaker: Speaker
    cause: str = "unknown"
    remedy: str | None = None
    stages: tuple[Stage, ...] = ()
    weight: Weight = Weight.CAUSE
    specificity: int = 50
    overrides: tuple[str, ...] = ()
    point: str | None = None

    def __post_init__(self) -> None:
        for expression in (self.pattern, self.point):
            try:
                re.compile(expression or "")
            except re.error as error:
                raise ValueError(f"signature {self.id}: {expression!r} is not a regular expression: {error}") from None


@dataclass(frozen=True)
class SignatureMatch:
    """A signature found. number: index of its line among those that were handed in. groups: of the pattern."""

    signature: Signature
    number: int
    groups: tuple[str | None, ...] = ()

    def remedy(self, service: str = "") -> str | None:
        """The signature's remedy with the names of this case in it."""

        def filled(field: re.Match[str]) -> str:
            if field[1] == "service":
                return service
            number = int(field[1])
            return (self.groups[number - 1] or "") if number <= len(self.groups) else field[0]

        return None if self.signature.remedy is None else _FIELD.sub(filled, self.signature.remedy)


def in_order(*signatures: Signature, below: int) -> tuple[Signature, ...]:
    """Signatures of which the first that matches a line counts: each gets a specificity, from `below` downwards."""
    return tuple(replace(one, specificity=below - number) for number, one in enumerate(signatures, 1))


def match(
    signatures: Sequence[Signature], lines: Sequence[str], speaker: Speaker, stage: Stage | None = None
) -> SignatureMatch | None:
    """The signature that tells best what went wrong in a text; None where none does.

    lines: of one speaker, oldest first. In a line the most specific signature counts; among lines those whose
    signature has the most weight, and of these the first, or the last of an application's log. stage: where it
    happened, None where nothing is known of it. The order of `signatures` means nothing.
    """
    usable = _usable(tuple(signatures), speaker, stage)
    numbers = range(len(lines))
    found: SignatureMatch | None = None
    for number in reversed(numbers) if speaker is Speaker.APPLICATION else numbers:
        one = _best(usable, lines[number], number)
        if one and one.signature.weight > (found.signature.weight if found else Weight.NOISE):
            found = one
            if one.signature.weight is Weight.CAUSE:
                break
    return found


def _best(usable: Sequence[tuple[re.Pattern[str], Signature]], line: str, number: int) -> SignatureMatch | None:
    for pattern, signature in usable:
        if groups := pattern.search(line[:LONGEST_LINE]):
            return SignatureMatch(signature, number, groups.groups())
    return None


@lru_cache(maxsize=32)
def _usable(
    signatures: tuple[Signature, ...], speaker: Speaker, stage: Stage | None
) -> tuple[tuple[re.Pattern[str], Signature], ...]:
    """Those that can speak here, the most specific first."""
    chosen = [one for one in signatures if one.speaker is speaker and (not one.stages or stage in {None, *one.stages})]
    ranked = sorted(chosen, key=lambda one: (-one.specificity, one.id, one.pattern))
    return tuple((re.compile(one.pattern), one) for one in _overriding_first(ranked))


def _overriding_first(ranked: Sequence[Signature]) -> Iterator[Signature]:
    """Each after those that override it. Two that override each other keep their rank."""
    given: set[Signature] = set()

    def before(one: Signature) -> Iterator[Signature]:
        if one in given:
            return
        given.add(one)
        for other in ranked:
            if one.id in other.overrides:
                yield from before(other)
        yield one

    for one in ranked:
        yield from before(one)
