"""The deployment's SSH key where every machine of the team finds it: a SecureString in SSM's Parameter Store.

Not in the stack: CloudFormation makes no SecureString, and the key must be there before the stack is. Not in Secrets
Manager: a secret costs money each month, and its name is blocked for days after its deletion. A standard parameter is
free, encrypted with AWS's own key, and gone with the deployment. `<folder>/id_ed25519` (0600) is this machine's copy.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hivemind.hosts import keys
from hivemind.hosts.keys import KeyPair, deployment_key
from hivemind.text.redact import REDACTOR
from hivemind.values.calls import CloudCallFailed
from hivemind.values.cloud import Cloud
from hivemind.values.errors import DeploymentLocked, HiveMindError
from hivemind.values.exits import ExitCode

Say = Callable[[str], None]
_HERE_ALONE = "The deployment's SSH key is on this machine alone: others cannot reach its instances."


def parameter(deployment_id: str) -> str:
    """The parameter's name."""
    return f"/hivemind/{deployment_id}/ssh-key"


def bring(cloud: Cloud, folder: Path, deployment_id: str, *, pinned: str | None, say: Say) -> KeyPair:
    """The deployment's key, on this machine too. Changes nothing in the cloud.

    folder: of the deployment's state. pinned: the public half that the stack has, None where there is no stack. In the
    local cloud, and for a first apply, the key is made here. Raises HiveMindError where nobody can tell the private
    half of a key that instances know.
    """
    if cloud.name != "aws":
        return deployment_key(folder, comment=deployment_id)
    try:
        kept = _read(cloud, deployment_id)
    except CloudCallFailed as error:
        if not error.denied or keys.stored(folder) is None:
            raise
        say(f"warning: cannot read the deployment's SSH key from Parameter Store: {error.message}")
        kept = None
    if kept is not None:
        keys.store(folder, kept)
    elif keys.stored(folder) is None and pinned is not None:
        say(
            "warning: the private half of this deployment's SSH key is neither on this machine nor in Parameter Store "
            f"({parameter(deployment_id)}). HiveMind makes a new key and asks EC2 Instance Connect to let it in, which "
            "Amazon Linux and Ubuntu do."
        )
    return deployment_key(folder, comment=deployment_id)


def keep(cloud: Cloud, folder: Path, deployment_id: str, *, say: Say) -> None:
    """Puts this machine's key where others find it, unless one is there. Raises DeploymentLocked where another machine
    put another one there meanwhile: it makes the same deployment at this moment."""
    private = keys.stored(folder)
    if cloud.name != "aws" or private is None:
        return
    try:
        kept = _read(cloud, deployment_id)
        if kept is None:
            _write(cloud, deployment_id, private)
    except CloudCallFailed as error:
        if error.code == "ParameterAlreadyExists":
            kept = _read(cloud, deployment_id)
        elif error.denied:
            say(f"warning: cannot keep the deployment's SSH key in Parameter Store: {error.message}\n{_HERE_ALONE}")
            return
        else:
            raise
    if kept is not None and kept != private:
        raise DeploymentLocked(
            "another machine makes this deployment at this moment", hint="Run the command again when it is done."
        )


def replace(cloud: Cloud, deployment_id: str, private: str) -> None:
    """Keeps these private keys (as `hosts.keys.stored` has them) in place of those that are kept."""
    _write(cloud, deployment_id, private, overwrite=True)


def forget(cloud: Cloud, deployment_id: str, *, say: Say) -> None:
    """Removes the kept key of a deployment that is gone; harmless where there is none."""
    if cloud.name != "aws":
        return
    try:
        cloud.client("ssm").delete_parameter(Name=parameter(deployment_id))
    except CloudCallFailed as error:
        if error.code != "ParameterNotFound":
            say(f"warning: the parameter {parameter(deployment_id)} is left: {error.message}")


def of(cloud: Cloud, folder: Path, deployment_id: str) -> KeyPair:
    """The key of a deployment that stands, fetched where this machine has none. Never makes one.

    Raises HiveMindError where it is nowhere.
    """
    if keys.stored(folder) is None and cloud.name == "aws":
        kept = _read(cloud, deployment_id)
        if kept is None:
            raise HiveMindError(
                f"the SSH key of {deployment_id} is neither on this machine nor in Parameter Store "
                f"({parameter(deployment_id)})",
                hint=f"Copy id_ed25519 from the machine that has it into {folder}, or run `hivemind apply`: it makes "
                "a new key and asks EC2 Instance Connect to let it in.",
                exit_code=ExitCode.NOT_FOUND,
            )
        keys.store(folder, kept)
    return deployment_key(folder, comment=deployment_id)


def _read(cloud: Cloud, deployment_id: str) -> str | None:
    try:
        answer = cloud.client("ssm").get_parameter(Name=parameter(deployment_id), WithDecryption=True)
    except CloudCallFailed as error:
        if error.code == "ParameterNotFound":
            return None
        raise
    value = str(answer["Parameter"]["Value"])
    REDACTOR.register(value)
    return value


def _write(cloud: Cloud, deployment_id: str, private: str, *, overwrite: bool = False) -> None:
    cloud.client("ssm").put_parameter(
        Name=parameter(deployment_id),
        Description="SSH key of a HiveMind deployment",
        Value=private,
        Type="SecureString",
        Overwrite=overwrite,
    )
