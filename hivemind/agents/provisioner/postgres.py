"""PostgreSQL on RDS."""

from __future__ import annotations

from hivemind.agents.provisioner.rds import Engine

POSTGRES = Engine(
    name="postgres",
    words="A PostgreSQL database (Amazon RDS)",
    port=5432,
    version="16",
    versions=(
        (
            'PostgreSQL version: a major one ("16": its newest minor version) or an exact one ("16.8"). Quote it, so '
            "that YAML reads it as text."
        ),
        "17",
        "16.8",
    ),
    parts=1,
    logs=("postgresql", "upgrade"),
    scheme="postgresql",
    variables="PG",
    longest_user=63,
)
