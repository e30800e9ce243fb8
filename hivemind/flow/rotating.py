"""Gives a deployment a new SSH key: on its instances, in Parameter Store and on this machine.

The key pair of the stack stays as it is, because CloudFormation would replace it, and every instance with it. Instances
that the stack makes later know the first key alone; whoever reaches one first lets the new key in, and the first one
no more (`hosts/connecting.py`).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hivemind.deploy import shared_key
from hivemind.deploy.files import make_private, write_atomically
from hivemind.deploy.lease import acquire
from hivemind.deploy.shared_lease import shared
from hivemind.flow.deployments import require
from hivemind.flow.instances import instances, login, open_host
from hivemind.flow.refreshing import place_of
from hivemind.hosts import keys, pool
from hivemind.hosts.connecting import authorizing, connect
from hivemind.values.errors import Refused

if TYPE_CHECKING:
    from hivemind.flow.deployments import Known
    from hivemind.flow.face import Face
    from hivemind.flow.instances import Chosen
    from hivemind.hosts.ssh import Host
    from hivemind.values.asked import Asked

COMMAND = "hivemind keys rotate"
PENDING = "rotating"
"""Folder of a new key, in that of the deployment, until it is the one that is used."""
OLD = "old.pub"
CHECKED = 20.0
"""Seconds for an instance to let in the new key."""


def new_key(asked: Asked, face: Face) -> int:
    """Makes a new key and has every running instance let in that one alone. Returns how many instances.

    Killed at any moment, it leaves instances that let in the key that is used, and the next call goes on with the same
    new key: first all learn it, and each is asked to let it in, then it is the one that is used, then the one before is
    forgotten. Where an instance fails, all others are done, and the key that is used stays. Raises DeploymentNotFound,
    DeploymentLocked, Refused, CloudUnreachable, and StageError where an instance can't be reached.
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
    pending = _pending(known.folder, before)
    fresh = keys.stored(pending)
    assert fresh is not None
    used = f"{keys.public_half(fresh)} {identity}"
    old = [one for one in (pending / OLD).read_text(encoding="ascii").splitlines() if one]
    running = instances(known, None)

    def learns(one: Chosen) -> None:
        face.note(f"{one.service} {one.number} ({one.instance}, {login(known, one)}) learns the new key")
        with open_host(known, one) as host:
            _told(host, authorizing(used))
        with _by(known, one, pending / keys.NAME):  # before anything relies on it
            pass

    def forgets(one: Chosen) -> None:
        with open_host(known, one) as host:  # by the new key
            _told(host, authorizing(used, *old))

    pool.results(pool.on_each(running, learns))
    if keys.each(before)[0] != fresh:
        shared_key.replace(cloud, identity, keys.followed_by(before, fresh))
        keys.store(known.folder, keys.followed_by(before, fresh))
    pool.results(pool.on_each(running, forgets))
    shutil.rmtree(pending)
    return len(running)


def _pending(folder: Path, before: str) -> Path:
    """The folder with the key that is about to be used, and the public halves of those that are to be forgotten: what
    a run that was killed had begun goes on with the same."""
    pending = folder / PENDING
    if keys.stored(pending) is None or not (pending / OLD).is_file():
        make_private(pending)
        write_atomically(pending / OLD, "\n".join(keys.public_half(one) for one in keys.each(before)) + "\n")
        keys.store(pending, keys.fresh())
    return pending


def _by(known: Known, one: Chosen, key: Path) -> Host:
    """A connection by a key that is not used yet. Raises StageError where the instance does not let it in."""
    return connect(
        known.cloud(), one.instance, key=key, user=login(known, one), known=known.state.host_keys, deadline=CHECKED
    )


def _told(host: Host, command: str) -> None:
    done = host.run(command, what="changing the keys")
    if done.code != 0:
        raise Refused(f"{host.instance_id} does not take the key: {done.stderr.strip() or f'exit code {done.code}'}")
