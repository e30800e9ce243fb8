"""The systemd unit of a service: written for systemd, read by the supervisor where there is none."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from hivemind.hosts.onhost.layout import Layout, Release

if TYPE_CHECKING:
    from hivemind.hosts.onhost.request import UnitOptions

# Words of the shell that `exec` can't run.
SHELL_WORDS = frozenset({"cd", "export", "set", "exec", "source", ".", "if", "for", "while", "case", "test", "[", "{"})
HARDENING = """\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes
SystemCallArchitectures=native
UMask=0027
"""


BINDS_LOW_PORTS = "CAP_NET_BIND_SERVICE"
"""What a program without privileges needs to bind a port below 1024 (capabilities(7))."""
RESTART_SECONDS = 5
"""Pause before a service that ended is started again: long enough for a load balancer, and for people, to see that it
was down, and for what it needs to come back."""

BACK_OFF = "RestartSteps=6\nRestartMaxDelaySec=30\n"
"""Keys that systemd knows from BACK_OFF_SINCE on; an earlier one warns of each at every reload and ignores it."""
BACK_OFF_SINCE = 254
"""systemd.service(5), "RestartSteps=": Added in version 254. Debian 12 and Amazon Linux 2023 have 252."""


def render(
    layout: Layout,
    release: Release,
    start: str,
    options: UnitOptions,
    *,
    user: str | None,
    port: int | None,
    keeps: bool = False,
    backs_off: bool = True,
) -> str:
    """The unit's text. user: None runs it as whoever starts it. port: below 1024 it may bind it. keeps: whether some of
    the application's data lasts. backs_off: whether what runs the unit knows the keys for waiting longer each time."""
    capability = BINDS_LOW_PORTS if port is not None and port < 1024 else ""
    later = BACK_OFF if backs_off else ""
    ambient = f"AmbientCapabilities={capability}\n" if capability else ""
    return f"""\
[Unit]
Description=HiveMind service {layout.service}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
{surroundings(release, user)}ExecStart=/bin/sh -c {quoted(shell_line(start))}
Restart={options.restart}
RestartSec={RESTART_SECONDS}
{later}{ending(options)}SyslogIdentifier=hivemind-{layout.service}
{writable(layout, release, keeps=keeps)}CapabilityBoundingSet={capability}
{ambient}{HARDENING}
[Install]
WantedBy=multi-user.target
"""


def surroundings(release: Release, user: str | None) -> str:
    """Who runs it, where, and with which variables."""
    account = f"User={user}\nGroup={user}\n" if user else ""
    return f"""\
{account}WorkingDirectory={_specifiers(str(release.app))}
EnvironmentFile={_specifiers(str(release.environment))}
"""


def ending(options: UnitOptions) -> str:
    """How it is ended, and where its output goes."""
    return f"""\
KillMode=control-group
KillSignal={options.stop_signal}
TimeoutStopSec={options.stop_timeout}
StandardOutput=journal
StandardError=journal
"""


def writable(layout: Layout, release: Release, *, keeps: bool) -> str:
    """The folders that it may change. keeps: whether some of the application's data lasts."""
    kept = f" {_specifiers(str(layout.kept))}" if keeps else ""
    return f"ReadWritePaths={_specifiers(str(layout.data))} {_specifiers(str(release.app))}{kept}\n"


def shell_line(start: str) -> str:
    """The command for `sh -c`: with `exec` where it is a single command, so that signals reach it directly."""
    start = start.strip()
    try:
        words = shlex.split(start, comments=False)
        lexer = shlex.shlex(start, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        tokens = list(lexer)
    except ValueError:
        return start
    compound = "\n" in start or any(token and set(token) <= set("();|&") for token in tokens)
    if compound or not words or words[0] in SHELL_WORDS or re.match(r"[A-Za-z_]\w*=", words[0]):
        return start
    return f"exec {start}"


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


def quoted(text: str) -> str:
    """One word of ExecStart=: C-style escapes, `%` and `$` doubled (systemd.service(5), Command lines)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{_specifiers(escaped).replace("$", "$$")}"'


class Unit(NamedTuple):
    """What the supervisor needs of a unit. Times in seconds."""

    arguments: tuple[str, ...]
    working_directory: str | None
    environment: Mapping[str, str]
    environment_files: tuple[str, ...]
    user: str | None
    restart: str
    restart_delay: float
    restart_steps: int
    restart_most: float
    limit_interval: float
    limit_burst: int
    stop_signal: str
    stop_timeout: float
    start_timeout: float
    binds_low_ports: bool = False

    def delay(self, failures: int) -> float:
        """Seconds to wait before the next start after so many failures in a row, at least one."""
        if self.restart_steps <= 0 or self.restart_most <= self.restart_delay:
            return self.restart_delay
        share = min(failures - 1, self.restart_steps) / self.restart_steps
        lowest: float = max(self.restart_delay, 0.1)
        return float(lowest * (self.restart_most / lowest) ** share)


def parse(text: str) -> Unit:
    """Reads a unit file. Raises ValueError when it has no ExecStart or a value that can't be read."""
    values: dict[str, list[str]] = {}
    for line in text.replace("\\\n", " ").split("\n"):
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith(("#", ";", "[")):
            values.setdefault(name.strip(), []).append(_plain(value.strip()))
    if not values.get("ExecStart"):
        raise ValueError("the unit has no ExecStart")

    def last(name: str, default: str) -> str:
        return values.get(name, [default])[-1] or default

    environment = dict(word.partition("=")[::2] for line in values.get("Environment", []) for word in _words(line))
    return Unit(
        arguments=tuple(word.replace("$$", "$") for word in _words(values["ExecStart"][-1])),
        working_directory=last("WorkingDirectory", "") or None,
        environment=environment,
        environment_files=tuple(values.get("EnvironmentFile", ())),
        user=last("User", "") or None,
        restart=last("Restart", "no"),
        restart_delay=seconds(last("RestartSec", "100ms")),
        restart_steps=int(last("RestartSteps", "0")),
        restart_most=seconds(last("RestartMaxDelaySec", "0")),
        limit_interval=seconds(last("StartLimitIntervalSec", "10")),
        limit_burst=int(last("StartLimitBurst", "5")),
        stop_signal=last("KillSignal", "SIGTERM"),
        stop_timeout=seconds(last("TimeoutStopSec", "90")),
        start_timeout=seconds(last("TimeoutStartSec", "90")),
        binds_low_ports=BINDS_LOW_PORTS in last("AmbientCapabilities", "").split(),
    )


def seconds(text: str) -> float:
    """A systemd time span (`5`, `100ms`, `1min 30s`) in seconds."""
    units = {"": 1.0, "s": 1.0, "sec": 1.0, "ms": 0.001, "min": 60.0, "m": 60.0, "h": 3600.0}
    parts = re.findall(r"([0-9.]+)\s*([a-z]*)", text)
    if not parts:
        raise ValueError(f"not a time span: {text!r}")
    try:
        return sum(float(number) * units[unit] for number, unit in parts)
    except KeyError as unknown:
        raise ValueError(f"not a time span: {text!r}") from unknown


def _plain(text: str) -> str:
    return text.replace("%%", "%")


def _words(text: str) -> list[str]:
    """Splits a command line as systemd does: quotes, C-style escapes."""
    words: list[str] = []
    escapes = {"n": "\n", "t": "\t", "s": " "}
    for match in re.finditer(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(\S+)', text):
        word = next(group for group in match.groups() if group is not None)
        words.append(re.sub(r"\\(.)", lambda escape: escapes.get(escape[1], escape[1]), word))
    return words
