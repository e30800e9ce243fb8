"""A build instance as a place to build on, as it is seen from here."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.agents.compiler.remote import toolchain
from hivemind.agents.compiler.remote.bundle import bundle
from hivemind.agents.compiler.remote.request import Request, laid
from hivemind.agents.compiler.remote.sending import archive
from hivemind.agents.compiler.remote.taking import take
from hivemind.blueprint.model import Service
from hivemind.builds.place import Task
from hivemind.builds.programs import Programs
from hivemind.builds.sources import NOBODY
from hivemind.builds.store import Store
from hivemind.hosts.remote import FOLDER
from hivemind.hosts.ssh import CommandTimeout
from hivemind.text.codec import encode
from hivemind.values.artifact import LOCAL, Platform
from hivemind.values.errors import Stage, StageError

if TYPE_CHECKING:
    from hivemind.hosts.ssh import Host

STORE = f"{FOLDER}/build"
INSTALL_SECONDS, BUILD_SECONDS = 1200.0, 7200.0
_NO_NETWORK = re.compile(
    r"name resolution|resolve host|unreachable|ENOTFOUND|EAI_AGAIN|ENETUNREACH|fetch failed|dial tcp|"
    r"No matching distribution|NewConnectionError|Couldn't connect|Connection refused",
    re.IGNORECASE,
)
_UNREACHED = (
    "Instances of the local cloud cannot reach a package index, so its build instances have only what the "
    "sources contain. Build on this machine instead, in an environment of its own: "
    "`environments: {local: {services: {NAME: {build: {where: here}}}}}`."
)


@dataclass
class _Said:
    """What the compiler on the instance has told so far."""

    built: Any = None
    failed: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class There:
    """A build instance, as a BuildPlace.

    host: the instance. size: its type, such as `t3.large`. store: folder on this machine. tell: told how far it is,
    and raises what ends the build.
    """

    host: Host
    size: str
    platform: Platform
    store: Path
    tell: Callable[[str], None]
    builders: Mapping[str, str] = field(default_factory=lambda: NOBODY)

    @property
    def instance(self) -> str:
        """As BuildPlace.instance."""
        return self.host.instance_id

    def make(self, task: Task) -> Mapping[str, Any]:
        """Builds there and takes what comes of it into the store here. Raises StageError(BUILD) as a build here would,
        with the instance's own output."""
        store = Store(self.store)
        service = task.service
        programs = Programs(service.name, store.log(service.name))
        programs.note(f"on the build instance {self.instance}, {self.size} with {self.platform.os}")
        there = _Job(self, task, programs)
        with _as_build(service, programs.log), store.workshop() as scratch:
            there.install()
            told = there.compile(there.send(scratch))
            self.tell("fetching the artifact")
            return take(told, service.name, task.inputs, store=store, scratch=scratch, fetch=there.fetch)


@dataclass(frozen=True)
class _Job:
    """One build on an instance, under way."""

    place: There
    task: Task
    programs: Programs

    @property
    def host(self) -> Host:
        return self.place.host

    @property
    def platform(self) -> Platform:
        return self.place.platform

    @property
    def service(self) -> Service:
        return self.task.service

    def install(self) -> None:
        """What the distribution has of what the build takes."""
        names = toolchain.packages(self.service, self.task.sources, self.platform.os)
        if not names:
            return
        self.place.tell(f"installing {', '.join(names)}")
        self.programs.note(f"installed from {self.platform.os}: {' '.join(names)}")
        command = toolchain.command(names, self.platform.os)
        lines: list[str] = []

        def line(text: str) -> None:
            lines.append(text)
            self.programs.write(f"{text}\n".encode())

        done = self.host.run(
            command, user="root", timeout=INSTALL_SECONDS, on_line=line, what="installing the packages for the build"
        )
        if done.code != 0:
            message = "could not install the packages for the build on the build instance"
            raise self._error(message, lines=lines[-20:])

    def send(self, scratch: Path) -> Request:
        """Puts sources and compiler on the instance."""
        file = scratch / "sources.tar.gz"
        name = f"{FOLDER}/sources-{archive(self.task.sources, file)}.tar.gz"
        self.place.tell(f"sending the sources, {file.stat().st_size / 1_000_000:.1f} MB")
        self.host.put(file, name)
        self.host.put(bundle().content, f"{FOLDER}/{bundle().name}.zip")
        there = replace(self.platform, here=True)
        laid_out = laid(self.task.sources, Path("tree"))
        return Request(
            self.service, there, laid_out, self.task.inputs, self.task.language, self.place.builders, name, STORE
        )

    def compile(self, request: Request) -> Any:
        """Runs the compiler; what it says of what it made. Raises StageError(BUILD) as it would here."""
        said = _Said()

        def line(text: str) -> None:
            try:
                entry = json.loads(text)
            except ValueError:
                return
            if "log" in entry:
                self.programs.write(str(entry["log"]).encode("latin-1"))
            if "tell" in entry:
                self.place.tell(str(entry["tell"]))
            said.built, said.failed = entry.get("built", said.built), entry.get("failed", said.failed)

        stdin = json.dumps(encode(request)).encode()
        command = _command(self.platform)
        done = self.host.run(command, stdin=stdin, timeout=BUILD_SECONDS, on_line=line, what="the build")
        if said.failed is not None:
            raise self._failure(said.failed)
        if said.built is None:
            what = "the connection broke" if done.code < 0 else f"the compiler ended with exit code {done.code}"
            message = f"the build on {self.host.instance_id} broke off: {what}"
            raise self._error(message, lines=done.stderr.splitlines()[-20:])
        return said.built

    def fetch(self, digest: str, target: Path) -> None:
        """Copies an archive from there."""
        self.host.get(f"{STORE}/{digest}.tar.zst", target)

    def _failure(self, failed: Mapping[str, Any]) -> StageError:
        hint = str(failed.get("hint") or "").replace("{log}", str(self.programs.log))
        text = "\n".join((str(failed.get("message")), *map(str, failed.get("lines", ()))))
        if self.platform.os == LOCAL and _NO_NETWORK.search(text):
            hint = "\n".join(filter(None, [_UNREACHED.replace("NAME", self.service.name), hint]))
        return StageError(
            Stage.BUILD,
            str(failed.get("message")),
            subject=self.service.name,
            lines=tuple(str(line) for line in failed.get("lines", ())),
            hint=hint or None,
            path=failed.get("path"),
        )

    def _error(self, message: str, *, lines: Sequence[str]) -> StageError:
        return StageError(
            Stage.BUILD,
            f"{self.service.name}: {message}",
            subject=self.service.name,
            lines=lines,
            hint=f"Full output: {self.programs.log}",
        )


def _command(platform: Platform) -> str:
    python, name = toolchain.python_of(platform.os), bundle().name
    unpacked = f"[ -f {name}/__main__.py ] || {python} -m zipfile -e {name}.zip {name}"
    # In the local cloud the instance has this machine's programs, and not its PATH.
    more = f":{shlex.quote(os.environ.get('PATH', ''))}" if platform.os == LOCAL else ""
    run = f'PATH="$PATH"{more} HIVEMIND_HOME="$HOME/{FOLDER}/home" exec {python} -s {FOLDER}/{name}'
    return f"(cd {FOLDER} && {{ {unpacked}; }}) && {run}"


@contextmanager
def _as_build(service: Service, log: Path) -> Iterator[None]:
    """What goes wrong with the instance is a failure of the build."""
    try:
        yield
    except StageError as error:
        if error.stage is not Stage.BUILD:
            hint = f"Full output: {log}"
            if isinstance(error, CommandTimeout):
                hint = f"A larger build instance may be faster: `build: {{where: remote, size: ...}}`.\n{hint}"
            raise StageError(
                Stage.BUILD, f"{service.name}: {error.message}", subject=service.name, lines=error.lines, hint=hint
            ) from error
        raise
