"""What a caller may do: the policies of an account are evaluated for its requests and for what stacks do for it.

An account without policies is its owner's, who may do everything. Evaluation is ministack's (`iam_evaluator`), whose
private names this knows as `emulator.py` does; `tests/local/test_caller_policies.py` has the contract.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hivemind.local import handler_actions
from hivemind.local.faults import FaultTable
from hivemind.local.files import read_json, write_json
from hivemind.local.refusals import is_json, refusal
from hivemind.local.resource_kind import Properties, failed

if TYPE_CHECKING:
    from hivemind.local.emulator import Emulator, Response

ROLE_HEADER = "x-hivemind-role"
"""Requests with it are a role's, whose own policies are evaluated."""
ALWAYS = frozenset({"sts:GetCallerIdentity"})
"""Needs no permission (STS API reference)."""
Policy = Mapping[str, Any]
_Request = tuple[str, str, dict[str, str], bytes, dict[str, Any]]
"""Method, path, headers, body, parameters."""


class Callers:
    """The policies in force, by account. path: of the JSON file that keeps them. faults: say what nobody may do."""

    def __init__(self, emulator: Emulator, path: Path, faults: FaultTable) -> None:
        from ministack.core import iam_actions, iam_evaluator
        from ministack.services.cloudformation import changesets

        self._emulator, self._path, self._faults = emulator, path, faults
        self._actions, self._evaluator, self._change_sets = iam_actions, iam_evaluator, changesets
        self._lock = threading.Lock()
        self._documents: dict[str, list[Policy]] = read_json(path, {})

    def policies(self) -> Mapping[str, Sequence[Policy]]:
        """Account -> its policies."""
        with self._lock:
            return dict(self._documents)

    def restrict(self, account: str, documents: Sequence[Policy]) -> None:
        """Puts policies in force for an account; none: it may do everything again.

        Raises ValueError for what is not an identity-based policy.
        """
        for document in documents:
            if wrong := self._evaluator.validate_policy_document(dict(document)):
                raise ValueError(f"not a policy: {wrong}")
        with self._lock:
            self._documents.pop(account, None)
            if documents:
                self._documents[account] = list(documents)
            write_json(self._path, self._documents)

    def clear(self) -> None:
        """Lets every account do everything."""
        with self._lock:
            self._documents.clear()
            write_json(self._path, {})

    def guard(self) -> None:
        """Has every request compared with its caller's policies before any service sees it."""
        app = self._emulator._app
        serve = app._dispatch_service_request

        async def dispatch(  # noqa: PLR0917 - the signature is ministack's
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], request_id: str
        ) -> Response:
            if self._concerned(self._emulator.account) and ROLE_HEADER not in headers:
                parameters = app._routing_params(method, path, headers, body, query)
                service = str(app.detect_service(method, path, headers, parameters))
                for action, resource in self._asked(service, (method, path, headers, body, parameters)):
                    if said := self.denied(action, resource):
                        return refusal(service, headers, 403, _code(service, headers), said)
            answer: Response = await serve(method, path, headers, body, query, request_id)
            return answer

        app._dispatch_service_request = dispatch

    def denied(self, action: str, resource: str) -> str | None:
        """Why the caller of the present context may not do this, in AWS's words; None where it may."""
        account, region = self._emulator.account, self._emulator.region
        principal = f"arn:aws:iam::{account}:user/deployer"
        said = f"User: {principal} is not authorized to perform: {action} on resource: {resource}"
        if self._faults.denies(action):
            return f"{said} with an explicit deny in a service control policy"
        with self._lock:
            documents = self._documents.get(account)
        if documents is None or action in ALWAYS:
            return None
        parsed = [self._evaluator.parse_policy_document(dict(one)) for one in documents]
        context = self._evaluator.EvalContext(principal, "User", account, action, resource, region)
        decision = self._evaluator.evaluate(context, parsed).decision
        if decision == "Allow":
            return None
        if decision == "Deny":
            return f"{said} with an explicit deny in an identity-based policy"
        return f"{said} because no identity-based policy allows the {action} action"

    def refuses(self, resource_type: str, operation: str, identity: str, properties: Properties) -> str | None:
        """Why CloudFormation may not do an operation of a resource for its caller, as its event says; None: it may.

        identity: physical id, or for a new resource what its name begins with.
        """
        account = self._emulator.account
        if not self._concerned(account):
            return None
        place = (account, self._emulator.region)
        for action, resource in handler_actions.asked(resource_type, operation, identity, properties, place):
            if said := self.denied(action, resource):
                service = action.partition(":")[0].capitalize()
                return str(failed(said, service, status=403, code="AccessDenied"))
        return None

    def _concerned(self, account: str) -> bool:
        """Whether anything is to be evaluated: nobody waits for it otherwise."""
        with self._lock:
            limited = account in self._documents
        return limited or self._faults.deny_anything

    def _asked(self, service: str, request: _Request) -> Iterator[tuple[str, str]]:
        """(action, ARN) of each thing that a request does."""
        method, path, headers, body, parameters = request
        emulator = self._emulator
        action = self._actions.extract_iam_action(service, method, path, headers, body, parameters)
        if action is None:
            return
        resource = self._actions.extract_resource_arn(
            service, method, path, headers, body, parameters, emulator.region, emulator.account
        )
        given = parameters.get("ChangeSetName", "")
        if service == "cloudformation" and resource == "*" and given:
            # What a change set may be done with is said of its stack (Service Authorization Reference).
            _, found = self._change_sets._find_change_set(given[0] if isinstance(given, list) else given)
            resource = str(found["StackId"]) if found else resource
        # Public parameters are nobody's (Systems Manager user guide, "Calling AMI public parameters").
        yield action, resource.replace(f":{emulator.account}:parameter/aws/", "::parameter/aws/")
        if service == "s3":
            yield from self._actions.s3_additional_checks(method, path, headers, body, parameters)


def _code(service: str, headers: Mapping[str, str]) -> str:
    """The error code of a service for what a caller may not do."""
    if service == "ec2":
        return "UnauthorizedOperation"
    return "AccessDeniedException" if service != "s3" and is_json(service, headers) else "AccessDenied"
