"""Which cloud a command is about: AWS or the local one, and the account and region in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.flow import regions
from hivemind.machine import home
from hivemind.values.errors import CloudUnreachable, HiveMindError
from hivemind.values.exits import ExitCode
from hivemind.values.findings import Finding, Severity

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.values.artifact import Platform
    from hivemind.values.cloud import Cloud


def region_of(blueprint: Blueprint | None) -> str:
    """The region of a deployment: the blueprint's, else that of the environment, of the AWS profile, else us-east-1."""
    return regions.effective(blueprint).name


def connect(
    name: str,
    region: str,
    checkout: Path,
    *,
    local: bool,
    start: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Cloud:
    """The cloud for a deployment called `name` of the project in `checkout`.

    start: whether the local cloud is started when it does not run. say: told a warning of one that runs old code.
    Raises CloudUnreachable.
    """
    if not local:
        from hivemind.aws.cloud import AwsCloud

        return AwsCloud(region, home.deployments())
    try:
        from hivemind.local.cloud import connect as connect_local
    except ModuleNotFoundError as error:
        raise _extra_missing(error) from None
    cloud = connect_local(checkout.resolve(), name, region, start=start)
    if start and cloud.outdated:
        from hivemind.local.lifecycle import RESTART

        say(f"warning: the local cloud runs an older version: {cloud.outdated}. {RESTART}")
    return cloud


def reachable(
    name: str,
    region: str,
    checkout: Path,
    *,
    local: bool,
    why: Callable[[CloudUnreachable], None] = lambda _: None,
) -> Cloud | None:
    """The cloud if it can be asked now: the local one if it runs, AWS if there are credentials. Starts nothing.

    why: is told what stands in the way."""
    try:
        cloud = connect(name, region, checkout, local=local, start=False)
        cloud.account  # noqa: B018  asks AWS who we are; the local cloud knows
    except CloudUnreachable as error:
        why(error)
        return None
    return cloud


def lost(cloud: Cloud) -> HiveMindError | None:
    """Why the local cloud is not the one any more that a command began with; None while it is, and of AWS."""
    if cloud.name != "local":
        return None
    from hivemind.local.cloud import LocalCloud

    return cloud.lost() if isinstance(cloud, LocalCloud) else None


def local_account(account: str, region: str, *, start: bool) -> Cloud:
    """The local cloud, for a deployment that is known by its id alone. start: starts it where it does not run;
    otherwise raises CloudUnreachable."""
    from hivemind.local import lifecycle
    from hivemind.local.cloud import LocalCloud

    running = lifecycle.status()
    if running is None and not start:
        raise CloudUnreachable("the local cloud is not running", hint="Start it: `hivemind local start`")
    return LocalCloud(running or lifecycle.start(on_demand=True), account, region)


def local_checkout(account: str, name: str) -> str | None:
    """The folder whose deployment of this name has an account of the local cloud; None where that is not known."""
    from hivemind.local.accounts import accounts

    known = (one.checkout for one in accounts(home.local_cloud()) if (one.number, one.name) == (account, name))
    return next(known, None)


def stock_platforms(*, local: bool) -> Callable[[str, str], Platform]:
    """What instances of an operating system and a size run, in a cloud that is not asked."""
    if local:
        from hivemind.local.cloud import host_platform

        return host_platform
    from hivemind.aws.cloud import stock_platform

    return stock_platform


def left_nothing_running(cloud: Cloud) -> bool:
    """Ends a local cloud that was started for deployments alone and has none any more, and the lint worker, unless a
    local cloud goes on: who lets it run is likely to apply again. Whether it ended the local cloud."""
    from hivemind.lint import stop_worker

    if cloud.name != "local":
        stop_worker()
        return False
    from hivemind.local.lifecycle import stop_if_idle

    ended = stop_if_idle()
    if ended:
        stop_worker()
    return ended


def _extra_missing(error: ModuleNotFoundError) -> HiveMindError:
    return HiveMindError(
        f"the local cloud needs the Python module {error.name}, which is not installed",
        hint="Install it with `pip install 'hivemind-deploy[local]'`.",
        exit_code=ExitCode.UNREACHABLE,
    )


def not_here(blueprint: Blueprint) -> Iterator[Finding]:
    """H462, for each resource that the local cloud runs by a program which this machine does not have."""
    wanted = {name: one.type for name, one in blueprint.resources.items() if one.type in ("mysql", "mariadb")}
    if not wanted:
        return
    from hivemind.local import mariadb

    for name, kind in sorted(wanted.items()):
        if not mariadb.is_there():
            message = f"the local cloud runs {kind} by {mariadb.PROGRAM}, which this machine does not have"
            hint = f"Install it: {mariadb.INSTALL}."
            yield Finding("H462", Severity.ERROR, message, None, hint, path=f"resources.{name}")
