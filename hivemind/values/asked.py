"""What somebody asks for: which project or deployment, in which cloud, with which plugins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class PluginChoice:
    """Which plugins take part. names: further ones, by entry point or module. blocked: those left out. third_party:
    whether any but the built-in ones are loaded without being named."""

    names: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    third_party: bool = True


@dataclass(frozen=True)
class Asked:
    """path: a blueprint, a folder with one, or a saved plan. environment: None for the blueprint's own. local: the
    local cloud, or AWS; None for what the blueprint says. deployment: the id of one, in place of `path`.
    role_arn: of the role that CloudFormation works as, in place of the blueprint's."""

    path: Path = Path()
    environment: str | None = None
    local: bool | None = None
    deployment: str | None = None
    plugins: PluginChoice = PluginChoice()
    role_arn: str | None = None


@dataclass(frozen=True)
class Terms:
    """On what terms an apply is made. scale: service -> number of instances in place of the blueprint's, None for
    that of the blueprint again. reset_scale: whether all services get that. scale_only: whether nothing else may
    change. may_lose: logical ids of what holds data and may be lost. require_clean: whether uncommitted changes are
    refused; None: as the blueprint says. again: whether every service is released. wait: seconds to wait for another
    run to end. skip_rollback: logical ids of what a rollback, which failed before, leaves as it is. keep: whether new
    instances of a blue-green release stay when it fails."""

    may_lose: frozenset[str] = frozenset()
    require_clean: bool | None = None
    again: bool = False
    wait: float = 0.0
    skip_rollback: frozenset[str] = frozenset()
    keep: bool = False
    scale: Mapping[str, int | None] = field(default_factory=dict)
    reset_scale: bool = False
    scale_only: bool = False


@dataclass(frozen=True)
class DestroyTerms:
    """On what terms a deployment is deleted. keep_snapshots: whether final snapshots of databases and caches stay.
    unprotect: whether termination protection is taken off first. wait: seconds to wait for another run to end."""

    keep_snapshots: bool = True
    unprotect: bool = False
    wait: float = 0.0


@dataclass(frozen=True)
class LinesWanted:
    """Of the log of each instance. lines: how many. follow: whether to go on with what comes. health_checks: whether
    the lines of the load balancer's health checks are wanted."""

    lines: int
    follow: bool = False
    health_checks: bool = False
