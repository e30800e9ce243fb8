"""Generated secrets: one for each variable that services want a value of their own for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hivemind.blueprint.generated import STORE
from hivemind.template.fragment import Fragment
from hivemind.template.names import generated_secret, generated_secret_output

if TYPE_CHECKING:
    from hivemind.blueprint.model import Blueprint

LENGTH = 64
"""Letters and digits: 380 bits, and no character that a shell, a URL or an environment file gives a meaning."""


def fragments(blueprint: Blueprint) -> Iterator[Fragment]:
    """The secrets, by variable; services that name a variable alike share its value."""
    wanting: dict[str, list[str]] = {}
    for name, service in sorted(blueprint.services.items()):
        for variable, reference in service.secrets.items():
            if reference.store == STORE:
                wanting.setdefault(variable, []).append(name)
    for variable, services in sorted(wanting.items()):
        yield Fragment(
            path=f"services.{services[0]}",
            resources={
                generated_secret(variable): {
                    "Type": "AWS::SecretsManager::Secret",
                    # What it signed or encrypted is worth no more once the deployment is gone.
                    "DeletionPolicy": "Delete",
                    "UpdateReplacePolicy": "Delete",
                    "Properties": {
                        "Description": f"{variable} of {', '.join(services)} in {blueprint.stack_name}",
                        "GenerateSecretString": {"PasswordLength": LENGTH, "ExcludePunctuation": True},
                    },
                }
            },
            outputs={generated_secret_output(variable): {"Value": {"Ref": generated_secret(variable)}}},
        )
