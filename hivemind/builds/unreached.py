"""The host that a build did not reach: what it fetches while it runs is told apart from what it depends on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_HOST = r"(?P<host>[a-zA-Z0-9](?:[\w-]{0,62}\.)+[a-zA-Z]{2,24})"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # Node: errors of dns and net; node-fetch and undici
        rf"(?:getaddrinfo|querySrv|queryA) (?:ENOTFOUND|EAI_AGAIN) {_HOST}",
        rf"request to https?://{_HOST}[^\s]{{0,300}} failed",
        rf"(?:fetch failed|Failed to fetch|Error fetching|download failed)[^\n]{{0,120}}https?://{_HOST}",
        # curl, wget, git
        rf"Could(?:n't| not) resolve host:? [\"']?{_HOST}",
        rf"unable to resolve host address .{_HOST}",
        rf"Failed to connect to {_HOST} port",
        # Python: urllib3, requests; uv and cargo
        rf"(?:Connection(?:Pool|Error)?|Retry)[^\n]{{0,80}}host='{_HOST}'",
        rf"error sending request for url \(https?://{_HOST}",
        # Go, Java, Ruby, .NET
        rf"dial tcp: lookup {_HOST}",
        rf"UnknownHostException: {_HOST}",
        rf"Failed to open TCP connection to {_HOST}",
        rf"(?:No such host is known|Name or service not known)\.? \({_HOST}",
    )
)
_NAMED: Mapping[str, str] = {"from Google Fonts": "fonts.googleapis.com"}
"""What a tool calls a host that it does not name (Next.js, "Font optimization")."""
_FONT = "To build without it, put the font's files into the repository (next/font/local)."
_PRISMA = "To fetch from elsewhere, set PRISMA_ENGINES_MIRROR in the command that fetches."
_INSTEAD: Mapping[str, str] = {
    "fonts.googleapis.com": _FONT, "fonts.gstatic.com": _FONT,
    "binaries.prisma.sh": _PRISMA, "binaries.prismacdn.com": _PRISMA,
    "cdn.playwright.dev": "To install without browsers, set PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 in the install command.",
    "storage.googleapis.com": "If it is for Puppeteer, set PUPPETEER_SKIP_DOWNLOAD=1 in the install command.",
    "download.cypress.io": "To install without Cypress, set CYPRESS_INSTALL_BINARY=0 in the install command.",
}  # fmt: skip
"""Host -> what to set to avoid it, by the documentation of who fetches from there."""


def unreached(lines: Sequence[str]) -> str | None:
    """What to say of the host that a build's output names as not reached; None where it names none, or one of this
    machine or a name that leads nowhere (RFC 2606, `.invalid`)."""
    for line in lines:
        text = line[:2000]
        host = next((match["host"] for pattern in _PATTERNS if (match := pattern.search(text))), None)
        host = host or next((host for words, host in _NAMED.items() if words in text and "ailed" in text), None)
        if host and not host.endswith((".invalid", ".local", ".localhost")):
            return f"The build needs the internet, and did not reach {host}. {_INSTEAD.get(host.lower(), '')}".rstrip()
    return None
