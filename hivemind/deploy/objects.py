"""The port of state stores: small objects by name, each written under a condition. Nobody overwrites what they have not
read, so that of two writers the later one reads again.

`object_files.py` keeps them in a folder, `object_bucket.py` in S3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Overtaken(Exception):
    """Somebody else wrote or removed the object first: read it again."""


@dataclass(frozen=True)
class Stored:
    """tag: of this very content and writing. age: seconds since it was written, by the store's own clock."""

    body: bytes
    tag: str
    age: float


class Objects(Protocol):
    """Objects of one deployment. Names have parts with `/` between them (`journal/ATTEMPT/00001.jsonl`).

    Every method raises CloudCallFailed or CloudUnreachable where the store is in S3, OSError where it is a folder.
    """

    @property
    def address(self) -> str:
        """For messages: where the objects are, without a slash at its end."""
        ...

    def read(self, name: str) -> Stored | None:
        """An object; None where there is none."""
        ...

    def write(self, name: str, body: bytes, *, replacing: str | None) -> str:
        """Writes an object; its new tag. replacing: the tag of what it replaces, None where there is to be nothing yet.

        Raises Overtaken where something else is there, or nothing any more.
        """
        ...

    def remove(self, name: str, tag: str) -> None:
        """Removes an object with this tag. Raises Overtaken where it is another one; harmless where there is none."""
        ...

    def names(self, begin: str) -> tuple[str, ...]:
        """The names that begin so, sorted."""
        ...
