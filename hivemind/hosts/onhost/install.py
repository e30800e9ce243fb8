"""Installs a release beside the others and makes it the current one, or leaves everything as it was."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from pathlib import Path

from hivemind.hosts.onhost import (
    accounts,
    archive,
    environment_file,
    job_unit,
    jobs,
    kept,
    layers,
    readiness,
    release_command,
    runtime,
    services,
    turns,
    unit,
)
from hivemind.hosts.onhost.layout import Layout, Release, is_prefixed, write_atomically
from hivemind.hosts.onhost.report import InstallError, Reporter
from hivemind.hosts.onhost.request import Request

BACK_SECONDS = 30.0
"""How long the release before is waited for when the new one fails."""


class Installation:
    """One run of the installer for one request. first: whether only where no release is current."""

    def __init__(self, layout: Layout, request: Request, reporter: Reporter, *, first: bool = False) -> None:
        self._layout, self._first = layout, first
        self._request = request
        self._reporter = reporter
        self._release = layout.release(request.release)
        self._account: accounts.Account | None = None
        self._step = "prepare"

    def run(self) -> bool:
        """Runs all steps, reporting each. Whether the release is current and running."""
        try:
            with turns.locked(self._layout):
                if not self._first or self._layout.current_id() is None:
                    self._install()
        except InstallError as error:
            self._reporter.failed(self._step, error, current=self._layout.current_id())
            return False
        except OSError as error:
            failure = InstallError(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
            self._reporter.failed(self._step, failure, current=self._layout.current_id())
            return False
        return True

    def _install(self) -> None:
        self._account = accounts.prepare(self._layout, self._request.user)
        self._step = "extract"
        self._extract()
        self._step = "configure"
        before = self._configure()
        try:
            if self._request.data:
                self._step = "data"
                self._keep_data()
            if self._request.release_command:
                self._step = "release-command"
                self._run_release_command(self._request.release_command)
            self._step = "start"
            self._switch()
        except BaseException:
            self._restore(before)
            raise
        self._step = "prune"
        removed = prune(self._layout, self._request.keep)
        layers.prune(self._layout)
        kept = [release.id for release in self._layout.complete()]
        self._reporter.step("done", f"{self._release.id} is current", data={"removed": removed, "releases": kept})

    def _extract(self) -> None:
        for leftover in self._layout.releases.glob(".incoming-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        if self._release.recorded().get("digest") == self._request.digest:
            # The instance's interpreter may be another one than when the release came.
            runtime.complete_environment(self._release, self._request.python, self._request.interpreters)
            # What is installed is the same; where it listens is the request's.
            record = {**self._release.recorded(), "ports": self._ports()}
            write_atomically(self._release.record, json.dumps(record))
            self._reporter.step("extract", "already installed")
            return
        if self._release.record.exists() and self._layout.current_id() == self._release.id:
            raise InstallError(f"release {self._release.id} is current, but has another digest")
        began = time.monotonic()
        incoming = Release(self._layout.releases / f".incoming-{self._release.id}")
        incoming.path.mkdir(mode=0o755)
        fresh = sum(layers.unpack(self._layout, layer) for layer in self._request.layers)
        count = archive.extract(Path(self._request.artifact), self._request.digest, incoming.path)
        if sorted(layers.listed_in(incoming)) != sorted(layer.digest for layer in self._request.layers):
            raise InstallError("the artifact has other layers than the request")
        count += sum(layers.lay(self._layout, layer, incoming) for layer in self._request.layers)
        if not incoming.app.is_dir():
            raise InstallError("the artifact has no folder app")
        self._own(incoming.app)
        version = runtime.complete_environment(incoming, self._request.python, self._request.interpreters)
        used = [layer.digest for layer in self._request.layers]
        record = {"digest": self._request.digest, "python": version, "ports": self._ports(), "layers": used}
        write_atomically(incoming.record, json.dumps(record))
        if self._release.path.exists():
            shutil.rmtree(self._release.path)
        incoming.path.rename(self._release.path)
        layers_used = len(self._request.layers)
        sent = f"; {fresh} of {layers_used} layers sent" if layers_used else ""
        self._reporter.step("extract", f"unpacked {count} files in {time.monotonic() - began:.1f} s{sent}")

    def _own(self, app: Path) -> None:
        """The application may write into its own folder; what it is made of (venv, runtime, layers) stays root's."""
        if self._account:
            self._account.own(app)
            for parent, folders, files in os.walk(app):
                for name in folders:
                    self._account.own(Path(parent) / name)
                for name in files:
                    path = Path(parent) / name
                    # A file of a layer is one with those of other releases.
                    if path.is_symlink() or path.lstat().st_nlink == 1:
                        self._account.own(path)

    def _configure(self) -> dict[Path, str | None]:
        """Writes environment and unit of the release. Returns what was there before."""
        release = self._release
        before = {path: path.read_text() if path.exists() else None for path in (release.environment, release.unit)}
        content = environment_file.render(self._variables(), self._request.hidden)
        write_atomically(release.environment, content, 0o600)
        user = self._account.name if self._account else None
        text = unit.render(
            self._layout,
            release,
            self._request.start,
            self._request.options,
            user=user,
            port=self._request.port,
            keeps=bool(self._request.data),
            backs_off=services.backs_off(),
        )
        write_atomically(release.unit, text)
        if self._request.jobs:
            write_atomically(release.jobs, job_unit.render(self._layout, release, self._request, user))
        else:
            release.jobs.unlink(missing_ok=True)
        self._reporter.step("configure", f"{len(self._request.env)} variables")
        return before

    def _variables(self) -> dict[str, str]:
        request, release = self._request, self._release
        variables = {"HOME": str(self._layout.data), "LANG": "C.UTF-8", **request.env}
        if release.venv.is_dir():
            variables = {"PYTHONUNBUFFERED": "1", "VIRTUAL_ENV": str(release.venv), **variables}
        ports = self._ports()
        if ports and variables.get("PORT") in (None, str(request.port)):
            variables["PORT"] = str(ports[0])
        variables["PATH"] = runtime.search_path(release, request.env.get("PATH"))
        return variables

    def _ports(self) -> tuple[int, ...]:
        """The port that is handed out to this instance, where instances share one network, then the wanted one."""
        if self._request.port is None:
            return ()
        handed_out = os.environ.get("PORT", "") if is_prefixed() else ""
        first = (int(handed_out),) if handed_out.isdigit() else ()
        return tuple(dict.fromkeys((*first, self._request.port)))

    def _keep_data(self) -> None:
        paths = self._request.data
        taken = kept.Kept(self._layout, self._release, paths, self._account).link()
        over = f"; taken over from {self._layout.current_id()}: {', '.join(taken)}" if taken else ""
        self._reporter.step(self._step, f"{', '.join(paths)} last{over}")

    def _run_release_command(self, command: str) -> None:
        began = time.monotonic()
        release_command.run(
            command,
            self._request.release_timeout,
            lock=self._layout.release_lock,
            record=self._layout.release_command,
            tell=lambda line: self._reporter.line(self._step, line),
            cwd=self._release.app,
            env=self._variables(),
            umask=0o027,
            **(self._account.spawn_arguments() if self._account else {}),
        )
        self._reporter.step(self._step, f"done in {time.monotonic() - began:.1f} s")

    def _switch(self) -> None:
        previous = self._layout.current_id()
        try:
            up = activate(self._layout, self._release, self._request.ready_timeout)
        except (InstallError, OSError):
            if previous and previous != self._release.id:
                go_back(self._layout, self._layout.release(previous))
            elif previous is None:
                services.service_of(self._layout).stop()
                self._layout.current.unlink(missing_ok=True)
            raise
        on_port = f", listens on {up.port}" if up.port else ""
        data = {"seconds": round(up.seconds, 3), "port": up.port, "before": previous}
        self._reporter.step("start", f"up after {up.seconds:.1f} s{on_port}", data=data)

    def _restore(self, before: dict[Path, str | None]) -> None:
        """Puts back environment and unit of a release that was current already, and starts it again."""
        if self._layout.current_id() != self._release.id:
            return
        for path, text in before.items():
            if text is not None:
                write_atomically(path, text, 0o600 if path == self._release.environment else 0o644)
        if self._step == "start":
            go_back(self._layout, self._release)


def activate(layout: Layout, release: Release, timeout: float) -> readiness.Up:
    """Makes a release current and restarts the service. timeout: seconds until it must be up."""
    layout.point_current(release)
    link = layout.environment_link
    fresh = link.with_name(f".{link.name}-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(layout.current / "environment")
    fresh.replace(link)
    write_atomically(layout.unit, release.unit.read_text())
    service = services.service_of(layout)
    service.install()
    service.stop()
    ports = readiness.free(release.ports)
    others = frozenset(readiness.listening())
    began = time.time()
    write_atomically(layout.activated, f"{began:.3f}")
    service.start()
    up = readiness.wait(service, ports, timeout, others, began)
    jobs.switch(layout, release)
    return up


def go_back(layout: Layout, release: Release) -> None:
    """Makes an earlier release current again, as well as it goes: the failure before it is what gets reported."""
    with contextlib.suppress(InstallError, OSError):
        activate(layout, release, BACK_SECONDS)


def prune(layout: Layout, keep: int) -> list[str]:
    """Removes the oldest releases beyond the number to keep, never the current one, nor one that a job runs with.
    Returns their ids."""
    needed = {layout.current_id(), *jobs.in_use(layout)}
    others = [release for release in layout.complete() if release.id not in needed]
    surplus = others[: max(0, len(others) - (keep - 1))]
    for release in surplus:
        # The record first: a half removed release must not look complete.
        release.record.unlink()
        shutil.rmtree(release.path, ignore_errors=True)
    return [release.id for release in surplus]
