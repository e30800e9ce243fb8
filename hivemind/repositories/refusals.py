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
        "{url} is private or not there, and the server accepted no credentials of yours",
        (
            "Check the address. For a private one set up git's credential helper or an SSH key, until this works:\n"
            "git ls-remote {url}"
        ),
        ExitCode.UNREACHABLE,
    ),
    (
        r"host key verification failed",
        "the host key of {url} is not known to ssh",
        "Connect once with ssh and compare the key, then run this again.",
        ExitCode.UNREACHABLE,
    ),
    (
        r"dubious ownership",
        "the repository {url} belongs to another user of this machine",
        "If you trust it:  git config --global --add safe.directory FOLDER",
        ExitCode.REFUSED,
    ),
    (
        (
            r"could not resolve host|connection refused|connection reset|timed out|network is unreachable"
            r"|no route to host|failed to connect|couldn't connect|empty reply|ssl|certificate|early eof|hung up"
            r"|error: 5\d\d|error: 429"
        ),
        "{url} can't be reached",
        "Check network, proxy and address:  git ls-remote {url}",
        ExitCode.UNREACHABLE,
    ),
    (
        (
            r"not found|does not appear to be a git repository|does not exist|not a git repository|error: 404"
            r"|not valid: is this a git repository"
        ),
        "there is no repository at {url}, or it is private",
        "Check the address:  git ls-remote {url}",
        ExitCode.NOT_FOUND,
    ),
    (
        r"transport '[^']*' not allowed|not supported|unable to find remote helper",
        "{url} is of a kind that is not cloned",
        "Write an https, ssh or file URL, or a folder.",
        ExitCode.USAGE,
    ),
    (
        r"no space left|disk quota|read-only file system",
        "there is no room on this machine for {url}",
        "Free some, or choose another folder with --into.",
        ExitCode.UNREACHABLE,
    ),
    (
        r"corrupt|bad object|unable to read (?:sha|tree)|invalid index-pack|not a valid object|missing blob",
        "the repository {url} is damaged",
        "Ask who keeps it to run  git fsck .",
        ExitCode.NOT_FOUND,
    ),
)


def meaning(address: Address, words: str) -> HiveMindError:
    """The error for people out of what git printed on its error output."""
    for pattern, message, hint, code in _MEANINGS:
        if re.search(pattern, words, re.IGNORECASE):
            last = _last(words)
            shown = message.format(url=address.url) + (f" ({last})" if last else "")
            return HiveMindError(shown, hint=hint.format(url=address.url), exit_code=code)
    return HiveMindError(
        f"git can't clone {address.url}: {_last(words) or 'it gave no reason'}",
        hint=f"git ls-remote {address.url}   shows whether git itself can.",
        exit_code=ExitCode.UNREACHABLE,
    )


def _last(words: str) -> str:
    """The line that says why: the last one marked fatal or error, else the last."""
    lines = [visible(line).strip() for line in words.splitlines() if line.strip()]
    marked = [line for line in lines if re.match(r"(fatal|error|remote|ERROR):", line)]
    chosen = next((line for line in marked if line.startswith("fatal")), (marked or lines or [""])[-1])
    return redact(re.sub(r"^(fatal|error|remote|ERROR): ", "", chosen))[:200]
