"""MySQL and MariaDB on RDS: one protocol, and the same variables, since the same clients read them."""

from __future__ import annotations

from hivemind.agents.provisioner.rds import Engine

MYSQL = Engine(
    name="mysql",
    words="A MySQL database (Amazon RDS)",
    port=3306,
    version="8.4",
    versions=(
        (
            'MySQL version: a line of releases ("8.4": its newest version) or an exact one ("8.4.8"). Quote it, so '
            "that YAML reads it as text."
        ),
        "8.0",
        "8.4.8",
    ),
    parts=2,
    logs=("error",),
    scheme="mysql",
    variables="MYSQL_",
    longest_user=16,
)
MARIADB = Engine(
    name="mariadb",
    words="A MariaDB database (Amazon RDS)",
    port=3306,
    version="11.4",
    versions=(
        (
            'MariaDB version: a line of releases ("11.4": its newest version) or an exact one ("11.4.9"). Quote it, so '
            "that YAML reads it as text."
        ),
        "11.8",
        "11.4.9",
    ),
    parts=2,
    logs=("error",),
    scheme="mysql",
    variables="MYSQL_",
    longest_user=16,
)
