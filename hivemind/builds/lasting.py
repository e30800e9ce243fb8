"""Folders that last, while an application is built: on an instance each release finds them, so that settings which open
a file there work; in the copy that is built nothing has made them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath


@contextlib.contextmanager
def there(data: Sequence[str], app: Path) -> Iterator[None]:
    """The folders of the paths that last below `app`, made where they are missing; those that stay empty end with the
    block. data: as `services.NAME.data` has it: a path that ends with `/` or has no dot in its name is a folder."""
    made: list[Path] = []
    for text in data:
        path = PurePosixPath(text)
        is_folder = text.endswith("/") or "." not in path.name.lstrip(".")
        made += _made(app, path if is_folder else path.parent)
    try:
        yield
    finally:
        for folder in reversed(made):
            with contextlib.suppress(OSError):  # not empty, or gone
                folder.rmdir()


def _made(app: Path, path: PurePosixPath) -> list[Path]:
    """The folders that were made, outer ones first; none through a link."""
    made: list[Path] = []
    place = app
    for part in path.parts:
        place = place / part
        if place.is_symlink() or part == "..":
            return made
        try:
            place.mkdir()
        except FileExistsError:
            continue
        except OSError:  # below a file
            return made
        made.append(place)
    return made
