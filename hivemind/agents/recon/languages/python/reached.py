"""Which parts of a module's statements production need not reach when it imports the module."""

from __future__ import annotations

import ast
import re

_READING = re.compile(r"os\.environ|environ\.get|getenv")
_DEVELOPMENT = re.compile(r"DEBUG|(?<![A-Z])DEV|LOCAL|TEST", re.IGNORECASE)
_PRODUCTION = re.compile(r"PROD|(?<![A-Z])LIVE|DEPLOYED|HEROKU", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"ENVIRON|_ENV\b|\bENV\b|STAG", re.IGNORECASE)
_NEGATED = re.compile(r"\bnot\b|!=|\bis False\b|== False\b")


def unreached(node: ast.AST) -> list[ast.AST]:
    """The parts of a statement or expression that production need not reach: what a feature wants that is switched on,
    what is for development, what may fail. Where the environment decides and nothing says which one, all is reached."""
    if isinstance(node, ast.If):
        return _of_branches(node)
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.Try) and any(not _raises(handler) for handler in node.handlers):
        return [*node.body]
    return []


def _of_branches(node: ast.If) -> list[ast.AST]:
    asked = _READING.sub("", ast.unparse(node.test))
    development, production = _DEVELOPMENT.search(asked), _PRODUCTION.search(asked)
    if bool(development) != bool(production):
        is_production = bool(production) != bool(_NEGATED.search(asked))
        return [*node.orelse] if is_production else [*node.body]
    if development or _ENVIRONMENT.search(asked):
        return []
    return [*node.body, *node.orelse]


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(each, ast.Raise) for each in handler.body)
