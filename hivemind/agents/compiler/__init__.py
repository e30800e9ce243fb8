"""Compiler: builds a service into an artifact, off the instance and in a copy of its sources.

hooks.py: what it implements. steps.py: its steps. languages/, node/, python/, static.py: how languages are built; the
engine under all of them is `hivemind.builds`. remote/: builds on an instance. review.py: what a plan looks at.
"""

from hivemind.agents.compiler.hooks import (
    hivemind_build,
    hivemind_diagnose,
    hivemind_review,
    hivemind_runtimes,
    hivemind_steps,
)

__all__ = ["hivemind_build", "hivemind_diagnose", "hivemind_review", "hivemind_runtimes", "hivemind_steps"]
