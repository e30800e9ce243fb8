"""Names and values that hold where nobody says otherwise."""

from __future__ import annotations

BLUEPRINT_FILE = "hivemind.yaml"
"""The blueprint, in the folder of a project."""

PROJECT_PLUGIN = "hivemind_plugin.py"
"""A project's own plugin, beside its blueprint."""

IGNORE_FILE = ".hivemindignore"
"""What of a project is not deployed, in the format of .gitignore."""

DEFAULT_REGION = "us-east-1"
"""The region where neither blueprint nor environment names one."""

SCHEMA_FILE = ".hivemind/schema.json"
"""The JSON Schema of a project's blueprint, for its editor."""
