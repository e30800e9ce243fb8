"""What the roles of instances may do: their policies are evaluated for each request that comes with a role's keys.

The owner of the local cloud may do everything. Like `emulator.py`, this knows private names of ministack, whose
evaluation of policies it uses; `tests/local/test_role_access.py` has the contract.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hivemind.local.emulated_callers import ALWAYS, ROLE_HEADER
from hivemind.local.refusals import refusal
from hivemind.local.role_keys import Role, role_of

if TYPE_CHECKING:
    from hivemind.local.emulator import Emulator, Response

SERVICES = frozenset({"dynamodb", "kms", "s3", "secretsmanager", "sns", "sqs", "ssm", "sts"})
"""Services that applications call. What makes and changes a deployment is its owner's."""


def guard(emulator: Emulator) -> None:
    """Has every request with a role's keys compared with the role's policies before any service sees it."""
    serve = emulator._app._dispatch_service_request

    async def dispatch(  # noqa: PLR0917 - the signature is ministack's
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], request_id: str
    ) -> Response:
        role = role_of(headers.get(ROLE_HEADER, ""))
        if role is not None:
            params = emulator._app._routing_params(method, path, headers, body, query)
            service = str(emulator._app.detect_service(method, path, headers, params))
            said = _denied(emulator, role, service, (method, path, headers, body, params))
            if said is not None:
                code = "AuthorizationError" if service == "sns" else "AccessDenied"
                return refusal(service, headers, 403, code, said)
        answer: Response = await serve(method, path, headers, body, query, request_id)
        return answer

    emulator._app._dispatch_service_request = dispatch


_Request = tuple[str, str, dict[str, str], bytes, dict[str, Any]]
"""Method, path, headers, body, parameters."""


def _denied(emulator: Emulator, role: Role, service: str, request: _Request) -> str | None:
    """Why a role may not do what a request asks, in AWS's words; None where its policies allow all of it."""
    region = emulator.region
    with emulator.scope(role.account, region):
        name = _physical(emulator.stacks.get(role.stack) or {}, role.logical_id)
    principal = _principal(role.account, name or role.logical_id)
    for action, resource in _asked(service, request, region, role.account):
        if action in ALWAYS:
            continue
        known = service in SERVICES
        decision = (
            decided(emulator, role.account, region, name, action=action, resource=resource) if known else "ImplicitDeny"
        )
        if decision != "Allow":
            why = (
                "with an explicit deny in an identity-based policy"
                if decision == "Deny"
                else f"because no identity-based policy allows the {action} action"
            )
            return f"User: {principal} is not authorized to perform: {action} on resource: {resource} {why}"
    return None


def decided(emulator: Emulator, account: str, region: str, role: str, *, action: str, resource: str) -> str:
    """What a role's policies say to an action on a resource: `Allow`, `Deny` or `ImplicitDeny`.

    role: its name; one that does not exist may do nothing.
    """
    from ministack.core import iam_evaluator

    with emulator.scope(account, region):
        known = emulator.roles.get(role) or {}
    documents = list((known.get("InlinePolicies") or {}).values())
    documents += [
        iam_evaluator._resolve_managed_policy_document(one, account) for one in known.get("AttachedPolicies", ())
    ]
    policies = [parsed for one in documents if one and (parsed := iam_evaluator.parse_policy_document(one))]
    context = iam_evaluator.EvalContext(_principal(account, role), "AssumedRole", account, action, resource, region)
    return str(iam_evaluator.evaluate(context, policies).decision)


def _principal(account: str, role: str) -> str:
    return f"arn:aws:sts::{account}:assumed-role/{role}/local"


def _asked(service: str, request: _Request, region: str, account: str) -> Iterator[tuple[str, str]]:
    """(action, ARN) of each thing that a request does."""
    from ministack.core import iam_actions

    method, path, headers, body, params = request
    action = iam_actions.extract_iam_action(service, method, path, headers, body, params) or f"{service}:{method}"
    yield (
        action,
        iam_actions.extract_resource_arn(service, method, path, headers, body, params, region, account),
    )
    if service == "s3":
        yield from iam_actions.s3_additional_checks(method, path, headers, body, params)


def _physical(stack: Mapping[str, Any], logical_id: str) -> str:
    """The physical id of a stack's resource; empty where there is none."""
    resource = (stack.get("_resources") or {}).get(logical_id) or {}
    return str(resource.get("PhysicalResourceId") or "")
