"""What an apply to AWS would come to grief over, seen before its first effect: by the plan, and by apply again.

Only reads. Whoever is asked here and refuses is named, so that a missing permission shows now and not after the
database is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from hivemind.blueprint import access
from hivemind.flow.clouds import not_here
from hivemind.flow.unreachable import unreachable
from hivemind.plan.model import Action
from hivemind.releases.stored_secrets import missing
from hivemind.template.names import SSH_ENDPOINT
from hivemind.values.calls import CloudCallFailed
from hivemind.values.errors import CloudUnreachable
from hivemind.values.findings import Finding, Severity

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint
    from hivemind.deploy.drift import Drifted
    from hivemind.flow.checking import Checked
    from hivemind.plan.model import Plan, Snapshot
    from hivemind.values.cloud import Cloud

MOST_NAMED = 3
"""Resources that a warning of drift names."""


def ahead(checked: Checked, plan: Plan, snapshot: Snapshot, cloud: Cloud | None) -> Iterator[Finding]:
    """Findings on a plan: drift, secrets that are not there; on AWS the account, the ways to instances, machine images,
    too. cloud: None where nobody can be asked, and only the blueprint is looked at."""
    if cloud is not None:
        released = (change.service for change in plan.releases if change.needed)
        yield from missing(checked.blueprint, released, cloud)
    if snapshot.drifted and plan.changes:
        yield Finding(
            "H457",
            Severity.WARNING,
            "the stack differed from its template at the last drift check: " + _changed(snapshot, cloud),
            hint="`hivemind drift` compares again, and shows what differs.",
            path="name",
        )
    if plan.cloud != "aws":
        yield from not_here(checked.blueprint)
        return
    yield from unreachable(checked.blueprint, Severity.ERROR)
    if cloud is None:
        return
    yield from wrong_account(checked.blueprint, cloud)
    yield from _missing_images(checked, snapshot, cloud)
    yield from _endpoints(checked.blueprint, plan, cloud)


def _changed(snapshot: Snapshot, cloud: Cloud | None) -> str:
    """Which resources were changed, and by whom where CloudTrail tells."""
    found: tuple[Drifted, ...] = ()
    if cloud is not None and cloud.name == "aws" and snapshot.stack_id is not None:
        from hivemind.deploy.drift import last_found

        with suppress(CloudCallFailed):  # then `hivemind drift` says what it may not read
            found = last_found(cloud, snapshot.stack_id)
    if not found:
        return "someone changed it by another way"
    told = [
        one.logical_id + (f" ({one.by[0].call} by {one.by[0].user} at {one.by[0].time})" if one.by else "")
        for one in found[:MOST_NAMED]
    ]
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return f"someone changed {', '.join(told)}{more} by another way"


def wrong_account(blueprint: Blueprint, cloud: Cloud) -> Iterator[Finding]:
    """H138, where the credentials are for another account than the blueprint's."""
    if blueprint.account is not None and cloud.name == "aws" and cloud.account != blueprint.account:
        yield Finding(
            "H138",
            Severity.ERROR,
            f"these credentials are for the AWS account {cloud.account}, but the blueprint names {blueprint.account}",
            hint=f"Use credentials of {blueprint.account}: set AWS_PROFILE. Or change `account`.",
            path="account",
        )


def _missing_images(checked: Checked, snapshot: Snapshot, cloud: Cloud) -> Iterator[Finding]:
    """H445, where the region has no machine image of an operating system."""
    images = {name: source for name, source in checked.assembly.images.items() if name not in snapshot.parameters}
    for name, source in sorted(images.items()):
        try:
            cloud.client("ssm").get_parameter(Name=source)
        except CloudCallFailed as error:
            if error.code != "ParameterNotFound":
                raise
            owner = checked.assembly.responsible("Parameters", name)
            yield Finding(
                "H445",
                Severity.ERROR,
                f"{cloud.region} has no machine image for this `os`: AWS has no parameter {source} there",
                hint="Use `os: amazon-linux-2023`, of which every region has an image, or another region.",
                plugin=owner.plugin,
                path=f"{owner.path}.os",
            )


def _endpoints(blueprint: Blueprint, plan: Plan, cloud: Cloud) -> Iterator[Finding]:
    """H444, where the plan makes endpoints that may be too many: one for the deployment, one for its build stack."""
    made = sum(
        change.logical_id == SSH_ENDPOINT and change.action in (Action.CREATE, Action.REPLACE)
        for change in plan.changes
    )
    if access.ssh_endpoint(blueprint) != access.NONE and any(one.service not in plan.built for one in plan.builds):
        made += 1
    if not made:
        return
    from hivemind.aws.endpoints import QUOTA, count

    there = count(cloud)
    if there + made > QUOTA:
        yield Finding(
            "H444",
            Severity.WARNING,
            f"{cloud.region} has {there} EC2 Instance Connect Endpoints, and this plan makes {made} more. AWS allows "
            f"{QUOTA}, unless you asked for more.",
            hint="Ask for a higher quota (Service Quotas, EC2), delete an endpoint, or name an existing one in "
            "`network.ssh_endpoint`. Stage-1 with `network.ssh_from` needs none.",
            path="network",
        )


def require_same_account(cloud: Cloud, account: str, deployment_id: str) -> None:
    """Raises CloudUnreachable where the credentials are for another account than a deployment's: asked there, AWS would
    say that nothing is deployed."""
    if cloud.name == "aws" and cloud.account != account:
        raise CloudUnreachable(
            f"{deployment_id} is in the AWS account {account}, and these credentials are for {cloud.account}",
            hint=f"Use credentials of {account}: set AWS_PROFILE.",
        )
