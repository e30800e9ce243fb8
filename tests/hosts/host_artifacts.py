"""Small artifacts for the installer, made in memory."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

APPLICATION = """\
import http.server, os, signal, sys, time
print("release " + os.environ.get("NAME", "-"), flush=True)
if os.environ.get("STUBBORN"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = os.environ.get("GREETING", "").encode()
        self.send_response(200 if self.path.partition("?")[0] in ("/", os.environ.get("HEALTH", "/")) else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def member(name: str, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def pack(entries: list[tuple[tarfile.TarInfo, bytes]]) -> tuple[bytes, str]:
    """The compressed archive, and the digest of the uncompressed one."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for info, content in entries:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    raw = buffer.getvalue()
    return gzip.compress(raw, mtime=0), hashlib.sha256(raw).hexdigest()


def write(folder: Path, files: Mapping[str, str] | None = None) -> tuple[Path, str]:
    """Writes an artifact with the test application (or these files); its path and digest."""
    contents = {"app/main.py": APPLICATION, "manifest.json": "{}"} if files is None else files
    packed, digest = pack([(member(name, mode=0o644), text.encode()) for name, text in contents.items()])
    path = folder / f"{digest}.tar.gz"
    path.write_bytes(packed)
    return path, digest
