"""What a container runs, as the command that does the same outside of it."""

from __future__ import annotations

import os
import posixpath
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from hivemind.agents.recon.containers import ImageStage, joined, origin
from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.lasting import Kept
from hivemind.agents.recon.programs import language_of

_OF_THE_CONTAINER = re.compile(
    r"(?:^|[\s;&|(])(?:exec\s+)?(?:\S*/)?(?:supervisord|nginx|apache2\S*|apachectl|httpd|php-fpm[\d.]*|uwsgi|crond?|s6-\S+|"
    r"runsvdir|service|gosu|su-exec|sudo|su|runuser|setpriv|chown|chroot|adduser|useradd|usermod|groupmod|addgroup|"
    r"manage\.py (?:py)?uwsgi|"
    r"apt-get|apk|redis-server|postgres|mysqld|varnishd|catalina\.sh|tor|iptables|mount|dockerize|envconsul)(?=\s|;|$)"
)
"""Programs that are part of an image, or that only root can use."""
_ABSOLUTE = re.compile(r"(?<![\w$}.:/])/(?!dev/|tmp\b|bin/(?:ba)?sh\b|usr/bin/env\b|proc/)[\w.]")
_WRAPPERS = frozenset(
    {"tini", "dumb-init", "catatonit", "docker-php-entrypoint", "docker-entrypoint.sh", "exec", "nice"}
)
_USERS = frozenset({"gosu", "su-exec", "setpriv"})
_ARGUMENTS = re.compile(
    r"^\s*(?:exec\s+)?(?:\S*(?:tini|dumb-init|gosu|su-exec)\s+(?:[\w\"$-]+\s+)*)?\"?\$[@{]@?\}?\"?\s*$"
)
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
_SET = frozenset({"PORT", "HOST", "HOSTNAME", "HOME", "PATH", "USER", "PWD"})
_OF_A_LIST = re.compile(r"\$\{\w{1,60}\[[@*]\]\}")
"""Words that a script of Bash puts together ("Arrays", Bash Reference Manual)."""
_DEFAULT = re.compile(r"\w{1,60}=[\"']?[^\s$`\"'()]*[\"']?")
_SHORT = 200
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_OPERATORS = re.compile(r"[;&|<>`]|\$\(")
_LARGEST = 50_000
_LONGEST = 2000
"""Characters of a command: over longer ones some patterns would take the square of their length."""


@dataclass(frozen=True)
class Entry:
    """command: what to run in the repository. script: the file that said so, where it was not the Dockerfile itself,
    and its line."""

    command: str
    script: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class _Place:
    """Where paths are looked up. kept: folders of the image that last."""

    folder: Folder
    stage: ImageStage
    stages: Sequence[ImageStage]
    files: frozenset[str]
    kept: frozenset[str] = frozenset()

    def origin(self, path: str) -> str | None:
        return origin(path, self.stage, self.stages, self.files)

    def written(self, path: str) -> str | None:
        """The text of a file that the Dockerfile itself writes."""
        found = self.stage.written.get(posixpath.normpath(posixpath.join(self.stage.workdir, path)))
        return found.text if found and len(found.text) <= _LARGEST else None


def entry(folder: Folder, stage: ImageStage, stages: Sequence[ImageStage], kept: Sequence[Kept] = ()) -> Entry | None:
    """The command of a stage, without what wraps it and with paths of the repository, those of folders that last (kept)
    beside the code; None where it can't run outside of its image."""
    said = stage.command()
    place = _Place(folder, stage, stages, frozenset(folder.files), frozenset(each.path for each in kept))
    return _entry(_told(said[0], stage), place, 0) if said and len(str(said[0])) <= _LONGEST else None


def given(folder: Folder, stage: ImageStage, stages: Sequence[ImageStage], kept: Sequence[Kept]) -> tuple[Kept, ...]:
    """The folders that last which a stage's command names, where it can run with them outside of its image."""
    said = stage.command()
    words = said[0] if said and isinstance(said[0], list) else str(said[0]).split() if said else []
    named = tuple(each for each in kept if each.path in {word.rstrip("/") for word in words})
    return named if named and entry(folder, stage, stages, kept) else ()


def _told(said: list[str] | str, stage: ImageStage) -> list[str] | str:
    """A command with what ENV says put in the place of its variables, but for those that whoever runs it sets."""
    env = {name: value for name, value in stage.env.items() if name not in _SET and len(value) <= _SHORT}

    def put(text: str) -> str:
        return _VARIABLE.sub(lambda match: env.get(match[1] or match[2], match[0]), text)

    return [put(word) for word in said] if isinstance(said, list) else put(said)


def script(folder: Folder, stage: ImageStage, stages: Sequence[ImageStage]) -> str | None:
    """The repository's file of the script that a stage begins with; None where it begins with anything else."""
    said = stage.command()
    if said is None or len(str(said[0])) > _LONGEST:
        return None
    words = _unwrapped(said[0] if isinstance(said[0], list) else _split(said[0]))
    words = words[1:] if len(words) > 1 and posixpath.basename(words[0]) in _SHELLS else words
    return _script(words[0], _Place(folder, stage, stages, frozenset(folder.files))) if words else None


def arguments(folder: Folder, stage: ImageStage, stages: Sequence[ImageStage]) -> str | None:
    """What a stage gives the program that is built for it, a binary that the repository does not hold: `serve`, with
    paths of the repository. None where it runs anything else, gives nothing, or names what only the image has."""
    said = stage.command()
    if said is None or len(str(said[0])) > _LONGEST:
        return None
    words = _unwrapped(said[0] if isinstance(said[0], list) else _split(said[0]))
    place = _Place(folder, stage, stages, frozenset(folder.files))
    if script := _script(words[0], place) if words else None:
        words = _last(_lines(script, place)) or words[1:]
    name = posixpath.basename(words[0]) if words else ""
    if len(words) < 2 or name in _SHELLS or language_of(name) or _OF_THE_CONTAINER.match(name):
        return None
    if _program(words[0], place) or "." in name or any(_OPERATORS.search(word) for word in words):
        return None
    moved = []
    for word in words[1:]:
        option, equals, value = word.partition("=")
        there = _moved(value if equals else word, place, program=False)
        if there is None:
            return None
        moved.append(f"{option}={there}" if equals else there)
    return joined(moved)


def _last(lines: list[tuple[int, str]]) -> list[str]:
    """What a script becomes at its end, where it names that itself."""
    done = [
        line.removeprefix("exec ") for _, line in lines if line.startswith("exec ") and not re.search(r"\$[@{*]", line)
    ]
    return _split(done[-1]) if done else []


def bound(folder: Folder, stage: ImageStage, stages: Sequence[ImageStage]) -> str | None:
    """The command of a stage that needs its image: a script of the repository, or a program that images bring."""
    said = stage.command()
    if said is None or len(str(said[0])) > _LONGEST:
        return None
    words = _unwrapped(said[0] if isinstance(said[0], list) else _split(re.split(r"&&|;", said[0])[-1]))
    if words and posixpath.basename(words[0]) in _SHELLS and len(words) > 2 and words[1] == "-c":
        words = _unwrapped([word for word in _split(words[2]) if word != "$@"])
    place = _Place(folder, stage, stages, frozenset(folder.files))
    if len(words) > 1 and posixpath.basename(words[0]) in _SHELLS and not words[1].startswith("-"):
        words = words[1:]
    script = (_script(words[0], place) or _program(words[0], place)) if words else None
    if script and _hands_on(_lines(script, place)):
        words = _unwrapped(words[1:])
        script = _script(words[0], place) if words else None
    name = posixpath.basename(words[0]) if words else ""
    if script is None and not language_of(name) and not _OF_THE_CONTAINER.match(name):
        return None
    rest = [place.origin(word) or word if word.startswith("/") else word for word in words[1:]]
    plain = not any(re.search(r"[\s;&|]", word) for word in rest)
    return joined([f"./{script}" if script else name, *(rest if plain else [])])


def _entry(said: list[str] | str, place: _Place, depth: int) -> Entry | None:
    if isinstance(said, str) and _OPERATORS.search(said):
        return _text(said, place)
    words = _unwrapped(said if isinstance(said, list) else _split(said))
    if not words or depth > 4:
        return None
    shell = posixpath.basename(words[0]) in _SHELLS
    if shell and len(words) > 2 and words[1] in {"-c", "-lc", "-ec"}:
        return _entry(re.sub(r"(?<!\s)\s*\"?\$@\"?\s*$", "", words[2]), place, depth + 1)
    file = words[1:2] if shell else words[:1]
    if file and (text := place.written(file[0])):
        return _ends(_numbered(text), None, place, depth)
    script = _script(file[0], place) if file else None
    return _run(script, words[1 + shell :], place, depth) if script else _words(words, place)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _unwrapped(words: list[str]) -> list[str]:
    while words:
        name = posixpath.basename(words[0])
        if name in _WRAPPERS and len(words) > 1:
            words = words[1:]
            while words and words[0].startswith("-"):
                words = words[1:]
        elif name in _USERS and len(words) > 2:
            words = words[2:]
        else:
            break
    return words


def _script(word: str, place: _Place) -> str | None:
    """The repository's file of a shell script, where this is one that has text."""
    file = place.origin(word) or (word.removeprefix("./") if not word.startswith("/") else None)
    if file is None or file not in place.files:
        return None
    first = (place.folder.text(file, limit=_LARGEST) or "").partition("\n")[0]
    shell = re.match(r"#!\s*(?:/usr)?/bin/(?:env\s+(?:-S\s+)?)?(?:ba|da|a)?sh\b", first)
    return file if shell or (first and file.endswith(".sh")) else None


def _program(word: str, place: _Place) -> str | None:
    """The repository's file that is a program of another language, such as `manage.py`."""
    file = place.origin(word) or (word.removeprefix("./") if word.startswith("./") else None)
    return file if file in place.files else None


def _run(script: str, rest: list[str], place: _Place, depth: int) -> Entry | None:
    """A script as it is where nothing in it belongs to an image, else the last thing that it turns into."""
    lines = _lines(script, place)
    if _hands_on(lines):  # given nothing, it starts nothing
        return _entry(rest, place, depth + 1) if rest else None
    if not any(_OF_THE_CONTAINER.search(line) or _ABSOLUTE.search(line) for _, line in _apart(lines)):
        root = place.folder.repository.root / place.folder.in_repository(script)
        return Entry(joined([*([f"./{script}"] if os.access(root, os.X_OK) else ["sh", script]), *rest]))
    return _ends(lines, script, place, depth)


def _apart(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines that say whether a script needs its image. One that puts its command together, in a list of words, is
    nothing without itself: there, a path that is a variable's default counts for nothing."""
    whole = any(_OF_A_LIST.search(line) for _, line in lines)
    return [each for each in lines if not (whole and _DEFAULT.fullmatch(each[1]))]


def _ends(lines: list[tuple[int, str]], script: str | None, place: _Place, depth: int) -> Entry | None:
    """The last thing that a script turns into, or starts."""
    for number, line in reversed(lines):
        command = re.sub(r"(?<!\s)\s*\"?\$@\"?\s*&?\s*$", "", line)
        if _OF_A_LIST.search(command):
            return None
        if line.startswith("exec ") or language_of(command):
            found = _entry(command.removeprefix("exec ").strip(), place, depth + 1)
            if found is None:
                return None
            return Entry(found.command, found.script or script, found.line or (number if script else None))
    return None


def _lines(script: str, place: _Place) -> list[tuple[int, str]]:
    """Lines of a script that do something, with their numbers."""
    return _numbered(place.folder.text(script, limit=_LARGEST) or "")


def _numbered(text: str) -> list[tuple[int, str]]:
    return [
        (number, line.strip())
        for number, line in enumerate(_unfolded(text), 1)
        if line.strip() and not line.lstrip().startswith("#") and len(line) <= _LONGEST
    ]


def _hands_on(lines: list[tuple[int, str]]) -> bool:
    """Whether a script ends in running what it was given."""
    return any(_ARGUMENTS.match(line) for _, line in lines[-3:])


def _unfolded(text: str) -> list[str]:
    """Lines, those that a backslash goes on with joined to the first, empty ones in their places."""
    found: list[str] = []
    waiting = 0
    for line in text.splitlines()[:2000]:
        if waiting:
            found[-waiting] = found[-waiting].removesuffix("\\") + " " + line.strip()
            found.append("")
        else:
            found.append(line)
        waiting = waiting + 1 if line.rstrip().endswith("\\") else 0
    return found


def _words(words: list[str], place: _Place) -> Entry | None:
    moved = [_moved(word, place, program=not number) for number, word in enumerate(words)]
    if any(word is None for word in moved):
        return None
    return _portable(joined([word for word in moved if word]))


def _text(text: str, place: _Place) -> Entry | None:
    """A shell's text, absolute paths in it moved."""
    moved = []
    for word in text.split(" "):
        plain = word.strip("\"'")
        there = _moved(plain, place, program=False) if plain.startswith("/") else plain
        if there is None:
            return None
        moved.append(word.replace(plain, there) if plain else word)
    return _portable(" ".join(moved))


def _portable(command: str) -> Entry | None:
    if re.match(r"(?:\w+=\S*\s+)*java\s.*(?:-cp|-classpath|--class-path)[\s=]|.*\bJarLauncher\b", command):
        return None  # classes as an image has them
    return None if _OF_THE_CONTAINER.search(command) or _ABSOLUTE.search(command) else Entry(command)


def _moved(word: str, place: _Place, *, program: bool) -> str | None:
    """A word with a path of the container as one of the repository; None where the path is nowhere in it."""
    jar = word.endswith((".jar", ".war"))
    if not word.startswith("/") and not jar:
        return word
    if re.match(r"/(?:dev|tmp|proc)(?:/|$)", word):
        return word
    file = place.origin(word)
    if not file and not program and word.rstrip("/") in place.kept:
        file = posixpath.basename(word.rstrip("/"))
    if jar and file not in place.files and not re.match(r"(?:[\w.-]+/)*(?:target|build/libs)/", file or ""):
        return None  # unpacked, or put together on the way
    if file:
        return f"./{file}" if program and "/" not in file else file
    if program and re.match(r"/(?:usr/(?:local/)?)?s?bin/[\w.-]+$", word):
        name = posixpath.basename(word)
        return name if language_of(name) else None
    return None
