"""QA: says whether a release works, as a Verdict."""

from hivemind.agents.qa.hooks import hivemind_checks, hivemind_schema, hivemind_steps

__all__ = ["hivemind_checks", "hivemind_schema", "hivemind_steps"]
