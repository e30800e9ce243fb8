"""Conductor: carries out plans.

run.py: what an apply knows. graph.py: its steps. apply.py: from the first effect to the recorded revision. standing.py:
what stands afterwards. sources.py: what a release is made of. parameters.py: values of the template's parameters;
hooks.py finds those without one.
"""

from hivemind.agents.conductor.hooks import hivemind_lint

__all__ = ["hivemind_lint"]
