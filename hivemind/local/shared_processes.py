"""Finding and ending the processes of an instance that has no namespace of its own: they carry its HIVEMIND_ROOT."""

from __future__ import annotations

from collections.abc import Collection


def end(root: str, seconds: float, *, spare: Collection[int] = ()) -> None:
    """Ends all processes of this user whose HIVEMIND_ROOT is `root`: SIGTERM, after `seconds` SIGKILL."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in spare and process.environ().get("HIVEMIND_ROOT") == root:
                process.terminate()
                found.append(process)
        except (psutil.Error, OSError):
            continue
    _, alive = psutil.wait_procs(found, timeout=seconds)
    for process in alive:
        try:
            process.kill()
        except psutil.Error:
            continue
