"""Which programs a shell command line starts, and which of them it can't do without."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

_OPENING = {"if": True, "while": True, "until": True, "case": True, "for": False, "select": False}
"""Word that begins a compound command -> whether what stands in it runs under a condition."""
_CLOSING = frozenset({"fi", "done", "esac"})
_BEFORE = frozenset({"exec", "env", "time", "then", "else", "elif", "do", "!", "{", "}", "("})
"""Words that stand before a program."""
_ASKING = frozenset({"[", "[[", "test", "command", "which", "type", "hash"})
_GIVING_UP = re.compile(r"\|\|\s*(?:exit(?!\s+0\b)|false)\b[^;&|\n]*")
_OPERATORS = frozenset(";&|\n()")


def named(command: str | None, *, perhaps: bool = False) -> Iterator[str]:
    """The programs that a shell command line starts, without those that it names by a path.

    perhaps: also those that it starts under a condition (`if`, `[ -f x ] &&`) or as one of several (`a || b`).
    """
    inside: list[bool] = []
    for statement in _statements(_GIVING_UP.sub("", command or "")):
        # Of `a || b && c` the last is run in any case, where the others did well.
        last = max((place for place, (operator, _) in enumerate(statement) if operator == "||"), default=-1)
        asked = False
        for place, (_, words) in enumerate(statement):
            program = _program(words, inside)
            if program in _ASKING:
                asked = True
            elif program and "/" not in program and (perhaps or not (asked or place <= last or any(inside))):
                yield program


def _statements(text: str) -> Iterator[list[tuple[str, list[str]]]]:
    """The commands of each list, with the operator before each: `&&`, `||`, `|`, none for the first."""
    statement: list[tuple[str, list[str]]] = [("", [])]
    for word in _words(text):
        operator = word.strip("()\n") if set(word) <= _OPERATORS else None
        if operator is None:
            statement[-1][1].append(word)
        elif operator in {"&&", "||", "|"}:
            statement.append((operator, []))
        elif operator or "\n" in word:
            yield statement
            statement = [("", [])]
    yield statement


def _words(text: str) -> Iterator[str]:
    """The words and operators; none where quotes do not end."""
    lexer = shlex.shlex(re.sub(r"[<>]&", ">", text), posix=True, punctuation_chars="".join(sorted(_OPERATORS)))
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        yield from list(lexer)
    except ValueError:
        return


def _program(words: list[str], inside: list[bool]) -> str | None:
    """The first word of a command that is a program. inside: the compound commands around it, kept up to date."""
    for word in words:
        if word in _OPENING:
            inside.append(_OPENING[word])
            if word in {"for", "select", "case"}:
                return None
        elif word in _CLOSING:
            inside[-1:] = []
        elif word not in _BEFORE and not re.match(r"\w+=", word):
            return word
    return None
