"""Fetches archives from addresses that are good for a while, so that they need not come over SSH.

An address carries a signature: it is told on standard input, and never in an argument or in output. What is fetched is
verified by its digest when it is unpacked, like what comes over SSH.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hivemind.hosts.onhost.report import InstallError

TIMEOUT = 30
"""Seconds for a connection, and for each of its reads."""
CHUNK = 1 << 20


def fetch(request: Any) -> Mapping[str, str]:
    """Fetches each of the request's files; path -> why it could not be, for those that could not.

    request: `{"files": [{"path": ..., "size": BYTES, "url": ...}]}`. A file that is there with its size stays. Raises
    InstallError for a request in another form.
    """
    try:
        files = [(Path(one["path"]), int(one["size"]), str(one["url"])) for one in request["files"]]
    except (KeyError, TypeError, ValueError):
        raise InstallError("the request is not readable") from None
    failed: dict[str, str] = {}
    for path, size, url in files:
        why = None if path.is_file() and path.stat().st_size == size else _fetched(path, size, url)
        if why is not None:
            failed[str(path)] = why
    return failed


def _fetched(path: Path, size: int, url: str) -> str | None:
    """None where the file is there now, else why it is not."""
    if not url.startswith(("https://", "http://")):
        return "the address is not usable"
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer, part.open("wb") as target:  # noqa: S310
            shutil.copyfileobj(answer, target, CHUNK)
        if part.stat().st_size != size:
            return f"{part.stat().st_size} bytes came, expected {size}"
        part.replace(path)
    except urllib.error.HTTPError as error:
        return f"the bucket answers with status {error.code}"
    except urllib.error.URLError as error:
        return f"the bucket does not answer: {error.reason}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        # A ValueError would quote the address.
        return "the address is not usable" if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return None
