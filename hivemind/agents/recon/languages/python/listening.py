"""What the command line of a program of its own says about where it listens: options of argparse ("add_argument", its
`default`) and of click ("Options")."""

from __future__ import annotations

import re

_OPTION = re.compile(
    r"(?:add_argument|option|Option)\(\s*((?:[\"'][\w/-]+[\"'],?\s*){1,4})([^()]{0,300}(?:\([^()]{0,100}\)[^()]{0,200})?)\)"
)
_HOST = re.compile(
    r"[\"'](--(?:host|hostname|bind|bind-address|address|addr|ip|interface|listen|listen-address|listen-host))[\"']"
)
_PORT = re.compile(r"[\"'](--(?:port|listen-port|http-port))[\"']")
_LOOPBACK = re.compile(r"default\s*=\s*[\"'](?:localhost|127\.0\.0\.1)[\"']")
_NUMBER = re.compile(r"default\s*=\s*[\"']?(\d{2,5})\b")


def arguments(text: str) -> str:
    """The options to add to the command of a program whose source this is, a blank before each: where it listens on its
    own machine alone by default, the address of all, and the port that it is given. Empty where it has none."""
    found = []
    for match in _OPTION.finditer(text):
        host, port = _HOST.search(match[1]), _PORT.search(match[1])
        if host and _LOOPBACK.search(match[2]):
            found.append(f" {host[1]} 0.0.0.0")
        elif port and _NUMBER.search(match[2]):
            found.append(f" {port[1]} $PORT")
    return "".join(found)


def port(text: str) -> int | None:
    """The port that the program listens on unless told otherwise."""
    for match in _OPTION.finditer(text):
        number = _NUMBER.search(match[2]) if _PORT.search(match[1]) else None
        if number and int(number[1]) <= 65535:
            return int(number[1])
    return None
