"""What a person asks for in plain words ("two instances in frankfurt, with a database"), read without a model.

`read` finds the phrases of a table (`vocabulary`) in the text; each wish keeps the words it came from, and words that
mean nothing to it are kept too, so that both can be shown. It guesses nothing and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hivemind.descriptions.vocabulary import FILLERS, NEGATIONS, PHRASES

MOST_CHARACTERS = 2000
_QUOTED = re.compile(
    r"""\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|`[^`]*`|\u201c[^\u201d]*\u201d|\u201e[^\u201c\u201d]*[\u201c\u201d]"""
)
_WORD = re.compile(r"[\w$][\w.$/-]*", re.UNICODE)


@dataclass(frozen=True)
class Wish:
    """One thing asked for. subject: `instances`, `size`, `region`, `need`, `no-need` ... (`vocabulary`).
    value: such as `2`, `t3.small`, `postgres`. words: of the text, as written. start: where they stand in it.
    by: the language model that read it, None for the table."""

    subject: str
    value: str
    words: str
    start: int = 0
    by: str | None = None


@dataclass(frozen=True)
class Wishes:
    """understood: in the order of the text. overruled: wishes that a later one contradicts. unread: words that mean
    nothing here; quotations are among them, whole."""

    understood: tuple[Wish, ...] = ()
    overruled: tuple[Wish, ...] = ()
    unread: tuple[str, ...] = ()

    def value(self, subject: str) -> str | None:
        """What was asked for of a subject that has one value."""
        return next((wish.value for wish in self.understood if wish.subject == subject), None)

    def values(self, subject: str) -> tuple[str, ...]:
        return tuple(wish.value for wish in self.understood if wish.subject == subject)


def read(text: str) -> Wishes:
    """The wishes in a description. Quotations are names, not wishes; what is beyond 2,000 characters is not read."""
    kept, beyond = text[:MOST_CHARACTERS], text[MOST_CHARACTERS:]
    quoted = quotations(kept)
    plain = _blanked(kept, quoted)
    taken: list[tuple[int, int]] = []
    found: list[Wish] = []
    for phrase in PHRASES:
        for match in phrase.pattern.finditer(plain):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            negation = NEGATIONS.search(plain[:start])
            wish = phrase.wish(match, negated=negation is not None)
            if wish is None:
                continue
            begin = negation.start() if negation else start
            taken.append((begin, end))
            found.append(Wish(*wish, kept[begin:end].strip(), begin))
    understood, overruled = _settled(sorted(found, key=lambda wish: wish.start))
    unread = (*unread_words(kept, [*taken, *quoted]), *(["..."] if beyond.strip() else []))
    return Wishes(tuple(understood), tuple(overruled), tuple(unread))


def quotations(text: str) -> list[tuple[int, int]]:
    """Where names stand: (start, end) of everything in quotation marks."""
    return [match.span() for match in _QUOTED.finditer(text)]


def unread_words(text: str, taken: list[tuple[int, int]]) -> Iterator[str]:
    """The words outside the spans that are taken, quotations whole, without those that say nothing by themselves."""
    quoted = quotations(text)
    rest = _blanked(text, [*taken, *quoted])
    words = [(match.start(), match.group()) for match in _WORD.finditer(rest) if not _is_filler(match.group())]
    words += [(start, text[start:end]) for start, end in quoted]
    return (word for _, word in sorted(words))


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with these spans as bars: as long as it was, and no phrase goes across them."""
    for start, end in spans:
        text = text[:start] + "|" * (end - start) + text[end:]
    return text


def _settled(found: list[Wish]) -> tuple[list[Wish], list[Wish]]:
    """Of wishes that exclude one another the last one holds, as in speech; the same one twice is one."""
    last: dict[str, Wish] = {slot(wish): wish for wish in found}
    understood = [wish for wish in found if last[slot(wish)] is wish]
    overruled = [wish for wish in found if last[slot(wish)] is not wish and not _same(wish, last[slot(wish)])]
    return understood, overruled


def slot(wish: Wish) -> str:
    """What there can be one answer to: a size, a region, whether PostgreSQL is needed."""
    return f"need {wish.value}" if wish.subject in {"need", "no-need"} else wish.subject


def _same(one: Wish, other: Wish) -> bool:
    return (one.subject, one.value) == (other.subject, other.value)


def _is_filler(word: str) -> bool:
    return word.casefold().strip(".-/") in FILLERS
