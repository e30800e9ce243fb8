"""The permissions that a blueprint needs on AWS: the whole of `hivemind iam-policy`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hivemind.flow.checking import Checked


@dataclass(frozen=True)
class Permissions:
    """policy: for IAM, as data. lacking: types of the template, of plugins or overrides, whose needs HiveMind does not
    know. secrets: names of stored secrets that the blueprint names, whose ARNs the policy does not have."""

    policy: Mapping[str, Any]
    lacking: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


def permissions(checked: Checked, *, role_arn: str | None = None, of_role: bool = False) -> Permissions:
    """The smallest policy with which the blueprint is deployed.

    role_arn: of the role that CloudFormation works as, in place of the blueprint's. of_role: the policy of that role
    instead of the caller's.
    """
    from hivemind.aws.policy import not_covered, policy, role_policy

    blueprint, template = checked.blueprint, checked.assembly.template
    role_arn = role_arn or blueprint.role_arn
    name, state = blueprint.name, blueprint.state
    made = role_policy(name, template) if of_role else policy(name, template, role_arn=role_arn, state=state)
    lacking = () if role_arn and not of_role else tuple(sorted(not_covered(template)))
    named = {
        secret.place
        for service in blueprint.services.values()
        for secret in service.secrets.values()
        if secret.store == "ssm" and not secret.name.startswith("/hivemind/")
    }
    return Permissions(made, lacking, () if of_role else tuple(sorted(named)))
