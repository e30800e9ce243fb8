"""What git's words mean, and what to do next."""

from __future__ import annotations

import re

from hivemind.repositories.address import Address
from hivemind.text.redact import redact
from hivemind.text.visible import visible
from hivemind.values.errors import HiveMindError
from hivemind.values.exits import ExitCode

_MEANINGS: tuple[tuple[str, str, str, ExitCode], ...] = (
    (
        (
            r"could not read username|could not read password|terminal prompts disabled|authentication failed"
            r"|access denied|error: 40[13]|permission denied \("
        ),
        "{url} is private or does not exist, and the server did not accept your credentials",
        (
            "Check the address. For a private repository, set up git's credential helper or an SSH key.\nTest it with "
            "`git ls-remote {url}`."
        ),
        ExitCode.UNREACHABLE,
    ),
    (
        r"host key verification failed",
        "ssh does not know the host key of {url}",
        "Connect once with ssh and compare the key, then run this again.",
        ExitCode.UNREACHABLE,
    ),
    (
        r"dubious ownership",
        "the repository {url} belongs to another user of this machine",
        "If you trust it, run `git config --global --add safe.directory FOLDER`.",
        ExitCode.REFUSED,
    ),
    (
        (
            r"could not resolve host|connection refused|connection reset|timed out|network is unreachable"
            r"|no route to host|failed to connect|couldn't connect|empty reply|ssl|certificate|early eof|hung up"
            r"|error: 5\d\d|error: 429"
        ),
        "cannot reach {url}",
        "Check the network, the proxy and the address: `git ls-remote {url}`.",
        ExitCode.UNREACHABLE,
    ),
    (
        (
            r"not found|does not appear to be a git repository|does not exist|not a git repository|error: 404"
            r"|not valid: is this a git repository"
        ),
        "the repository {url} does not exist or is private",
        "Check the address: `git ls-remote {url}`.",
        ExitCode.NOT_FOUND,
    ),
    (
        r"transport '[^']*' not allowed|not supported|unable to find remote helper",
        "HiveMind cannot clone {url}: unsupported kind of address",
        "Write an https, ssh or file URL, or a folder.",
        ExitCode.USAGE,
    ),
    (
        r"no space left|disk quota|read-only file system",
        "no space left on this machine for {url}",
        "Free some space, or choose another folder with `--into`.",
        ExitCode.UNREACHABLE,
    ),
    (
        r"corrupt|bad object|unable to read (?:sha|tree)|invalid index-pack|not a valid object|missing blob",
        "the repository {url} is damaged",
        "Ask its owner to run `git fsck`.",
        ExitCode.NOT_FOUND,
    ),
)


def meaning(address: Address, words: str) -> HiveMindError:
    """The error for people out of what git printed on its error output."""
    for pattern, message, hint, code in _MEANINGS:
        if re.search(pattern, words, re.IGNORECASE):
            last = _last(words)
            shown = message.format(url=address.shown) + (f" ({last})" if last else "")
            return HiveMindError(shown, hint=hint.format(url=address.shown), exit_code=code)
    return HiveMindError(
        f"git cannot clone {address.shown}: {_last(words) or 'git gives no reason'}",
        hint=f"Check whether git can reach it: `git ls-remote {address.shown}`.",
        exit_code=ExitCode.UNREACHABLE,
    )


def _last(words: str) -> str:
    """The line that says why: the last one marked fatal or error, else the last."""
    lines = [visible(line).strip() for line in words.splitlines() if line.strip()]
    marked = [line for line in lines if re.match(r"(fatal|error|remote|ERROR):", line)]
    chosen = next((line for line in marked if line.startswith("fatal")), (marked or lines or [""])[-1])
    return redact(re.sub(r"^(fatal|error|remote|ERROR): ", "", chosen))[:200]
