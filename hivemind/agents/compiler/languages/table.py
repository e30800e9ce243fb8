"""The languages that the compiler builds, each a module with `build(work)`."""

from __future__ import annotations

from hivemind.agents.compiler.languages.by_their_own_tools import OWN_TOOLS
from hivemind.blueprint.model import Service

LANGUAGES = {
    "python": "hivemind.agents.compiler.python",
    "node": "hivemind.agents.compiler.node",
    "bun": "hivemind.agents.compiler.node",
    "static": "hivemind.agents.compiler.static",
    "go": "hivemind.agents.compiler.languages.go",
    "rust": "hivemind.agents.compiler.languages.rust",
    "java": "hivemind.agents.compiler.languages.java",
    "kotlin": "hivemind.agents.compiler.languages.java",
    "scala": "hivemind.agents.compiler.languages.java",
    "clojure": "hivemind.agents.compiler.languages.java",
    "ruby": "hivemind.agents.compiler.languages.ruby",
    "php": "hivemind.agents.compiler.languages.php",
    "shell": "hivemind.builds.shell",
    "deno": "hivemind.agents.compiler.languages.deno",
    **dict.fromkeys(OWN_TOOLS, "hivemind.agents.compiler.languages.by_their_own_tools"),
}
"""Word of `runtime` -> module with `build(work)`."""


def language_of(service: Service) -> str | None:
    """The module that builds a service; None for a runtime that is not in the table."""
    return LANGUAGES.get(service.language)
