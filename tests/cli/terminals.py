"""A terminal for tests that look at what a person sees."""

from __future__ import annotations

import os
import re
import select
import struct
import termios
from fcntl import ioctl

from hivemind.testing.project import Project

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def in_terminal(project: Project, *words: str, width: int = 80) -> tuple[int, str]:
    """Runs a command in a terminal of its own; its exit code and all that it wrote."""
    master, slave = os.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    shown = Project(project.folder, project.home, {"TERM": "xterm-256color", "COLUMNS": None, **project.environment})
    running = shown.start(*words, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    written = b""
    while True:
        ready, _, _ = select.select([master], [], [], 120)
        try:
            chunk = os.read(master, 65536) if ready else b""
        except OSError:  # the other side is closed
            chunk = b""
        if not chunk:
            break
        written += chunk
    os.close(master)
    return running.wait(timeout=60), written.decode()
