"""The check `file`: a file that the application serves is there, has the right type, and is not empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hivemind import CheckFailed, Probe, Release

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["file"],
    "properties": {
        "file": {
            "type": "string",
            "pattern": "^/",
            "description": "Path of the file at the application's address.",
            "examples": ["/uploads/logo.png"],
        },
        "service": {
            "type": "string",
            "description": "Service that serves it. Default: the first with an address, by name.",
            "examples": ["web"],
        },
        "content_type": {
            "type": "string",
            "description": "Type that it must have, without parameters.",
            "examples": ["image/png"],
        },
        "at_least": {
            "type": "integer",
            "minimum": 1,
            "default": 1,
            "description": "Bytes that it must have at least.",
            "examples": [1024],
        },
    },
}


@dataclass(frozen=True)
class FileCheck:
    """One file. service: who serves it. content_type: None for any. at_least: bytes."""

    service: str
    path: str
    content_type: str | None
    at_least: int

    @property
    def name(self) -> str:
        return f"file {self.path}"

    def run(self, probe: Probe) -> str:
        """What was seen. Raises CheckFailed."""
        response = probe.http(self.service, self.path)
        if response.status != 200:
            raise CheckFailed(f"{self.path} answers {response.status}, expected 200")
        headers = {name.lower(): value for name, value in response.headers.items()}
        found = headers.get("content-type", "").partition(";")[0].strip()
        if self.content_type and found != self.content_type:
            raise CheckFailed(f"{self.path} is {found or 'of no type'}, expected {self.content_type}")
        declared = headers.get("content-length", "")
        size = int(declared) if declared.isdigit() else len(response.body.encode())
        if size < self.at_least:
            raise CheckFailed(f"{self.path} has {size} bytes, expected at least {self.at_least}")
        return f"{found or 'file'}, {size} bytes"


def check(release: Release, options: Mapping[str, Any]) -> FileCheck:
    """The check for one entry of `checks`."""
    service = options.get("service") or min((service.name for service in release.web_services), default="")
    return FileCheck(service, options["file"], options.get("content_type"), options.get("at_least", 1))
