"""Asks CloudFormation what it would do, before a plan is shown: what it says counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hivemind.deploy.large import is_large
from hivemind.template.capabilities import capabilities
from hivemind.values.calls import CloudCallFailed
from hivemind.values.clock import Clock
from hivemind.values.stack_statuses import is_ready

if TYPE_CHECKING:
    from hivemind.flow.checking import Checked
    from hivemind.plan.model import Plan, Snapshot
    from hivemind.values.cloud import Cloud


def with_answers(
    checked: Checked,
    plan: Plan,
    snapshot: Snapshot,
    cloud: Cloud,
    parameters: Callable[[], Mapping[str, str]],
    *,
    clock: Clock,
    say: Callable[[str], None],
) -> Plan:
    """The plan as CloudFormation would carry it out, where it changes a stack on AWS that can be changed.

    parameters: of the template. say: told why nobody was asked. Not asked are the local cloud, whose emulator knows no
    more than the schemas that the plan was made from, and what does not fit into a call. Raises StageError where
    CloudFormation refuses the change.
    """
    if cloud.name != "aws" or not plan.changes or snapshot.stack_id is None or not is_ready(snapshot.status or ""):
        return plan
    assembly = checked.assembly
    if is_large(assembly.text) or snapshot.repairs:
        return plan
    from hivemind.deploy.answered import asked, merged
    from hivemind.deploy.calls import StackCalls
    from hivemind.deploy.stack import StackRequest
    from hivemind.plan.interruptions import interruptions

    declared = assembly.template.get("Parameters", {})
    former = {name: value for name, value in snapshot.parameters.items() if name in declared}
    request = StackRequest(
        stack_name=checked.blueprint.stack_name,
        body=assembly.text,
        parameters={**former, **parameters()},
        capabilities=capabilities(assembly.template),
        role_arn=checked.blueprint.role_arn,
    )
    try:
        answers = asked(
            StackCalls(cloud),
            snapshot.stack_id,
            request.arguments({"TemplateBody": request.body}),
            owners=assembly.owners,
            clock=clock,
            pace=cloud.pace,
        )
    except CloudCallFailed as error:
        say(f"CloudFormation was not asked what it would do: {error.message}. The apply compares before it changes.")
        return plan
    answered = merged(plan, answers, snapshot.template, assembly.owners)
    if answered == plan:
        return plan
    from hivemind.plan.digest import with_digest

    now = tuple(interruptions(checked.blueprint, answered.changes, snapshot))
    return with_digest(replace(answered, interruptions=now))
