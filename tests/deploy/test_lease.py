"""Leases: one holder, dead ones taken over, lost ones noticed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hivemind.deploy.lease import Holder, acquire, break_lease, process_start, read_holder, this_machine
from hivemind.testing import ManualClock
from hivemind.values.errors import DeploymentLocked

HOLD = """
import sys, pathlib
from hivemind.deploy.lease import acquire
lease = acquire(pathlib.Path(sys.argv[1]), command="hivemind apply")
print("held", flush=True)
sys.stdin.read()
"""


def edit(folder: Path, **fields: object) -> None:
    path = folder / "lease.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.fast
def test_one_at_a_time(tmp_path: Path) -> None:
    with acquire(tmp_path, command="hivemind apply") as lease:
        lease.check()
        with pytest.raises(DeploymentLocked, match="`hivemind apply`"):
            acquire(tmp_path)
    assert read_holder(tmp_path) is None
    acquire(tmp_path).release()


@pytest.mark.skipif(not this_machine(), reason="the system does not tell its boot apart")
def test_a_killed_holder_is_taken_over_at_once(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DeploymentLocked, match=f"process {holder.pid}"):
            acquire(tmp_path)
        holder.kill()
        holder.wait()
        with acquire(tmp_path) as lease:
            assert lease.taken_from is not None
            assert lease.taken_from.pid == holder.pid


@pytest.mark.fast
@pytest.mark.skipif(not this_machine(), reason="the system does not tell its boot apart")
def test_a_reused_pid_is_not_taken_for_the_holder(tmp_path: Path) -> None:
    first = acquire(tmp_path)
    edit(tmp_path, started="1")
    with acquire(tmp_path):
        assert not first.renew()
        with pytest.raises(DeploymentLocked):
            first.check()
    first.release()


@pytest.mark.fast
def test_a_holder_elsewhere_is_respected_until_its_ttl(tmp_path: Path) -> None:
    clock = ManualClock()
    first = acquire(tmp_path, clock=clock, ttl=60)
    edit(tmp_path, machine="another boot", pid=1)
    clock.advance(59)
    with pytest.raises(DeploymentLocked):
        acquire(tmp_path, clock=clock)
    clock.advance(2)
    with acquire(tmp_path, clock=clock):
        assert not first.renew()
    first.release()


@pytest.mark.fast
def test_waiting_tells_whom_once_and_ends(tmp_path: Path) -> None:
    clock = ManualClock()
    told: list[Holder] = []
    with acquire(tmp_path, clock=clock, ttl=1000):
        with pytest.raises(DeploymentLocked):
            acquire(tmp_path, clock=clock, wait=30, on_wait=told.append)
        assert len(told) == 1
        assert sum(clock.slept) == pytest.approx(30)


@pytest.mark.fast
def test_waiting_gets_the_lease_when_it_is_released(tmp_path: Path) -> None:
    first = acquire(tmp_path)
    with acquire(tmp_path, wait=30, clock=ManualClock(), on_wait=lambda _: first.release()) as lease:
        lease.check()


@pytest.mark.fast
def test_release_by_a_former_holder_leaves_the_new_ones_lease(tmp_path: Path) -> None:
    clock = ManualClock()
    first = acquire(tmp_path, clock=clock, ttl=10)
    edit(tmp_path, machine="")
    clock.advance(11)
    with acquire(tmp_path, clock=clock, ttl=10):
        first.release()
        assert read_holder(tmp_path) is not None


@pytest.mark.fast
@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_an_unreadable_lease_holds_nobody_up(tmp_path: Path, content: str) -> None:
    (tmp_path / "lease.json").write_text(content)
    acquire(tmp_path).release()


@pytest.mark.fast
def test_process_start_of_nobody() -> None:
    assert process_start(2**22 + 1) is None


def test_a_lease_that_somebody_broke_is_lost_at_the_next_look(tmp_path: Path) -> None:
    with acquire(tmp_path, command="hivemind apply") as lease:
        holder = read_holder(tmp_path)
        assert holder is not None
        assert break_lease(tmp_path, holder)
        with acquire(tmp_path, command="hivemind destroy"):
            assert not break_lease(tmp_path, holder), "never the lease of another run"
            assert lease.renew() is False
            with pytest.raises(DeploymentLocked):
                lease.check()
    assert not break_lease(tmp_path, holder)
