"""Processes told apart from later ones with the same id, and the daemon's children that outlived it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hivemind.local.files import read_json, write_json


def started(pid: int) -> float | None:
    """When the process started (seconds since the epoch), None when there is none or it is a zombie."""
    if sys.platform == "linux":
        return _started_on_linux(pid)
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return float(process.create_time())
    except psutil.Error:
        return None


def _started_on_linux(pid: int) -> float | None:
    """The same from /proc (proc_pid_stat(5)), as psutil has it: every command asks, and psutil is slow to load."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        booted = Path("/proc/stat").read_text(encoding="ascii").partition("\nbtime ")[2].split(maxsplit=1)[0]
    except (OSError, IndexError):
        return None
    state, ticks = fields[0], int(fields[19])
    return None if state == "Z" else int(booted) + ticks / os.sysconf("SC_CLK_TCK")


def is_running(pid: int, since: float) -> bool:
    """Whether the process that started then still runs; another that got its id does not count."""
    now = started(pid)
    return now is not None and abs(now - since) < 1.0


def record_children(path: Path) -> None:
    """Writes down this process's descendants, for `end_recorded` of a later one."""
    import psutil

    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            found.append([child.pid, child.create_time()])
        except psutil.Error:
            continue
    write_json(path, sorted(found))


def end_recorded(path: Path, *, patience: float = 5.0) -> int:
    """Ends what `record_children` wrote down and still runs; how many. patience: seconds before SIGKILL."""
    import psutil

    alive = [psutil.Process(pid) for pid, since in read_json(path, []) if is_running(pid, since)]
    for process in alive:
        _end(process, kill=False)
    _, stubborn = psutil.wait_procs(alive, timeout=patience)
    for process in stubborn:
        _end(process, kill=True)
    path.unlink(missing_ok=True)
    return len(alive)


def _end(process: object, *, kill: bool) -> None:
    import psutil

    assert isinstance(process, psutil.Process)
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.Error:
        return
