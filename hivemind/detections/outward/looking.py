"""Whether an application in a folder calls other services, as far as that shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hivemind.detections.outward.known import CALLING, CALLS, HINTS, QUIET, SUFFIXES, TOLD, WRITTEN
from hivemind.detections.outward.packages import packages
from hivemind.repositories.repository import Repository

_ASIDE = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|e2e|examples?|docs?|fixtures?|benchmarks?|node_modules|vendor|\.\w[^/]*)/|"
    r"(?:^|/)(?:test_|conftest\.)|\.(?:test|spec|min|config)\.\w+$|\.d\.ts$"
)
_PAGES = re.compile(r"(?:^|/)(?:static|public|assets|frontend|client|dist|build)/")
"""Scripts that run in browsers, whose calls do not come from an instance."""
_LARGEST = 200_000
_MOST = 3_000_000
_COMMENTS = ("#", "//", "*", "/*")


@dataclass(frozen=True)
class Outward:
    """calls: where it calls other services for certain, such as `stripe in requirements.txt:3`. quiet: whether
    everything was looked at, is known, and calls nothing."""

    calls: tuple[str, ...] = ()
    quiet: bool = False


def outward(repository: Repository, folder: str, language: str) -> Outward:
    """What shows of an application's calls to services other than its databases, caches and clients.

    folder: relative to the repository. language: first word of its runtime, `static` for pages alone. Where a language,
    a package or a file is not known well enough, the answer is neither that it calls nor that it is quiet.
    """
    if language == "static":
        return Outward(quiet=True)
    if language not in QUIET:
        return Outward()
    named = packages(repository, folder, language)
    calls = [str(one) for one in named or () if CALLING[language].fullmatch(one.name)]
    known = named is not None and all(one.name in QUIET[language] for one in named)
    code = _Code()
    for file, number, line in _lines(repository, folder, language, code):
        if match := CALLS[language].search(line):
            calls.append(f"{next(group for group in match.groups() if group)} in {file}:{number}")
        elif HINTS[language].search(line) or WRITTEN.search(line) or TOLD.search(line):
            known = False
    return Outward(tuple(calls), quiet=known and code.whole and code.files > 0 and not calls)


@dataclass
class _Code:
    """files: that were read. whole: whether all were."""

    files: int = 0
    whole: bool = True


def _lines(repository: Repository, folder: str, language: str, code: _Code) -> Iterator[tuple[str, int, str]]:
    """File, number and text of each line of the application's own code that is no comment."""
    left = _MOST
    for inside in _sources(repository.under(folder), language):
        file = inside if folder in {"", "."} else f"{folder.rstrip('/')}/{inside}"
        text = repository.text(file, limit=_LARGEST)
        left -= len(text or "")
        if text is None or left < 0:
            code.whole = False
            return
        code.files += 1
        for number, line in enumerate(text.splitlines(), 1):
            if line and not line.lstrip().startswith(_COMMENTS):
                yield file, number, line[:2000]


def _sources(files: Iterable[str], language: str) -> Iterator[str]:
    for file in files:
        pages = language == "node" and _PAGES.search(file)
        if file.endswith(SUFFIXES[language]) and not _ASIDE.search(file) and not pages:
            yield file
