"""Elastic Load Balancing: its address leads to machines, and their health is what they answer."""

from __future__ import annotations

from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup

from gaps import Room


def fill(room: Room) -> None:
    create, known = ELBv2Backend.create_load_balancer, FakeTargetGroup.health_for

    def create_load_balancer(self: Any, *given: Any, **more: Any) -> Any:
        made = create(self, *given, **more)
        room.balancer(made)
        return made

    def health_for(self: Any, target: Any, ec2_backend: Any) -> FakeHealthStatus:
        # [ELB] TargetHealth: a target is healthy where it answers the check's path with a code of the matcher.
        said = known(self, target, ec2_backend)
        if said.status != "healthy":
            return said
        status = room.answers(said.instance_id, int(said.port), self.health_check_path or "/")
        low, _, high = str(self.matcher["HttpCode"]).partition("-")
        if status is not None and int(low) <= status <= int(high or low):
            return said
        reason = "Target.Timeout" if status is None else "Target.ResponseCodeMismatch"
        words = "Request timed out" if status is None else f"Health checks failed with these codes: [{status}]"
        return FakeHealthStatus(said.instance_id, said.port, said.health_check_port, "unhealthy", reason, words)

    ELBv2Backend.create_load_balancer = create_load_balancer
    FakeTargetGroup.health_for = health_for
