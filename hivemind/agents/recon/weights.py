"""How sure a module is that its language is the one that serves. See the rules in `hivemind.agents.recon`."""

from __future__ import annotations

SERVES = 0.95
"""A framework, server code, or a command for production."""
BUILDS = 0.9
"""A manifest that declares a program: a `main`, an executable."""
PAGES = 0.85
"""Pages that are built and then served by anything."""
IMAGE = 0.7
"""The base image of a container."""
MANIFEST = 0.65
"""A manifest without a program: a library, or tools beside another language."""
SOURCES = 0.45
"""Source files at the top and no manifest."""
HINT = 0.2
"""A trace, such as a single file further down."""
