"""Environment files, in the form that systemd reads (systemd.exec(5), EnvironmentFile=)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ESCAPED = '"\\`$'
HIDDEN = "# hidden: "
"""Begins the line that names the variables whose values are secrets: the file is all that a log's reader has."""


def render(variables: Mapping[str, str], hidden: Iterable[str] = ()) -> str:
    """The file's text: one `NAME="value"` each, sorted. hidden: names of those that hold a secret."""
    names = " ".join(sorted(set(hidden) & set(variables)))
    lines = "".join(f'{name}="{_escape(value)}"\n' for name, value in sorted(variables.items()))
    return (f"{HIDDEN}{names}\n" if names else "") + lines


def hidden_values(text: str) -> list[str]:
    """The secrets in a file that `render` wrote."""
    first = text.partition("\n")[0]
    if not first.startswith(HIDDEN):
        return []
    variables = parse(text)
    return [variables[name] for name in first[len(HIDDEN) :].split() if name in variables]


def parse(text: str) -> dict[str, str]:
    """Reads what `render` wrote; also plain and single-quoted values, comments and blank lines."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        line = text[position:end]
        name, equals, _ = line.partition("=")
        if not equals or line.lstrip().startswith(("#", ";")):
            position = end + 1
            continue
        value, position = _value(text, position + len(name) + 1)
        found[name.strip()] = value
    return found


def _escape(value: str) -> str:
    return "".join("\\" + character if character in ESCAPED else character for character in value)


def _value(text: str, position: int) -> tuple[str, int]:
    """The value that starts at a position, and the position of the next line."""
    quote = text[position : position + 1]
    if quote not in ('"', "'"):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        return text[position:end].strip(), end + 1
    value = []
    position += 1
    while position < len(text) and text[position] != quote:
        if quote == '"' and text[position] == "\\" and text[position + 1 : position + 2] in tuple(ESCAPED):
            position += 1
        value.append(text[position])
        position += 1
    end = text.find("\n", position)
    return "".join(value), (len(text) if end < 0 else end) + 1
