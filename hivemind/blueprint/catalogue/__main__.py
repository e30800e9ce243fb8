"""Writes docs/findings.md to standard output."""

from __future__ import annotations

import sys

from hivemind.blueprint.catalogue import as_markdown

sys.stdout.write(as_markdown())
