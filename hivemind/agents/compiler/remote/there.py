"""`python COMPILER`: the compiler on a build instance.

Reads a Request (JSON) from standard input and writes one JSON object a line: `log` is output of the build as it comes,
`tell` its newest line for people, and at the end there is one of `built` (an index entry of the store) and `failed`.
"""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

from hivemind.agents.compiler.remote.request import Request, laid
from hivemind.builds.building import make
from hivemind.builds.place import Task
from hivemind.builds.programs import OUTPUT
from hivemind.builds.sources import input_digest
from hivemind.builds.store import Store
from hivemind.text.codec import decode
from hivemind.values.errors import Stage, StageError

SECONDS = 0.2
"""Between two looks at the log."""
_LARGEST = 1 << 20


def main() -> int:
    """Carries out the request; 0 also for a build that failed, of which the last line tells."""
    request = decode(Request, json.load(sys.stdin))
    store = Store(Path(request.store).absolute())
    log = store.root / "logs" / f"{request.service.name}.log"
    log.unlink(missing_ok=True)
    OUTPUT.set(lambda line: _say(tell=line))
    following = _Following(log)
    try:
        entry = _built(request, store)
    except StageError as error:
        following.end()
        hint = (error.hint or "").replace(str(log), "{log}")
        _say(failed={"message": error.message, "lines": list(error.lines), "hint": hint, "path": error.path})
        return 0
    following.end()
    _say(built=entry)
    return 0


def _built(request: Request, store: Store) -> dict[str, Any]:
    tree = store.root / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    with tarfile.open(request.archive) as archive:
        # Python 3.11.2, which Debian 12 has, knows no filters. The archive is the one that HiveMind made, file by file.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
        archive.extractall(tree)  # noqa: S202
    sources = laid(request.sources, tree)
    made = input_digest(request.service, sources, request.platform, request.builders)
    if made != request.inputs:
        raise StageError(Stage.BUILD, f"{request.service.name}: the sources changed on the way to the build instance")
    task = Task(request.service, sources, request.inputs, request.language)
    return make(task, request.platform, store)


class _Following:
    """Hands on what is added to a file, from a thread of its own."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._position = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Hands on the rest."""
        self._over.set()
        self._thread.join()
        while self._read():
            pass

    def _follow(self) -> None:
        while not self._over.wait(SECONDS):
            self._read()

    def _read(self) -> bool:
        try:
            with self._file.open("rb") as file:
                file.seek(self._position)
                piece = file.read(_LARGEST)
        except FileNotFoundError:
            return False
        self._position += len(piece)
        if piece:
            _say(log=piece.decode("latin-1"))
        return bool(piece)


_lock = threading.Lock()


def _say(**said: Any) -> None:
    with _lock:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
