"""`make rehearse`: runs the tests of this folder in namespaces of their own, so that nothing outlives them.

What ends this process ends the PID namespace, and with it every machine, mount, address and process of the rehearsal.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
SECONDS = 900
"""After which a rehearsal that hangs is ended."""
NAMESPACES = ("--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc")
ENTER = 'mount --bind "$1" /etc/hosts; shift; exec "$@"'


def main(arguments: list[str]) -> int:
    if os.geteuid() != 0:
        print("make rehearse needs root: it boots machines in namespaces of their own.", file=sys.stderr)
        return 77
    for program in ("unshare", "setpriv", "ip", "mount"):
        if shutil.which(program) is None:
            print(f"make rehearse needs the program {program}. On Debian: apt install util-linux iproute2 mount")
            return 77
    import tree

    made = tree.make()
    folder = Path(tempfile.mkdtemp(prefix="hmr-"))
    folder.chmod(0o711)
    groups = _groups() / folder.name
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    environment = {
        **os.environ,
        "HIVEMIND_REHEARSAL_FOLDER": str(folder),
        "HIVEMIND_REHEARSAL_TREE": str(made),
        "HIVEMIND_REHEARSAL_CGROUPS": str(groups),
    }
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        environment.pop(name, None)
        environment.pop(name.lower(), None)
    tests = [sys.executable, "-m", "pytest", "-n0", "-m", "rehearsal", str(HERE), *arguments]
    command = ["setpriv", "--pdeathsig=KILL", "unshare", *NAMESPACES, "sh", "-c", ENTER, "enter", str(hosts), *tests]
    process = subprocess.Popen(command, env=environment, cwd=HERE.parents[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        print(f"the rehearsal did not end within {SECONDS} s", file=sys.stderr)
        return 124
    except KeyboardInterrupt:
        # The terminal has told pytest, too: it closes the room, and reports.
        with contextlib.suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
            process.wait(20)
        return 130
    finally:
        process.kill()  # unshare takes the PID namespace with it
        process.wait()
        _clear(groups)
        shutil.rmtree(folder, ignore_errors=True)


def _groups() -> Path:
    """Where cgroup2 is mounted."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    raise SystemExit("make rehearse needs cgroup2, which systemd runs in.")


def _clear(groups: Path) -> None:
    """Removes the rehearsal's control groups. The kernel takes a moment to see that their processes are gone."""
    for _ in range(50):
        for folder in sorted(groups.rglob("*"), key=lambda path: len(path.parts), reverse=True):
            if folder.is_dir():
                with contextlib.suppress(OSError):
                    folder.rmdir()
        try:
            groups.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
