"""Exit codes of the command line, in one place; documented in docs/exit-codes.md."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """The exit code of a `hivemind` command. Codes from 10 on name the stage that failed."""

    OK = 0
    INTERNAL = 1
    """A bug in HiveMind."""
    USAGE = 2
    """Wrong command line."""
    INVALID = 3
    """The blueprint, a plugin or the template has errors (stage validate)."""
    CHANGED = 4
    """The plan changed since its review. Review a new one."""
    REFUSED = 5
    """A person or a rule refused, or data would be lost without `--lose`."""
    LOCKED = 6
    """Another run has locked the deployment."""
    NOT_FOUND = 7
    """No such deployment, service, revision or file."""
    UNREACHABLE = 8
    """No credentials, no network, AWS can't answer now, or the local cloud is not running."""
    CLOUD = 9
    """AWS refused a call: a quota, or a request that it does not accept."""
    BUILD = 10
    PROVISION = 11
    DEPLOY = 12
    REGISTER = 13
    HARDEN = 14
    """Stage harden failed: a step of a plugin. HiveMind has no step in this stage yet."""
    VERIFY = 15
    OBSERVE = 16
    """Stage observe failed: a step of a plugin. HiveMind has no step in this stage yet."""
    ROLLBACK = 17
    """Stage rollback failed: `hivemind rollback` could not return, or could not delete everything."""
    CLEANUP = 18
    INTERRUPTED = 130
    """Ctrl-C."""
    PIPE = 141
    """The reader of the output stopped reading, as `head` does."""
