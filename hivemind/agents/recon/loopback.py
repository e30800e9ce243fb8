"""Programs that listen on their own machine alone, by an address in the code: no load balancer reaches them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hivemind.agents.recon.folder import Folder

_HERE = re.compile(r"localhost|127\.0\.0\.1|\[::1\]|127, 0, 0, 1")
_TOLD = re.compile(r"0\.0\.0\.0|\$\{?(?:PORT|HOST|ADDR)|(?:^|\s)--?(?:host|bind|addr|listen)\b")
_CALLBACK = re.compile(r"=>|\bfunction\b|\basync\b")
"""Where what is said once it listens begins."""
_OF_A_STORE = re.compile(r":(?:5432|3306|6379|27017|9092|9200|11211|5672)\b")
"""Addresses of databases and the like, which are written alike."""
_MOST, _LARGEST = 300, 200_000


@dataclass(frozen=True)
class _Way:
    """suffixes: of the sources. listens: a call that listens, its address the group, in any form."""

    suffixes: tuple[str, ...]
    listens: re.Pattern[str]


_WAYS = {
    # net/http, "ListenAndServe"; net, "Listen"; Gin, Echo and Fiber, "Quickstart"
    "go": _Way(
        (".go",),
        re.compile(
            r"(?:ListenAndServe(?:TLS)?|net\.Listen|\.(?:Run|Start|Listen))\(([^()\n]*(?:\([^()\n]*\))?)|\bAddr:([^\n]*)"
        ),
    ),
    # Node, "server.listen()"
    "node": _Way((".js", ".mjs", ".cjs", ".ts"), re.compile(r"\.listen\(([^()\n]*(?:\([^()\n]*\)[^()\n]*)?)")),
    # tokio and std, "TcpListener::bind"; Actix, "HttpServer::bind"
    "rust": _Way((".rs",), re.compile(r"(?:\.bind|TcpListener::bind|SocketAddr::from)\(([^\n]*)")),
}


def alone(folder: Folder, language: str | None, start: str) -> Iterator[tuple[str, int]]:
    """File and line where a program listens on its own machine, if it does so nowhere else. start: its command; one
    that says where to listen is believed."""
    way = _WAYS.get(language or "")
    if way is None or _TOLD.search(start):
        return
    found: list[tuple[str, int]] = []
    for file in folder.sources(*way.suffixes, most=_MOST):
        if re.search(r"_test\.go$|\.(?:test|spec|config)\.[jt]s$|\.d\.ts$", file):
            continue
        for number, line in enumerate((folder.text(file, limit=_LARGEST) or "").splitlines(), 1):
            if len(line) > 500 or line.lstrip().startswith(("//", "*", "#")):
                continue
            match = way.listens.search(line)
            if match is None or "pprof" in line:
                continue
            address = _CALLBACK.split(next(filter(None, match.groups()), ""))[0]
            if _OF_A_STORE.search(address):
                continue
            if not _HERE.search(address):
                return  # what it listens on elsewhere is what is meant
            found.append((file, number))
    yield from found[:1]
