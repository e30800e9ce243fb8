"""Snapshot: what stands now, in as few calls as possible (three, and one more for each 100 resources)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hivemind.plan.model import EMPTY, Basis, Snapshot
from hivemind.values.calls import CloudCallFailed
from hivemind.values.cloud import Cloud

NO_ECHO = "****"
SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
"""Statuses of a stack that is what its template says."""


def read(
    cloud: Cloud,
    stack: str,
    *,
    artifacts: Mapping[str, str] = EMPTY,
    revision: int = 0,
    described: Mapping[str, Any] | None = None,
) -> Snapshot:
    """The stack as it stands, on basis `live`.

    stack: name or, better, id. artifacts, revision: as recorded; the stack does not know them. A stack
    that does not exist gives a Snapshot without status. described: what DescribeStacks has just said of it, if it
    was asked.
    """
    client = cloud.client("cloudformation")
    described = described or describe(client, stack)
    if described is None:
        return Snapshot(Basis.LIVE, revision=revision)
    stack_id: str = described["StackId"]
    if described["StackStatus"] == "REVIEW_IN_PROGRESS":
        # Left by a change set of type CREATE: neither a template nor a resource yet.
        return Snapshot(Basis.LIVE, stack_id, "REVIEW_IN_PROGRESS", artifacts=artifacts, revision=revision)
    return Snapshot(
        Basis.LIVE,
        stack_id=stack_id,
        status=described["StackStatus"],
        template=MappingProxyType(template(client, stack_id)),
        parameters=MappingProxyType(_parameters(described)),
        outputs=MappingProxyType({item["OutputKey"]: item["OutputValue"] for item in described.get("Outputs", ())}),
        physical_ids=MappingProxyType(_physical_ids(client, stack_id)),
        artifacts=artifacts,
        revision=revision,
        drifted=described.get("DriftInformation", {}).get("StackDriftStatus") == "DRIFTED",
    )


def describe(client: Any, stack: str) -> Mapping[str, Any] | None:
    """DescribeStacks' entry of one stack; None where there is none (a deleted one counts as none)."""
    try:
        found: Mapping[str, Any] = client.describe_stacks(StackName=stack)["Stacks"][0]
    except CloudCallFailed as error:
        if error.code == "ValidationError" and "does not exist" in error.detail:
            return None
        raise
    return None if found["StackStatus"] == "DELETE_COMPLETE" else found


def template(client: Any, stack: str) -> dict[str, Any]:
    """The template that a stack was made from last. Empty where it is not JSON, and so none of ours."""
    body = client.get_template(StackName=stack, TemplateStage="Original").get("TemplateBody", {})
    if isinstance(body, str):
        try:
            body = json.loads(body) if body else {}
        except ValueError:
            # What it holds cannot be compared, so everything counts as changed.
            return {}
    return dict(body)


def _parameters(described: Mapping[str, Any]) -> dict[str, str]:
    return {
        item["ParameterKey"]: item["ParameterValue"]
        for item in described.get("Parameters", ())
        if item.get("ParameterValue") not in (None, NO_ECHO)
    }


def _physical_ids(client: Any, stack_id: str) -> dict[str, str]:
    found: dict[str, str] = {}
    token: dict[str, str] = {}
    while True:
        answer = client.list_stack_resources(StackName=stack_id, **token)
        for item in answer["StackResourceSummaries"]:
            if item.get("PhysicalResourceId") and item["ResourceStatus"] != "DELETE_COMPLETE":
                found[item["LogicalResourceId"]] = item["PhysicalResourceId"]
        if not answer.get("NextToken"):
            return found
        token = {"NextToken": answer["NextToken"]}
