"""Provisioner: network, instances, load balancer, artifacts, PostgreSQL and Redis of a deployment, as fragments."""

from hivemind.agents.provisioner.hooks import (
    hivemind_diagnose,
    hivemind_fragments,
    hivemind_lint,
    hivemind_schema,
    hivemind_steps,
)

__all__ = ["hivemind_diagnose", "hivemind_fragments", "hivemind_lint", "hivemind_schema", "hivemind_steps"]
