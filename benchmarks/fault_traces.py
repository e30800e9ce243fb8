"""What a fault run leaves on this machine beside the account: processes, listeners, files, records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import psutil

from hivemind.deploy.state import StateStore
from hivemind.values.clock import SYSTEM_CLOCK, polls

SETTLES = 20.0
"""Seconds that the local cloud gets to end what it was asked to end, and a file to be written whole."""
SCRATCH = re.compile(r"\..+\.[a-z0-9_]{8}")
"""Names of files that are being written; they are renamed when they are whole."""
_CONSOLE = re.compile(r"/(i-[0-9a-f]+)/console\.log$")
LOOKED_AT = ("deployments", "deployments/*", "aws/services", "")
"""Folders below the local cloud's whose files are records."""


def ports(daemon: int) -> frozenset[int]:
    """Where a local cloud's own process listens."""
    found = psutil.Process(daemon).net_connections("tcp")
    return frozenset(one.laddr.port for one in found if one.status == psutil.CONN_LISTEN)


def strays(daemon: int, *, live: frozenset[str], empty: bool, most: int) -> tuple[str, ...]:
    """Processes of a local cloud that nothing needs, and what listens on a port that nothing needs.

    live: ids of the instances that run. empty: whether nothing is deployed, so that the daemon is alone with its
    own ports. most: how many these are.
    """
    found: tuple[str, ...] = ()
    for _ in polls(SYSTEM_CLOCK, deadline=SETTLES):
        process = psutil.Process(daemon)
        found = tuple(_alone(process, most) if empty else _of_no_instance(process, live))
        if not found:
            break
    return found


def _alone(daemon: psutil.Process, most: int) -> Iterator[str]:
    listening = ports(daemon.pid)
    if len(listening) > most:
        yield f"{len(listening) - most} more than the {most} ports of its own: {sorted(listening)}"
    for one in daemon.children(recursive=True):
        try:
            yield f"process {one.pid} {' '.join(one.cmdline()[:4]) or one.name()}"
        except psutil.Error:
            continue


def _of_no_instance(daemon: psutil.Process, live: frozenset[str]) -> Iterator[str]:
    """Processes at the root of an instance that is none."""
    for one in daemon.children(recursive=True):
        try:
            paths = [file.path for file in one.open_files()]
        except psutil.Error:
            continue
        for name in {match[1] for match in map(_CONSOLE.search, paths) if match} - live:
            yield f"process {one.pid} of {name}"


def damaged(local: Path) -> tuple[str, ...]:
    """Records of a local cloud that are half written, left while they were written, or cannot be read."""
    found: tuple[str, ...] = ()
    for _ in polls(SYSTEM_CLOCK, deadline=SETTLES):
        found = tuple(_damaged(local))
        if not found:
            break
    return found


def _damaged(local: Path) -> Iterator[str]:
    yield from (f"unreadable: {one}" for one in StateStore(local / "deployments").all().unreadable)
    for folder in (
        found for pattern in LOOKED_AT for found in (local.glob(pattern) if pattern else [local]) if found.is_dir()
    ):
        for path in folder.iterdir():
            if SCRATCH.fullmatch(path.name):
                yield f"half written: {path}"
            if path.suffix not in {".json", ".jsonl"}:
                continue
            try:
                text = path.read_text(encoding="utf-8")
            except OSError:  # it went meanwhile
                continue
            if not all(_reads(one) for one in (text.splitlines() if path.suffix == ".jsonl" else [text])):
                yield f"torn: {path}"


def _reads(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
