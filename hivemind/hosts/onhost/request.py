"""The request: what to install, as JSON on standard input. The deployer writes it, the installer reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import PurePosixPath
from typing import Any

from hivemind.hosts.onhost.layout import DIGEST, NAME
from hivemind.hosts.onhost.report import InstallError

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SIGNAL = re.compile(r"SIG[A-Z0-9]+")
RESTARTS = ("always", "on-failure", "no")


@dataclass(frozen=True)
class UnitOptions:
    """stop_signal: `SIGTERM`. stop_timeout: seconds before SIGKILL. restart: as systemd's Restart=."""

    stop_signal: str = "SIGTERM"
    stop_timeout: int = 30
    restart: str = "always"


@dataclass(frozen=True)
class KeptLayer:
    """A part of an artifact that is laid under it. digest: sha256 hex of the uncompressed archive. archive: absolute
    path on the instance, empty where the instance is known to have it."""

    digest: str
    archive: str = ""


@dataclass(frozen=True)
class ClockedJob:
    """What runs by the clock beside a service. schedule: as cron has it. start: its command line. timeout: seconds
    after which a run is ended."""

    name: str
    schedule: str
    start: str
    timeout: int


@dataclass(frozen=True)
class Request:
    """One release for one instance.

    release: its id, also the name of its folder. artifact: absolute path of the archive on the instance.
    digest: sha256 hex of the uncompressed archive. layers: what is laid under it, as its manifest says. start:
    command line of the unit. env: the application's whole environment, but for PORT, PATH and HOME, which are set
    where it does not. hidden: names in `env` whose values are masked in all output. release_command: run once before
    the switch, None on all instances but one. user: to run as. port: that must be bound before the release counts as
    up, None for a worker. keep: releases that stay.
    python: wanted minor version (`3.12`); None: what the artifact was built for. interpreters: commands to try
    first. ready_timeout, release_timeout: seconds. data: paths below the application's folder that last.
    jobs: what runs by the clock on this instance; none on all instances but one.
    """

    service: str
    release: str
    artifact: str
    digest: str
    start: str
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    hidden: tuple[str, ...] = ()
    release_command: str | None = None
    release_timeout: int = 900
    user: str = "hivemind"
    port: int | None = None
    keep: int = 5
    python: str | None = None
    interpreters: tuple[str, ...] = ()
    ready_timeout: int = 60
    options: UnitOptions = UnitOptions()
    layers: tuple[KeptLayer, ...] = ()
    data: tuple[str, ...] = ()
    jobs: tuple[ClockedJob, ...] = ()

    @property
    def hidden_values(self) -> list[str]:
        """Values of the variables that must never be shown."""
        return [self.env[name] for name in self.hidden if name in self.env]

    def as_json(self) -> str:
        """The text for the installer's standard input. It holds secrets: never log it."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        plain = {"env": dict(self.env), "options": asdict(self.options), "layers": [asdict(one) for one in self.layers]}
        plain["jobs"] = [asdict(one) for one in self.jobs]
        return json.dumps({**values, **plain})


def parse(content: Any) -> Request:
    """Checks a request and makes it a value; InstallError says what is wrong with it, without its values."""
    if not isinstance(content, dict):
        raise InstallError("the request is not a JSON object")
    options = content.get("options") or {}
    try:
        request = Request(
            service=str(content["service"]),
            release=str(content["release"]),
            artifact=str(content["artifact"]),
            digest=str(content["digest"]),
            start=str(content["start"]),
            env={str(name): str(value) for name, value in (content.get("env") or {}).items()},
            hidden=tuple(content.get("hidden") or ()),
            release_command=content.get("release_command") or None,
            release_timeout=int(content.get("release_timeout") or 900),
            user=str(content.get("user") or "hivemind"),
            port=int(content["port"]) if content.get("port") else None,
            keep=max(1, int(content.get("keep") or 5)),
            python=content.get("python") or None,
            interpreters=tuple(content.get("interpreters") or ()),
            ready_timeout=int(content.get("ready_timeout") or 60),
            options=UnitOptions(
                stop_signal=str(options.get("stop_signal") or "SIGTERM"),
                stop_timeout=int(options.get("stop_timeout") or 30),
                restart=str(options.get("restart") or "always"),
            ),
            layers=tuple(
                KeptLayer(str(one["digest"]), str(one.get("archive") or "")) for one in content.get("layers") or ()
            ),
            data=tuple(str(path) for path in content.get("data") or ()),
            jobs=tuple(
                ClockedJob(str(one["name"]), str(one["schedule"]), str(one["start"]), int(one["timeout"]))
                for one in content.get("jobs") or ()
            ),
        )
    except KeyError as missing:
        raise InstallError(f"the request has no {missing}") from None
    except (TypeError, ValueError, AttributeError):
        raise InstallError("the request has a value of the wrong type") from None
    _check(request)
    return request


def _is_below(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and "\0" not in path and not path.startswith("/") and ".." not in parts


def _is_job(job: ClockedJob) -> bool:
    from hivemind.values.cron import NoSchedule, parse

    try:
        parse(job.schedule)
    except NoSchedule:
        return False
    return bool(NAME.fullmatch(job.name) and job.start.strip() and "\0" not in job.start and job.timeout > 0)


def _check(request: Request) -> None:
    wrong = [
        name
        for name, good in (
            ("service", NAME.fullmatch(request.service)),
            ("release", NAME.fullmatch(request.release)),
            ("user", NAME.fullmatch(request.user)),
            ("digest", DIGEST.fullmatch(request.digest)),
            ("layers", all(DIGEST.fullmatch(layer.digest) for layer in request.layers)),
            ("start", request.start.strip() and "\0" not in request.start),
            ("port", request.port is None or 0 < request.port < 65536),
            ("options.stop_signal", SIGNAL.fullmatch(request.options.stop_signal)),
            ("options.restart", request.options.restart in RESTARTS),
            ("jobs", all(_is_job(job) and job.name != request.service for job in request.jobs)),
            ("data", all(_is_below(path) for path in request.data)),
        )
        if not good
    ]
    wrong += [f"env.{name}" for name, value in request.env.items() if not VARIABLE.fullmatch(name) or "\0" in value]
    if wrong:
        raise InstallError(f"the request has an invalid value: {', '.join(sorted(wrong))}")
