"""A plan in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hivemind.plan.costs import show as costs
from hivemind.plan.groups import group_changes
from hivemind.plan.instances import apart
from hivemind.plan.model import Action, Basis, Change, Plan, ReleaseChange, Trouble
from hivemind.values.stack_statuses import Rest, rest_of

_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "!", Action.DELETE: "-"}
_LONGEST_VALUE = 40
_BUILD_STACK = "its own network, SSH as for your instances, no IAM role. It needs no more permissions than your stack"
_BUILT_BEFORE = "already built on this machine: needs no build instance"


def lines(plan: Plan) -> tuple[str, ...]:
    """The plan for people, a line each, without a trailing line end."""
    before = f"r{plan.revision - 1}" if plan.revision > 1 else None
    now = " → ".join(one for one in (before, None if plan.empty and before else f"r{plan.revision}") if one)
    where = f"local {plan.region}".strip() if plan.cloud == "local" else plan.region
    head = f"{plan.name} ({', '.join(part for part in (plan.environment, where) if part)})"
    apart = ", not compared with AWS" if plan.cloud == "aws" and plan.basis is not Basis.LIVE else ""
    shown = [f"{head}   {now}   basis: {plan.basis.value}{apart}", ""]
    shown += _status(plan)
    body = [
        *_repaired(plan),
        *_created(plan.changes),
        *_changed(plan.changes),
        *_released(plan),
        *_built(plan),
        *_steps(plan),
    ]
    shown += body or ["  Nothing changes."]
    shown += [f"  = {line}" for line in plan.scaled]
    if plan.cost:
        shown += ["", *costs.lines(plan.cost, plan.region)]
    shown += ["", *_rights(plan), *_in_turn(plan), *_interrupted(plan), *_data(plan), f"digest {plan.digest[:12]}"]
    return tuple(shown)


def _status(plan: Plan) -> list[str]:
    if plan.stack_status is None:
        return []
    line = f"  The stack is in {plan.stack_status}. "
    match rest_of(plan.stack_status):
        case Rest.DEAD:
            line += f"Apply deletes it first. It holds: {', '.join(plan.stack_holds) or 'nothing'}"
        case Rest.MOVING:
            line += "Apply waits for it and compares again."
        case Rest.UPDATE_FAILED:
            line += "Apply rolls the failed update back first."
        case Rest.ROLLBACK_FAILED:
            line += "Apply continues its rollback first."
        case _:
            line += "It accepts no update."
    return [line, ""]


_REPAIRS = {
    Trouble.TERMINATED: "does not exist any more: created again",
    Trouble.STOPPED: "is stopped: started",
    Trouble.EMPTY: "has no release: released again",
    Trouble.UNHEALTHY: "is unhealthy: released again",
    Trouble.DEREGISTERED: "is not registered with the load balancer: registered",
}


def _repaired(plan: Plan) -> list[str]:
    return [f"  ! {one.service}  {one.logical_id} ({one.instance}) {_REPAIRS[one.trouble]}" for one in plan.repairs]


def _rights(plan: Plan) -> list[str]:
    """What CloudFormation may do, and what it is kept from, where the stack changes on AWS."""
    if plan.cloud != "aws" or not plan.changes:
        return []
    shown = [f"CloudFormation works as {plan.role_arn}."] if plan.role_arn else []
    if plan.capabilities:
        shown.append(f"It is allowed to change IAM: {', '.join(plan.capabilities)}.")
    if plan.guarded:
        shown.append(f"A stack policy guards data from being replaced or deleted: {', '.join(plan.guarded)}.")
    return shown


def _in_turn(plan: Plan) -> list[str]:
    """Services whose instances change while others of them serve."""
    moved = Counter(change.path for change in apart(plan.changes).values())
    several = {f"services.{one.service}": one.instances for one in plan.releases if one.instances > 1}
    return [
        *(
            f"{path}: {moved[path]} of {count} instances change, at most {max(1, count // 2)} at a time; "
            "the others serve."
            for path, count in several.items()
            if moved[path]
        ),
        *group_changes(plan.changes),
    ]


def _interrupted(plan: Plan) -> list[str]:
    """What does not answer, and for how long; on the local cloud that is seconds."""
    shown = []
    for one in plan.interruptions:
        time = "for some seconds" if plan.cloud == "local" else f"for about {one.minutes} minutes"
        shown.append(f"{one.of} does not answer {time}, because {one.reason}. {one.way_out}".rstrip())
    return shown


def _part(change: Change) -> str:
    """The last word of its place in the blueprint; of what has none any more, its own name."""
    return change.path.rpartition(".")[2] or change.logical_id


def _created(changes: Iterable[Change]) -> list[str]:
    parts: dict[str, Counter[str]] = {}
    for change in changes:
        if change.action is Action.CREATE:
            parts.setdefault(_part(change), Counter())[change.type.rpartition("::")[2]] += 1
    width = max((len(part) for part in parts), default=0)
    return [
        f"  + {part:<{width}}  "
        + ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in sorted(kinds.items()))
        for part, kinds in sorted(parts.items())
    ]


def _changed(changes: Iterable[Change]) -> list[str]:
    shown: list[str] = []
    others = [change for change in changes if change.action is not Action.CREATE]
    details = {change.logical_id: tuple(_details(change)) for change in others}
    alike = _alike(others, details)
    for line, many in alike.items():
        shown.append(f"  {_SIGNS[Action.UPDATE]} {line} on {many} resources")
    for change in others:
        lines = details[change.logical_id]
        if change.properties == ("Tags",) and "\n".join(lines) in alike:
            continue
        data = "  (holds data)" if change.holds_data else ""
        shown.append(f"  {_SIGNS[change.action]} {_part(change)}  {change.logical_id} ({change.type}){data}")
        shown += [f"      {line}" for line in lines]
    return shown


def _alike(changes: Iterable[Change], details: Mapping[str, tuple[str, ...]]) -> Mapping[str, int]:
    """Changes of nothing but tags that several resources have alike, in words, with the number of resources."""
    count = Counter(
        details[change.logical_id][0]
        for change in changes
        if change.action is Action.UPDATE and change.properties == ("Tags",) and len(details[change.logical_id]) == 1
    )
    return {line: many for line, many in count.items() if many > 1}


def _details(change: Change) -> Iterable[str]:
    if change.action is Action.DELETE:
        yield f"deleted (DeletionPolicy {change.policy})"
        if change.answer:
            yield f"CloudFormation says: {change.answer}"
        return
    for name in change.properties:
        tags = _tags(change.before.get(name)), _tags(change.after.get(name))
        if tags[0] != tags[1]:
            yield f"{name}  {_tag_changes(*tags)}"
            continue
        before, after = _value(change.before, name), _value(change.after, name)
        same = before == after and change.because
        yield f"{name}  follows {', '.join(change.because)}" if same else f"{name}  {before} → {after}"
    if change.may_replace:
        yield f"CloudFormation may interrupt or replace it because of {', '.join(change.may_replace)}"
    if change.action is Action.REPLACE and change.replacing:
        yield f"replaced because {', '.join(change.replacing)} cannot change (UpdateReplacePolicy {change.policy})"
    if change.answer:
        yield f"CloudFormation says: {change.answer}"


def _tags(value: Any) -> Mapping[str, str]:
    """Tags by their keys; nothing for a value that is no list of tags."""
    listed = value if isinstance(value, list | tuple) else ()
    if not all(isinstance(tag, Mapping) and {"Key", "Value"} <= set(tag) for tag in listed):
        return {}
    return {str(tag["Key"]): _compact(tag["Value"]) for tag in listed}


def _tag_changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Only what differs: `+ team=shop, - owner=me, stage: a → b`."""
    shown = [f"+ {key}={after[key]}" for key in sorted(set(after) - set(before))]
    shown += [f"- {key}={before[key]}" for key in sorted(set(before) - set(after))]
    shown += [
        f"{key}: {before[key]} → {after[key]}" for key in sorted(set(before) & set(after)) if before[key] != after[key]
    ]
    return ", ".join(shown)


def _value(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        return "(none)"
    value = values[name]
    text = value if isinstance(value, str) else _compact(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _compact(value: Any) -> str:
    if isinstance(value, Mapping):
        if len(value) == 1 and "Ref" in value:
            return str(value["Ref"])
        return "{" + ", ".join(f"{key}: {_compact(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_compact(item) for item in value) + "]"
    return str(value)


def _instances(release: ReleaseChange) -> str:
    if release.group:
        return f"the group's instances ({release.group})"
    return f"{release.instances} instance{'s' if release.instances != 1 else ''}"


def _released(plan: Plan) -> list[str]:
    shown: list[str] = []
    for release in plan.releases:
        if release.needed:
            shown.append(f"  ^ {release.service}  release on {_instances(release)}: {release.reason}")
            shown += [f"      {release.way}"] if release.way else []
    return shown


def _steps(plan: Plan) -> list[str]:
    width = max((len(step.name) for step in plan.steps), default=0)
    return [
        f"  * {step.name:<{width}}  by {step.owner}"
        + (f", after {', '.join(step.needs)}" if step.needs else "")
        + (f"   asks: {step.approval}" if step.approval else "")
        for step in plan.steps
    ]


def _built(plan: Plan) -> list[str]:
    """Build instances that are made, and what that takes."""
    shown, wanted = [], [build for build in plan.builds if build.service not in plan.built]
    for build in plan.builds:
        where = f"build instance: {build.size} ({build.machine}), {build.os}"
        if plan.cloud == "local":
            where = "build instance: in the local cloud, this machine without a package index"
        shown.append(f"  * {build.service}  {where if build in wanted else _BUILT_BEFORE}")
    if wanted:
        shown.append(f"      stack {wanted[0].stack}, deleted after the build: {_BUILD_STACK}.")
    return shown


def _data(plan: Plan) -> list[str]:
    shown = list(_left_behind(plan))
    if plan.losing_data:
        names = ", ".join(
            f"{change.logical_id} ({change.action.value}, {change.policy})" for change in plan.losing_data
        )
        lost = f"This would lose or leave behind data: {names}. Apply refuses it unless you allow each with --lose."
        return [*shown, lost]
    return shown or ["Nothing that holds data is replaced or deleted."]


def _left_behind(plan: Plan) -> Iterator[str]:
    for one in plan.left_behind:
        different = [f"name {one.name}"] if one.name != plan.name else []
        different += [f"region {one.region}"] if one.region != plan.region else []
        yield f"! This creates a second deployment. The one with {' and '.join(different)} stays and keeps running:"
        data = f"holds data, which is not copied: {', '.join(one.holds)}" if one.holds else "holds no data"
        yield f"    {one.deployment}  {data}"
        yield f"    To delete it later: hivemind destroy -d {one.deployment}"
