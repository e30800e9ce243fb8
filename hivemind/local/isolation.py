"""What this system lets us do to keep instances apart: tried, not guessed."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

_TRIAL = """
import socket
from hivemind.local import instance_network, mounts
made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
instance_network.raise_loopback(made)
instance_network.add_address(made, 0, "10.255.255.254")
made.bind(("10.255.255.254", 22))
mounts.bind("/tmp", "/tmp")
"""
MODE_VARIABLE = "HIVEMIND_LOCAL_MODE"


@dataclass(frozen=True)
class Isolation:
    """mode: `namespaces` or `shared`. command: what to put before an instance's own. own_users: each instance can
    have a user of its own. reason: why not namespaces, a sentence."""

    mode: str
    command: tuple[str, ...] = ()
    own_users: bool = False
    reason: str | None = None


@functools.cache
def probe(wanted: str | None) -> Isolation:
    """What works here. wanted: the value of HIVEMIND_LOCAL_MODE; `shared` asks for no namespaces.

    Ubuntu 24.04 and later forbid user namespaces to ordinary programs by AppArmor, container engines often by seccomp.
    """
    if wanted == "shared":
        return Isolation("shared", reason=f"{MODE_VARIABLE}=shared")
    unshare = shutil.which("unshare", path="/usr/bin:/bin:/usr/local/bin")
    if sys.platform != "linux" or unshare is None:
        return Isolation("shared", reason="network namespaces need Linux and util-linux")
    said = ""
    for flags, own_users in (("-nmpiuf", True), ("-Urnmpiuf", False)):
        if own_users and os.geteuid() != 0:
            continue
        command = (unshare, flags, "--kill-child")
        try:
            tried = subprocess.run(
                (*command, sys.executable, "-P", "-c", _TRIAL), capture_output=True, text=True, timeout=20, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = str(error)
            continue
        if tried.returncode == 0:
            return Isolation("namespaces", command, own_users)
        said = (tried.stderr.strip().splitlines() or [f"exit code {tried.returncode}"])[-1]
    return Isolation("shared", reason=f"this system forbids namespaces: {said}")
