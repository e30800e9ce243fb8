"""Gives a deployment a new SSH key: on its instances, in Parameter Store and on this machine.

The key pair of the stack stays as it is, because CloudFormation would replace it, and every instance with it. Instances
that the stack makes later know the first key alone; whoever reaches one first lets the new key in, and the first one
no more (`hosts/connecting.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hivemind.deploy import shared_key
from hivemind.deploy.lease import acquire
from hivemind.deploy.shared_lease import shared
from hivemind.flow.deployments import require
from hivemind.flow.instances import instances, login, open_host
from hivemind.flow.refreshing import place_of
from hivemind.hosts import keys
from hivemind.hosts.connecting import authorizing
from hivemind.values.errors import Refused

if TYPE_CHECKING:
    from hivemind.flow.deployments import Known
    from hivemind.flow.face import Face
    from hivemind.hosts.ssh import Host
    from hivemind.values.asked import Asked

COMMAND = "hivemind ssh --new-key"


def new_key(asked: Asked, face: Face) -> int:
    """Makes a new key and has every running instance let in that one alone. Returns how many instances.

    Killed at any moment, it leaves instances that let in the key that is used: first all learn the new one, then it is
    the one that is used, then the one before is forgotten. Raises DeploymentNotFound, DeploymentLocked, Refused,
    CloudUnreachable, and StageError where an instance can't be reached.
    """
    known = require(asked.path, asked.environment, asked.deployment, local=asked.local)
    known.require_changeable()
    if known.state.cloud != "aws":
        raise Refused("the key of a deployment in the local cloud never leaves this machine: it needs no new one")
    place = place_of(known, known.cloud())
    with acquire(known.folder, command=COMMAND), shared(place, command=COMMAND):
        return _renewed(known, face)


def _renewed(known: Known, face: Face) -> int:
    cloud, identity = known.cloud(), known.state.deployment_id
    shared_key.of(cloud, known.folder, identity)
    before = keys.stored(known.folder)
    assert before is not None
    fresh = keys.fresh()
    used = f"{keys.public_half(fresh)} {identity}"
    old = [keys.public_half(one) for one in keys.each(before)]
    running = instances(known, None)
    for one in running:
        face.note(f"{one.service} {one.number} ({one.instance}, {login(known, one)}) learns the new key")
        with open_host(known, one) as host:
            _told(host, authorizing(used))
    shared_key.replace(cloud, identity, keys.followed_by(before, fresh))
    keys.store(known.folder, keys.followed_by(before, fresh))
    for one in running:
        with open_host(known, one) as host:  # by the new key
            _told(host, authorizing(used, *old))
    return len(running)


def _told(host: Host, command: str) -> None:
    done = host.run(command, what="changing the keys")
    if done.code != 0:
        raise Refused(f"{host.instance_id} does not take the key: {done.stderr.strip() or f'exit code {done.code}'}")
