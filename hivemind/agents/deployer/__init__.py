"""Deployer: installs artifacts on instances and brings them behind the load balancer.

hooks.py: what it implements. steps.py: its steps; what they are made of is `hivemind.releases`.
"""

from hivemind.agents.deployer.hooks import (
    hivemind_diagnose,
    hivemind_lint,
    hivemind_review,
    hivemind_steps,
)

__all__ = ["hivemind_diagnose", "hivemind_lint", "hivemind_review", "hivemind_steps"]
