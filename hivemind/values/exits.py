"""Exit codes of the command line, in one place; documented in docs/exit-codes.md."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """The exit code of a `hivemind` command. Codes from 10 on name the stage that failed."""

    OK = 0
    INTERNAL = 1
    """A defect of HiveMind itself."""
    USAGE = 2
    """The command line is wrong (click's own code)."""
    INVALID = 3
    """Findings of severity error in blueprint, plugins or template (stage validate)."""
    CHANGED = 4
    """A run now would differ from the reviewed plan: review the plan again."""
    REFUSED = 5
    """A person or a policy refused, or data would be lost that was not named explicitly."""
    LOCKED = 6
    """Another run has locked the deployment."""
    NOT_FOUND = 7
    """No such deployment, service, revision or file."""
    UNREACHABLE = 8
    """No credentials, no network, or no local cloud where one is needed."""
    BUILD = 10
    PROVISION = 11
    DEPLOY = 12
    REGISTER = 13
    HARDEN = 14
    """Stage harden failed: a step of a plugin. HiveMind has no step of that stage yet."""
    VERIFY = 15
    OBSERVE = 16
    """Stage observe failed: a step of a plugin. HiveMind has no step of that stage yet."""
    ROLLBACK = 17
    CLEANUP = 18
    INTERRUPTED = 130
    """Ctrl-C."""
    PIPE = 141
    """The program that reads the output stopped reading."""
