"""H491: whether IAM's simulator allows the credentials what the plan needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hivemind.aws.policy import by_resource, needed, own_calls
from hivemind.aws.preflight.subject import MADE, Subject
from hivemind.text.suggest import listed
from hivemind.values.findings import Finding, Severity

AT_ONCE = 50
"""Actions in one call; what a request may have at most is not documented."""


def permissions(subject: Subject) -> Iterator[Finding]:
    """A warning with the actions that are denied. No error: the simulator does not see resources' own policies,
    conditions on tags, and permissions for single resources that nobody knows yet."""
    who = _principal(subject)
    if who is None:
        return
    made = {change.type for change in subject.plan.changes if change.action in MADE}
    own = own_calls({str(resource.get("Type")) for resource in subject.assembly.resources.values()})
    actions = own if subject.blueprint.role_arn else own | needed(made)
    denied: set[str] = set()
    for arns, asked in by_resource(subject.blueprint.name, actions).items():
        for first in range(0, len(asked), AT_ONCE):
            denied |= set(_denied(subject, who, asked[first : first + AT_ONCE], arns))
    if not denied:
        return
    yield Finding(
        "H491",
        Severity.WARNING,
        f"IAM's simulator says that {who} may not: {listed(denied)}",
        hint="`hivemind iam-policy` prints the policy that this blueprint needs.",
        path="name",
    )


def _principal(subject: Subject) -> str | None:
    """The user or role whose policies count; None for the root user, who may do everything. A session says the name
    of its role, but not the role's path, which IAM must be asked for."""
    kind, _, rest = subject.cloud.identity.split(":", 5)[5].partition("/")
    if kind == "user":
        return subject.cloud.identity
    if kind != "assumed-role":
        return None
    role = rest.partition("/")[0]
    return str(subject.cloud.client("iam").get_role(RoleName=role)["Role"]["Arn"])


def _denied(subject: Subject, who: str, actions: Sequence[str], arns: Sequence[str]) -> Iterator[str]:
    """Those of the actions that are denied on each of the ARNs that the policy has for them."""
    region, account = subject.cloud.region, subject.cloud.account
    here = [_exact(arn, region, account, subject.blueprint.stack_name, subject.blueprint.name) for arn in arns]
    asked = {"PolicySourceArn": who, "ActionNames": list(actions), "ResourceArns": here}
    allowed = set()
    for page in subject.cloud.client("iam").get_paginator("simulate_principal_policy").paginate(**asked):
        for one in page["EvaluationResults"]:
            results = one.get("ResourceSpecificResults") or [one]
            decisions = {each.get("EvalResourceDecision", one["EvalDecision"]) for each in results}
            if "allowed" in decisions:
                allowed.add(one["EvalActionName"])
    yield from (action for action in actions if action not in allowed)


def _exact(arn: str, region: str, account: str, stack: str, name: str) -> str:
    """An ARN of this deployment for a pattern of many: the simulator takes a name with an asterisk for a name."""
    if arn == "*":
        return arn
    start, partition, service, where, who, what = arn.split(":", 5)
    where = where.replace("*", region)
    who = who.replace("*", account)
    what = what.replace(f"{name}-*", f"{stack}-x").replace("*", "x")
    if service == "cloudformation":
        what = f"stack/{stack}/x"
    return ":".join((start, partition, service, where, who, what))
