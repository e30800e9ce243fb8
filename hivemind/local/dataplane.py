"""The load balancers' data plane: traefik, told by files which targets take requests now.

One traefik process serves one load balancer. Its entry points (ports) can't change while it runs, so each is started
with spare ones: adding a listener takes a spare and disturbs nobody; a restart, when the spares are used up, disturbs
this load balancer alone. Everything else (rules, weights, targets) changes without losing a request.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hivemind.local import certificates, routing, traefik
from hivemind.local.answers import Answers
from hivemind.local.health import Health
from hivemind.local.instances import Instances, guarded
from hivemind.local.model import LoadBalancer, RegionView, TargetGroup
from hivemind.local.routing import Wiring
from hivemind.local.security import OPERATOR, Caller, allowed

log = logging.getLogger(__name__)

SPARE = 3
START_SECONDS = 20.0
STARTS = 3
"""How often a load balancer's process is started on other ports, where somebody took one meanwhile."""


@dataclass
class _Ports:
    """entry_points: loopback ports of one process. listeners: listener port -> index into them. metrics: port."""

    entry_points: list[int]
    metrics: int
    listeners: dict[int, int] = field(default_factory=dict)

    def seat(self, wanted: Iterable[int]) -> bool:
        """Gives each listener an entry point; False when there are too few."""
        ports = sorted(wanted)
        for gone in self.listeners.keys() - set(ports):
            del self.listeners[gone]
        for port in ports:
            if port not in self.listeners:
                free = sorted(set(range(len(self.entry_points))) - set(self.listeners.values()))
                if not free:
                    return False
                self.listeners[port] = free[0]
        return True


@dataclass
class _Served:
    balancer: LoadBalancer
    ports: _Ports
    process: asyncio.subprocess.Process | None = None
    configuration: str = ""


class DataPlane:
    """All load balancers. directory: of configurations, certificates and remembered ports. authority: folder of the
    certificate authority."""

    def __init__(self, directory: Path, instances: Instances, authority: Path) -> None:
        self._directory, self._authority = directory, authority
        self._instances = instances
        self._view = RegionView()
        self._served: dict[str, _Served] = {}
        self._answers = Answers()
        self._changing = asyncio.Lock()
        self._health: Health | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self.metrics_key = secrets.token_urlsafe(24)
        """What `metrics` are asked with, as `Authorization: Bearer`; nobody else is to count requests."""

    @property
    def health(self) -> Health | None:
        """Says which targets take requests. Without it all registered ones do."""
        return self._health

    @health.setter
    def health(self, health: Health) -> None:
        self._health = health
        health.on_change = self._refresh

    async def update(self, view: RegionView) -> None:
        """Brings listeners, rules, weights and targets up to date. Returns when traefik has been told."""
        async with self._changing:
            self._view = view
            await self._answers.start()
            for arn in self._served.keys() - {balancer.arn for balancer in view.load_balancers}:
                await self._remove(arn)
            for balancer in view.load_balancers:
                await self._bring_up(balancer)

    def address(self, load_balancer_arn: str, port: int) -> tuple[str, int]:
        """Where a listener really listens. Raises LookupError when there is no such listener (yet)."""
        served = self._served.get(load_balancer_arn)
        if served is None or port not in served.ports.listeners:
            raise LookupError(f"no listener on port {port} of {load_balancer_arn}")
        return "127.0.0.1", served.ports.entry_points[served.ports.listeners[port]]

    @property
    def view(self) -> RegionView:
        """The region as last told."""
        return self._view

    def metrics(self) -> tuple[tuple[LoadBalancer, int], ...]:
        """Each load balancer with the loopback port of its traefik's metrics."""
        return tuple((served.balancer, served.ports.metrics) for served in self._served.values())

    async def close(self) -> None:
        """Ends all traefik processes; ports stay remembered."""
        self._closed = True
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*(_end(served.process) for served in self._served.values()))
        self._served.clear()
        await self._answers.close()

    def _refresh(self) -> None:
        self._spawn(self._follow())

    async def _follow(self) -> None:
        """Takes up changed health; what keeps traefik from starting shows at the next update, too."""
        try:
            await self.update(self._view)
        except (OSError, RuntimeError):
            log.exception("the data plane does not follow the targets' health")

    def _spawn(self, work: Any) -> None:
        if self._closed:
            work.close()
            return
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bring_up(self, balancer: LoadBalancer) -> None:
        wanted = [listener.port for listener in balancer.listeners]
        served = self._served.get(balancer.arn)
        if served is None:
            served = _Served(balancer, self._remembered(balancer.arn, len(wanted)))
            self._served[balancer.arn] = served
        served.balancer = balancer
        before = dict(served.ports.listeners)
        if not served.ports.seat(wanted):
            await _end(served.process)
            served.process = None
            missing = len(wanted) + SPARE - len(served.ports.entry_points)
            served.ports.entry_points += _free_ports(missing)
            served.ports.seat(wanted)
        if before != served.ports.listeners or served.process is None:
            self._remember(balancer.arn, served.ports)
        self._configure(served)
        if wanted and (served.process is None or served.process.returncode is not None):
            await self._start(served)

    async def _start(self, served: _Served) -> None:
        """Starts traefik. A port that was free a moment ago may be somebody's by then: then on others."""
        for attempt in range(1, STARTS + 1):
            if self._move_off_taken_ports(served):
                self._configure(served)
            try:
                await self._launch(served)
            except RuntimeError:
                ended = served.process is not None and served.process.returncode is not None
                if attempt == STARTS or not ended:
                    raise
            else:
                return

    def _move_off_taken_ports(self, served: _Served) -> bool:
        """Somebody else may have taken a port while traefik did not run."""
        ports = served.ports
        before = (*ports.entry_points, ports.metrics)
        ports.entry_points = [port if _is_free(port) else _free_ports(1)[0] for port in ports.entry_points]
        if not _is_free(ports.metrics):
            ports.metrics = _free_ports(1)[0]
        if before == (*ports.entry_points, ports.metrics):
            return False
        self._remember(served.balancer.arn, ports)
        return True

    async def _remove(self, arn: str) -> None:
        served = self._served.pop(arn)
        self._answers.forget(arn)
        await _end(served.process)
        shutil.rmtree(self._folder(arn), ignore_errors=True)

    def _configure(self, served: _Served) -> None:
        balancer = served.balancer
        folder = self._folder(balancer.arn)
        folder.mkdir(parents=True, exist_ok=True)
        ports = served.ports
        wiring = Wiring(
            entry_points={port: (f"e{index}", ports.entry_points[index]) for port, index in ports.listeners.items()},
            servers=lambda group: self._servers(balancer, group),
            answers=self._answers.base,
            closed=frozenset(port for port in ports.listeners if not self._open(balancer, port)),
            certificates=tuple(self._certificates(balancer, folder)),
        )
        made = routing.routes(balancer, self._view.target_groups, wiring)
        self._answers.learn(balancer.arn, made.answers)
        text = json.dumps(routing.with_metrics(made.dynamic, self.metrics_key), indent=1, sort_keys=True)
        if text != served.configuration:
            draft = folder / "routes.new"
            draft.touch(mode=0o600)
            draft.write_text(text)
            draft.replace(folder / "routes.yml")
            served.configuration = text

    def _open(self, balancer: LoadBalancer, port: int) -> bool:
        return not balancer.groups or allowed(self._view, OPERATOR, balancer.groups, port)

    def _servers(self, balancer: LoadBalancer, group: TargetGroup) -> list[str]:
        targets = group.targets if self._health is None else self._health.routable(group.arn)
        peer = peer_of(balancer)
        scheme = "https" if group.protocol == "HTTPS" else "http"
        fronts = (self._instances.front(instance, port, peer) for instance, port in targets)
        return [f"{scheme}://{host}:{port}" for host, port in fronts]

    def _certificates(self, balancer: LoadBalancer, folder: Path) -> Iterable[tuple[str, str]]:
        secure = [listener for listener in balancer.listeners if listener.protocol == "HTTPS"]
        if not secure:
            # Nobody sees it. Without any, traefik makes itself a key of RSA at each change of its routes, which takes
            # longer than all else that it does then.
            yield _paths(certificates.issue(self._authority, folder, (balancer.dns_name,), "unseen"))
        for listener in secure:
            given = [pem for pem in listener.certificates if pem.startswith("-----BEGIN")]
            for number, pem in enumerate(given):
                path = folder / f"given-{listener.port}-{number}.pem"
                path.touch(mode=0o600)
                path.write_text(pem)
                yield str(path), str(path)
            if not given:
                names = (*listener.names, balancer.dns_name, f"{balancer.name}.localhost")
                # Other names are another file: traefik looks at its certificates again when its routes change.
                stem = f"listener-{listener.port}-{hashlib.sha256(' '.join(names).encode()).hexdigest()[:12]}"
                yield _paths(certificates.issue(self._authority, folder, names, stem))

    async def _launch(self, served: _Served) -> None:
        folder = self._folder(served.balancer.arn)
        points = {f"e{index}": port for index, port in enumerate(served.ports.entry_points)}
        points["metrics"] = served.ports.metrics
        with (folder / "traefik.log").open("ab") as log:
            served.process = await asyncio.create_subprocess_exec(
                *guarded(
                    (
                        traefik.program(),
                        "--global.checkNewVersion=false",
                        "--global.sendAnonymousUsage=false",
                        "--log.level=ERROR",
                        f"--providers.file.filename={folder / 'routes.yml'}",
                        "--providers.providersThrottleDuration=50ms",
                        "--metrics.prometheus=true",
                        "--metrics.prometheus.manualRouting=true",
                        *(f"--entryPoints.{name}.address=127.0.0.1:{port}" for name, port in points.items()),
                        *(f"--entryPoints.{name}.transport.lifeCycle.graceTimeOut=1s" for name in points),
                    )
                ),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
                start_new_session=True,
            )
        await self._listening(served)
        self._spawn(self._keep(served, served.process))

    async def _listening(self, served: _Served) -> None:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", served.ports.entry_points[0])
                writer.close()
                return
            assert served.process is not None
            if served.process.returncode is not None:
                break
            await asyncio.sleep(0.02)
        log = self._folder(served.balancer.arn) / "traefik.log"
        raise RuntimeError(f"traefik did not start: {log.read_text(errors='replace')[-500:]}")

    async def _keep(self, served: _Served, process: asyncio.subprocess.Process) -> None:
        """Starts traefik again when it ended by itself."""
        await process.wait()
        await asyncio.sleep(1)
        if self._served.get(served.balancer.arn) is served and served.process is process:
            await self._follow()

    def _folder(self, arn: str) -> Path:
        return self._directory / hashlib.sha256(arn.encode()).hexdigest()[:16]

    def _remembered(self, arn: str, listeners: int) -> _Ports:
        """The ports of the last run, else new ones."""
        try:
            stored = json.loads((self._folder(arn) / "ports.json").read_text())
            return _Ports(
                [int(port) for port in stored["entry_points"]],
                int(stored["metrics"]),
                {int(port): int(index) for port, index in stored["listeners"].items()},
            )
        except (OSError, ValueError, KeyError):
            return _Ports(_free_ports(listeners + SPARE), _free_ports(1)[0])

    def _remember(self, arn: str, ports: _Ports) -> None:
        folder = self._folder(arn)
        folder.mkdir(parents=True, exist_ok=True)
        stored = {"entry_points": ports.entry_points, "metrics": ports.metrics, "listeners": ports.listeners}
        (folder / "ports.json").write_text(json.dumps(stored))


def peer_of(balancer: LoadBalancer) -> Caller:
    """A load balancer as the security groups of its targets see it."""
    return Caller("load-balancer", balancer.groups)


def _free_ports(count: int) -> list[int]:
    made = [socket.create_server(("127.0.0.1", 0)) for _ in range(max(0, count))]
    ports = [int(one.getsockname()[1]) for one in made]
    for one in made:
        one.close()
    return ports


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


async def _end(process: asyncio.subprocess.Process | None) -> None:
    if process is None or process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(3):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _paths(issued: tuple[Path, Path]) -> tuple[str, str]:
    return str(issued[0]), str(issued[1])
