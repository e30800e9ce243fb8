"""Runs a command that must not outlive this daemon. A file to be run by itself: standard library only, starts fast.

On Linux the kernel is asked to kill the command when its parent dies. Elsewhere this process stays, and ends the
command when standard input (a pipe that the daemon holds) ends.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> int:
    """parent: process id of the daemon, to notice that it died before we asked."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            return 1
        os.execv(command[0], command)
    started = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: started.terminate())

    def watch() -> None:
        sys.stdin.buffer.read()
        started.kill()

    threading.Thread(target=watch, daemon=True).start()
    return started.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
