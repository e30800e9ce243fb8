"""An instance once it is made: it listens for SSH, and boots. The SSH server is loaded for the first who connects: that
takes longer than all else of a start, and many instances are never logged in to."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from hivemind.local.instance_boot import BACKLOG, Boot, say, script_of


def run(boot: Boot, host_key: bytes, environment: Mapping[str, str], ready: Callable[[], object]) -> None:
    """Serves for ever; calls `ready` once connections are accepted, then starts what boots. Raises OSError."""
    asyncio.run(_run(boot, host_key, environment, ready))


async def _run(boot: Boot, host_key: bytes, environment: Mapping[str, str], ready: Callable[[], object]) -> None:
    if boot.authorized_key is not None and not is_public_key(boot.authorized_key):
        raise OSError("the key of its logins is no public key of SSH")
    address = "127.0.0.1" if boot.root is not None else boot.address
    with socket.create_server((address, boot.port), backlog=BACKLOG) as listener:
        ready()
        boots = _boot(boot, environment)
        await _somebody(listener)
        from hivemind.local import instance_ssh

        async with await instance_ssh.serve(listener, boot.authorized_key, host_key, environment) as acceptor:
            await asyncio.gather(acceptor.wait_closed(), *boots)


def is_public_key(text: str) -> bool:
    """Whether it has the form `ssh-ed25519 AAAA... comment`: the kind stands once more at the beginning of the rest."""
    kind, _, rest = text.partition(" ")
    try:
        content = base64.b64decode(rest.split()[0], validate=True)
    except (IndexError, ValueError):
        return False
    return content.startswith(len(kind).to_bytes(4, "big") + kind.encode())


async def _somebody(listener: socket.socket) -> None:
    """Waits until somebody connects."""
    loop, connected = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(listener, connected.set)
    try:
        await connected.wait()
    finally:
        loop.remove_reader(listener)


def _boot(boot: Boot, environment: Mapping[str, str]) -> list[asyncio.Task[None]]:
    """User data at the first start, then everything in boot.d, as an operating system would; output to the console."""
    prefix = Path(boot.root) if boot.root is not None else Path("/")
    scripts: list[Path] = []
    if (text := script_of(boot.user_data)) is not None:
        script = prefix / "var/lib/cloud/user-data"
        if not script.exists():
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text(text)
            script.chmod(0o700)
            scripts.append(script)
    directory = prefix / "etc/hivemind/boot.d"
    if directory.is_dir():
        scripts += sorted(entry for entry in directory.iterdir() if os.access(entry, os.X_OK) and entry.is_file())
    return [asyncio.create_task(_start(script, environment)) for script in scripts]


async def _start(script: Path, environment: Mapping[str, str]) -> None:
    try:
        started = await asyncio.create_subprocess_exec(
            script, env=dict(environment), stdin=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        say(f"{script}: {error}")
        return
    code = await started.wait()
    say(f"{script} ended with {code}")
