"""The words of a `pip install`: options with their values, and what is to be installed.

Source: pip's documentation, "pip install", of pip 25.3, and uv's, "uv pip install". An option that is not listed here
is an error: its value, taken for a requirement, would install a package that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FILE = frozenset({"-r", "--requirement"})
CONSTRAINTS = frozenset({"-c", "--constraint"})
EDITABLE = frozenset({"-e", "--editable"})
GROUP = "--group"
"""A dependency group (PEP 735) of pyproject.toml: `[path:]group`."""

PASSED = frozenset(
    {
        "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-binary", "--only-binary",
        "--trusted-host", "--timeout", "--retries", "--proxy", "--cert", "--client-cert", "-C", "--config-settings",
        "--use-feature", "--use-deprecated",
    }
)  # fmt: skip
"""Options with a value that pip gets as they are."""
PASSED_FLAGS = frozenset(
    {
        "--pre", "--require-hashes", "--no-deps", "--prefer-binary", "--no-index", "--use-pep517",
        "--no-build-isolation", "--ignore-requires-python",
    }
)  # fmt: skip
_NO_MATTER = frozenset(
    {
        "-q", "--quiet", "-v", "--verbose", "-U", "--upgrade", "-I", "--ignore-installed", "--force-reinstall",
        "--reinstall", "--no-cache-dir", "--no-cache", "-n", "--no-input", "--no-color", "--user", "--system",
        "--break-system-packages", "--disable-pip-version-check", "--compile", "--no-compile", "--compile-bytecode",
        "--no-warn-script-location", "--no-warn-conflicts", "--no-python-version-warning", "--no-progress",
        "--require-virtualenv", "--no-clean", "--isolated",
    }
)  # fmt: skip
"""Flags without a meaning where everything is installed into a new folder of ours."""
_NO_MATTER_VALUES = frozenset({"--progress-bar", "--root-user-action", "--upgrade-strategy", "--cache-dir", "--log"})
_WITH_VALUE = FILE | CONSTRAINTS | EDITABLE | PASSED | _NO_MATTER_VALUES | {GROUP}


class UnknownOption(Exception):
    """option: as it is written. reason: what HiveMind does with it, in words that follow it."""

    def __init__(self, option: str, reason: str) -> None:
        super().__init__(f"{option} {reason}")
        self.option = option


@dataclass(frozen=True)
class Word:
    """option: empty for what is to be installed. value: of the option, or what is to be installed."""

    option: str
    value: str = ""


def read(words: list[str]) -> Iterator[Word]:
    """The words of a command after `pip install`, without options that make no difference here. Raises UnknownOption
    for one that is not known, or that lacks its value."""
    rest = iter(words)
    for word in rest:
        if word == "--":
            yield from (Word("", each) for each in rest)
        elif not word.startswith("-") or word == "-":
            yield Word("", word)
        else:
            yield from _option(word, rest)


def _option(word: str, rest: Iterator[str]) -> Iterator[Word]:
    name, equals, value = word.partition("=")
    if not word.startswith("--") and len(word) > 2:
        flags = [f"-{letter}" for letter in word[1:]]
        if all(flag in _NO_MATTER for flag in flags):
            return
        name, equals, value = word[:2], "=", word[2:].removeprefix("=")
    if name in _WITH_VALUE:
        given = value if equals else next(rest, None)
        if not given or (given.startswith("-") and not equals):
            raise UnknownOption(name, "has no value")
        if name not in _NO_MATTER_VALUES:
            yield Word(name, given)
    elif name in PASSED_FLAGS and not equals:
        yield Word(name)
    elif name not in _NO_MATTER or equals:
        raise UnknownOption(name, "is an option of pip that HiveMind does not know")
