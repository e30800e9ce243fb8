"""The local cloud's instances: processes in namespaces of their own, reached over the edge.

Each is one process tree under unshare(1); see `instance_init.py` for its inside and `edge.py` for the way in and out.
All methods are called in the daemon's event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from hivemind.local import guard, instance_etc, instance_files, isolation
from hivemind.local.edge import Front, Relay, Traffic, dial
from hivemind.local.instance_boot import METADATA, STOP_SECONDS, Boot
from hivemind.local.instance_records import Kept, Numbers, free_port, make_host_key, remove
from hivemind.local.model import Instance, RegionView
from hivemind.local.outlets import Outlets
from hivemind.local.peers import is_ours
from hivemind.local.porter import Porter
from hivemind.local.security import OPERATOR, Caller, allowed, allowed_to_application

START_SECONDS = 30.0
FIRST_UID = 200_000
CONSOLE_BYTES = 64 * 1024
"""As much as EC2's GetConsoleOutput keeps."""


class StartFailed(Exception):
    """An instance did not come up; the message says why."""


@dataclass
class _Running:
    instance: Instance
    process: asyncio.subprocess.Process
    porter: Porter
    outlets: Outlets
    ssh_port: int
    traffic: Traffic
    watch: asyncio.Task[None] | None = None


class Instances:
    """All instances of the local cloud.

    directory: where their files live, one folder each. notify: called with (instance id, a sentence) when an
    instance ended that nobody asked to end. shared: holds what they share of this machine's files; None: nothing, each
    has its own.
    """

    def __init__(self, directory: Path, notify: Callable[[str, str], object], shared: Path | None = None) -> None:
        self._directory, self._shared = directory, shared
        self._notify = notify
        self._isolation = isolation.probe(os.environ.get(isolation.MODE_VARIABLE))
        self._running: dict[str, _Running] = {}
        self._fronts: dict[tuple[str, int, Caller], Front] = {}
        self._view = RegionView()
        self._changing = asyncio.Lock()
        self._numbers = Numbers(directory)
        self._laying_out = threading.Lock()

    @property
    def mode(self) -> str:
        """`namespaces`, or `shared` where the system has none: then ports are handed out by PORT."""
        return self._isolation.mode

    @property
    def reason(self) -> str | None:
        """Why the mode is `shared`, a sentence; None otherwise."""
        return self._isolation.reason

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self._running)

    async def start(self, instance: Instance, view: Callable[[], RegionView]) -> str:
        """Starts an instance, new or stopped, and waits until its SSH accepts connections.

        view: called when it runs, so that its edge is set up by the newest rules. Returns the SSH host public key
        (`ssh-ed25519 AAAA...`), the same at every start. Raises StartFailed.
        """
        if instance.id in self._running:
            return self._host_key(instance.id)
        home = self._directory / instance.id
        kept = await asyncio.to_thread(self._lay_out, instance, home)
        ours, theirs = _socket_pair()
        with theirs, (home / "console.log").open("ab") as console:
            boot = self._boot(instance, home, kept, theirs.fileno())
            process = await self._spawn(boot, theirs, console)
        porter = Porter(ours)
        try:
            async with asyncio.timeout(START_SECONDS):
                await porter.ready
        except (TimeoutError, ConnectionError, RuntimeError) as error:
            porter.close()
            await _end(process)
            said = str(error) if isinstance(error, RuntimeError) else self.console(instance.id)[-2000:]
            raise StartFailed(f"{instance.id} did not start: {said or 'no response'}") from error
        traffic = Traffic()
        running = _Running(instance, process, porter, Outlets(porter, traffic), boot.port, traffic)
        self._running[instance.id] = running
        running.watch = asyncio.create_task(self._watch(instance.id, running))
        await self.update(view())
        return self._host_key(instance.id)

    async def stop(self, instance_id: str) -> None:
        """Stops an instance: SIGTERM to its processes, seconds later SIGKILL. Its files stay."""
        running = self._running.pop(instance_id, None)
        if running is None:
            return
        if running.watch is not None:
            running.watch.cancel()
        running.porter.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS + 3):
                await running.process.wait()
        await self._bury(running)
        await self.update(self._view)

    async def terminate(self, instance_id: str) -> None:
        """Ends an instance at once and removes its files."""
        running = self._running.pop(instance_id, None)
        if running is not None:
            if running.watch is not None:
                running.watch.cancel()
            await self._bury(running)
        for key in [key for key in self._fronts if key[0] == instance_id]:
            self._fronts.pop(key).cut()
        await asyncio.to_thread(remove, self._directory / instance_id)
        self._numbers.forget(instance_id)

    async def close(self) -> None:
        """Stops all instances and gives all ports back."""
        await asyncio.gather(*(self.stop(instance_id) for instance_id in tuple(self._running)))
        for front in self._fronts.values():
            front.cut()
        self._fronts.clear()

    async def update(self, view: RegionView) -> None:
        """Opens and shuts fronts and outlets as the region's security groups and databases now say."""
        async with self._changing:
            self._view = view
            for (instance_id, port, peer), front in tuple(self._fronts.items()):
                await front.set(self._admitted(instance_id, port, peer))
            if self.mode == "namespaces":
                for running in tuple(self._running.values()):
                    await running.outlets.update(view, self._current(running.instance), self._connect)

    def address(self, instance_id: str, port: int) -> tuple[str, int]:
        """The loopback address at which the operator reaches a port of an instance, if its security groups let him."""
        return self.front(instance_id, port, OPERATOR)

    def front(self, instance_id: str, port: int, peer: Caller) -> tuple[str, int]:
        """The loopback address of a port of an instance for one peer. It stays the same until the instance is
        terminated, and refuses connections while the security groups forbid them or the instance does not run."""
        key = (instance_id, port, peer)
        if key not in self._fronts:
            front = Front(self._relay(instance_id, port))
            self._fronts[key] = front
            if self._admitted(instance_id, port, peer):
                front.open()
        return self._fronts[key].address

    def drop(self, instance_id: str, port: int, peer: Caller) -> None:
        """Forgets a front and resets what is left of its connections."""
        front = self._fronts.pop((instance_id, port, peer), None)
        if front is not None:
            front.cut()

    def console(self, instance_id: str) -> str:
        """The newest 64 KB of what EC2 would show as console output, host key fingerprint included."""
        try:
            with (self._directory / instance_id / "console.log").open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - CONSOLE_BYTES))
                return log.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def note(self, instance_id: str, sentence: str) -> None:
        """Adds a line of ours to an instance's console."""
        with (self._directory / instance_id / "console.log").open("a") as log:
            log.write(f"[hivemind] {sentence}\n")

    def port_variable(self, instance_id: str) -> int | None:
        """The port handed out as PORT in shared mode; None where the instance has all ports for itself."""
        return None if self.mode == "namespaces" else self._numbers.load(instance_id).port

    def process(self, instance_id: str) -> int | None:
        """Id of the process at the root of an instance's tree; None when it does not run."""
        running = self._running.get(instance_id)
        return None if running is None else running.process.pid

    def traffic(self, instance_id: str) -> Traffic:
        """Bytes that crossed the instance's edge since it started."""
        running = self._running.get(instance_id)
        return Traffic() if running is None else running.traffic

    def _lay_out(self, instance: Instance, home: Path) -> Kept:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = self._numbers.load(instance.id)
        uid = FIRST_UID + kept.number if self._isolation.own_users else None
        hostname, etc = _hostname(instance), None
        if self._shared is not None and self.mode == "namespaces":
            with self._laying_out:
                etc = instance_etc.base(self._shared)
        instance_files.lay_out(home / "fs", hostname=hostname, address=instance.address, uid=uid, etc=etc)
        if not (home / "host_key").exists():
            make_host_key(home, hostname)
        return kept

    def _boot(self, instance: Instance, home: Path, kept: Kept, control: int) -> Boot:
        shared = self.mode == "shared"
        return Boot(
            tree=str(home / "fs"),
            control=control,
            host_key=str(home / "host_key"),
            hostname=_hostname(instance),
            address=instance.address,
            port=free_port() if shared else 22,
            authorized_key=instance.authorized_key,
            uid=FIRST_UID + kept.number if self._isolation.own_users else None,
            root=str(home / "fs") if shared else None,
            keep=() if shared else instance_files.needed(),
            user_data=instance.user_data,
            environment=_environment(instance, kept.port if shared else None),
        )

    async def _spawn(self, boot: Boot, theirs: socket.socket, console: IO[bytes]) -> asyncio.subprocess.Process:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": "/"}
        # In shared mode the first process must live to end the others when the daemon dies: it sees its socket close.
        command = (sys.executable, "-P", "-m", "hivemind.local.instance_init")
        process = await asyncio.create_subprocess_exec(
            *(guarded((*self._isolation.command, *command)) if self.mode == "namespaces" else command),
            stdin=subprocess.PIPE,
            stdout=console,
            stderr=console,
            env=environment,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.write(json.dumps(asdict(boot)).encode())
            await process.stdin.drain()
            process.stdin.close()
        return process

    async def _watch(self, instance_id: str, running: _Running) -> None:
        code = await running.process.wait()
        if self._running.get(instance_id) is running:
            del self._running[instance_id]
            await self._bury(running)
            await self.update(self._view)
            self._notify(instance_id, f"instance {instance_id} ended unexpectedly (exit code {code})")

    async def _bury(self, running: _Running) -> None:
        running.outlets.close()
        running.porter.close()
        await _end(running.process)
        if self.mode == "shared":
            from hivemind.local import shared_processes

            root = str(self._directory / running.instance.id / "fs")
            await asyncio.to_thread(shared_processes.end, root, 0.5)

    def _current(self, instance: Instance) -> Instance:
        return next((one for one in self._view.instances if one.id == instance.id), instance)

    def _admitted(self, instance_id: str, port: int, peer: Caller) -> bool:
        running = self._running.get(instance_id)
        if running is None:
            return False
        groups = self._current(running.instance).groups
        if self.mode == "shared" and port == self.port_variable(instance_id):
            return allowed_to_application(self._view, peer, groups)
        return allowed(self._view, peer, groups, port)

    def _relay(self, instance_id: str, port: int) -> Relay:
        async def connect() -> socket.socket:
            return await self._connect(instance_id, port)

        def received(count: int) -> None:
            self.traffic(instance_id).received += count

        def sent(count: int) -> None:
            self.traffic(instance_id).sent += count

        return Relay(connect, received, sent, is_ours)

    async def _connect(self, instance_id: str, port: int) -> socket.socket:
        running = self._running.get(instance_id)
        if running is None:
            raise ConnectionRefusedError(f"{instance_id} is not running")
        if self.mode == "shared":
            return await dial("127.0.0.1", running.ssh_port if port == 22 else port)
        made = await running.porter.take()
        try:
            await asyncio.get_running_loop().sock_connect(made, (running.instance.address, port))
        except BaseException:
            made.close()
            raise
        return made

    def _host_key(self, instance_id: str) -> str:
        return (self._directory / instance_id / "host_key.pub").read_text().strip()


def guarded(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command line of a process that dies with this one."""
    return (sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *command)


def _socket_pair() -> tuple[socket.socket, socket.socket]:
    # Messages with borders, so that descriptors stay with theirs; macOS has none and sends none (shared mode).
    kind = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM
    return socket.socketpair(socket.AF_UNIX, kind)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _hostname(instance: Instance) -> str:
    return "ip-" + instance.address.replace(".", "-")


def _environment(instance: Instance, port: int | None) -> dict[str, str]:
    """Variables of an instance. port: handed out to it, None where it has all."""
    found = {} if port is None else {"PORT": str(port)}
    if instance.door is not None:
        # Where instances share this machine's network, the metadata's address is nobody's.
        door = f"http://127.0.0.1:{instance.door}" if port is not None else f"http://{METADATA[0]}"
        found |= {"AWS_ENDPOINT_URL": door, "AWS_EC2_METADATA_SERVICE_ENDPOINT": door}
    return found
