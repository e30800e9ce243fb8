"""`python -m hivemind.local.instance_init`: the first process of an instance.

Reads what the instance is (JSON, see `Boot`) from standard input, makes the namespaces that it was started in the
instance's own, and forks: the parent stays process 1 and reaps, the child serves SSH and the daemon's porter.
In shared mode (no namespaces) there is nothing to make: the tree is a prefix, HIVEMIND_ROOT.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from hivemind.local import instance_files, instance_network, porter
from hivemind.local.instance_boot import STOP_SECONDS, Boot, say

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def main() -> int:
    # Of a machine's first process; the daemon that started us keeps its own files to itself.
    os.umask(0o022)
    boot = Boot(**json.load(sys.stdin.buffer))
    control = socket.socket(fileno=boot.control)
    os.set_inheritable(boot.control, False)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    try:
        host_key = Path(boot.host_key).read_bytes()
        environment = _make_own(boot)
    except OSError as error:
        control.send(porter.FAILED + str(error).encode())
        return 1
    if os.getpid() == 1 and (server := os.fork()):
        control.close()
        return _reap(server)
    return _serve(boot, control, host_key, environment)


def _make_own(boot: Boot) -> dict[str, str]:
    """Network, host name and files; the environment of everything that runs here."""
    base = {"LANG": "C.UTF-8", "SHELL": "/bin/bash", "USER": "admin", "LOGNAME": "admin", **boot.environment}
    if boot.root is not None:
        shims = Path(boot.root, "bin")
        instance_files.shims(shims, drop=False)
        home = Path(boot.root, "home/admin")
        os.chdir(home)
        path = f"{shims}:{os.environ.get('PATH', PATH)}"
        return {**base, "HIVEMIND_ROOT": boot.root, "HOME": str(home), "PATH": path}
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        instance_network.raise_loopback(made)
        instance_network.add_address(made, 0, boot.address)
    with contextlib.suppress(OSError):
        socket.sethostname(boot.hostname)
    for sentence in instance_files.enter(Path(boot.tree), boot.keep):
        say(sentence)
    instance_files.shims(Path(instance_files.SHIMS), drop=boot.uid is not None)
    Path("/run/lock").mkdir(exist_ok=True)
    os.chdir("/home/admin")
    return {**base, "HOME": "/home/admin", "PATH": f"{instance_files.SHIMS}:{PATH}"}


def _reap(server: int) -> int:
    """Process 1: collects the dead until the server is among them; its own end ends the namespace."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        try:
            dead, status = os.wait()
        except ChildProcessError:
            return 0
        if dead == server:
            return os.waitstatus_to_exitcode(status)


def _serve(boot: Boot, control: socket.socket, host_key: bytes, environment: dict[str, str]) -> int:
    from hivemind.local import instance_life

    threading.Thread(target=porter.serve, args=(control, lambda: _shut_down(boot)), daemon=True).start()
    try:
        instance_life.run(boot, host_key, environment, lambda: control.send(porter.READY))
    except OSError as error:
        control.send(porter.FAILED + str(error).encode())
        return 1
    return 0


def _shut_down(boot: Boot) -> None:
    """SIGTERM to everything in the instance, a few seconds to obey, then the end."""
    if boot.root is None:
        _signal_namespace(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and _others():
            time.sleep(0.02)
    else:
        from hivemind.local import shared_processes

        shared_processes.end(boot.root, STOP_SECONDS, spare={os.getpid()})
    os._exit(0)


def _signal_namespace(number: int) -> None:
    """To all but process 1 and this one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(-1, number)


def _others() -> bool:
    own = {"1", str(os.getpid())}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name not in own:
            with contextlib.suppress(OSError):
                if ") Z " not in (entry / "stat").read_text():
                    return True
    return False


if __name__ == "__main__":
    sys.exit(main())
