"""The lock of a deployment, held by this test as a run would."""

from __future__ import annotations

import pytest

from hivemind.deploy.journal import is_interrupted, last_attempt, read_journal
from hivemind.deploy.lease import acquire
from hivemind.testing.project import Project
from hivemind.values.errors import DeploymentLocked
from hivemind.values.exits import ExitCode

pytestmark = pytest.mark.slow


def test_a_lock_is_shown_and_taken_with_a_reason(deployed: Project) -> None:
    assert "is not locked" in deployed.run("lock", "status").out
    assert "nothing to release" in deployed.run("lock", "release", "--reason", "x", "--yes").out
    deployed.apply()
    folder = deployed.home / "local" / "deployments" / deployed.status()["deployment"]
    with acquire(folder, command="hivemind apply") as lease:
        assert "`hivemind apply`" in deployed.run("lock", "status").out
        assert deployed.run("lock", "status", "--json").last["holder"]["nonce"]
        assert "Cannot ask" in deployed.run("lock", "release", "--reason", "x", code=ExitCode.REFUSED).err
        lease.check()
        told = deployed.run("lock", "release", "--reason", "its laptop is in a lake", "--yes").out
        assert "which was locked: `hivemind apply`" in " ".join(told.split())
        assert lease.renew() is False
        with pytest.raises(DeploymentLocked):
            lease.check()
    assert "its laptop is in a lake" in deployed.run("events").out
    attempt = last_attempt(folder)
    (digest,) = {event.data["plan"] for event in read_journal(folder, attempt=attempt) if "plan" in event.data}
    assert not is_interrupted(folder, digest), "the attempt before stays one that ended well"
