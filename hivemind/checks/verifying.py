"""Runs the checks of all plugins on what is deployed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from hivemind.checks.access import question_of
from hivemind.checks.database import login_of
from hivemind.checks.kinds import AccessCheck, DatabaseCheck, HttpCheck, PingCheck, RunningCheck, TlsCheck
from hivemind.checks.probe import CloudProbe
from hivemind.checks.redis import address_of
from hivemind.checks.run import OwnedCheck, owned, run_checks, unasked
from hivemind.releases.release import CheckResult, Release, Verdict
from hivemind.releases.targets import target_health
from hivemind.template.maintenance import OUTPUT, STATUS
from hivemind.template.names import instances_output, target_group
from hivemind.values.errors import HiveMindError, Stage, StageError

if TYPE_CHECKING:
    from hivemind.blueprint.model import Service
    from hivemind.releases.deployed import Deployed


_WITHOUT_PAGES = (AccessCheck, DatabaseCheck, PingCheck, RunningCheck, TlsCheck)
"""Checks that ask for no page of a web service. Those of plugins may."""


class ChecksFailed(StageError):
    """A verdict that is not good. verdict: what all checks said. left: what receives traffic, a clause."""

    def __init__(self, verdict: Verdict, left: str | None = None) -> None:
        failed = [result for result in verdict.results if result.status == "failed"]
        if verdict.results:
            message = f"{len(failed)} of {len(verdict.results)} checks failed"
            hint = "`hivemind logs` shows the application's logs. `hivemind verify` runs the checks again."
        else:
            message = "no check ran: nothing shows that the release works"
            hint = "`hivemind status` shows what is deployed. `hivemind apply` deploys and checks it."
        super().__init__(
            Stage.VERIFY,
            message,
            subject=failed[0].name if failed else "checks",
            lines=[f"{result.name}: {result.message}" for result in failed],
            hint=hint,
            left=left,
        )
        self.verdict = verdict


def verify(deployed: Deployed, on_result: Callable[[CheckResult], None] = lambda _: None) -> Verdict:
    """Runs the checks of all plugins. One that can't say what to check is a failed check, and the others run."""
    release = deployed.release()
    contributions, failures = deployed.hooks.gather("hivemind_checks", release=release)
    checks = owned((one.source, one.result) for one in contributions)
    stopped = {one.name for one in deployed.blueprint.services.values() if is_stopped(deployed, one)}
    if OUTPUT in deployed.outputs or stopped:
        checks = in_maintenance(checks, release, None if OUTPUT in deployed.outputs else stopped)
    broken = unasked(failures)
    for result in broken:
        on_result(result)
    address = deployed.address()
    with deployed.connections() as open_host:
        probe = CloudProbe(
            release,
            addresses={service.name: address for service in release.web_services} if address else {},
            connect=open_host,
            logins=lambda resource: login_of(*deployed.bound(resource)),
            caches=lambda resource: address_of(*deployed.bound(resource)),
            questions=lambda service, resource: question_of(deployed, service, resource),
            clock=deployed.clock,
        )
        verdict = run_checks(checks, probe, clock=deployed.clock, on_result=on_result)
    return Verdict((*broken, *verdict.results))


def is_stopped(deployed: Deployed, service: Service) -> bool:
    """Whether a service has no instances because somebody wanted none (`hivemind scale web=0`): the template has no
    output with them then."""
    return service.scaling is None and instances_output(service.name) not in deployed.outputs


def in_maintenance(
    checks: Sequence[OwnedCheck], release: Release, services: Collection[str] | None = None
) -> tuple[OwnedCheck, ...]:
    """What can be checked while the load balancer answers in place of the application: that it does, and what needs
    no web service. services: for which it answers, None for all."""

    def asks(one: OwnedCheck) -> bool:
        if services is None or not isinstance(one.check, HttpCheck):
            return services is None and not isinstance(one.check, _WITHOUT_PAGES)
        return one.check.service in services

    kept = tuple(one for one in checks if not asks(one))
    source = next((one.source for one in checks if isinstance(one.check, HttpCheck)), None)
    if source is None:
        return kept
    shown = (
        HttpCheck(one.name, one.path.rstrip("*") or "/", status=STATUS, label=f"maintenance page of {one.name}")
        for one in release.web_services
        if services is None or one.name in services
    )
    return (*(OwnedCheck(check, source) for check in shown), *kept)


def refuse_bad(verdict: Verdict, deployed: Deployed | None = None) -> None:
    """Raises ChecksFailed for a verdict that is not good. deployed: what was checked; the error then says what of it
    receives traffic."""
    if not verdict.good:
        raise ChecksFailed(verdict, receiving(deployed) if deployed else None)


def receiving(deployed: Deployed) -> str:
    """What receives traffic now, a clause, as the load balancer says: `web: 1 of 2 instances receive traffic`."""
    told = []
    for name in sorted(deployed.blueprint.services):
        service = deployed.blueprint.services[name]
        instances = deployed.instances(service)
        arn = deployed.outputs.get(target_group(name) + "Arn")
        if arn is None:
            continue
        try:
            healthy = {one.target.instance_id for one in target_health(deployed.cloud, arn) if one.is_healthy}
        except HiveMindError as error:
            told.append(f"{name}: unknown, {error.message}")
            continue
        several = "s receive" if len(instances) != 1 else " receives"
        told.append(f"{name}: {len(healthy & set(instances))} of {len(instances)} instance{several} traffic")
    return f"{deployed.revision} is installed; " + "; ".join(told) if told else f"{deployed.revision} is installed"
