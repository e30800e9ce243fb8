"""The languages that the compiler builds, each a module with `build(work)`."""

from __future__ import annotations

from importlib import import_module

from hivemind.agents.compiler.languages.owntools import OWN_TOOLS
from hivemind.blueprint.model import Service, ServiceKind
from hivemind.builds.building import Language

LANGUAGES = {
    "python": "agents.compiler.python",
    "node": "agents.compiler.node",
    "bun": "agents.compiler.node",
    "static": "agents.compiler.static",
    "go": "agents.compiler.languages.go",
    "rust": "agents.compiler.languages.rust",
    "java": "agents.compiler.languages.java",
    "kotlin": "agents.compiler.languages.java",
    "scala": "agents.compiler.languages.java",
    "clojure": "agents.compiler.languages.java",
    "ruby": "agents.compiler.languages.ruby",
    "php": "agents.compiler.languages.php",
    "shell": "builds.shell",
    "deno": "agents.compiler.languages.deno",
    **dict.fromkeys(OWN_TOOLS, "agents.compiler.languages.owntools"),
}
"""Word of `runtime` -> module of HiveMind with `build(work)`."""


def language_of(service: Service) -> Language | None:
    """What builds a service, imported now; None for a runtime that is not in the table."""
    word = word_of(service)
    if word not in LANGUAGES:
        return None
    language: Language = import_module(f"hivemind.{LANGUAGES[word]}").build
    return language


def word_of(service: Service) -> str:
    """The service's word in the table: the first of its runtime, or `static` for pages; empty where it has none."""
    return "static" if service.kind is ServiceKind.STATIC else (service.runtime or "").split(" ")[0]
