"""Lint: cfn-lint on the assembled template, quick the first time and at once the second.

`warm()` starts a resident worker while the program does other things; `lint()` asks the cache, then the worker,
then does the work in this process. Neither imports cfn-lint unless it has to.
"""

from hivemind.lint.client import stop_worker, warm
from hivemind.lint.linting import DEADLINE, lint

__all__ = ["DEADLINE", "lint", "stop_worker", "warm"]
