"""Conductor: what people talk to about the flow, which is in `hivemind.flow`.

hooks.py: it says beforehand which parameters of a template have no value.
"""

from hivemind.agents.conductor.hooks import hivemind_lint

__all__ = ["hivemind_lint"]
